#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The C API's ABI is that of the committed baseline, or larger; docs/abi.md says when another begins.

abi.py LIBRARY [--write]: with --write the baseline becomes what the headers have."""

import pathlib
import platform
import re
import subprocess
import sys
import tempfile

from consumer import SOURCE, c_functions, check, need, run, skip

# Of abidiff's exit status; the other bits say that it could not compare.
CHANGED = 4
INCOMPATIBLE = 8
EXPORT = '__attribute__((visibility("default")))'


def view(build, soname, folder):
    """A library with the functions of the C headers and nothing inside.

    The real one's debug information is mostly about templates of the C++ library; symbols.py sees to it that it exports
    the same functions."""
    text = run(
        *["gcc", "-E", "-P", "-I", SOURCE / "include", "-I", build / "include"],
        SOURCE / "include/simplealloc/simplealloc.h",
    )
    text, count = re.subn(re.escape(EXPORT) + r"([^;{]*);", r"\1 { __builtin_trap(); }", text)
    check(count == len(c_functions()), f"{count} functions instead of {len(c_functions())}")
    source = folder / "view.c"
    source.write_text(text)
    library = folder / soname
    flags = ["-std=c99", "-w", "-g", "-shared", "-fPIC", f"-Wl,-soname,{soname}"]
    run("gcc", *flags, source, "-o", library)
    return library


def main(library, write=None):
    need("abidiff")
    if platform.machine() != "x86_64":
        skip("the baseline is that of x86-64")
    soname = re.search(r"Library soname: \[(.*)\]", run("readelf", "-d", library)).group(1)
    baseline = SOURCE / "tests/data/abi" / f"{soname}.abi"
    with tempfile.TemporaryDirectory() as name:
        seen = view(pathlib.Path(library).parents[1], soname, pathlib.Path(name))
        if write == "--write":
            baseline.parent.mkdir(exist_ok=True)
            silent = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed"]
            run("abidw", *silent, "--out-file", baseline, seen)
            return
        check(baseline.exists(), f"{soname} has no baseline: abi.py LIBRARY --write makes it")
        command = ["abidiff", "--no-added-syms", baseline, seen]
        done = subprocess.run(command, capture_output=True, text=True)
    told = done.stdout + done.stderr
    check(done.returncode & ~(CHANGED | INCOMPATIBLE) == 0, f"abidiff failed: {told}")
    check(done.returncode == 0, f"another ABI; docs/abi.md says what to do:\n{told}")


main(*sys.argv[1:])
