"""How keys, values, file names and suggestions stand in a message: as TOML, and printable.

A profile may hold anything, escape sequences included. What leaves this module has no
character that a terminal could act on, because TOML's own escapes replace them.
"""

from __future__ import annotations

import datetime
import difflib
import re
from collections.abc import Iterable

Step = str | int
"""A key of a table, or an index of an array."""
Path = tuple[Step, ...]

LONGEST = 60
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_DIGITS_SHOWN_BELOW = 2**128


def printable(text: str) -> str:
    """Give the text with each character that does not print as its code point, TOML style."""
    return "".join(c if c.isprintable() else _code_point(c) for c in text)


def quoted(text: str) -> str:
    """Give the text as a TOML string, shortened."""
    clipped = text if len(text) <= LONGEST else text[:LONGEST]
    inside = "".join(_ESCAPES.get(c) or printable(c) for c in clipped)
    return f'"{inside}"' if len(text) <= LONGEST else f'"{inside}..."'


def shown_key(path: Path) -> str:
    """Give a path as TOML would write it: ``agents."a b".tls``, ``requests[0].path``."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
            continue
        part = step if _BARE.fullmatch(step) and len(step) <= LONGEST else quoted(step)
        text += f".{part}" if text else part
    return text


def shown_value(value: object) -> str | None:
    """Give a value as TOML would write it; None for a table or an array."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        # str() of a huge integer is refused by Python, or would fill the screen.
        return str(value) if abs(value) < _DIGITS_SHOWN_BELOW else "(a huge number)"
    if isinstance(value, float):
        return printable(repr(value))[:LONGEST]
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return None


def shown_inline(value: object) -> str:
    """Give any value as TOML would write it on one line, long strings shortened."""
    if isinstance(value, list):
        return f"[{', '.join(shown_inline(item) for item in value)}]"
    if isinstance(value, dict):
        pairs = (f"{shown_key((key,))} = {shown_inline(item)}" for key, item in value.items())
        return f"{{ {', '.join(pairs)} }}" if value else "{}"
    return shown_value(value) or ""


def type_name(value: object) -> str:
    """Give the TOML type of a value, with its article."""
    names: tuple[tuple[type, str], ...] = (
        (bool, "a boolean"),
        (int, "a whole number"),
        (float, "a number with a fraction"),
        (str, "a string"),
        (datetime.date, "a date"),
        (datetime.time, "a time of day"),
        (list, "an array"),
    )
    return next((name for kind, name in names if isinstance(value, kind)), "a table")


def one_of(words: tuple[str, ...]) -> str:
    """Give a list in words: ``"a", "b" or "c"``."""
    shown = [quoted(word) for word in words]
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " or " + shown[-1]


def nearest(word: str, words: Iterable[str], *, at_least: float = 0.6) -> str | None:
    """Give the one of the words that was probably meant, or None.

    Args:
        word: what was written.
        words: what could be meant.
        at_least: likeness asked for, 0 to 1, as difflib measures it.
    """
    # difflib's cost grows with the product of the lengths.
    found = difflib.get_close_matches(word[:64], tuple(words), n=1, cutoff=at_least)
    return found[0] if found else None


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Give `` Did you mean "x"?`` or nothing."""
    found = nearest(word, words)
    return f" Did you mean {quoted(found)}?" if found is not None else ""


def _code_point(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04X}" if number < 1 << 16 else f"\\U{number:08X}"
