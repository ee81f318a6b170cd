#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual page has every option and command that the program has, and no others."""

import re
import sys

from consumer import SOURCE, check, run

COMMANDS = ("devices", "sources", "plan", "alloc")


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def main(program):
    helps = [run(program, "--help")] + [run(program, name, "--help") for name in COMMANDS]
    listed = set(re.findall(r"^  ([a-z]+) ", helps[0].split("Subcommands:")[1], re.M))
    check(listed == {*COMMANDS}, f"the program's commands are {listed}")
    page = (SOURCE / "docs/simplealloc.1").read_text().replace(r"\-", "-")
    for name in COMMANDS:
        check(f".B {name}\n" in page, f"the page lacks {name}")
    real, written = options("\n".join(helps)), options(page)
    check(real == written, f"only in the program or only in the page: {real ^ written}")


main(*sys.argv[1:])
