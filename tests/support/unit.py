#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the tests of a build folder with `meson test` and counts their cases.

unit.py BUILD [TAG]: with a tag only the cases that have it, of the programs that have some."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from results import Results, catch2_names, count_catch2

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def tests_with(tag):
    """Their sources mention the tag: a program is not built to find that out."""
    sources = (SOURCE / "tests/unit").rglob("*_test.cpp")
    return [file.stem.removesuffix("_test") for file in sources if tag in file.read_text()]


def judge(test, reports, tag):
    """TEST is what Meson logged of it."""
    name = test["name"].split(" / ")[-1]
    program = pathlib.Path(test["command"][2])  # after tests/support/with_report FOLDER
    ended = test["returncode"] if test["result"] != "TIMEOUT" else "none, stopped as its time was up"
    if program.name.endswith("-test"):
        names = catch2_names(program, tag, env={**os.environ, **test["env"]})
        results = count_catch2(name, names, reports / f"{program.name}.xml", ended)
    else:
        kind = {"OK": "passed", "SKIP": "skipped"}.get(test["result"], "failed")
        results = Results(**{kind: 1})
    if results.failed:
        output = test["stdout"] + test.get("stderr", "")
        print(f"FAILED: {name}: exit status {ended}, output:\n{output}")
    return results


def run(build, tag="*"):
    logs = pathlib.Path(SOURCE, build, "meson-logs")
    log, reports = logs / "testlog-report.json", logs / "junit"
    # What is left of another run would be counted.
    log.unlink(missing_ok=True)
    shutil.rmtree(reports, ignore_errors=True)
    reports.mkdir(parents=True)
    command = ["meson", "test", "-C", build, "--setup", "report", "--quiet"]
    if tag != "*":
        command += ["--test-args", tag, *tests_with(tag)]
    status = subprocess.run(command, cwd=SOURCE, stdin=subprocess.DEVNULL).returncode
    tests = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
    total = sum((judge(test, reports, tag) for test in tests), Results())
    if not tests or (status != 0 and total.failed == 0):
        print(f"FAILED: {build}: meson test has exit status {status} after {len(tests)} tests")
        total.failed += 1
    # tests/support/cases.hpp says how many each law ran.
    said = "\n".join(test["stdout"] for test in tests)
    generated = sum(map(int, re.findall(r"^generated cases: (\d+)$", said, re.MULTILINE)))
    print(f"{build}: {total}; {generated} generated cases in them", flush=True)
    return total


if __name__ == "__main__":
    sys.exit(run(*sys.argv[1:]).failed > 0)
