#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Checks what a program can check without running ours: formatting, scripts, the API's comments and the Meson files."""

import ast
import pathlib
import re
import subprocess
import sys
import tempfile

import builds

ENDINGS = re.compile(r"\.(cpp|hpp|c|h|hpp\.in|py|toml|config)$|(^|/)(meson\.build|Kbuild)$")
CODE = {".cpp", ".hpp", ".c", ".h"}


def sources():
    """What is in the tree or will be, and whether it is a script of a shell."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    for name in sorted(set(listed.splitlines())):
        path = pathlib.Path(name)
        if not path.is_file():
            continue
        with path.open("rb") as file:
            shell = bool(re.match(rb"#!.*sh$", file.readline().rstrip(b"\n")))
        if shell or ENDINGS.search(name):
            yield path, shell


def passes(*command):
    return subprocess.run(command).returncode == 0


def complaints_of(path):
    # The kernel asks for it.
    licence = "GPL-2.0-only" if "tests/kernel/modules" in str(path.parent) else "MIT"
    text = path.read_text()
    if f"SPDX-License-Identifier: {licence}" not in "\n".join(text.split("\n")[:3]):
        yield f"{path}: no SPDX line at the top"
    if path.suffix == ".py":
        try:
            ast.parse(text, str(path))
        except SyntaxError as error:
            yield f"{path}:{error.lineno}: no Python: {error.msg}"


def complaints_of_meson():
    with tempfile.TemporaryDirectory() as folder:
        setup = ["meson", "setup", "--fatal-meson-warnings", *builds.DEVELOPER, "-Ddocs=enabled", folder]
        for command, complaint in (
            (setup, "meson setup warns or fails"),
            (["ninja", "-C", folder, "docs"], "a public name is not documented"),
        ):
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            if done.returncode != 0:
                print(done.stdout)
                yield complaint
                return


def main():
    found = dict(sources())
    complaints = [complaint for path in found for complaint in complaints_of(path)]
    if not passes("clang-format", "--dry-run", "-Werror", *(p for p in found if p.suffix in CODE)):
        complaints.append("clang-format finds code that is not formatted")
    if not passes("shellcheck", *(path for path, shell in found.items() if shell)):
        complaints.append("shellcheck found something")
    complaints += complaints_of_meson()
    for complaint in complaints:
        print(f"lint: {complaint}")
    if not complaints:
        print(f"lint: {len(found)} files are fine")
    return bool(complaints)


if __name__ == "__main__":
    sys.exit(main())
