"""What a profile may expect of a response's status: numbers, and classes of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import cast

from pooltop.profiles.kinds import Kind, Schema, Several, refused, require_text, wrong_type
from pooltop.profiles.shown import quoted

_CLASS = re.compile(r"[2-5]xx")
_LEAST, _MOST = 200, 599
"""Of a final response."""


@dataclass(frozen=True)
class Statuses(Kind):
    """One status, or several: ``200``, ``"2xx"``, ``[200, 304, "4xx"]``."""

    allowed: str = 'a status like 200 or "2xx", or an array of them'

    def read(self, value: object) -> object:
        """Give ranges, both ends included."""
        one = _Status()
        if not isinstance(value, list):
            return (one.read(value),)
        if not value:
            raise refused("P012", f"an empty array expects nothing: write {self.allowed}.")
        return Several(one).read(value)

    def write(self, value: object) -> object:
        """Give an array."""
        return Several(_Status()).write(value)

    def schema(self) -> Schema:
        """Give the array, and a single one."""
        one = _Status().schema()
        return {"anyOf": [{"type": "array", "items": one, "minItems": 1}, one]}


@dataclass(frozen=True)
class _Status(Kind):
    """One of them."""

    allowed: str = f'a status from {_LEAST} to {_MOST}, or "2xx" to "5xx"'

    def read(self, value: object) -> tuple[int, int]:
        """Give a range, both ends included."""
        if isinstance(value, int) and not isinstance(value, bool):
            if not _LEAST <= value <= _MOST:
                raise refused("P012", f"expected {self.allowed}.")
            return value, value
        if not isinstance(value, str):
            raise wrong_type(self, value)
        text = require_text(self, value)
        if text.lower() != text and _CLASS.fullmatch(text.lower()):
            raise refused("P013", f"expected {self.allowed}. Did you mean {quoted(text.lower())}?")
        if not _CLASS.fullmatch(text):
            is_number = text.isascii() and text.isdigit() and len(text) == len(str(_MOST))
            hint = f" Did you mean {int(text)} without quotes?" if is_number else ""
            raise refused("P013", f"expected {self.allowed}.{hint}")
        first = int(text[0]) * 100
        return first, first + 99

    def write(self, value: object) -> object:
        """Give the number, or the class."""
        low, high = cast("tuple[int, int]", value)
        return low if low == high else f"{low // 100}xx"

    def schema(self) -> Schema:
        """Give numbers and classes."""
        number: Schema = {"type": "integer", "minimum": _LEAST, "maximum": _MOST}
        return {"anyOf": [number, {"enum": [f"{first}xx" for first in range(2, 6)]}]}
