#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the headers of the C API declare, for tests that must not forget any of it.

c_headers.py OUTPUT: as lines for the preprocessor, which the test defines:
  FUNCTION(name, "parameter"…)    each function
  FREED(struct, function)         what hands an object back
  VERSIONED(struct, INIT)         each struct that begins with its size"""

import pathlib
import re
import sys

HEADERS = pathlib.Path(__file__).resolve().parents[2] / "include/simplealloc"


def texts():
    for header in sorted([*HEADERS.glob("*.h"), *HEADERS.glob("*.h.in")]):
        yield re.sub(r"//.*", "", header.read_text())


def functions():
    """Names, each with the names of its parameters."""
    found = {}
    for text in texts():
        declarations = re.findall(
            r"^SIMPLEALLOC_API[^;]*?\b(simplealloc_\w+)\(([^;]*)\);", text, re.M
        )
        for name, parameters in declarations:
            found[name] = re.findall(r"(\w+)\s*(?:,|$)", parameters) if parameters != "void" else []
    return found


def structs():
    """Names of structs that have a size, each with the macro that sets it."""
    macro = re.compile(r"#define (\w+_INIT)\b[\s\\{]*sizeof\(struct (\w+)\)")
    return {struct: init for text in texts() for init, struct in macro.findall(text)}


def main(output):
    lines = [f"VERSIONED({struct}, {init})" for struct, init in structs().items()]
    lines += [
        f"FREED({name.removesuffix('_free')}, {name})"
        for name in functions()
        if name.endswith("_free")
    ]
    for name, parameters in functions().items():
        lines.append(f"FUNCTION({name}{''.join(f', {p!r}' for p in parameters)})".replace("'", '"'))
    pathlib.Path(output).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
