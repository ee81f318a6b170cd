#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page on constraints has a row for each that the library has and no others, with its rule and unit and whether
quirk rows know it; docs/wire.md has its number."""

import re

from constraint_table import limits, others
from consumer import SOURCE, check

MERGES = {"divisor": "least common multiple", "at_least": "greatest", "at_most": "least"}

page = (SOURCE / "docs/constraints.md").read_text()
wire = (SOURCE / "docs/wire.md").read_text()
rows = re.findall(r"^\| (`.+?`) \|(.*)\|$", page, re.M)
written = {name for names, _ in rows for name in re.findall(r"`([a-z-]+)`", names)}
named = {*limits(), *others()}
check(named == written, f"only in the library or only on the page: {named ^ written}")
for name, limit in limits().items():
    [row] = [rest for names, rest in rows if f"`{name}`" in names]
    unit, merge = (cell.strip() for cell in row.split("|")[:2])
    check(merge == MERGES[limit.merge], f"{name}: {merge} is not how it merges")
    check(limit.unit in unit or limit.field == "segment_boundary", f"{name}: {unit} is not its unit")
    told = re.search(rf"quirk (?:`[a-z-]+`, )*`{name}`", row) is not None
    check(told == (limit.key == "key"), f"{name}: whether quirk rows know it is wrong")
    check(re.search(rf"^\| {limit.entry} \| `{limit.field}` ", wire, re.M) is not None,
          f"{name}: docs/wire.md does not have its number {limit.entry}")
