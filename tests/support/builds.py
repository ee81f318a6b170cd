#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Configures a build folder as developers need it, and builds in it.

builds.py [--once] FOLDER [-DOPTION=VALUE…] [TARGET…]: --once leaves a folder as it is configured"""

import os
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]

# What only developers build; the last ones where their packages are installed.
DEVELOPER = ["-Dbuildtype=debugoptimized", "-Dtests=enabled", "-Dexamples=enabled"]
DEVELOPER += ["-Dbench=auto", "-Dgstreamer=auto", "-Dwlroots=auto"]

LEAN = ["-Dtools=disabled", "-Dexamples=disabled"]
COUNTERS = "-fprofile-instr-generate -fcoverage-mapping"

# The compiler of each folder, and options that win over those of developers.
FOLDERS = {
    "build": ("g++", []),
    "build-bench": ("g++", ["-Doptimization=2", "-Ddebug=true", "-Dbench=enabled"]),
    # The library and one example.
    "build-demo": ("g++", ["-Dbuildtype=plain", "-Dtools=disabled", "-Dtests=disabled",
        "-Dgstreamer=disabled", "-Dwlroots=disabled"]),
    # The second compiler, the sanitizers and the fuzzers share a build: clang's own ones compile four times as fast.
    "build-asan": ("clang++", ["-Dwerror=true", "-Db_sanitize=address,undefined",
        "-Db_lundef=false", "-Dcpp_args=-D_GLIBCXX_ASSERTIONS -g1", "-Dfuzz=true", "-Doptimization=1",
        "-Dexamples=disabled"]),
    "build-tsan": ("clang++", ["-Dwerror=true", "-Db_sanitize=thread", "-Db_lundef=false",
        "-Dbuildtype=plain", "-Dbench=disabled", *LEAN]),
    "build-32": ("clang++", ["-Dbuildtype=plain", "-Dwerror=true", *LEAN]),
    # Clang's branches are those of the source: gcc's are those of the generated code, exceptions too. Only lib/model and
    # lib/solver count, so that what tries everything (oracle_test) is not slowed down.
    "build-coverage": ("clang++", ["-Dbuildtype=plain", "-Doptimization=1", "-Db_lundef=false",
        f"-Dcpp_args={COUNTERS} -fprofile-list={SOURCE}/tests/support/coverage.list",
        f"-Dcpp_link_args={COUNTERS}", "-Dbench=disabled", *LEAN]),
}


def configure(folder, *options):
    compiler, own = FOLDERS[folder]
    command = ["meson", "setup", "--fatal-meson-warnings", *DEVELOPER, *own, *options, folder]
    # Meson takes new options for an old folder, but only if told that it is one.
    if (SOURCE / folder / "build.ninja").exists():
        command.append("--reconfigure")
    subprocess.run(command, cwd=SOURCE, env={**os.environ, "CXX": compiler}, check=True)


def build(folder, *targets):
    subprocess.run(["ninja", "-C", folder, *targets], cwd=SOURCE, check=True)


def main(words):
    once = words[0] == "--once"
    folder, *words = words[once:]
    if not once or not (SOURCE / folder / "build.ninja").exists():
        configure(folder, *(word for word in words if word.startswith("-")))
    build(folder, *(word for word in words if not word.startswith("-")))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
