#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page on the C API has every function of both languages, side by side, and no others."""

import re
import sys

from consumer import SOURCE, c_functions, check, run

# No C program calls these: constructors, destructors, operators and what the library has for itself.
INTERNAL = {
    "detail::throw_bad_result",
}


def cpp_functions(library):
    """Those that the library exports, as `Class::function`."""
    names = set()
    for line in run("nm", "-DC", "--defined-only", library).splitlines():
        symbol = line.split(maxsplit=2)[2]
        match = re.match(r"simplealloc::([\w:]+?)(\[abi:\w+\])?\(", symbol)
        if not match:
            continue
        *owner, name = match.group(1).split("::")
        # A request is a struct in C.
        if owner == ["Request"]:
            continue
        if name not in owner and name != "BadResult" and "BadResult" not in owner:
            names.add(match.group(1))
    return names - INTERNAL


def main(library):
    page = (SOURCE / "docs/c-api.md").read_text()
    rows = re.findall(r"^\| (.*?) \| (.*?) \|", page, re.M)
    written_cpp = {name for cpp, _ in rows for name in re.findall(r"`([\w:]+)`", cpp)}
    written_c = {name for _, c in rows for name in re.findall(r"`(simplealloc_\w+)`", c)}
    real = cpp_functions(library)
    check(len(real) > 80, f"only {len(real)} functions of C++ were found")
    missing = real - written_cpp
    check(not missing, f"the page lacks {sorted(missing)}")
    check(written_c == c_functions(), f"only in C or only on the page: {written_c ^ c_functions()}")


main(*sys.argv[1:])
