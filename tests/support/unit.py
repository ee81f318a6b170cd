#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests that Meson knows in a build folder and counts their cases.

unit.py BUILD [TALLY [TAG]]: with a tag only the cases that have it, of the programs that have some."""

import concurrent.futures
import itertools
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from results import SKIPPED_PROGRAM, Results, catch2_names, count_catch2

# Meson's limits are meant for an idle machine and a build without sanitizers.
PATIENCE = 4

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def run(test, tag):
    """Returns a function that judges the run, so that reports come one after the other."""
    options = {
        "cwd": test["workdir"],
        "env": {**os.environ, **test["env"]},
        "stdin": subprocess.DEVNULL,
    }
    limit = test["timeout"] * PATIENCE if test["timeout"] > 0 else None
    suite, command = test["name"], test["cmd"]
    # Suite `script` is for tests that can't be asked.
    script = any(name.split(":")[-1] == "script" for name in test["suite"])
    names = None if script else catch2_names(command[0], tag or "*", **options)

    folder = tempfile.TemporaryDirectory()
    junit = pathlib.Path(folder.name, "junit.xml")
    if names is not None:
        command = [*command, *filter(None, [tag]), "-r", "junit", "-o", junit]
    with open(pathlib.Path(folder.name, "output"), "w+b") as log:
        try:
            status = subprocess.run(command, stdout=log, stderr=log, timeout=limit, **options)
            status = status.returncode
        except subprocess.TimeoutExpired:
            status = f"none, stopped after {limit} s"
        except OSError as error:
            status = f"none, {error}"
        log.seek(0)
        output = log.read().decode(errors="replace")
    # tests/support/cases.hpp says how many it ran.
    generated = sum(map(int, re.findall(r"^generated cases: (\d+)$", output, re.MULTILINE)))

    def judge():
        if names is not None:
            results = count_catch2(suite, names, junit, status)
        elif status == SKIPPED_PROGRAM:
            results = Results(skipped=1)
        else:
            results = Results(passed=1) if status == 0 else Results(failed=1)
        if results.failed:
            print(f"FAILED: {suite}: exit status {status}, output:\n{output}")
        folder.cleanup()
        return results, generated

    return judge


def has_tag(test, tag):
    """Whether its source mentions the tag: a program is not built to find that out."""
    sources = (SOURCE / "tests/unit").rglob(test["name"] + "_test.cpp")
    return any(tag in source.read_text() for source in sources)


def main(build, tally=None, tag=None):
    introspect = ["meson", "introspect", "--tests", build]
    tests = json.loads(subprocess.run(introspect, stdout=subprocess.PIPE, check=True).stdout)
    if tag:
        tests = [test for test in tests if has_tag(test, tag)]
        if not tests:
            sys.exit(f"no test has the tag {tag}")
        programs = [os.path.relpath(test["cmd"][0], build) for test in tests]
        subprocess.run(["ninja", "-C", build, *programs], check=True)
    total, generated = Results(), 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for judge in pool.map(run, tests, itertools.repeat(tag)):
            results, cases = judge()
            total += results
            generated += cases
    print(f"{build}: {total}; {generated} generated cases in them")
    total.append_to(tally)
    return total.failed > 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
