#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each shared library exports what its public headers declare, under its SONAME, and nothing else."""

import re
import sys

from consumer import SOURCE, c_functions, check, run

# What every program that uses the library loads: names that do not change with releases of other projects.
NEEDED = {"libc", "libdrm", "libgcc_s", "libm", "libsimplealloc", "libstdc++", "libudev", "ld-linux-x86-64", "libpthread"}


def needed_by(library):
    return re.findall(r"\(NEEDED\).*\[([^]]+)\]", run("readelf", "-d", library))


def public_names():
    """Every identifier of the public headers but those that are only announced."""
    names = set()
    folder = SOURCE / "include/simplealloc"
    for header in [*folder.glob("*.hpp"), *folder.glob("*.hpp.in")]:
        text = re.sub(r"//.*", "", header.read_text())
        text = re.sub(r"^(struct|class) \w+;$", "", text, flags=re.M)
        names |= set(re.findall(r"\w+", text))
    return names


def path_of(symbol):
    """simplealloc::Buffer::source[abi:cxx11]() const → [simplealloc, Buffer, source]."""
    name = re.sub(r"^(typeinfo name|typeinfo|vtable) for ", "", symbol)
    name = re.sub(r"operator\W+", "operator(", name)
    return re.split(r"[(\[]", name, maxsplit=1)[0].replace("~", "").split("::")


def exported(library, soname, version):
    dynamic = run("readelf", "-d", library)
    check(f"Library soname: [{soname}]" in dynamic, f"SONAME is not {soname}:\n{dynamic}")
    lines = run("nm", "-DC", "--defined-only", library).splitlines()
    # The version itself is in the list, too.
    symbols = [line.split(maxsplit=2)[2] for line in lines if not line.endswith(f" A {version}")]
    unversioned = [symbol for symbol in symbols if not symbol.endswith(f"@@{version}")]
    check(not unversioned, f"exported without a version: {unversioned}")
    return {symbol.removesuffix(f"@@{version}") for symbol in symbols}


def main(library, c_library):
    symbols = exported(library, "libsimplealloc.so.0", "LIBSIMPLEALLOC_0")
    allowed = public_names()
    internal = [
        symbol
        for symbol in symbols
        if path_of(symbol)[0] != "simplealloc" or not allowed.issuperset(path_of(symbol))
    ]
    check(not internal, "exported, but not public:\n" + "\n".join(internal))
    for wanted in ("simplealloc::Allocator::open(", "typeinfo for simplealloc::BadResult"):
        check(any(symbol.startswith(wanted) for symbol in symbols), f"{wanted} is not exported")
    functions = exported(c_library, "libsimplealloc-c.so.0", "LIBSIMPLEALLOC_C_0")
    check(functions == c_functions(), f"declared or exported: {functions ^ c_functions()}")
    # One log, one ledger of quotas: those of the one library that both languages use.
    check("libsimplealloc.so.0" in needed_by(c_library), "the C library has a state of its own")
    for each in library, c_library:
        others = [name for name in needed_by(each) if name.split(".so")[0] not in NEEDED]
        check(not others, f"{each} binds its users to {others}")


main(*sys.argv[1:])
