#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ABI of both APIs is that of the committed baselines, or larger: docs/abi.md.

abi.py LIBRARY [--write]: with --write the baselines become what the headers have."""

import pathlib
import platform
import re
import subprocess
import sys
import tempfile

import cpp_view
from consumer import SOURCE, c_functions, check, need, run, skip

# Of abidiff's exit status; the other bits say that it could not compare.
CHANGED = 4
INCOMPATIBLE = 8
BASELINES = SOURCE / "tests/data/abi"
# Its types are dropped: what it has inside is not ours, and differs between its versions.
STANDARD_LIBRARY = BASELINES / "standard-library.abignore"
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
    flags.append(f"-fdebug-prefix-map={folder}=.")
    run("gcc", *flags, source, "-o", library)
    return library


def compare(library, baseline, write):
    """What differs, as text; empty for nothing."""
    suppressions = ["--suppressions", STANDARD_LIBRARY]
    if write:
        silent = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed"]
        run("abidw", *suppressions, *silent, "--out-file", baseline, library)
        return ""
    check(baseline.exists(), f"{baseline.name} is missing: abi.py LIBRARY --write makes it")
    command = ["abidiff", *suppressions, "--no-added-syms", baseline, library]
    done = subprocess.run(command, capture_output=True, text=True)
    told = done.stdout + done.stderr
    check(done.returncode & ~(CHANGED | INCOMPATIBLE) == 0, f"abidiff failed: {told}")
    return told if done.returncode else ""


def main(library, write=None):
    need("abidiff")
    need("g++")
    if platform.machine() != "x86_64":
        skip("the baseline is that of x86-64")
    build = pathlib.Path(library).parents[1]
    soname = re.search(r"Library soname: \[(.*)\]", run("readelf", "-d", library)).group(1)
    told = ""
    for suffix, make in {"abi": view, "cpp.abi": cpp_view.view}.items():
        with tempfile.TemporaryDirectory() as name:
            seen = make(build, soname, pathlib.Path(name))
            told += compare(seen, BASELINES / f"{soname}.{suffix}", write == "--write")
    check(not told, f"another ABI; docs/abi.md says what to do:\n{told}")


main(*sys.argv[1:])
