#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The completions of bash, zsh and fish have every command and every option of each command."""

import os
import pathlib
import shlex
import sys

from command_line import all_options, commands, options, options_in
from consumer import SOURCE, check, need, run

FOLDER = SOURCE / "data/completions"
BASH = """
source {script}
COMP_WORDS=({words} "")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_simplealloc
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def bash(*words):
    script = BASH.format(script=FOLDER / "simplealloc.bash", words=shlex.join(words))
    return run("bash", "-c", script).split("\n")[:-1]


def fish(line):
    script = f"source {FOLDER / 'simplealloc.fish'}; complete --do-complete {shlex.quote(line)}"
    return [line.split("\t")[0] for line in run("fish", "--no-config", "-c", script).split("\n")[:-1]]


def main(program):
    for shell in "bash", "fish", "zsh":
        need(shell)
    # The completions ask the program for its sources.
    os.environ["PATH"] = f"{pathlib.Path(program).parent}:{os.environ['PATH']}"
    names = commands(program)
    for complete in bash("simplealloc"), fish("simplealloc "):
        missing = {*names} - {*complete}
        check(not missing, f"no completion of {missing}")
    for name in names:
        real = options(program, name)
        for complete in bash("simplealloc", name), fish(f"simplealloc {name} --"):
            offered = {word for word in complete if word.startswith("--")}
            check(offered == real, f"{name}: only in the program or only completed: {offered ^ real}")

    check({"read-often"} <= {*bash("simplealloc", "plan", "--cpu")}, "bash lacks values")
    check({"read-often"} <= {*fish("simplealloc plan --cpu ")}, "fish lacks values")
    check("m2m-in" in bash("simplealloc", "plan", "--use", "/dev/video0", ":"), "bash lacks roles")

    script = FOLDER / "_simplealloc"
    run("zsh", "-n", str(script))
    text = script.read_text()
    missing = all_options(program) ^ options_in(text)
    check(not missing, f"only in the program or only in the script of zsh: {missing}")
    for name in names:
        check(f"'{name}:" in text, f"zsh lacks {name}")


main(*sys.argv[1:])
