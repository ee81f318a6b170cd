#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each function of C that can fail is called by the tests in which memory runs out."""

import re

from consumer import SOURCE, check

headers = "".join(
    re.sub(r"//.*", "", path.read_text()) for path in sorted(SOURCE.glob("include/simplealloc/*.h"))
)
functions = {
    name
    for name, arguments in re.findall(
        r"SIMPLEALLOC_API\s+[^;(]*?(simplealloc_\w+)\(([^;]*)\);", headers
    )
    if "simplealloc_error**" in arguments
}
check(len(functions) > 50, "the headers declare functions otherwise now")
tests = "".join(
    (SOURCE / "tests" / folder / "memory_test.cpp").read_text() for folder in ("unit", "kernel")
)
missing = {name for name in functions if not re.search(rf"\b{name}\(", tests)}
check(not missing, f"no memory_test.cpp calls {', '.join(sorted(missing))}")
