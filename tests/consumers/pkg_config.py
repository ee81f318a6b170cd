#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md's program, the example and the version in C, compiled against installed libraries."""

import os
import subprocess
import sys
import tempfile

from consumer import SOURCE, Installation, check, need, readme_program, run

WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")
MISSING = "/dev/no-such-camera"
MESSAGE = f"{MISSING}: look up device: No such file or directory\n"


def check_failure(*command):
    """That the program runs, and says what it lacks."""
    done = subprocess.run(command, capture_output=True, text=True)
    check(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
    check(done.stderr == MESSAGE, f"unclear message: {done.stderr}")


def check_links(program, soname, *others):
    needed = run("readelf", "-d", program)
    check(f"[{soname}]" in needed, f"not linked by the library's SONAME:\n{needed}")
    for name in ("fmt", "spdlog", "libdrm", "libudev", *others):
        check(name not in needed, f"users have to link {name} too:\n{needed}")


# Headers, library and pkg-config are of one build.
VERSION = """
#include <simplealloc/version.h>
#include <stdio.h>
#if SIMPLEALLOC_VERSION < SIMPLEALLOC_VERSION_ENCODE(0, 1, 0)
#error "older than any version"
#endif
int main(void) {
    if (simplealloc_version() != SIMPLEALLOC_VERSION)
        return 1;
    printf("%s %d.%d.%d", simplealloc_version_string(), SIMPLEALLOC_VERSION_MAJOR,
           SIMPLEALLOC_VERSION_MINOR, SIMPLEALLOC_VERSION_PATCH);
    return 0;
}
"""

# Whoever sets the log in one language gets what the other one has to say.
BOTH = """
#include <simplealloc/simplealloc.h>
#include <simplealloc/simplealloc.hpp>
#include <cstdio>
static int lines = 0;
int main() {
    simplealloc_allocator* allocator = nullptr;
    simplealloc::set_log(simplealloc::LogLevel::warning, [](auto, auto) { ++lines; });
    if (simplealloc_allocator_open(nullptr, &allocator, nullptr) != 0)
        return 1;
    simplealloc_allocator_free(allocator);
    std::printf("C tells C++: %s\\n", lines > 0 ? "yes" : "no");
    lines = 0;
    simplealloc_set_log(
        SIMPLEALLOC_LOG_WARNING, [](simplealloc_log_level, const char*, void*) { ++lines; }, nullptr);
    if (!simplealloc::Allocator::open())
        return 1;
    std::printf("C++ tells C: %s\\n", lines > 0 ? "yes" : "no");
}
"""


def check_both(installation, compiler):
    packages = ["libsimplealloc-c", "libsimplealloc"]
    program = installation.compile(compiler, BOTH, *WARNINGS, packages=packages)
    # Each allocator warns of a word that names no backend.
    told = run(program, env={**os.environ, "SIMPLEALLOC_DISABLE": "no-such-backend"})
    check(told == "C tells C++: yes\nC++ tells C: yes\n", told)


def main(build, compiler):
    need(compiler)
    text = readme_program()
    # The same on every machine, whether it has a camera or not.
    missing = text.replace('"/dev/video0"', f'"{MISSING}"')
    check(missing != text, "README.md's program does not open /dev/video0")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(build, folder)
        program = installation.compile(compiler, missing, *WARNINGS)
        check_links(program, "libsimplealloc.so.0", "libsimplealloc-c")
        check_failure(program)
        check_both(installation, compiler)

        example = (SOURCE / "examples/c_allocate/main.c").read_text()
        c_compiler = {"g++": "gcc", "clang++": "clang"}[compiler]
        program = installation.compile(c_compiler, example, *WARNINGS, standard="c99")
        check_links(program, "libsimplealloc-c.so.0", "libsimplealloc.so", "libstdc++")
        check_failure(program, MISSING, "capture")

        program = installation.compile(c_compiler, VERSION, *WARNINGS, standard="c99")
        query = ["pkg-config", "--modversion", "libsimplealloc-c"]
        version = run(*query, env=installation.environment).strip()
        check(run(program) == f"{version} {version}", f"pkg-config says {version}: {run(program)}")


main(*sys.argv[1:])
