#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every link of the pages leads to a file that is there, and to a heading that it has."""

import re

from consumer import SOURCE, check

PAGES = [SOURCE / "README.md", SOURCE / "tests/boards/README.md", *SOURCE.glob("docs/**/*.md")]


def headings(page):
    """As GitHub names them in links."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.M | re.S)
    for heading in re.findall(r"^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def wrong(page, link):
    path, _, heading = link.partition("#")
    target = page.parent / path if path else page
    return not target.exists() or heading != "" and heading not in headings(target)


links = [
    (page, link)
    for page in PAGES
    for link in re.findall(r"\]\(([^):]+)\)", re.sub(r"`[^`\n]*`", "", page.read_text()))
]
check(len(links) > 100, f"only {len(links)} links were found")
broken = [f"{page.relative_to(SOURCE)}: {link}" for page, link in links if wrong(page, link)]
check(not broken, "\n".join(broken))
