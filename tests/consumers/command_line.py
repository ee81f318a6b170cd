# SPDX-License-Identifier: MIT
"""The commands and options of the program, as its own help has them."""

import re

from consumer import run


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def commands(program):
    """In the order of the help."""
    return re.findall(r"^  ([a-z]+) ", run(program, "--help").split("Subcommands:")[1], re.M)


def options(program, *command):
    return options_in(run(program, *command, "--help").split("Examples:")[0])


def all_options(program):
    return options(program).union(*(options(program, name) for name in commands(program)))
