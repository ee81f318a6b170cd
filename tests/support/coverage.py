#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the unit tests that mention the solver or its values in a build with clang's source coverage, and prints
which of its lines and branches they reach."""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

import builds

SOURCE = builds.SOURCE
BUILD = SOURCE / "build-coverage"
ROOMS = [SOURCE / "lib/model", SOURCE / "lib/solver"]
# By hand of the rooms, or of the generated inputs for the solver.
MENTIONS = re.compile(r'#include "(lib/(model|solver)/|tests/support/(solver_input|worlds)\.hpp)')
# Why the code below it, or beside it, is not reached.
WHY = re.compile(r"// (Never: .*)")
# What gets there through the public headers.
THROUGH_API = {"check", "import", "plan", "policy"}


def programs(build):
    command = ["meson", "introspect", "--tests", build]
    tests = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    sources = {file.name: file for file in (SOURCE / "tests/unit").rglob("*_test.cpp")}
    for test in tests:
        source = sources.get(test["name"] + "_test.cpp")
        concerned = test["name"] in THROUGH_API
        if source and (concerned or MENTIONS.search(source.read_text())):
            yield pathlib.Path(test["cmd"][0])


def run(program, profile):
    command = [program, "-r", "compact"]
    environment = {**os.environ, "LLVM_PROFILE_FILE": str(profile)}
    done = subprocess.run(command, env=environment, capture_output=True)
    if done.returncode != 0:
        sys.exit(f"{program.name} failed:\n{(done.stdout + done.stderr).decode(errors='replace')}")
    return profile


def plain(path):
    """The compiler was told ../lib/…."""
    return pathlib.Path(os.path.normpath(path))


def measure(build):
    """Of each file the count of each line, and of both sides of each branch by its place."""
    tests = list(programs(build))
    names = [os.path.relpath(test, build) for test in tests]
    subprocess.run(["ninja", "-C", build, *names], check=True, stdout=subprocess.DEVNULL)
    folder = pathlib.Path(build, "coverage")
    folder.mkdir(exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        profiles = list(
            pool.map(run, tests, [folder / (test.name + ".profraw") for test in tests])
        )
    merged = folder / "all.profdata"
    subprocess.run(["llvm-profdata-14", "merge", "-sparse", "-o", merged, *profiles], check=True)

    def export(*options):
        objects = [word for test in tests[1:] for word in ("-object", test)]
        command = ["llvm-cov-14", "export", f"-instr-profile={merged}", *options]
        command += [tests[0], *objects]
        # It warns of inline functions that one object only mentions: another one has their counts.
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"llvm-cov failed: {done.stderr}")
        return done.stdout

    lines = collections.defaultdict(dict)
    for record in export("-format=lcov").splitlines():
        kind, _, value = record.partition(":")
        if kind == "SF":
            file = plain(value)
        elif kind == "DA" and any(room in file.parents for room in ROOMS):
            line, count = map(int, value.split(","))
            lines[file][line] = count
    branches = collections.defaultdict(dict)
    for entry in json.loads(export("-format=text"))["data"][0]["files"]:
        file = plain(entry["filename"])
        if file not in lines:
            continue
        sides = branches[file]
        # Each instance of a template has its own.
        for line, column, end_line, end_column, true, false, *_ in entry["branches"]:
            place = (line, column, end_line, end_column)
            before = sides.get(place, (0, 0))
            sides[place] = (before[0] + true, before[1] + false)
    # What no program links has no counts at all.
    missing = [file.name for room in ROOMS for file in room.rglob("*.cpp") if file not in lines]
    if missing:
        sys.exit(f"no test that is run reaches {', '.join(sorted(missing))}")
    return lines, branches


def is_implicit(code, place):
    """A switch over an enumeration has no other value; the compilers see to it that all are there."""
    line, column, *_ = place
    return code[line - 1][: column - 1].endswith("switch (")


def text_of(code, place):
    line, column, end_line, end_column = place
    text = code[line - 1][column - 1 : end_column - 1 if end_line == line else None]
    return code[line - 1].strip() if text == ":" else text


def unreached(code, counts, branches):
    """(first line, last line, text) of lines that follow each other, and of branches."""
    missed = {line: code[line - 1].strip() for line, count in counts.items() if count == 0}
    for place, (true, false) in branches.items():
        if bool(true) != bool(false):
            condition = f"never {'false' if true else 'true'}: {text_of(code, place)}"
            told = missed.get(place[0])
            if counts.get(place[0]) != 0:
                missed[place[0]] = f"{told}; {condition}" if told else condition
    places = []
    for line, text in sorted(missed.items()):
        if places and places[-1][1] == line - 1 and counts.get(line) == 0:
            places[-1] = (places[-1][0], line, places[-1][2])
        else:
            places.append((line, line, text))
    return places


def share(part, whole):
    return f"{part:5} of {whole:5} {100 * part / whole if whole else 100:6.1f} %"


def main():
    # Meson's own trial programs count as well: nowhere.
    os.environ["LLVM_PROFILE_FILE"] = "/dev/null"
    builds.configure(BUILD.name)
    lines, branches = measure(BUILD)
    total = [0, 0, 0, 0]
    places = []
    print(f"{'':34} {'lines':>23} {'branches':>23}")
    for file in sorted(lines):
        code = file.read_text().splitlines()
        name = file.relative_to(SOURCE)
        counts = lines[file].values()
        explicit = {place: n for place, n in branches[file].items() if not is_implicit(code, place)}
        sides = [side for both in explicit.values() for side in both]
        row = [sum(count > 0 for count in counts), len(counts)]
        row += [sum(side > 0 for side in sides), len(sides)]
        total = [a + b for a, b in zip(total, row)]
        print(f"{str(name):34} {share(*row[:2])} {share(*row[2:])}")
        for first, last, text in unreached(code, lines[file], explicit):
            place = f"{first}-{last}" if last > first else f"{first}"
            reason = next(filter(None, map(WHY.search, code[max(first - 2, 0) : last])), None)
            places.append(f"{name}:{place}: {reason.group(1) if reason else text}")
    print(f"{'in all':34} {share(*total[:2])} {share(*total[2:])}")
    print(f"\nnot reached: {len(places)} places")
    for place in places:
        print(f"  {place}")


if __name__ == "__main__":
    main()
