"""From text to a tree of values: TOML, with limits before it and plain words after it.

tomllib is safe on text of ordinary shape. Three shapes are not ordinary and are refused
first: deep nesting ends in RecursionError, a dotted key of 20,000 parts takes six seconds,
and an integer of more than 4,300 digits is a bare ValueError without a place.
"""

from __future__ import annotations

import math
import re
import sys
import tomllib
from typing import NamedTuple, NoReturn

from pooltop.profiles.positions import Positions
from pooltop.profiles.shown import printable, quoted, shown_key

DEEPEST = 12
"""Brackets within brackets, and parts of a dotted key. The format itself needs six."""
MOST_MARKS = 25_000
"""Lines, dots, commas, brackets, equals signs outside of strings: with DEEPEST it bounds the time
that tomllib can take."""

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
_REPEATED = ("Cannot", "Can't", "Duplicate")
_JSON = re.compile(r"\s*(?:\[\s*)?\{")
_KEY = re.compile(r"\s*([A-Za-z_][\w.-]*)\s*[=:]")
_BARE_WORD = re.compile(r"[A-Za-z_][\w.:/*-]*")
_UNIT = re.compile(r"([0-9.]+)(ms|s|m|h|/s|/m|/h)\b")


class Overflowed(float):
    """A number like 1e400: written as finite, but too large to be one."""

    written: str

    def __repr__(self) -> str:
        """Give it as it is written."""
        return self.written


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
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "half a surrogate pair is not text."
        raise SyntaxRefusedError(_where(text, error.start), "P003", message) from error
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
    if math.isinf(value) and "inf" not in text:
        value = Overflowed(value)
        value.written = text
    return value


def _refuse_extremes(text: str) -> None:
    depth = dots = marks = 0
    for token in _TOKEN.finditer(text):
        found = token[0]
        if len(found) > 1:
            continue  # a string or a comment
        marks += 1
        if marks > MOST_MARKS:
            _refuse(text, token.start(), "too many lines and values for a profile.")
        if found == ".":
            dots += 1
            if dots >= DEEPEST:
                _refuse(text, token.start(), f"a dotted key has more than {DEEPEST} parts.")
        elif found in "[{":
            depth += 1
            if depth > DEEPEST:
                _refuse(text, token.start(), f"nested more than {DEEPEST} levels deep.")
        elif found in "]}":
            depth = max(0, depth - 1)
        if found in "\n=,[{":
            dots = 0


def _refuse(text: str, offset: int, message: str) -> NoReturn:
    raise SyntaxRefusedError(_where(text, offset), "P007", message)


def _where(text: str, offset: int) -> Where:
    start = text.rfind("\n", 0, offset) + 1
    return Where(text.count("\n", 0, offset) + 1, offset - start + 1)


def _explain(text: str, error: str) -> NoReturn:
    """Turn tomllib's sentence into one with the line, and with a guess at what was meant."""
    match = _AT.search(error)
    reason = error[: match.start()] if match else error
    lines = text.replace("\r\n", "\n").split("\n")
    if match and match[1]:
        where = Where(int(match[1]), int(match[2]))
    else:
        where = Where(len(lines), len(lines[-1]) + 1)
    if reason.startswith(_REPEATED):
        _explain_repeated(text, where)
    line = lines[where.line - 1]
    guess = _guess(text, reason, line, where)
    raise SyntaxRefusedError(where, "P004", f"{_plain(reason)}{_beginning(line)}.{guess}")


def _beginning(line: str) -> str:
    """Give the key that a line begins with; never what follows it, which may be a secret."""
    key = _KEY.match(line)
    return f": {quoted(key[1])}" if key else ""


def _plain(reason: str) -> str:
    if reason.startswith("Illegal character '\\n'"):
        return "a string is not closed on its line"
    if reason in ("Unterminated string", 'Expected "\'"', "Expected \"'''\""):
        return "a string is not closed"
    return printable(reason[:1].lower() + reason[1:])


def _guess(text: str, reason: str, line: str, where: Where) -> str:
    if _JSON.match(text):
        return " This looks like JSON; a profile is TOML: key = value."
    if _YAML_LINE.match(line):
        return " This looks like YAML; a profile is TOML: key = value."
    if reason.startswith("Illegal character '\\n'"):
        return " Add the missing quote."
    word = _BARE_WORD.match(line[where.column - 1 :])
    if reason == "Invalid value" and word:
        lower = word[0].lower()
        is_constant = lower in ("true", "false", "inf", "nan")
        return f" Did you mean {lower}?" if is_constant else " Text needs quotes."
    with_unit = _UNIT.search(line.partition("=")[2])
    if reason.startswith("Expected newline") and with_unit:
        return f" Durations and rates need quotes: {quoted(with_unit[0])}."
    return ""


def _explain_repeated(text: str, where: Where) -> NoReturn:
    twice = Positions(text).first_twice()
    if twice is None:
        raise SyntaxRefusedError(where, "P005", "a key or table is set twice.")
    raise SyntaxRefusedError(
        Where(*twice.second),
        "P005",
        f"set twice. The first is on line {twice.first.line}.",
        shown_key(twice.path),
    )


def _explain_number(text: str) -> NoReturn:
    number = Positions(text).longest_integer()
    if number is None or number.length < sys.get_int_max_str_digits():
        raise SyntaxRefusedError(Where(1, 1), "P004", "a date, time or number is none.")
    message = f"number too large ({number.length} digits)."
    raise SyntaxRefusedError(Where(*number.place), "P006", message, shown_key(number.path))
