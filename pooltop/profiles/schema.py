"""The format as a JSON schema, which editors complete and check by (taplo, Even Better TOML).

Draft 4, which is what taplo promises. It says less than the reader does, on purpose: a file may be
one of several that are one profile together, so no key is required; and taplo tells an unknown key
once for every key beside it, so unknown keys are left to pooltop, which tells each once and knows
what was meant.
"""

from __future__ import annotations

import json
import re

from pooltop.profiles.defaults import default_of
from pooltop.profiles.definitions import definition
from pooltop.profiles.kinds import Schema, or_reference
from pooltop.profiles.shape import Field, Many, Named, Table
from pooltop.profiles.tables import PROFILE

VERSION = 1
"""The schema number that a profile states."""


def schema_text() -> str:
    """Give the schema as the text of its file."""
    return json.dumps(schema(), indent=2) + "\n"


def schema() -> Schema:
    """Give the schema of a profile."""
    definitions: dict[str, Schema] = {
        "reference": {
            "type": "string",
            "pattern": r"\$\{",
            "description": "Filled in when the profile is loaded: ${env:NAME}, "
            "${env:NAME:-default}, ${file:PATH}, ${run.id}; $$ is a $.",
        }
    }
    properties = _properties(PROFILE, definitions)
    return {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "id": f"urn:pooltop:schema:{VERSION}",
        "title": f"pooltop profile, schema {VERSION}",
        "type": "object",
        "properties": properties,
        "definitions": definitions,
    }


def _properties(table: Table, definitions: dict[str, Schema]) -> Schema:
    found: Schema = {}
    for field in table.fields:
        described = _described(table, field, definitions)
        found[field.name] = described
        if field.node:
            found[field.node] = {
                **described,
                "description": f"{field.whose}'s spelling of {field.name}. "
                f"{described['description']}",
            }
    return found


def _described(table: Table, field: Field, definitions: dict[str, Schema]) -> Schema:
    said: Schema = {"description": definition(table, field)}
    default = default_of(table, field)
    if default is not None:
        said["default"] = default
    if isinstance(field.kind, Table):
        # Beside a reference draft 4 ignores every other keyword, the description too.
        return {**said, "allOf": [_referred(field.kind, definitions)]}
    if isinstance(field.kind, Named):
        item = _referred(field.kind.item, definitions)
        return {**said, "type": "object", "additionalProperties": item}
    if isinstance(field.kind, Many):
        item = _referred(field.kind.item, definitions)
        return {**said, "type": "array", "items": item, "minItems": 1}
    return {**said, **or_reference(field.kind.schema())}


def _referred(table: Table, definitions: dict[str, Schema]) -> Schema:
    name = re.sub(r"\W+", "_", table.where).strip("_")
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = {"type": "object", "properties": _properties(table, definitions)}
    return {"$ref": f"#/definitions/{name}"}
