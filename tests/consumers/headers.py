#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each public header compiles alone, without exceptions and RTTI, with the standard library only."""

import concurrent.futures
import pathlib
import re
import subprocess
import sys
import tempfile

from consumer import Installation, check, need

FLAGS = ["-std=c++20", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]
INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*(.*)", re.M)
ALLOWED = re.compile(r"<([a-z_0-9]+|simplealloc/[a-z_0-9]+\.hpp)>$")


def problems(compiler, include, header):
    """What is wrong with a header, as text; empty for nothing."""
    name = header.relative_to(include)
    found = [
        f"{name}: includes {what}"
        for what in INCLUDE.findall(header.read_text())
        if not ALLOWED.match(what)
    ]
    # Twice: the second time must add nothing.
    text = f"#include <{name}>\n#include <{name}>\n"
    command = [compiler, *FLAGS, "-I", include, "-x", "c++", "-fsyntax-only", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        found.append(f"{name}: {done.stderr}")
    return "\n".join(found)


def main(build, compiler):
    need(compiler)
    with tempfile.TemporaryDirectory() as folder:
        installation = Installation(build, folder)
        [umbrella] = installation.root.rglob("simplealloc.hpp")
        headers = sorted(umbrella.parent.iterdir())
        names = {header.name for header in headers}
        check({"allocator.hpp", "version.hpp"} <= names, f"installed headers: {names}")
        include = pathlib.Path(umbrella.parent.parent)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            found = pool.map(lambda header: problems(compiler, include, header), headers)
        text = "\n".join(filter(None, found))
        check(not text, text)


main(*sys.argv[1:])
