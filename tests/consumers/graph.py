#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Graphviz reads and draws what `simplealloc graph` writes; without Graphviz the user learns its name."""

import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

from consumer import check, need, run

# Which sources there are depends on the machine, so a request may be served or not.
ANSWERS = (0, 1)


def texts(svg):
    return [text.text for text in xml.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]


def graph(program, *options, **environment):
    return subprocess.run(
        [program, "graph", "--bytes", "12K", "--cpu", "read-often", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
        check=False,
    )


def main(program):
    need("dot")
    plan = graph(program)
    check(plan.returncode in ANSWERS, f"exit status {plan.returncode}: {plan.stderr}")
    drawn = run("dot", "-Tsvg", input=plan.stdout.decode())
    check("12 KiB for the CPU alone; the CPU reads it" in texts(drawn), f"drawn: {texts(drawn)}")

    with tempfile.TemporaryDirectory() as folder:
        picture = pathlib.Path(folder, "-plan.svg")
        done = graph(program, "--svg", picture)
        check(done.returncode == plan.returncode, f"exit status {done.returncode}: {done.stderr}")
        check(done.stdout == b"", f"printed {done.stdout}")
        check(texts(picture.read_text()) == texts(drawn), "--svg draws something else")

        done = graph(program, "--svg", pathlib.Path(folder, "no", "plan.svg"))
        check(done.returncode == 1 and b"could not draw" in done.stderr, f"said {done.stderr}")

        done = graph(program, "--svg", picture, PATH=folder)
        check(done.returncode == 1 and b"graphviz" in done.stderr, f"said {done.stderr}")


main(*sys.argv[1:])
