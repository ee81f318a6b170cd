#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""`simplealloc alloc` says why nothing serves a request in the words of `simplealloc plan`, and in its document."""

import subprocess
import sys

from consumer import check

# More than any machine has.
REQUEST = ("--bytes", "4000000G", "--cpu", "read-often")


def answer(program, command, *options):
    done = subprocess.run([program, command, *REQUEST, *options], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def main(program):
    for options in (), ("--json",):
        plan, alloc = (answer(program, command, *options) for command in ("plan", "alloc"))
        check(plan[0] == 1 and plan[1], f"plan: {plan}")
        check(alloc == plan, f"alloc says {alloc}, plan {plan}")


main(*sys.argv[1:])
