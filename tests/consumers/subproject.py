#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A Meson project with this one as a subproject. The library itself is not built again."""

import pathlib
import sys
import tempfile

from consumer import SOURCE, check, readme_program, run

PROJECT = """\
project('consumer', 'c', 'cpp',
  default_options: ['c_std=c99', 'cpp_std=c++20', 'warning_level=3', 'werror=true'],
)
library = dependency('libsimplealloc', fallback: 'libsimplealloc', version: '>=0.1')
assert(library.type_name() == 'internal')
assert(library.get_variable('backends') != '')
executable('consumer', 'main.cpp', dependencies: library)
executable('c-consumer', 'main.c', dependencies: library)
"""


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "meson.build").write_text(PROJECT)
        (folder / "main.cpp").write_text(readme_program())
        (folder / "main.c").write_text((SOURCE / "examples/c_allocate/main.c").read_text())
        (folder / "subprojects").mkdir()
        (folder / "subprojects/libsimplealloc").symlink_to(SOURCE)
        run(
            *["meson", "setup", "--fatal-meson-warnings", "--force-fallback-for=libsimplealloc"],
            *["-Dlibsimplealloc:tests=disabled", folder / "build", folder],
        )
        # Compiling needs the headers' folder and the generated version header.
        run("ninja", "-C", folder / "build", "consumer.p/main.cpp.o", "c-consumer.p/main.c.o")
        commands = run("ninja", "-C", folder / "build", "-t", "commands", "consumer").splitlines()
        link = commands[-1]
        check(
            "subprojects/libsimplealloc/lib/libsimplealloc.so" in link,
            f"the consumer is not linked with the library: {link}",
        )


main()
