#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, in C++ without exceptions and RTTI, with its language's standard library only."""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

from consumer import Installation, check, need

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
BARE = ["-fno-exceptions", "-fno-rtti"]
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*(\S+)", re.M)
ALLOWED = {
    ".hpp": re.compile(r"<([a-z_0-9]+|simplealloc/[a-z_0-9]+\.hpp)>$"),
    # The last one has nothing but lines of the preprocessor.
    ".h": re.compile(r"<(std(bool|def|int)\.h|sys/types\.h|simplealloc/([a-z_0-9]+\.h|api\.hpp))>$"),
}
C_COMPILERS = {"g++": "gcc", "clang++": "clang"}


def languages(compiler, name):
    """The compilers and languages in which a header has to compile."""
    cpp = [compiler, "-x", "c++"]
    if name.suffix == ".h":
        yield [C_COMPILERS[compiler], "-x", "c", "-std=c99"]
        yield [*cpp, "-std=c++11", *BARE]
    else:
        yield [*cpp, "-std=c++20", *BARE]
    # Everything is in it, and the standards differ little.
    if name.stem == "simplealloc":
        yield [*cpp, "-std=c++20"]
        yield [*cpp, "-std=c++2b"]
        yield [*cpp, "-std=c++2b", *BARE]


def problems(compiler, include, header):
    """What is wrong with a header, as text; empty for nothing."""
    name = header.relative_to(include)
    found = [
        f"{name}: includes {what}"
        for what in INCLUDE.findall(header.read_text())
        if not ALLOWED[name.suffix].match(what)
    ]
    # Twice: the second time must add nothing.
    text = f"#include <{name}>\n#include <{name}>\n"
    for language in languages(compiler, name):
        command = [*language, *WARNINGS, "-I", include, "-fsyntax-only", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode != 0:
            found.append(f"{name}, {' '.join(language)}: {done.stderr}")
    return "\n".join(found)


def main(build, compiler):
    need(compiler)
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(build, folder)
        [umbrella] = installation.root.rglob("simplealloc.hpp")
        headers = sorted(umbrella.parent.iterdir())
        names = {header.name for header in headers}
        check({"allocator.hpp", "version.hpp", "version.h", "simplealloc.h"} <= names, f"installed: {names}")
        include = pathlib.Path(umbrella.parent.parent)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda header: problems(compiler, include, header), headers)
        text = "\n".join(filter(None, found))
        check(not text, text)


main(*sys.argv[1:])
