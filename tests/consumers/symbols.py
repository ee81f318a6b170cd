#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The shared library exports what the public headers declare, under its SONAME, and nothing else."""

import re
import sys

from consumer import SOURCE, c_functions, check, run

SONAME = "libsimplealloc.so.0"
VERSION = "LIBSIMPLEALLOC_0"


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


def main(library):
    lines = run("nm", "-DC", "--defined-only", library).splitlines()
    # The version itself is in the list, too.
    symbols = [line.split(maxsplit=2)[2] for line in lines if not line.endswith(f" A {VERSION}")]
    unversioned = [symbol for symbol in symbols if not symbol.endswith(f"@@{VERSION}")]
    check(not unversioned, f"exported without a version: {unversioned}")
    symbols = [symbol.removesuffix(f"@@{VERSION}") for symbol in symbols]
    functions = {symbol for symbol in symbols if symbol.startswith("simplealloc_")}
    check(functions == c_functions(), f"declared or exported: {functions ^ c_functions()}")
    symbols = [symbol for symbol in symbols if symbol not in functions]
    allowed = public_names()
    internal = [
        symbol
        for symbol in symbols
        if path_of(symbol)[0] != "simplealloc" or not allowed.issuperset(path_of(symbol))
    ]
    check(not internal, "exported, but not public:\n" + "\n".join(internal))
    for wanted in ("simplealloc::Allocator::open(", "typeinfo for simplealloc::BadResult"):
        check(any(symbol.startswith(wanted) for symbol in symbols), f"{wanted} is not exported")
    dynamic = run("readelf", "-d", library)
    check(f"Library soname: [{SONAME}]" in dynamic, f"SONAME is not {SONAME}:\n{dynamic}")


main(*sys.argv[1:])
