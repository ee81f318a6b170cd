#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The page on constraints has a row for each that the library names, and no others."""

import re

from consumer import SOURCE, check

source = (SOURCE / "lib/model/constraints.cpp").read_text()
table = re.search(r" names[ {=].*?;", source, re.S)
check(table is not None, "lib/model/constraints.cpp has no table of names now")
named = set(re.findall(r'"([a-z-]+)"', table.group()))
check("contiguity" in named, "lib/model/constraints.cpp names constraints otherwise now")
rows = re.findall(r"^\| (`.+?`) \|", (SOURCE / "docs/constraints.md").read_text(), re.M)
written = set(re.findall(r"`([a-z-]+)`", " ".join(rows)))
check(named == written, f"only in the library or only on the page: {named ^ written}")
