#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Without a single optional feature Meson configures, and the table of backends compiles empty."""

import pathlib
import sys
import tempfile

from consumer import SOURCE, check, run


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        run(
            *["meson", "setup", "--fatal-meson-warnings", "-Dauto_features=disabled"],
            *["-Dwerror=true", folder, SOURCE],
        )
        # Which backends there are is known to this source alone.
        config = (folder / "backends/enabled_backends.h").read_text()
        check("HAVE_" in config and " 1" not in config, f"backends are enabled: {config}")
        run("ninja", "-C", folder, "lib/libsimplealloc-core.a.p/.._backends_registry.cpp.o")
        targets = run("ninja", "-C", folder, "-t", "targets", "all")
        check("_test.cpp" not in targets, "tests are built without their option")


main(*sys.argv[1:])
