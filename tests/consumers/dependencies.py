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

INSIDE = ("libdrm", "libudev", "fmt", "spdlog")


def pkg_config_file(parent, kind):
    """The folder with what `meson install` would leave, and nothing else."""
    folder = pathlib.Path(parent, kind)
    run("meson", "setup", "--fatal-meson-warnings", f"-Ddefault_library={kind}", folder, SOURCE)
    alone = pathlib.Path(parent, kind + "-pkgconfig")
    alone.mkdir()
    text = (folder / "meson-private/libsimplealloc.pc").read_text()
    (alone / "libsimplealloc.pc").write_text(text)
    return alone, text


def ask(folder, *query):
    """As on a machine that has only this library's file."""
    environment = {**os.environ, "PKG_CONFIG_LIBDIR": str(folder)}
    environment.pop("PKG_CONFIG_PATH", None)
    command = ["pkg-config", *query, "libsimplealloc"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    check(done.returncode == 0, f"{' '.join(command)}: {done.stderr}")
    return done.stdout.split()


def main():
    with tempfile.TemporaryDirectory() as parent:
        shared, text = pkg_config_file(parent, "shared")
        check("-lsimplealloc" in ask(shared, "--libs"), f"no -lsimplealloc: {text}")
        check(ask(shared, "--cflags"), f"no folder of headers: {text}")
        check("Requires" not in text, f"users have to have more packages: {text}")
        check(ask(shared, "--variable=backends"), f"no variable backends: {text}")

        for kind in ("static", "both"):
            _, text = pkg_config_file(parent, kind)
            named = "".join(re.findall(r"^Requires(?:\.private)?: (.*)$", text, re.M))
            missing = [name for name in INSIDE if name not in named]
            check(not missing, f"{kind}: `pkg-config --static` would leave out {missing}: {text}")


main(*sys.argv[1:])
