#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Turns a guide into what doxygen 1.9 understands: guide_filter.py PAGE.

GitHub's Markdown has what doxygen's lacks: headings as targets of links, code spans with a single quote, links to files
that are no pages. The links of docs/README.md become the navigation tree.
"""

import os
import pathlib
import re
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[1]
MAIN = SOURCE / "README.md"
CONTENTS = SOURCE / "docs/README.md"

FENCE = re.compile(r"(^```.*?^```$)", re.M | re.S)
HEADING = re.compile(r"^(#+) (.*)$", re.M)
CODE = "`[^`]*`"
# A code span in front of a link is taken first, so that brackets in it are none of a link.
TOKEN = re.compile(rf"(?<!!)\[((?:[^][`]|{CODE})*)\]\(([^)\s]*)\)|{CODE}")


def heading_name(heading):
    """As GitHub names it in links."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def page_name(page):
    """What doxygen calls the page, and its HTML file."""
    if page == MAIN:
        return "index"
    if page == CONTENTS:
        return "documentation"
    inside = page.with_suffix("").relative_to(SOURCE)
    return "-".join(part for part in inside.parts if part not in ("docs", "README")).lower()


def code_span(match):
    """To doxygen, a ` that meets a ' later is an opening quotation mark, but not two of them."""
    return f"`{match[0]}`" if "'" in match[0] else match[0]


def reference(page, target, text):
    path, _, heading = target.partition("#")
    to = pathlib.Path(os.path.normpath(page.parent / path)) if path else page
    if to.suffix != ".md":
        return re.sub(CODE, code_span, text)
    if text.endswith(".md"):  # a file's name says nothing to who reads HTML
        text = HEADING.search(to.read_text())[2]
    text = text.replace('"', "&quot;")
    name = page_name(to) + (f"-{heading}" if heading else "")
    child = page == CONTENTS or (page, to) == (MAIN, CONTENTS)
    return f'@{"subpage" if child else "ref"} {name} "{text}"'


def inline(page, token):
    text, target = token.groups()
    if text is None:
        return code_span(token)
    return token[0] if ":" in target else reference(page, target, text)


def heading(page, match):
    level, text = match.groups()
    if level == "#":
        return match[0] if page == MAIN else f"{match[0]} {{#{page_name(page)}}}"
    if page == CONTENTS:  # in the tree, its headings would stand apart from the pages below them
        return match[0]
    # In a heading doxygen prints the tags that it makes of backquotes.
    return f"{level} {text.replace('`', '')} {{#{page_name(page)}-{heading_name(text)}}}"


def prose(page, text):
    text = HEADING.sub(lambda match: heading(page, match), text)
    return TOKEN.sub(lambda token: inline(page, token), text)


def main(path):
    page = pathlib.Path(path).resolve()
    parts = FENCE.split(page.read_text())
    print("".join(part if FENCE.match(part) else prose(page, part) for part in parts), end="")


if __name__ == "__main__":
    main(sys.argv[1])
