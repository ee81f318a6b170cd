#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""No room includes one below it in docs/architecture.md, and the page's drawing is as the code is.

rooms.py [--draw]: draws it anew."""

import pathlib
import re
import subprocess
import sys

from consumer import SOURCE, check, need

PAGE = SOURCE / "docs/architecture.md"
DRAWING = SOURCE / "docs/rooms.svg"
INCLUDE = re.compile(r'^#include "((?:lib|backends|tools)/[^"]+)"', re.M)


def sources(folder):
    return [file for file in (SOURCE / folder).rglob("*.[ch]pp") if file.is_file()]


def room_of(path):
    return f"{path.parent}/"


def includes(folder):
    """(file, what it includes), as paths from the top."""
    for file in sources(folder):
        for included in INCLUDE.findall(file.read_text()):
            yield file.relative_to(SOURCE), pathlib.Path(included)


def wrong_in_lib(rooms):
    for file, included in includes("lib"):
        if rooms.index(room_of(included)) > rooms.index(room_of(file)):
            yield f"{file} includes {included} of a room below it"


def wrong_in_c():
    """It is a library of its own, on public headers; the table is for the preprocessor alone."""
    for file, included in includes("lib/c"):
        if room_of(included) != "lib/c/" and included.name != "constraint_table.hpp":
            yield f"{file} includes {included}, which libsimplealloc.so keeps for itself"


def wrong_in_backends(rooms):
    lowest = rooms.index("lib/source/")
    own_rooms = ("backends/", "backends/common/")
    for file, included in includes("backends"):
        own = room_of(included) in (room_of(file), *own_rooms) and file.parent.name != "common"
        common = room_of(included) == "backends/common/"
        registry = file.name == "registry.cpp"
        in_lib = room_of(included) in rooms and rooms.index(room_of(included)) <= lowest
        uapi = room_of(included) == "backends/uapi/"
        if not (own or common or registry or in_lib or uapi):
            yield f"{file} includes {included}, which is no business of a backend"


def edges(rooms):
    found = {(room_of(file), room_of(included)) for file, included in includes("lib")}
    found |= {("backends/", room_of(included)) for _, included in includes("backends")
              if room_of(included) in rooms}
    return {(lower, upper) for lower, upper in found if lower != upper}


def name(room):
    return room.removeprefix("lib/").removesuffix("/")


def reduced(all_edges):
    """Without those that follow from others, as tred(1) of graphviz."""
    below = {}
    for lower, upper in all_edges:
        below.setdefault(lower, set()).add(upper)

    def reaches(start, end):
        return any(step == end or reaches(step, end) for step in below.get(start, ()))

    return {
        (lower, upper)
        for lower, upper in all_edges
        if not any(other != upper and reaches(other, upper) for other in below[lower])
    }


def draw(drawn):
    lines = [f'"{name(lower)}" -> "{name(upper)}";' for lower, upper in sorted(drawn)]
    graph = "\n".join(
        [
            "digraph rooms {",
            'rankdir = "BT"; bgcolor = "white";',
            'node [shape = box, style = "rounded,filled", fillcolor = "#eef3f8", color = "#5b7083",',
            '      fontname = "sans-serif", fontsize = 12];',
            'edge [color = "#5b7083", arrowsize = 0.7];',
            *lines,
            "}",
        ]
    )
    need("dot")
    done = subprocess.run(
        ["dot", "-Tsvg"], input=graph, stdout=subprocess.PIPE, text=True, check=True
    )
    # The first lines tell graphviz's version.
    DRAWING.write_text(re.sub(r"<!--.*?-->\n?", "", done.stdout, flags=re.S))


def edges_drawn():
    titles = re.findall(r"<title>([^<]+)</title>", DRAWING.read_text())
    arrow = "&#45;&gt;"
    return {tuple(title.split(arrow)) for title in titles if arrow in title}


def main(*options):
    rooms = re.findall(r"^\| `(lib/[a-z0-9_/]*)` \|", PAGE.read_text(), re.M)
    there = {room_of(file.relative_to(SOURCE)) for file in sources("lib")}
    check(set(rooms) == there, f"only on the page or only in lib: {set(rooms) ^ there}")
    drawn = reduced(edges(rooms))
    if "--draw" in options:
        draw(drawn)
    wrong = [*wrong_in_lib(rooms), *wrong_in_c(), *wrong_in_backends(rooms)]
    check(not wrong, "\n".join(wrong))
    check(len(drawn) >= len(rooms), f"only {len(drawn)} arrows lead from room to room")
    wanted = {(name(lower), name(upper)) for lower, upper in drawn}
    check(
        edges_drawn() == wanted,
        f"run tests/consumers/rooms.py --draw: {edges_drawn() ^ wanted} changed",
    )


main(*sys.argv[1:])
