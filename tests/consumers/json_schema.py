#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Every JSON document of the command is as the installed schema says, and the schema has nothing that no document has.

json_schema.py PROGRAM [TEST…]: the unit tests write documents of machines that this one is not."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from command_line import commands, options
from consumer import SOURCE, check, run, skip

try:
    import jsonschema
except ImportError:
    skip("python3-jsonschema is not installed")

SCHEMA = json.loads((SOURCE / "data/simplealloc.schema.json").read_text())
ERROR = "error_document"
# What each command may print here, where there may be devices and sources or none.
CALLS = [
    (["devices"], {"devices_document"}),
    (["devices", "/dev/null"], {"devices_document"}),
    (["quirks", "/dev/null"], {"quirks_document"}),
    (["quirks", "--check", "{quirks}"], {"check_document"}),
    (["quirks", "--check", "/nonexistent"], {ERROR}),
    (["policy"], {"policy_document"}),
    (["policy", "--check", "{quirks}"], {"check_document"}),
    (["policy", "--policy", "/nonexistent"], {ERROR}),
    (["sources"], {"sources_document"}),
    (["capabilities", "/dev/null:read"], {ERROR}),
    (["capabilities", "/dev/null"], {ERROR}),
    (["plan", "--bytes", "4K", "--cpu", "read-often"], {"plan_document"}),
    (["plan", "--bytes", "4X"], {ERROR}),
    (["plan", "--bytes", "4K", "--use", "/dev/null:read"], {ERROR}),
    (["alloc", "--bytes", "4K", "--stats"], {"alloc_document", "plan_document"}),
    (["alloc", "--bytes", "0"], {ERROR}),
    (["monitor", "--timeout", "0"], {"listening_document"}),
    (["doctor"], {"doctor_document"}),
]


def calls_of(devices):
    """What may be asked of the devices that this machine has, one for each of their uses."""
    first = {use: device["path"] for device in reversed(devices) for use in device["uses"]}
    for use, path in first.items():
        image = ["--image", "640x480:XR24", "--use", f"{path}:{use}"]
        yield ["devices", path], {"devices_document"}
        yield ["quirks", path], {"quirks_document"}
        yield ["capabilities", f"{path}:{use}", "XR24"], {"capabilities_document", ERROR}
        yield ["plan", *image], {"plan_document", ERROR}
        yield ["alloc", *image, "--stats"], {"alloc_document", "plan_document", ERROR}


def mistake(document, definition):
    """Nothing when it is such a document."""
    schema = {"$ref": f"#/$defs/{definition}", "$defs": SCHEMA["$defs"]}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(document)
    return jsonschema.exceptions.best_match(errors)


def check_any(document, definitions, name):
    mistakes = {definition: mistake(document, definition) for definition in definitions}
    check(None in mistakes.values(), f"{name}: {document}\n{mistakes}")


def closest(document):
    """The kind of document that has its keys."""
    kinds = [ref["$ref"].rsplit("/", 1)[1] for ref in SCHEMA["anyOf"]]
    return [kind for kind in kinds if {*document} <= {*SCHEMA["$defs"][kind]["properties"]}]


def keys(value):
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from keys(item)


def properties(schema):
    """The names that the schema gives to properties."""
    if isinstance(schema, list):
        for item in schema:
            yield from properties(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("properties"), dict):
            yield from schema["properties"]
        for item in schema.values():
            yield from properties(item)


def main(program, *tests):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name, kind in SCHEMA["$defs"].items():
        closed = False in (kind.get("additionalProperties"), kind.get("unevaluatedProperties"))
        check("properties" not in kind or closed or name in ("layout", "frame"), f"{name} lets others in")

    with_json = {name for name in commands(program) if "--json" in options(program, name)}
    check(with_json == {words[0] for words, _ in CALLS}, f"not called: {with_json}")
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        quirks = pathlib.Path(folder, "my.quirks")
        quirks.write_text("[drm:x]\nnonsense = 1\n")

        def call(words):
            command = [program, *(word.format(quirks=quirks) for word in words), "--json"]
            done = subprocess.run(command, capture_output=True, text=True)
            check(done.returncode in (0, 1, 2) and done.stdout, f"{words}: {done}")
            return json.loads(done.stdout)

        calls = [*CALLS, *calls_of(call(["devices"])["devices"])]
        for words, expected in calls:
            document = call(words)
            check_any(document, expected, " ".join(words))
            seen |= {*keys(document)}
        print(f"{len(calls)} calls are as the schema says")
        if not tests:
            return

        file = pathlib.Path(folder, "documents")
        for test in tests:
            run(test, env={**os.environ, "DOCUMENTS": str(file)})
        documents = [json.loads(line) for line in file.read_text().splitlines()]
    for document in documents:
        check_any(document, closest(document), "a document of the unit tests")
        seen |= {*keys(document)}

    unseen = {*properties(SCHEMA)} - seen
    check(not unseen, f"in the schema, but in no document: {unseen}")
    print(f"{len(documents)} documents of the unit tests are as well")


main(*sys.argv[1:])
