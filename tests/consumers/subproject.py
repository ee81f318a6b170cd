#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Meson projects with this one as a subproject, in C++ and in C alone. The library itself is not built again."""

import pathlib
import re
import tempfile

from consumer import SOURCE, check, readme_program, run

PROJECT = """\
project('consumer', {languages},
  default_options: ['c_std=c99', 'warning_level=3', 'werror=true'],
)
library = dependency('{library}', fallback: 'libsimplealloc', version: '>=0.1')
assert(library.type_name() == 'internal')
assert(library.get_variable('backends') != '')
executable('consumer', '{source}', dependencies: library)
"""


def check_project(folder, library, languages, source, text, *options):
    folder.mkdir()
    project = PROJECT.format(library=library, languages=languages, source=source)
    (folder / "meson.build").write_text(project)
    (folder / source).write_text(text)
    (folder / "subprojects").mkdir()
    (folder / "subprojects/libsimplealloc").symlink_to(SOURCE)
    run(
        *["meson", "setup", "--fatal-meson-warnings", "--force-fallback-for=libsimplealloc"],
        *[*options, folder / "build", folder],
    )
    # Compiling needs the headers' folder and the generated version header.
    run("ninja", "-C", folder / "build", f"consumer.p/{source}.o")
    commands = run("ninja", "-C", folder / "build", "-t", "commands", "all").splitlines()
    [link] = [line for line in commands if re.search(r" -o consumer ", line)]
    check(
        re.search(rf"subprojects/libsimplealloc/lib/(c/)?{library}\.so", link),
        f"the consumer is not linked with the library: {link}",
    )
    others = [line for line in commands if "libsimplealloc/tests" in line]
    check(not others, f"{len(others)} steps are for the library's tests")


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        cpp = ["libsimplealloc", "'cpp'", "main.cpp", readme_program(), "-Dcpp_std=c++20"]
        check_project(folder / "cpp", *cpp)
        example = (SOURCE / "examples/c_allocate/main.c").read_text()
        check_project(folder / "c", "libsimplealloc-c", "'c'", "main.c", example)
        check_project(folder / "both", "libsimplealloc-c", "'c', 'cpp'", "main.c", example)


main()
