"""What tables of any kind of row have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pooltop.present.line import Align, Line, Span, pad, width_of

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: where it stands, what it says and what that means."""

    id: str
    title: str
    width: int
    align: Align
    definition: str
    """What the number is, in a sentence: shown by the help key."""
    cell: Callable[[Row, int], Line]
    """The row's value in at most so many cells."""
    from_width: int = 0
    """The narrowest table that shows it."""


def filled(column: Column[Row], row: Row, size: int) -> Line:
    """Give a row's value in exactly ``size`` cells, clipped where it must be."""
    cell = column.cell(row, size)
    room = size - width_of(cell)
    if room < 0:
        return ((pad("".join(text for text, _ in cell), size), cell[0][1]),)
    blank: Span = (" " * room, "text")
    spans = (blank, *cell) if column.align == "right" else (*cell, blank)
    return tuple(span for span in spans if span[0])
