#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every link of the pages leads to a file that is there, and to a heading that it has."""

import re
import sys

from consumer import PAGES, SOURCE, check

sys.path.append(str(SOURCE / "docs"))
from guide_filter import FENCE, HEADING, heading_name  # noqa: E402


def headings(page):
    return {heading_name(text) for _, text in HEADING.findall(FENCE.sub("", page.read_text()))}


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

# Its links are the navigation tree of the HTML.
contents = SOURCE / "docs/README.md"
listed = {(contents.parent / link).resolve() for page, link in links if page == contents}
missing = [str(page.relative_to(SOURCE)) for page in PAGES[1:] if page not in {contents, *listed}]
check(not missing, f"docs/README.md does not list {', '.join(missing)}")
