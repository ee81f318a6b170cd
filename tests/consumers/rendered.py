#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The HTML of the pages and the API has no Markdown left in it, and all that it refers to: rendered.py BUILD."""

import collections
import html.parser
import pathlib
import posixpath
import re
import sys
import tempfile
import urllib.parse

from consumer import PAGES, SOURCE, check, need, run

# What nobody writes in prose: backquotes, bold, a link's middle (but operator[](…)), a table's row, a heading, a tag of text.
MARKDOWN = re.compile(r"`|\*\*|(?<!\[)\]\(|^\||^#+ |</?(a|b|code|em|p|strong|tt)>", re.M)
VERBATIM = {"pre", "code", "tt", "script", "style"}
# Code in blocks, and declarations.
VERBATIM_CLASSES = {"fragment", "memproto", "memItemLeft", "memItemRight"}
VOID = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "param", "wbr"}


class Document(html.parser.HTMLParser):
    """What a page of HTML shows, has and refers to."""

    def __init__(self, file):
        super().__init__()
        self.open = []
        self.prose, self.title = [], ""
        self.codes, self.ids, self.references = set(), set(), set()
        self.feed(file.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes.get("id"), attributes.get("name")}
        self.references |= {attributes[name] for name in ("href", "src", "data") if attributes.get(name)}
        if tag not in VOID:
            classes = set((attributes.get("class") or "").split())
            self.open.append((tag, tag in VERBATIM or VERBATIM_CLASSES & classes))
        if tag in ("code", "tt"):
            self.code = ""
        if tag in ("p", "td", "li", "div", "br"):
            self.prose.append("\n")

    def handle_endtag(self, tag):
        if tag in ("code", "tt"):
            self.codes.add(" ".join(self.code.split()))
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        tags = [tag for tag, _ in self.open]
        if "title" in tags:
            self.title += data
        elif not any(verbatim for _, verbatim in self.open):
            self.prose.append(data)
        elif "code" in tags or "tt" in tags:
            self.code += data


def markdown_in(document):
    text = "".join(document.prose)
    for found in MARKDOWN.finditer(text):
        around = text[max(0, found.start() - 30) : found.end() + 30]
        yield f"Markdown: {' '.join(around.split())}"


def broken_in(name, document, documents, files):
    for reference in document.references:
        parts = urllib.parse.urlsplit(reference)
        if parts.scheme:
            continue
        path = posixpath.join(posixpath.dirname(name), urllib.parse.unquote(parts.path))
        target = posixpath.normpath(path) if parts.path else name
        if target not in files:
            yield f"leads to no file: {reference}"
        elif parts.fragment and target in documents and parts.fragment not in documents[target].ids:
            yield f"leads to nothing in {target}: {reference}"


def missing_of(page, document):
    """What the page's source has, and its HTML should have."""
    text = re.sub(r"^(```.*?^```|#.*?)$", "", page.read_text(), flags=re.M | re.S)
    for code in re.findall(r"`([^`]+)`", text):
        if " ".join(code.split()) not in document.codes:
            yield f"no code: {code}"
    for image in re.findall(r"!\[[^]]*\]\(([^)]*)\)", text):
        if pathlib.Path(image).name not in document.references:
            yield f"no image: {image}"


def render(build, folder):
    doxyfile = pathlib.Path(build, "docs/Doxyfile").read_text()
    run("doxygen", "-", input=f"{doxyfile}\nOUTPUT_DIRECTORY = {folder}\n")
    files = {file.relative_to(folder / "html").as_posix(): file for file in (folder / "html").rglob("*")}
    return files, {
        name: Document(file)
        for name, file in files.items()
        if file.suffix == ".html" and not name.endswith("_source.html")
    }


def main(build):
    need("doxygen")
    with tempfile.TemporaryDirectory() as folder:
        files, documents = render(build, pathlib.Path(folder))
    wrong = collections.defaultdict(list)
    for name, document in documents.items():
        wrong[name] += markdown_in(document)
        wrong[name] += broken_in(name, document, documents, files)
    titles = {document.title.partition(": ")[2]: name for name, document in documents.items()}
    for page in PAGES:
        title = re.search(r"^# (.*)$", page.read_text(), re.M)[1]
        check(title in titles, f"{page.relative_to(SOURCE)}: no HTML has its title")
        wrong[titles[title]] += missing_of(page, documents[titles[title]])
    references = sum(len(document.references) for document in documents.values())
    check(references > 1000, f"only {references} references were found")
    lines = [f"{name}: {problem}" for name in sorted(wrong) for problem in wrong[name]]
    check(not lines, "\n".join(lines))


main(*sys.argv[1:])
