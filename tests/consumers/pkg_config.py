#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""README.md's program, compiled against an installed library as README.md says."""

import subprocess
import sys
import tempfile

from consumer import Installation, check, need, readme_program, run


def main(build, compiler):
    need(compiler)
    text = readme_program()
    # The same on every machine, whether it has a camera or not.
    missing = text.replace('"/dev/video0"', '"/dev/no-such-camera"')
    check(missing != text, "README.md's program does not open /dev/video0")
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(build, folder)
        program = installation.compile(
            compiler, missing, "-Wall", "-Wextra", "-Wpedantic", "-Werror"
        )
        needed = run("readelf", "-d", program)
        check("[libsimplealloc.so.0]" in needed, f"not linked by the library's SONAME:\n{needed}")
        for name in ("fmt", "spdlog", "libdrm", "libudev"):
            check(name not in needed, f"users have to link {name} too:\n{needed}")
        done = subprocess.run([program], capture_output=True, text=True)
        check(done.returncode == 1, f"exit status {done.returncode}: {done.stderr}")
        wanted = "/dev/no-such-camera: look up device: No such file or directory\n"
        check(done.stderr == wanted, f"unclear message: {done.stderr}")


main(*sys.argv[1:])
