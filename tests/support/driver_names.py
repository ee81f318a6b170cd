#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the names by which a kernel's drivers of devices that share memory are known, as `subsystem:name`.

driver_names.py LINUX-SOURCE: tests/data/driver-names.txt is what it says of Linux 6.12. The names are those that
QUERYCAP, DRM_IOCTL_VERSION and sysfs tell, as far as the source has them as text."""

import collections
import pathlib
import re
import sys

FOLDERS = {
    "drm": ("drivers/gpu", "drivers/accel", "drivers/staging/sm750fb"),
    "video4linux": ("drivers/media", "drivers/staging/media", "drivers/usb/gadget", "drivers/input/touchscreen"),
}
# Of struct v4l2_capability, with the last byte for the end of the text.
LONGEST_QUERYCAP = 15

DEFINE = re.compile(r'^#define[ \t]+(\w+)[ \t]+(.*)$', re.M)
TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"')
QUERYCAP = re.compile(r"str(?:s?cpy|lcpy)\(\s*\w+->driver,\s*([^,;]+?),\s*sizeof", re.S)
# `struct drm_driver x = {` and `struct platform_driver x = {`, to the brace that ends it.
DRIVER = re.compile(r"struct (?:drm|\w*)_?driver \w+ = \{(.*?)^\}", re.M | re.S)
NAME = re.compile(r"\.(?:name|driver_name)\s*=\s*([^,\n]+)")


def value_of(expression, macros, module):
    """The text of an expression: literals and macros side by side; None where only a run tells."""
    text = ""
    rest = re.sub(r"/\*.*?\*/|//.*", "", expression).strip()
    while rest:
        if literal := TEXT.match(rest):
            text += literal.group(1)
            rest = rest[literal.end() :].strip()
        elif word := re.match(r"\w+", rest):
            name = word.group()
            if name == "KBUILD_MODNAME":
                text += module
            elif name in macros and macros[name] != expression:
                inner = value_of(macros[name], macros, module)
                if inner is None:
                    return None
                text += inner
            else:
                return None
            rest = rest[word.end() :].strip()
        else:
            return None
    return text


def names_of(source, folders):
    # Headers of registers have a million macros and no driver.
    files = [
        path
        for folder in folders
        for path in sorted((source / folder).rglob("*.[ch]"))
        if "amd/include" not in str(path) and path.stat().st_size < 1_000_000
    ]
    texts = {path: path.read_text(errors="replace") for path in files}
    by_folder = collections.defaultdict(dict)
    everywhere = {}
    for path, text in texts.items():
        own = {name: value for name, value in DEFINE.findall(text) if '"' in value or "NAME" in value}
        by_folder[path.parent].update(own)
        everywhere.update(own)
    for path, text in texts.items():
        macros = collections.ChainMap(by_folder[path.parent], everywhere)
        module = path.stem.replace("-", "_")
        for expression in QUERYCAP.findall(text):
            if name := value_of(expression, macros, module):
                yield name[:LONGEST_QUERYCAP].strip()
        for body in DRIVER.findall(text):
            for expression in NAME.findall(body):
                if name := value_of(expression, macros, module):
                    yield name.strip()


def main(source):
    for subsystem, folders in FOLDERS.items():
        for name in sorted(set(names_of(pathlib.Path(source), folders))):
            print(f"{subsystem}:{name}")


main(*sys.argv[1:])
