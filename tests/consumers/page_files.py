#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the pages show of files is right: quirk rows and policies pass the command's check, udev's rules are well formed, and
each `./dev` command exists."""

import pathlib
import re
import subprocess
import sys
import tempfile

from consumer import SOURCE, check, page_blocks, run

RULE = re.compile(r'(?:[A-Z]+(?:==|!=|=|\+=)"[^"]*"(?:, |$))+')


def accepted(program, text, folder):
    file = pathlib.Path(folder, "file")
    file.write_text(text)
    kinds = ("quirks", "policy")
    results = [subprocess.run([program, kind, "--check", file], capture_output=True) for kind in kinds]
    return any(done.returncode == 0 for done in results)


def main(program):
    commands = set(re.findall(r"^\./dev (\w+)", run(SOURCE / "dev", "help"), re.M))
    seen = {"ini": 0, "udev": 0, "dev": 0}
    with tempfile.TemporaryDirectory() as folder:
        for language, page, _, text in page_blocks():
            if language == "ini":
                check(accepted(program, text, folder), f"{page}: a wrong file:\n{text}")
                seen["ini"] += 1
            elif language == "udev":
                for rule in text.splitlines():
                    check(RULE.fullmatch(rule), f"{page}: not a rule: {rule}")
                seen["udev"] += 1
            else:
                for command in re.findall(r"^(?:\$ )?\./dev (\w+)", text, re.M):
                    check(command in commands, f"{page}: there is no ./dev {command}")
                    seen["dev"] += 1
    check(all(seen.values()), f"pages without such blocks: {seen}")


main(*sys.argv[1:])
