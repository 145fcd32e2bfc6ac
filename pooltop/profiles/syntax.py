"""From text to a tree of values: TOML, with limits before it and plain words after it.

tomllib is safe on text of ordinary shape. Three shapes are not ordinary and are refused
first: deep nesting ends in RecursionError, a dotted key of 20,000 parts takes six seconds,
and an integer of more than 4,300 digits is a bare ValueError without a place.
"""

from __future__ import annotations

import math
import re
import tomllib
from typing import NamedTuple, NoReturn

from pooltop.profiles.positions import Positions, Twice
from pooltop.profiles.shown import quoted, shown_key

DEEPEST = 32
"""Brackets within brackets, and parts of a dotted key. The format itself needs five."""
LONGEST_INTEGER = 40
"""Digits and signs; 64 bits need 19 in decimal."""

# Every string and comment is one match, closed or not, so that what is in it never counts.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?(?:"""|\\?\Z)'
    r"|'''.*?(?:'''|\Z)"
    r'|"(?:\\.|[^"\\\n])*+"?'
    r"|'[^'\n]*+'?"
    r"|\#[^\n]*+"
    r"|[\[\]{}.=,\n]",
    re.DOTALL,
)
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_YAML_LINE = re.compile(r"\s*(?:- )?[\w-]+:(?:\s|$)|---|- ")
_REPEATED = ("Cannot overwrite", "Cannot declare", "Duplicate inline", "Cannot redefine")
_FROZEN = ("Cannot mutate", "immutable")
_JSON = re.compile(r"\s*(?:\[\s*)?\{")
_BARE_WORD = re.compile(r"[A-Za-z_][\w.:/*-]*")
_UNIT = re.compile(r"([0-9.]+)(ms|s|m|h|/s|/m|/h)\b")


class Overflowed(float):
    """A number like 1e400: written as finite, but too large to be one."""


class SyntaxRefusedError(Exception):
    """The text cannot be read as TOML."""

    def __init__(self, where: Where, code: str, message: str, key: str = "") -> None:
        """Keep the place, the problem's code, the message and the key where one is meant."""
        super().__init__(message)
        self.where = where
        self.code = code
        self.message = message
        self.key = key


class Where(NamedTuple):
    """A place in the text, counting from 1."""

    line: int
    column: int


def parse(text: str) -> dict[str, object]:
    """Give the values of a TOML text.

    Raises:
        SyntaxRefusedError: it is not TOML, or is of a shape that only an attack has.
    """
    if "\r" in text and "\n" not in text:
        raise SyntaxRefusedError(
            Where(1, text.index("\r") + 1),
            "P004",
            "lines end with CR alone. Save the file with LF or CRLF line ends.",
        )
    _refuse_extremes(text)
    try:
        return tomllib.loads(text, parse_float=_read_float)
    except tomllib.TOMLDecodeError as error:
        _explain(text, str(error))
    except RecursionError:
        raise SyntaxRefusedError(Where(1, 1), "P007", "nested too deeply.") from None
    except ValueError:
        _explain_number(text)


def _read_float(text: str) -> float:
    value = float(text)
    return Overflowed(value) if math.isinf(value) and "inf" not in text else value


def _refuse_extremes(text: str) -> None:
    depth = dots = 0
    for token in _TOKEN.finditer(text):
        found = token[0]
        if found == ".":
            dots += 1
            if dots >= DEEPEST:
                _refuse_depth(text, token.start(), f"a dotted key has more than {DEEPEST} parts.")
        elif found in "[{":
            depth += 1
            if depth > DEEPEST:
                _refuse_depth(text, token.start(), f"nested more than {DEEPEST} levels deep.")
        elif found in "]}":
            depth = max(0, depth - 1)
        if found in "\n=,[{":
            dots = 0


def _refuse_depth(text: str, offset: int, message: str) -> NoReturn:
    raise SyntaxRefusedError(_where(text, offset), "P007", message)


def _where(text: str, offset: int) -> Where:
    start = text.rfind("\n", 0, offset) + 1
    return Where(text.count("\n", 0, offset) + 1, offset - start + 1)


def _explain(text: str, error: str) -> NoReturn:
    """Turn tomllib's sentence into one with the line, and with a guess at what was meant."""
    match = _AT.search(error)
    reason = error[: match.start()] if match else error
    if reason.startswith(_REPEATED):
        _explain_repeated(text)
    lines = text.replace("\r\n", "\n").split("\n")
    if match and match[1]:
        where = Where(int(match[1]), int(match[2]))
    else:
        where = Where(len(lines), len(lines[-1]) + 1)
    line = lines[where.line - 1]
    if reason.startswith(_FROZEN):
        reason = "an inline table is closed at its }, nothing can be added to it"
    guess = _guess(text, reason, line, where)
    message = f"{_plain(reason)}: {quoted(line.strip())}.{guess}"
    raise SyntaxRefusedError(where, "P004", message)


def _plain(reason: str) -> str:
    if reason.startswith("Illegal character '\\n'"):
        return "a string is not closed on its line"
    if reason in ("Unterminated string", 'Expected "\'"', "Expected \"'''\""):
        return "a string is not closed"
    return reason[:1].lower() + reason[1:] if reason else "not TOML"


def _guess(text: str, reason: str, line: str, where: Where) -> str:
    if _JSON.match(text):
        return " This looks like JSON; a profile is TOML: key = value."
    if _YAML_LINE.match(line):
        return " This looks like YAML; a profile is TOML: key = value."
    if reason.startswith("Illegal character '\\n'"):
        return " Add the missing quote."
    rest = line[where.column - 1 :]
    word = _BARE_WORD.match(rest)
    if reason == "Invalid value" and word:
        if word[0].lower() in ("true", "false", "inf", "nan"):
            return f" Did you mean {word[0].lower()}?"
        return f" Text needs quotes: {quoted(word[0])}."
    with_unit = _UNIT.search(line.partition("=")[2])
    if reason.startswith("Expected newline") and with_unit:
        return f" Durations and rates need quotes: {quoted(with_unit[0])}."
    return ""


def _explain_repeated(text: str) -> NoReturn:
    found = Positions(text).twice
    if not found:
        raise SyntaxRefusedError(Where(1, 1), "P005", "a key or table is set twice.")
    twice: Twice = found[0]
    raise SyntaxRefusedError(
        Where(*twice.second),
        "P005",
        f"set twice. The first is on line {twice.first.line}.",
        shown_key(twice.path),
    )


def _explain_number(text: str) -> NoReturn:
    for number in Positions(text).integers:
        if len(number.digits) > LONGEST_INTEGER:
            message = f"number too large ({len(number.digits)} digits)."
            raise SyntaxRefusedError(Where(*number.place), "P006", message, shown_key(number.path))
    raise SyntaxRefusedError(Where(1, 1), "P004", "a value cannot be read.")
