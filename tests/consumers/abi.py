#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The ABI of both libraries is that of the committed baselines, or larger: docs/abi.md.

abi.py LIBRARY… [--write]: with --write the baselines become what the headers have, unless that
breaks a soversion which a release has."""

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
# The sonames that releases have, one a line.
RELEASED = BASELINES / "released"
EXPORT = '__attribute__((visibility("default")))'


def c_view(build, soname, folder):
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


class Library:
    def __init__(self, path):
        dynamic = run("readelf", "-d", path)
        self.path = pathlib.Path(path)
        self.soname = re.search(r"Library soname: \[(.*)\]", dynamic)[1]
        self.baseline = BASELINES / f"{self.soname}.abi"
        self.is_c = self.soname.startswith("libsimplealloc-c.")

    def view(self, folder):
        """What has its ABI and nothing inside."""
        folder = pathlib.Path(folder)
        build = next(up for up in self.path.resolve().parents if (up / "meson-info").exists())
        if self.is_c:
            return c_view(build, self.soname, folder)
        return cpp_view.view(build, self.path, self.soname, folder)

    def differences(self, view):
        """What is not as in the baseline but for additions, and whether that breaks programs."""
        check(self.baseline.exists(), f"no {self.baseline.name}: abi.py LIBRARY --write makes it")
        flags = ["--suppressions", STANDARD_LIBRARY, "--no-added-syms"]
        done = subprocess.run(
            ["abidiff", *flags, self.baseline, view], capture_output=True, text=True
        )
        told = done.stdout + done.stderr
        check(done.returncode & ~(CHANGED | INCOMPATIBLE) == 0, f"abidiff failed: {told}")
        # abidiff can't know that a struct of C may grow at its end; C++ programs make copies.
        breaks = done.returncode & INCOMPATIBLE or (done.returncode and not self.is_c)
        return (told if done.returncode else ""), bool(breaks)

    def write(self, view):
        if self.soname in RELEASED.read_text().split():
            told, breaks = self.differences(view)
            check(not breaks, f"a release has {self.soname}: raise its soversion\n{told}")
        silent = ["--no-corpus-path", "--no-comp-dir-path", "--no-show-locs", "--no-elf-needed"]
        flags = ["--suppressions", STANDARD_LIBRARY, *silent, "--out-file", self.baseline]
        run("abidw", *flags, view)


def main(*arguments):
    need("abidiff")
    need("g++")
    if platform.machine() != "x86_64":
        skip("the baseline is that of x86-64")
    told = ""
    for library in [Library(path) for path in arguments if path != "--write"]:
        with tempfile.TemporaryDirectory() as folder:
            view = library.view(folder)
            if "--write" in arguments:
                library.write(view)
            else:
                told += library.differences(view)[0]
    check(not told, f"another ABI; docs/abi.md says what to do:\n{told}")


main(*sys.argv[1:])
