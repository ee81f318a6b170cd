#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Programs that use the shared library need no package of what it is linked with; static ones do."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

from consumer import SOURCE, check, run

INSIDE = ("libdrm", "libudev")
LIBRARIES = ("simplealloc", "simplealloc-c")


def pkg_config_files(parent, kind):
    """The folder with what `meson install` would leave, and nothing else."""
    folder = pathlib.Path(parent, kind)
    run("meson", "setup", "--fatal-meson-warnings", f"-Ddefault_library={kind}", folder, SOURCE)
    alone = pathlib.Path(parent, kind + "-pkgconfig")
    alone.mkdir()
    for library in LIBRARIES:
        file = f"lib{library}.pc"
        (alone / file).write_text((folder / "meson-private" / file).read_text())
    return alone


def ask(folder, library, *query):
    """As on a machine that has only these libraries' files."""
    environment = {**os.environ, "PKG_CONFIG_LIBDIR": str(folder)}
    environment.pop("PKG_CONFIG_PATH", None)
    command = ["pkg-config", *query, f"lib{library}"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stderr}")
    return done.stdout.split()


def check_shared(folder, library):
    text = (folder / f"lib{library}.pc").read_text()
    linked = [flag for flag in ask(folder, library, "--libs") if flag.startswith("-l")]
    check(linked == [f"-l{library}"], f"users link {linked}: {text}")
    check(ask(folder, library, "--cflags"), f"no folder of headers: {text}")
    check("Requires" not in text, f"users have to have more packages: {text}")
    check(ask(folder, library, "--variable=backends"), f"no variable backends: {text}")


def required(folder, library):
    text = (folder / f"lib{library}.pc").read_text()
    return "".join(re.findall(r"^Requires(?:\.private)?: (.*)$", text, re.M)), text


def main():
    with tempfile.TemporaryDirectory() as parent:
        shared = pkg_config_files(parent, "shared")
        for library in LIBRARIES:
            check_shared(shared, library)

        for kind in ("static", "both"):
            folder = pkg_config_files(parent, kind)
            named, text = required(folder, "simplealloc")
            missing = [name for name in INSIDE if name not in named]
            check(not missing, f"{kind}: `pkg-config --static` would leave out {missing}: {text}")
            named, text = required(folder, "simplealloc-c")
            check("libsimplealloc" in re.split("[ ,]+", named), f"{kind}: C without what it stands on: {text}")
            check("-lstdc++" in text, f"{kind}: a C compiler does not link the run time: {text}")


main()
