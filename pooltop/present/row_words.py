"""A row of a comparison in words, for a terminal and for a page."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.present import units
from pooltop.present.measures import Row, Unit

_NOTHING_S = 0.00005
"""Less is written as 0, and so has no ratio."""


class RowWords(NamedTuple):
    """One number of both runs; "" where there is nothing to say."""

    old: str
    new: str
    difference: str
    ratio: str
    verdict: str


def words_of(row: Row) -> RowWords:
    """Give a row's numbers with their units, and what is to be thought of them."""
    nothing = any(value is not None and value < _NOTHING_S for value in (row.old, row.new))
    ratio = "" if row.ratio is None or (row.unit == "s" and nothing) else f"x{row.ratio:.3g}"
    difference = row.difference
    sign = "" if difference is None else "-" if difference < 0 else "+"
    return RowWords(
        _written(row.old, row.unit),
        _written(row.new, row.unit),
        "" if difference is None else sign + _written(abs(difference), row.unit),
        ratio,
        "too few to say" if row.verdict == "too few" else row.verdict,
    )


def _written(value: float | None, unit: Unit) -> str:
    if value is None:
        return units.NONE
    match unit:
        case "s":
            return units.duration(value)
        case "/s":
            return f"{units.rate(value)}/s"
        case "share":
            return units.share(value)
