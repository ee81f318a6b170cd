# SPDX-License-Identifier: MIT
"""A library that has the types and the functions of the C++ headers, and nothing inside.

The real one's debug information is mostly about templates of other libraries. Each type is the
parameter of a function of its own, so that it is there whether or not anything takes it."""

import re

from consumer import SOURCE, check, run

# `{}` and strings may be in default arguments.
DECLARATION = r"""[^;{}#]*\((?:[^;{}"]|"[^"\n]*"|\{\})*;"""
TRAP = "{ __builtin_trap(); }"
# Constructors, destructors, operators: their symbols say all but what an operator returns.
BARE = re.compile(r"\b(\w+)::~?\1\(|::operator\W")
MAP = """{
global:
    view_*;
    extern "C++" {
        simplealloc::*;
        "typeinfo for simplealloc::BadResult";
        "vtable for simplealloc::BadResult";
    };
local: *;
};"""


def headers(build, names):
    """Their text, each once, without comments; the standard library's stay #include lines."""
    seen = set()

    def text_of(name):
        if name in seen:
            return ""
        seen.add(name)
        file = SOURCE / "include" / name
        text = (file if file.exists() else build / "include" / name).read_text()
        text = re.sub(r"//(?! namespace).*|^#pragma once$", "", text, flags=re.M)
        own = r"^#include <(simplealloc/.*)>$"
        return re.sub(own, lambda m: text_of(m[1]), text, flags=re.M)

    return "".join(map(text_of, names))


def with_bodies(text):
    """Functions are defined where they are declared, but constructors, destructors, operators."""

    def define(match):
        bare = re.search(r"= *(default|delete);$|\boperator\b|^(using|friend) ", match[2])
        return match[0] if bare else f"{match[1]}[[gnu::used]] {match[2][:-1]} {TRAP}"

    def members(match):
        begin, name, body, end = match.groups()
        special = rf"(?:explicit )?~?{name}\(|SIMPLEALLOC_API"
        member = rf"^(    )(?!{special})([\w\[]{DECLARATION})"
        return begin + re.sub(member, define, body, flags=re.M) + end

    text = re.sub(
        r"^(class SIMPLEALLOC_API (\w+)[^;{]*\{)(.*?)(^\};)", members, text, flags=re.M | re.S
    )
    marked = rf"^( *(?:\[\[\w+\]\] )?)(SIMPLEALLOC_API {DECLARATION})"
    return re.sub(marked, lambda m: m[0] if " friend " in m[0] else define(m), text, flags=re.M)


def types(text):
    """Qualified names of those in namespaces."""
    defined = re.compile(r"(?:struct|class|enum class)(?: SIMPLEALLOC_API)? (\w+)\b[^;]*\{")
    namespaces = []
    for line in text.splitlines():
        if match := re.match(r"namespace ([\w:]+) \{", line):
            namespaces.append(match[1])
        elif line.startswith("} // namespace"):
            namespaces.pop()
        elif match := defined.match(line):
            yield "::".join([*namespaces, match[1]])


def exported(library, kinds):
    """Mangled names of C++. W is for copies of inline functions: those depend on the compiler."""
    entries = [line.split() for line in run("nm", "-D", "--defined-only", library).splitlines()]
    names = {name.split("@")[0] for *_, kind, name in entries if kind in kinds}
    return sorted(name for name in names if name.startswith("_Z"))


def compile_view(text, soname, folder):
    source, script, library = (folder / name for name in ("view.cpp", "view.map", soname))
    source.write_text(text)
    script.write_text(MAP)
    flags = ["-std=c++20", "-w", "-g", "-femit-class-debug-always", "-fvisibility=hidden"]
    flags += ["-shared", "-fPIC", f"-Wl,--version-script,{script},-soname,{soname}"]
    run("g++", *flags, f"-fdebug-prefix-map={folder}=.", source, "-o", library)
    return library


def view(build, library, soname, folder):
    # Allocator returns a Monitor, which its header only announces.
    text = headers(build, ["simplealloc/monitor.hpp", "simplealloc/simplealloc.hpp"])
    text = with_bodies(text)
    for name in sorted(set(types(text))):
        function = "view_" + name.replace("::", "_")
        text += f'extern "C" SIMPLEALLOC_API void {function}({name}*) {{}}\n'
    seen = exported(compile_view(text, soname, folder), "TW")
    rest = [name for name in exported(library, "T") if name not in seen]
    plain = run("c++filt", input="\n".join(rest)).splitlines()
    lost = [name for name in plain if not BARE.search(name)]
    check(not lost, "not in the view of the C++ headers:\n" + "\n".join(lost))
    for number, name in enumerate(rest):
        text += f'SIMPLEALLOC_API void symbol_{number}() __asm__("{name}");\n'
        text += f"void symbol_{number}() {{}}\n"
    return compile_view(text, soname, folder)
