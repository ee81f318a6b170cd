#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is built for whom: by default, for packagers who switch all features on or off, and without a backend."""

import collections
import os
import pathlib
import re
import sys
import tempfile

from consumer import SOURCE, check, run

BACKENDS = ("dma-heap", "udmabuf", "simple-allocator", "ion", "gbm", "v4l2", "drm-dumb")

# Those of developers, which no user of the library has to have.
PKG_CONFIG = """\
#!/bin/sh
for word; do
    case $word in
        catch2* | benchmark* | gstreamer* | wlroots* | wayland-server* | libpng* | tomlplusplus*) exit 1 ;;
    esac
done
exec pkg-config "$@"
"""
NATIVE = """\
[binaries]
pkgconfig = '{pkg_config}'
cmake = '/nonexistent/cmake'
doxygen = '/nonexistent/doxygen'
"""


class Build:
    """A folder that is configured, but not built."""

    def __init__(self, parent, name, *options):
        self.folder = pathlib.Path(parent, name)
        run("meson", "setup", "--fatal-meson-warnings", *options, self.folder, SOURCE)

    def backends(self):
        config = (self.folder / "backends/enabled_backends.h").read_text()
        found = dict(re.findall(r"#define HAVE_(\w+) ([01])", config))
        check(len(found) == len(BACKENDS), f"not every backend is on or off: {config}")
        return {name for name in BACKENDS if found[name.upper().replace("-", "_")] == "1"}

    def sources(self):
        """What `ninja install` compiles of the checkout."""
        commands = run("ninja", "-C", self.folder, "-t", "commands", "install")
        compiled = re.findall(r" -c (\S+)$", commands, re.M)
        paths = (pathlib.Path(os.path.normpath(self.folder / name)) for name in compiled)
        return [path.relative_to(SOURCE) for path in paths if SOURCE in path.parents]


def check_only_library_and_tool(build):
    folders = collections.Counter(path.parts[0] for path in build.sources())
    check({*folders} == {"backends", "lib", "tools"}, f"users compile {folders}")


def main():
    with tempfile.TemporaryDirectory() as parent:
        check_only_library_and_tool(Build(parent, "default"))

        disabled = Build(parent, "disabled", "-Dauto_features=disabled")
        lost = {*BACKENDS} - {"gbm"} - disabled.backends()
        check(not lost, f"backends that need no other library are left out: {lost}")

        pkg_config = pathlib.Path(parent, "pkg-config")
        pkg_config.write_text(PKG_CONFIG)
        pkg_config.chmod(0o755)
        native = pathlib.Path(parent, "native.ini")
        native.write_text(NATIVE.format(pkg_config=pkg_config))
        enabled = Build(parent, "enabled", "-Dauto_features=enabled", "--native-file", native)
        check(enabled.backends() == {*BACKENDS}, f"backends: {enabled.backends()}")
        check_only_library_and_tool(enabled)

        # Only who says so of each gets none; the table of backends compiles empty.
        nothing = [f"-D{name}=disabled" for name in BACKENDS]
        none = Build(parent, "none", "-Dauto_features=disabled", "-Dwerror=true", *nothing)
        check(not none.backends(), f"backends are enabled: {none.backends()}")
        run("ninja", "-C", none.folder, "lib/libsimplealloc-core.a.p/.._backends_registry.cpp.o")


main(*sys.argv[1:])
