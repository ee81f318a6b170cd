#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every block of C and C++ in README.md and docs/ compiles: whole programs by themselves, the rest in a scene."""

import concurrent.futures
import pathlib
import re
import subprocess
import sys

from consumer import SOURCE, check, need, page_blocks

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
# An excerpt says neither who calls it nor what becomes of its results.
EXCERPT = [f"-Wno-unused-{what}" for what in ("function", "parameter", "variable")]
COMMANDS = {
    "c": ["gcc", "-x", "c", "-std=c99"],
    "cpp": ["g++", "-x", "c++", "-std=c++20"],
}

C_SCENE = """\
#include <simplealloc/simplealloc.h>
#include <stdio.h>
"""
# What a reader has before an excerpt begins; its names are those that the pages use.
CPP_SCENE = """\
#include <simplealloc/simplealloc.hpp>
#include <algorithm>
#include <array>
#include <chrono>
#include <iostream>
#include <linux/videodev2.h>
#include <poll.h>
using namespace simplealloc;
using namespace std::chrono_literals;
void queue_to_camera(std::uint32_t index, int dmabuf);
void replan();
Result<void> skip_frame();
struct Scene {
    Allocator& allocator;
    Device &camera, &display;
    Request& request;
    Plan& plan;
    Buffer& buffer;
    std::size_t use;
    int drm_fd, syncobj_fd, fd0, fd1;
    std::uint64_t acquire_point;
    UniqueFd socket;
    std::span<const std::byte> received;
};
"""
CPP_EXCERPT = """\
struct {name} : Scene {{
    Result<void> run() {{
#line {line} "{page}"
{code}
        return {{}};
    }}
}};
"""


def blocks():
    return [block for block in page_blocks() if block[0] in COMMANDS]


def units():
    """Language, options and text of what is compiled at once."""
    cpp = CPP_SCENE
    for number, (language, page, line, code) in enumerate(blocks()):
        if re.search(r"^int main\(", code, re.M):
            yield language, [], f'#line {line} "{page}"\n{code}'
        elif language == "c":
            yield language, EXCERPT, f'{C_SCENE}#line {line} "{page}"\n{code}'
        else:
            cpp += CPP_EXCERPT.format(name=f"Excerpt{number}", line=line, page=page, code=code)
    yield "cpp", EXCERPT, cpp


def main(build):
    need("gcc")
    include = ["-I", SOURCE / "include", "-I", pathlib.Path(build) / "include"]

    def problems(unit):
        language, options, text = unit
        command = [*COMMANDS[language], *WARNINGS, *options, *include, "-fsyntax-only", "-"]
        return subprocess.run(command, input=text, capture_output=True, text=True).stderr

    count = len(blocks())
    check(count >= 15, f"only {count} blocks were found")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        text = "\n".join(filter(None, pool.map(problems, units())))
    check(not text, text)


main(*sys.argv[1:])
