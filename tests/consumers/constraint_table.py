# SPDX-License-Identifier: MIT
"""The library's table of constraints."""

import collections
import re

from consumer import SOURCE, check

Limit = collections.namedtuple("Limit", "field merge part unit entry least key against what demand")


def _table():
    return (SOURCE / "lib/model/constraint_table.hpp").read_text()


def limits():
    """Those that are numbers, by their names."""
    rows = re.findall(r"^    LIMIT\(([^\n]*)\)\s*\\?$", _table(), re.M)
    found = {}
    for row in rows:
        limit = Limit(*re.split(r", (?![^\"]*\"(?:[^\"]*\"[^\"]*\")*[^\"]*$)", row))
        found[limit.field.replace("_", "-")] = limit
    check(len(found) > 20 and "stride-align" in found, "the table has no rows now")
    return found


def others():
    names = re.findall(r"\bKIND\((\w+)\)", _table().partition("SIMPLEALLOC_OTHER_KINDS(KIND)")[2])
    check("contiguity" in names, "the table has no other kinds now")
    return [name.replace("_", "-") for name in names]
