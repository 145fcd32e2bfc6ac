"""Text that would command a terminal, and a way to put it wherever a snapshot has text."""

from __future__ import annotations

import typing
import zlib
from enum import Enum

import msgspec

PAYLOAD = "aGVsbG8="
"""What a terminal's clipboard would hold, had it obeyed."""
HOSTILE = (
    f"\x1b]52;c;{PAYLOAD}\x07",
    "\x1b]0;owned\x07\x1b[31m",
    "\x1b]8;;http://evil.test\x1b\\x",
    "\x9b31m\x9d0;owned\x9c",
    "\x1bP$q\x1b\\\x1b[?1049l",
    "\u202egnp.exe\u2066",
    "\u200b\u200d\ufeff\u2060",
    "[/]",
    "[@click=app.quit]x[/]",
    "[@click=app.leave(3)]x",
    "a\nb\rc\td\x00\x08\x7f\x05",
    "lone \udc9b surrogate \udc1b",
    "\u2028\u2029",
    "e" + "\u0301" * 40,
    "\u6f22\u5b57" * 12,
    "Z" * 6000,
    "$(reboot)`reboot`{x} %s",
)
MEANT = frozenset({"scheme", "state", "model", "environment"})
"""Fields whose words are known ones: another word is no other text, but nonsense."""
Value = typing.TypeVar("Value")


def poisoned(value: Value, turn: int) -> Value:
    """Give a copy of a struct in which every text begins with a hostile one.

    Equal texts stay equal, so that what refers to each other still does.

    Args:
        value: A struct, or a tuple or dict of what is in one.
        turn: Which hostile text falls to which field.
    """
    return typing.cast("Value", _poisoned(value, turn))


def poison(text: str, turn: int) -> str:
    """Give one text with its hostile one before it."""
    return HOSTILE[(zlib.crc32(text.encode()) + turn) % len(HOSTILE)] + text


def _poisoned(value: object, turn: int) -> object:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return poison(value, turn)
    if isinstance(value, tuple):
        return tuple(_poisoned(each, turn) for each in value)
    if isinstance(value, dict):
        return {_poisoned(key, turn): _poisoned(each, turn) for key, each in value.items()}
    if not isinstance(value, msgspec.Struct):
        return value
    hints = typing.get_type_hints(type(value))
    return msgspec.structs.replace(
        value,
        **{
            name: _poisoned(getattr(value, name), turn)
            for name in value.__struct_fields__
            if name not in MEANT and not _is_literal(hints[name])
        },
    )


def _is_literal(hint: object) -> bool:
    args = typing.get_args(hint)
    return typing.get_origin(hint) is typing.Literal or any(map(_is_literal, args))
