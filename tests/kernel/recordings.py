#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Boots machines and writes down what they are and what is planned on them: boards of tests/boards."""

import argparse
import pathlib
import shutil
import sys
import tempfile
import tomllib

import lane

TABLE = pathlib.Path(__file__).with_name("recordings.toml")
BOARDS = lane.CHECKOUT / "tests/boards"


def record(entry):
    """ENTRY is one of the table; returns whether its board was written."""
    options = dict(entry)
    name = options.pop("name")
    command = [str(BOARDS / "record.py"), "--title", options.pop("title")]
    command += ["--output", "/run/lane/out/board.toml"]
    for row in options.pop("rows"):
        command += ["--row", row]
    with tempfile.TemporaryDirectory(prefix="record-") as out:
        if lane.run(lane.Boot(command, **options), out) != 0:
            print(f"FAILED: {name}")
            return False
        shutil.copyfile(pathlib.Path(out) / "board.toml", BOARDS / f"{name}.toml")
    print(f"recorded: {(BOARDS / name).relative_to(lane.CHECKOUT)}.toml")
    return True


def main():
    parser = argparse.ArgumentParser(prog="dev record", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="BOARD", help="these alone")
    names = parser.parse_args().names
    entries = tomllib.loads(TABLE.read_text())["recording"]
    if unknown := {*names} - {entry["name"] for entry in entries}:
        parser.error(f"no recording {', '.join(unknown)} in {TABLE.name}")
    done = [record(entry) for entry in entries if not names or entry["name"] in names]
    return not all(done)


if __name__ == "__main__":
    sys.exit(main())
