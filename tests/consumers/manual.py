#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual pages have every option, command, policy key and quirk key that there is."""

import re
import sys

from command_line import all_options, commands, options_in
from constraint_table import limits
from consumer import SOURCE, check, run


def main(program):
    page = (SOURCE / "docs/simplealloc.1").read_text().replace(r"\-", "-")
    for name in commands(program):
        check(f".B {name}\n" in page, f"the page lacks {name}")
        check("\nExamples:\n  " in run(program, name, "--help"), f"no example of {name}")
    real, written = all_options(program), options_in(page)
    check(real == written, f"only in the program or only in the page: {real ^ written}")

    reader = (SOURCE / "lib/policy/file.cpp").read_text()
    keys = set(re.findall(r'entry\.key [!=]= "([a-z-]+)"', reader)) | {"total"}
    page = (SOURCE / "docs/simplealloc-policy.5").read_text().replace(r"\-", "-")
    missing = {key for key in keys if f".B {key}\n" not in page}
    check(len(keys) == 5 and not missing, f"the page lacks {missing} of {keys}")

    table = (SOURCE / "lib/discovery/quirks/keys.cpp").read_text()
    keys = set(re.findall(r'^    \{"([a-z-]+)",\s+KeyScope::', table, re.M))
    keys |= {name for name, limit in limits().items() if limit.key == "key"}
    page = (SOURCE / "docs/simplealloc-quirks.5").read_text().replace(r"\-", "-")
    tagged = re.findall(r"^\.TP\n\.(?:B|BR) (.+)$", page, re.M)
    told = {word for line in tagged for word in re.findall(r"[a-z]+(?:-[a-z]+)*", line)}
    check(len(keys) > 30 and keys == told, f"only in the table or only in the page: {keys ^ told}")


main(*sys.argv[1:])
