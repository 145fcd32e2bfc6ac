"""What of a request a profile may say: method, path, header fields.

All of it is checked when the profile is read, so that nothing can fail or be smuggled into
a request once traffic flows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from pooltop.core.rows import RowText
from pooltop.profiles.kinds import (
    Fault,
    Kind,
    Refused,
    Schema,
    is_from_outside,
    refused,
    request_text,
    require_text,
    wrong_type,
)
from pooltop.profiles.shown import quoted

LONGEST_PATH = 8192
SECRET_FIELDS = frozenset(
    {"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key", "x-auth-token"}
)
"""Fields that make the file itself a secret; in lower case. No field's value is ever shown."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_PATH = re.compile(r"/[!-~]*")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
_IN_PLACE = "x"
"""Stands for what a row puts into a text, where the text around it is checked."""
_SAME_FOR_ALL = ("host", "connection", "upgrade")
_WRITTEN_BY_POOLTOP = {
    "content-length": "pooltop counts the body itself",
    "transfer-encoding": "pooltop frames the body itself",
}


@dataclass(frozen=True)
class Method(Kind):
    """A request method."""

    allowed: str = 'a method like "GET" or "POST"'

    def read(self, value: object) -> str:
        """Take a token as it is; methods are case-sensitive."""
        method = require_text(self, value)
        if not _TOKEN.fullmatch(method):
            raise refused("P062", f"expected {self.allowed}.")
        if method not in _METHODS and method.upper() in _METHODS:
            raise refused("P062", f"methods are upper case. Did you mean {quoted(method.upper())}?")
        if method == "CONNECT":
            raise refused("P062", "CONNECT makes a tunnel, which no pool keeps.")
        return method

    def schema(self) -> Schema:
        """Say token."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class RequestPath(Kind):
    """A request target: path and query."""

    allowed: str = 'a path like "/cart?id=1", percent-encoded'

    def read(self, value: object) -> str | RowText:
        """Take what can stand in a request line as it is; of what a row puts in, elsewhere."""
        template = request_text(self, value)
        path = _IN_PLACE.join(template.parts)
        if not path.startswith("/") and (template.parts[0] or not template.columns):
            is_hidden = template.columns or is_from_outside(value)
            hint = "" if is_hidden else f" Did you mean {quoted('/' + path)}?"
            raise refused("P062", f"a path begins with a slash.{hint}")
        rest = path if path.startswith("/") else f"/{path}"
        if not _PATH.fullmatch(rest) or "#" in path:
            strange = next(c for c in path if not "!" <= c <= "~" or c == "#")
            raise refused(
                "P062", f"{quoted(strange)} cannot stand in a path: percent-encode or drop it."
            )
        bad = _BAD_ESCAPE.search(path)
        if bad is not None:
            part = quoted(path[bad.start() : bad.start() + 3])
            raise refused(
                "P062", f'{part} is not a percent-escape: write "%25" for a percent sign.'
            )
        if len(path) > LONGEST_PATH:
            raise refused("P062", f"longer than {LONGEST_PATH} characters.")
        return RowText(place="path", template=template) if template.columns else path

    def write(self, value: object) -> object:
        """Give the text."""
        return str(value)

    def schema(self) -> Schema:
        """Give how it begins."""
        return {"type": "string", "pattern": "^/"}


@dataclass(frozen=True)
class _FieldValue(Kind):
    """What one header field says."""

    allowed: str = "a string or an array of strings"

    def read(self, value: object) -> str | RowText:
        """Take what can stand in a header as it is; of what a row puts in, elsewhere."""
        template = request_text(self, value)
        text = _IN_PLACE.join(template.parts)
        if any(ord(c) < ord(" ") and c != "\t" for c in text) or "\x7f" in text:
            message = "a header cannot hold CR, LF, NUL or other control characters."
            raise refused("P061", message)
        try:
            text.encode("latin-1")
        except UnicodeEncodeError:
            raise refused("P061", "a header can hold Latin-1 characters only.") from None
        if text != text.strip(" \t"):
            raise refused("P061", "a header's value has no blanks around it.")
        return RowText(place="header", template=template) if template.columns else text

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


_FIELD_VALUE = _FieldValue()


@dataclass(frozen=True)
class Headers(Kind):
    """Header fields; a field that is sent several times has an array of values."""

    allowed: str = "a table of header fields, each a string or an array of strings"
    may_differ: bool = True
    """A row of a data feed may put something into them."""

    def read(self, value: object) -> tuple[tuple[str, str | RowText], ...]:
        """Give the fields in order; every one that is refused is reported."""
        if not isinstance(value, dict):
            raise wrong_type(self, value)
        fields: list[tuple[str, str | RowText]] = []
        faults: list[Fault] = []
        for name, content in value.items():
            fault = _field_name_fault(name, fields)
            if fault:
                faults.append(Fault("P061", fault, (name,), on_key=True))
                continue
            several = content if isinstance(content, list) else [content]
            for index, text in enumerate(several):
                at = (name, index) if isinstance(content, list) else (name,)
                try:
                    field = _FIELD_VALUE.read(
                        text if self.may_differ else require_text(_FIELD_VALUE, text)
                    )
                    if isinstance(field, RowText) and name.lower() in _SAME_FOR_ALL:
                        message = "it decides which sockets are used: the same for all requests."
                        raise refused("P043", message)
                    fields.append((name, field))
                except Refused as verdict:
                    faults += [fault._replace(at=at) for fault in verdict.faults]
            if name.lower() == "host" and len(several) > 1:
                faults.append(Fault("P061", "Host is sent once only.", (name,), on_key=True))
        if faults:
            raise Refused(*faults)
        return tuple(fields)

    def write(self, value: object) -> object:
        """Give the table; a field that is sent several times has an array."""
        fields: dict[str, list[str]] = {}
        for name, text in cast("tuple[tuple[str, str], ...]", value):
            fields.setdefault(name, []).append(text)
        return {name: texts[0] if len(texts) == 1 else texts for name, texts in fields.items()}

    def schema(self) -> Schema:
        """Give the table."""
        text: Schema = {"type": "string"}
        several: Schema = {"type": "array", "items": text}
        return {"type": "object", "additionalProperties": {"anyOf": [text, several]}}


def _field_name_fault(name: str, before: list[tuple[str, str | RowText]]) -> str:
    lower = name.lower()
    if not _TOKEN.fullmatch(name):
        return "not a header field's name." if name else "a header field needs a name."
    if lower in _WRITTEN_BY_POOLTOP:
        return f"{_WRITTEN_BY_POOLTOP[lower]}: leave it out."
    if lower == "host" and any(earlier.lower() == "host" for earlier, _ in before):
        return "Host is sent once only."
    return ""
