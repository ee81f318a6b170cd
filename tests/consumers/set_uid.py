#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A set-uid program ignores SIMPLEALLOC_DISABLE, SIMPLEALLOC_LOG and SIMPLEALLOC_QUIRKS."""

import os
import subprocess
import sys
import tempfile

from consumer import Installation, check, skip

PROGRAM = """\
#include <simplealloc/simplealloc.hpp>
#include <cstdio>
#include <sys/auxv.h>
using namespace simplealloc;
int main(int argc, char**) {
    if (argc > 1)
        set_log(LogLevel::warning);
    auto allocator = Allocator::open().value();
    (void)allocator.plan(Request::bytes(4096)).value();
    std::printf("%lu", getauxval(AT_SECURE));
}
"""
NOBODY = 65534


def main(build, compiler):
    if os.getuid() != 0:
        skip("only root can make a program that is another user's")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        program = Installation(build, folder).compile(compiler, PROGRAM)

        def outcome(*arguments, fails=False, **environment):
            clean = {k: v for k, v in os.environ.items() if not k.startswith("SIMPLEALLOC_")}
            command = [program, *arguments]
            done = subprocess.run(
                command, env={**clean, **environment}, capture_output=True, text=True
            )
            check(
                (done.returncode != 0) == fails,
                f"exit status {done.returncode} with {environment}: {done.stderr}",
            )
            return done.stdout, done.stderr

        # Any word that names no backend is warned of, by whoever reads it.
        disable = (("with-log",), {"SIMPLEALLOC_DISABLE": "no-such-backend"})
        log = ((), {"SIMPLEALLOC_LOG": "debug"})
        for arguments, environment in (disable, log):
            secure, text = outcome(*arguments, **environment)
            check(secure == "0", f"AT_SECURE is {secure} without set-uid")
            check(text != "", f"{environment} has no effect, so nothing would be tested")
        # A quirk file that is missing is an error of whoever reads it.
        outcome(fails=True, SIMPLEALLOC_QUIRKS="/nowhere")

        os.chown(program, NOBODY, NOBODY)
        os.chmod(program, 0o4755)
        for arguments, environment in (disable, log):
            secure, text = outcome(*arguments, **environment)
            if secure == "0":
                skip(f"{folder} is mounted nosuid, or new privileges are forbidden")
            check(text == "", f"{environment} was not ignored: {text}")
        outcome(SIMPLEALLOC_QUIRKS="/nowhere")


main(*sys.argv[1:])
