#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Builds programs/ in every way that users do; tests/kernel/consumers_test.cpp runs the results.

Arguments: a build of the library as both a shared and a static one, and the folder for the programs.
"""

import os
import pathlib
import shutil
import sys

from consumer import SOURCE, Installation, check, readme_program, run

PROGRAMS = SOURCE / "tests/consumers/programs"
WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Werror")


def is_linked_with_library(program):
    return "[libsimplealloc" in run("readelf", "-d", program)


def build_by_hand(installation, folder):
    """Name, compiler, source and options, with pkg-config."""
    cpp = PROGRAMS / "allocate.cpp"
    for name, compiler, source, options in (
        ("c99", "gcc", SOURCE / "examples/c_allocate/main.c", ["-std=c99"]),
        ("cpp20", "g++", cpp, ["-std=c++20"]),
        ("cpp23", "clang++", cpp, ["-std=c++2b"]),
        ("no-exceptions", "g++", cpp, ["-std=c++20", "-fno-exceptions", "-fno-rtti"]),
    ):
        installation.link(compiler, source, folder / name, *options, *WARNINGS)
        check(is_linked_with_library(folder / name), f"{name} does not use the shared library")
    (folder / "readme.cpp").write_text(readme_program())
    installation.link("g++", folder / "readme.cpp", folder / "readme", "-std=c++20", *WARNINGS)
    c = SOURCE / "examples/c_allocate/main.c"
    installation.link("g++", cpp, folder / "static", "-std=c++20", *WARNINGS, static=True)
    installation.link("gcc", c, folder / "static-c", "-std=c99", *WARNINGS, static=True)
    for name in ("static", "static-c"):
        check(not is_linked_with_library(folder / name), f"{name} uses the shared library")


def build_plugin(installation, folder):
    options = ["-std=c++20", "-shared", "-fPIC", "-fvisibility=hidden"]
    installation.link("g++", PROGRAMS / "plugin.cpp", folder / "plugin.so", *options, *WARNINGS)
    host = folder / "plugin"
    run("gcc", "-std=c99", *WARNINGS, PROGRAMS / "plugin_host.c", "-o", host, "-ldl")
    check(not is_linked_with_library(host), "the plugin's host knows the library")


def build_with_cmake(installation, folder):
    work = folder / "work/cmake"
    rpath = f"-DCMAKE_EXE_LINKER_FLAGS=-Wl,-rpath,{installation.libraries}"
    run("cmake", "-S", PROGRAMS, "-B", work, rpath, env=installation.environment)
    run("cmake", "--build", work)
    shutil.copy(work / "cmake", folder)


def build_with_meson(folder, name, environment, *options):
    project = folder / "work" / name / "source"
    shutil.copytree(PROGRAMS, project)
    (project / "subprojects").mkdir()
    (project / "subprojects/libsimplealloc").symlink_to(SOURCE)
    work = project.parent / "build"
    run("meson", "setup", "--fatal-meson-warnings", *options, work, project, env=environment)
    run("ninja", "-C", work, "meson", env=environment)
    return work / "meson"


def build_with_meson_projects(installation, folder):
    environment = {
        **installation.environment,
        "LDFLAGS": f"-Wl,-rpath,{installation.libraries}",
    }
    shutil.copy(build_with_meson(folder, "installed", environment), folder / "meson")
    # Clang compiles four times as fast; a static library needs no path at run time.
    subproject = build_with_meson(
        *[folder, "subproject", {**os.environ, "CXX": "clang++"}],
        *["--force-fallback-for=libsimplealloc", "-Ddefault_library=static"],
        *[f"-Dlibsimplealloc:{part}=disabled" for part in ("tests", "tools", "examples", "docs")],
    )
    shutil.copy(subproject, folder / "subproject")


def main(build, name):
    folder = pathlib.Path(name).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    installation = Installation(build, folder)
    build_by_hand(installation, folder)
    build_plugin(installation, folder)
    build_with_cmake(installation, folder)
    build_with_meson_projects(installation, folder)
    shutil.rmtree(folder / "work")
    (folder / "done").touch()


main(*sys.argv[1:])
