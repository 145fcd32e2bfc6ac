"""What stands behind an operator of a filter: numbers with units as shown, texts, wildcards."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from pooltop.present import units
from pooltop.present.table import Column, Row, Unit

OPERATORS = ("!=", ">=", "<=", ":", "~", "=", ">", "<")
"""Longer ones first, for one is another's beginning."""

Test = Callable[[Row], bool]

_SECONDS = {
    "": 1.0,
    "us": 1e-6,
    "µs".casefold(): 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_THOUSANDS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9}
_BYTES = _THOUSANDS | {"b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9}
_FACTORS: dict[Unit, dict[str, float]] = {
    "count": _THOUSANDS,
    "s": _SECONDS,
    "/s": _THOUSANDS | {"/s": 1.0, "k/s": 1e3, "m/s": 1e6},
    "share": {"": 0.01, "%": 0.01},
    "B": _BYTES,
    "B/s": _BYTES | {f"{name}/s": factor for name, factor in _BYTES.items()},
    "id": {"": 1.0},
}
"""What may stand behind a number, lower case, and what it stands for. A share is in percent."""

_UNITS: dict[Unit, str] = {
    "count": "k M G",
    "s": "us ms s m h",
    "/s": "k M",
    "share": "%",
    "B": "k M G",
    "B/s": "k M G",
}
"""Of these what a person is told."""

_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([^\d.]*)")
_AGE = re.compile(r"(\d+)([mh])(\d\d?)")
"""As ages are shown: 9m12 is 9 min 12 s, 3h07 is 3 h 7 min."""
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d))?")
_LONGEST = 40
"""Characters of a number."""


class OperandError(ValueError):
    """Why an operand cannot be used, in words."""


def test_of(column: Column[Row], operator: str, operand: str) -> Test[Row]:
    """Give what tells whether a row's value in a column is as wanted.

    Args:
        column: which.
        operator: one of OPERATORS.
        operand: as it was typed.

    Raises:
        OperandError: it is missing, or is not what the column holds.
    """
    wanted = operand.casefold()
    if operator in (":", "~"):
        if not wanted:
            raise OperandError("a text is missing")
        if operator == ":":
            return lambda row: wanted in column.text(row).casefold()
        return lambda row: like(column.text(row).casefold(), wanted)
    if operator in ("=", "!="):
        is_equal = _equal(column, wanted)
        return is_equal if operator == "=" else lambda row: not is_equal(row)
    return _compared(column, operator, wanted)


def _equal(column: Column[Row], wanted: str) -> Test[Row]:
    if not wanted:
        raise OperandError("a value is missing")
    if column.unit == "text":
        return lambda row: column.text(row).casefold() == wanted
    number = None if column.unit in ("flag", "time") else number_of(wanted, column.unit)

    def is_equal(row: Row) -> bool:
        if column.text(row).casefold() == wanted:
            return True
        value = column.value(row)
        if number is None or value is None or isinstance(value, str):
            return False
        return math.isclose(value, number, rel_tol=1e-9)

    return is_equal


def _compared(column: Column[Row], operator: str, wanted: str) -> Test[Row]:
    if column.unit in ("text", "flag"):
        raise OperandError(f"{column.name} is no number: use : or =")
    if not wanted:
        raise OperandError(f"{'a time' if column.unit == 'time' else 'a number'} is missing")
    compare = _COMPARE[operator]
    if column.unit == "time":
        limit = _clock_of(wanted)
        return lambda row: _holds(compare, _shown_clock(column, row), limit)
    number = number_of(wanted, column.unit)
    if number is None:
        units_are = _UNITS.get(column.unit, "")
        raise OperandError(
            f"{wanted} is no number" + (f"; units are {units_are}" if units_are else "")
        )
    return lambda row: _holds(compare, column.value(row), number)


_COMPARE: dict[str, Callable[[float], bool]] = {
    ">": lambda order: order > 0,
    ">=": lambda order: order >= 0,
    "<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
}
"""Of the sign of the difference."""


def _holds(compare: Callable[[float], bool], value: object, limit: float | str) -> bool:
    if isinstance(value, str) and isinstance(limit, str):
        return compare((value > limit) - (value < limit))
    if isinstance(value, int | float) and not isinstance(limit, str) and not math.isnan(value):
        return compare((value > limit) - (value < limit))
    return False


def _shown_clock(column: Column[Row], row: Row) -> str | None:
    value = column.value(row)
    return units.clock(value) if isinstance(value, int | float) else None


def _clock_of(wanted: str) -> str:
    found = _CLOCK.fullmatch(wanted)
    if found is None:
        raise OperandError(f"{wanted} is no time of day: 12:03 or 12:03:41")
    return f"{found[1]}:{found[2]}:{found[3] or '00'}"


def number_of(text: str, unit: Unit) -> float | None:
    """Give a number as people write it, in the column's own unit; None if it is none.

    Args:
        text: e.g. ``1.2s``, ``50ms``, ``9m12``, ``3k``, ``5%``; casefolded. Without a unit:
            seconds, percent, or the number itself.
        unit: the column's.
    """
    if len(text) > _LONGEST:
        return None
    text = text.removeprefix("~")
    if unit == "id":
        text = text.lstrip("sr")
    if unit == "s" and (found := _AGE.fullmatch(text)) is not None:
        whole, part = int(found[1]), int(found[3])
        return whole * 60.0 + part if found[2] == "m" else whole * 3600.0 + part * 60.0
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    factor = _FACTORS.get(unit, _THOUSANDS).get(found[2])
    return None if factor is None else float(found[1]) * factor


def like(text: str, pattern: str) -> bool:
    """Tell whether a text is like a pattern of ``*`` (any text), ``?`` (one character) and letters.

    At most ``len(text) * len(pattern)`` steps, whatever the two are: of all stars only the last
    one met is ever gone back to, as what was before it is as good wherever it ended.
    """
    place = at = 0
    star, retry = -1, 0
    while place < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, retry = at, place
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[place]):
            place += 1
            at += 1
        elif star >= 0:
            retry += 1
            place, at = retry, star + 1
        else:
            return False
    return all(char == "*" for char in pattern[at:])
