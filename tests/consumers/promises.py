#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each promise of security.md names its tests, and each of these tests is there."""

import re

from consumer import SOURCE, check

page = (SOURCE / "docs/security.md").read_text()
tests = "\n".join(path.read_text() for path in (SOURCE / "tests").rglob("*_test.cpp"))
# A long name is written in pieces.
names = set(
    "".join(re.findall(r'"([^"]*)"', literal))
    for literal in re.findall(r'^TEST_CASE\w*\(\s*(?:[\w:]+,\s*)?((?:"[^"]*"\s*)+)', tests, re.M)
)

rows = [
    row.strip("| ").split(" | ")
    for table in re.findall(r"^\| promise \| test \|\n\|[-|]+\n((?:\|.*\n)+)", page, re.M)
    for row in table.splitlines()
]
check(len(rows) > 15, f"only {len(rows)} promises were found")
for promise, told in rows:
    named = re.findall(r'"([^"]*)"', told)
    check(named, f"no test: {promise}")
    missing = set(named) - names
    check(not missing, f"{promise} No such test: {missing}")
