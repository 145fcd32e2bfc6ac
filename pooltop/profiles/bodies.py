"""What a request sends as its body: a text, a file, JSON or a form.

A text, JSON and a form are put together when the profile is read. JSON has no dates: a date or time
of TOML becomes its ISO 8601 text, as TOML writes it. In a form, numbers and booleans are their
texts, and an array is a name that is sent several times.
"""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote_plus

from pooltop.core.rows import in_json
from pooltop.core.template import Template
from pooltop.profiles.kinds import Fault, Kind, Refused, Schema, refused, request_text
from pooltop.profiles.pieces import Pieces
from pooltop.profiles.shown import Path, did_you_mean, type_name
from pooltop.profiles.texts import FilePath

Sort = Literal["text", "file", "json", "form"]
CONTENT_TYPES: dict[Sort, str] = {
    "text": "text/plain; charset=utf-8",
    "file": "application/octet-stream",
    "json": "application/json",
    "form": "application/x-www-form-urlencoded",
}
_SORTS = tuple(CONTENT_TYPES)


@dataclass(frozen=True)
class Content:
    """A body as the profile has it, not yet with what a file holds."""

    sort: Sort
    template: Template
    """The text that is sent; of JSON and a form in their own writing already."""
    file: str = ""
    """The path, of one that is a file."""
    written: object = field(default="", compare=False)
    """As TOML has it."""


@dataclass(frozen=True)
class Body(Kind):
    """A body."""

    allowed: str = "a string, or a table with one of text, file, json, form"

    def read(self, value: object) -> Content:
        """Take a text, or a table that says which sort it is."""
        if not isinstance(value, dict):
            return self._text(value, value)
        for key in value:
            if key not in _SORTS:
                hint = did_you_mean(key, _SORTS) or f" Allowed are {', '.join(_SORTS)}."
                raise Refused(Fault("P010", f"unknown key.{hint}", (key,), on_key=True))
        if len(value) != 1:
            raise refused("P017" if value else "P014", f"expected {self.allowed}.")
        sort, content = next(iter(value.items()))
        try:
            return self._of(sort, content, value)
        except Refused as verdict:
            inside = [fault._replace(at=(sort, *fault.at)) for fault in verdict.faults]
            raise Refused(*inside) from None

    def write(self, value: object) -> object:
        """Give what was written; of the built-in one, which has none, the text."""
        return value.written if isinstance(value, Content) else ""

    def schema(self) -> Schema:
        """Give all four."""
        text: Schema = {"type": "string"}
        properties = {"text": text, "file": text, "json": {}, "form": {"type": "object"}}
        table: Schema = {
            "type": "object", "properties": properties, "minProperties": 1, "maxProperties": 1,
        }  # fmt: skip
        return {"anyOf": [text, table]}

    def _of(self, sort: Sort, content: object, written: object) -> Content:
        if sort == "text":
            return self._text(content, written)
        if sort == "file":
            return Content("file", Template(("",)), FilePath().read(content), written)
        pieces = Pieces()
        if sort == "json":
            _write_json(content, pieces, ())
        else:
            _write_form(content, pieces)
        return Content(sort, pieces.template(), written=written)

    def _text(self, value: object, written: object) -> Content:
        return Content("text", request_text(self, value), written=written)


def _write_json(value: object, pieces: Pieces, at: Path) -> None:
    if isinstance(value, dict):
        pieces.add("{")
        for place, (key, item) in enumerate(value.items()):
            pieces.add(f'{", " if place else ""}"{in_json(key)}": ')
            _write_json(item, pieces, (*at, key))
        pieces.add("}")
    elif isinstance(value, list):
        pieces.add("[")
        for place, item in enumerate(value):
            pieces.add(", " if place else "")
            _write_json(item, pieces, (*at, place))
        pieces.add("]")
    elif isinstance(value, str):
        pieces.add('"')
        pieces.add(value, in_json)
        pieces.add('"')
    elif isinstance(value, float) and not math.isfinite(value):
        raise Refused(Fault("P012", "JSON has no such number: it must be finite.", at))
    elif isinstance(value, datetime.date | datetime.time):
        pieces.add(f'"{value.isoformat()}"')
    else:
        pieces.add(json.dumps(value))


def _write_form(value: object, pieces: Pieces) -> None:
    if not isinstance(value, dict):
        message = f"expected a table of names and values, got {type_name(value)}."
        raise refused("P011", message)
    is_first = True
    for name, content in value.items():
        several = content if isinstance(content, list) else [content]
        for place, item in enumerate(several):
            at = (name, place) if isinstance(content, list) else (name,)
            pieces.add(f"{'' if is_first else '&'}{quote_plus(name)}=")
            is_first = False
            pieces.add(_form_value(item, at), quote_plus)


def _form_value(value: object, at: Path) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    message = (
        f"expected a string, a number or a boolean, or an array of them, got {type_name(value)}."
    )
    raise Refused(Fault("P011", message, at))
