#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts test results: one for each Catch2 test case."""

import dataclasses
import subprocess
import textwrap
import xml.etree.ElementTree

SKIPPED_PROGRAM = 77


@dataclasses.dataclass
class Results:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other):
        return Results(*map(sum, zip(dataclasses.astuple(self), dataclasses.astuple(other))))

    def __str__(self):
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def catch2_names(program, expression="*", **options):
    """The test cases that an expression selects; None when the program is not one of Catch2's."""
    streams = {"stdout": subprocess.PIPE, "stdin": subprocess.DEVNULL, "text": True} | options
    about = subprocess.run([program, "--libidentify"], **streams).stdout
    if "version:" not in about:
        return None
    major = int(about.split("version:")[1].strip().split(".")[0])
    listing = ["--list-test-names-only"] if major < 3 else ["--list-tests", "--verbosity", "quiet"]
    lines = subprocess.run([program, *listing, expression], **streams).stdout.splitlines()
    # Catch2 puts a name in quotes that would be read as an option or a tag.
    return [line.strip().removeprefix('"').removesuffix('"') for line in lines if line.strip()]


def count_catch2(suite, names, junit, status):
    """Judges a finished Catch2 program by its JUnit file; a case without a result has failed."""
    try:
        elements = xml.etree.ElementTree.parse(junit).getroot().iter("testcase")
    except (OSError, xml.etree.ElementTree.ParseError):
        elements = []
        if status == SKIPPED_PROGRAM:
            print(f"{suite}: skipped")
            return Results(skipped=1)

    states = dict.fromkeys(names, "missing")
    for element in elements:
        name = case_name(element.get("name"), names)
        problems = [*element.iter("failure"), *element.iter("error")]
        for problem in problems:
            text = "\n".join(filter(None, [problem.get("message"), problem.text]))
            print(f"FAILED: {suite}: {element.get('name')}")
            print(textwrap.indent(textwrap.dedent(text).strip(), "    "))
        if problems:
            states[name] = "failed"
        elif states.get(name) in (None, "missing"):
            states[name] = "passed" if element.find("skipped") is None else "skipped"

    for name, state in states.items():
        if state == "missing":
            print(f"FAILED: {suite}: {name}: no result; it did not run or asserts nothing")
    count = [*states.values()].count
    results = Results(count("passed"), count("failed") + count("missing"), count("skipped"))
    if results.failed == 0 and (status != 0 or not names):
        print(f"FAILED: {suite}: exit status {status}" if names else f"FAILED: {suite}: no test")
        results.failed += 1
    return results


def case_name(element, names):
    """Sections follow the case's name after a slash, but a name may hold slashes of its own."""
    fitting = [name for name in names if element == name or element.startswith(f"{name}/")]
    return max(fitting, key=len, default=element.split("/")[0])
