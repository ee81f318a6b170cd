#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the answers tell to type or to call is there: options, commands, members of public classes. The solver tells none."""

import re
import sys

from consumer import SOURCE, check, run

LITERAL = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


def texts():
    """Each string of the library, and of the parts of the tool that show what is missing and what would help."""
    files = [*(SOURCE / "lib").rglob("*.cpp"), *(SOURCE / "backends").rglob("*.cpp")]
    tools = [*(SOURCE / "tools").rglob("doctor*.cpp"), SOURCE / "tools/output/remedies.cpp"]
    for file in sorted([*files, *tools]):
        code = re.sub(r"^\s*(//|#).*$", "", file.read_text(), flags=re.M)
        # The compiler joins those that only space is between.
        joined = re.sub(r'"\s*\n\s*"', "", code)
        for match in LITERAL.finditer(joined):
            yield file.relative_to(SOURCE), match.group(1)


def main(tool):
    plan = run(tool, "plan", "--help")
    headers = "\n".join(path.read_text() for path in (SOURCE / "include/simplealloc").glob("*.hpp"))
    options, members, commands = set(), set(), set()
    for file, text in texts():
        told = re.search(r"(?<![\w-])--[a-z]|CONFIG_|\bcma=", text)
        check(not (told and file.is_relative_to("lib/solver")), f"{file}: the edges word `{text}`, not the solver")
        for command, option in re.findall(r"simplealloc (\w+)((?: --[a-z-]+)?)", text):
            commands.add((command, option.strip(), file))
        for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text):
            if not re.search(rf"simplealloc \w+ {option}", text):
                options.add((option, file))
        members.update((*name, file) for name in re.findall(r"\b([A-Z]\w+)::([a-z_]+)\b", text))
    check(len(options) > 5 and len(members) > 5 and commands, "the answers name hardly anything")
    for option, file in options:
        check(re.search(rf"{option}\b", plan), f"{file}: `simplealloc plan` has no {option}")
    for command, option, file in commands:
        check(option in run(tool, command, "--help"), f"{file}: no `simplealloc {command} {option}`")
    for owner, name, file in members:
        body = re.search(rf"(?:class|struct)[\w ]* {owner}(?: : [\w: ]+)? {{.*?^}};", headers, re.M | re.S)
        check(body, f"{file}: no public {owner}")
        check(re.search(rf"\b{name}\b", body.group()), f"{file}: {owner} has no {name}")


main(*sys.argv[1:])
