#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the kernel tests on every boot of boots.toml and counts their cases."""

import argparse
import pathlib
import shutil
import sys
import tomllib

import lane

sys.path.append(str(lane.CHECKOUT / "tests/support"))
from results import Results, catch2_names, count_catch2  # noqa: E402

TABLE = pathlib.Path(__file__).with_name("boots.toml")
TIME_LIMIT = 900


def program(build="build"):
    return lane.CHECKOUT / build / "tests/kernel/kernel-tests"


def run_boot(boot, timeout):
    """BOOT is an entry of the table; returns the names of its cases and their results."""
    options = dict(boot)
    name, expression = options.pop("name"), options.pop("tests")
    tests = program(options.pop("build", "build"))
    names = catch2_names(tests, expression) if tests.exists() else None
    out = lane.CHECKOUT / "build/lane" / name
    shutil.rmtree(out, ignore_errors=True)
    if names is None:
        print(f"FAILED: {name}: {tests} is not built")
        return [], Results(failed=1)
    print(f"-- boot {name}: {len(names)} tests", flush=True)
    if not names:
        print(f"FAILED: {name}: no test matches {expression}")
        return names, Results(failed=1)
    command = [str(tests), expression, "-r", "junit", "-o", "/run/lane/out/junit.xml"]
    status = lane.run(lane.Boot(command, **{"timeout": timeout, **options}), out)
    results = count_catch2(name, names, out / "junit.xml", status)
    print(f"boot {name}: {results}", flush=True)
    return names, results


def choose(parser, names):
    """The boots of these names, or all; ends the program when there is none of a name."""
    boots = tomllib.loads(TABLE.read_text())["boot"]
    if unknown := {*names} - {boot["name"] for boot in boots}:
        parser.error(f"no boot {', '.join(unknown)} in {TABLE.name}")
    return [boot for boot in boots if not names or boot["name"] in names]


def run(boots, every, timeout=TIME_LIMIT):
    """EVERY: these are all that there are, so that together they have to run each test."""
    total, seen = Results(), set()
    for boot in boots:
        names, results = run_boot(boot, timeout)
        total += results
        seen.update(names)
    if every:
        for name in catch2_names(program()):
            if name not in seen:
                print(f"FAILED: {name}: matches the tests of no boot in {TABLE.name}")
                total.failed += 1
    print(f"kernel: {total}", flush=True)
    return total


def main():
    parser = argparse.ArgumentParser(prog="boots.py", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="BOOT", help="run these alone")
    parser.add_argument("--timeout", type=float, default=TIME_LIMIT, metavar="SECONDS",
        help="for each boot, where the table says nothing (%(default)s)")
    options = parser.parse_args()
    boots = choose(parser, options.names)
    return run(boots, not options.names, options.timeout).failed > 0


if __name__ == "__main__":
    sys.exit(main())
