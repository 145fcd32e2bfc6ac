"""Which protocols a demo host speaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from pooltop.profiles.kinds import Choice, Kind, Schema, Several, refused, wrong_type
from pooltop.profiles.shown import quoted

_PROTOCOL = Choice(
    ("http/1.1", "h2"),
    unavailable={
        "h2c": 'Write "h2": with scheme = "http" it is that, by prior knowledge.',
        "http/2": 'Write "h2".',
        "h3": "HTTP/3 cannot be had.",
    },
)
_SEVERAL = Several(_PROTOCOL, most=2)


@dataclass(frozen=True)
class Protocols(Kind):
    """Protocols by their names in ALPN, the one that is preferred first."""

    allowed: str = '"http/1.1", "h2", or an array of both'

    def read(self, value: object) -> tuple[object, ...]:
        """Take one of them or both, each once."""
        if isinstance(value, str):
            return (_PROTOCOL.read(value),)
        if not isinstance(value, list):
            raise wrong_type(self, value)
        words = _SEVERAL.read(value)
        if not words:
            raise refused("P012", f"an empty array speaks nothing: write {self.allowed}.")
        if len(set(words)) < len(words):
            raise refused("P017", f"{quoted(cast('str', words[0]))} stands there twice.")
        return words

    def write(self, value: object) -> object:
        """Give an array."""
        return _SEVERAL.write(value)

    def schema(self) -> Schema:
        """Give a name, or the array."""
        array: Schema = _SEVERAL.schema()
        return {"anyOf": [{**array, "minItems": 1, "uniqueItems": True}, _PROTOCOL.schema()]}
