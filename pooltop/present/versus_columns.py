"""The columns of the card on the screen: what is measured, of A and of B, and how they differ."""

from __future__ import annotations

from pooltop.present.line import Line
from pooltop.present.table import HIDDEN, Column, Value, text_column
from pooltop.present.versus import Letter
from pooltop.present.versus_measures import Measured, times_words


def _side_column(letter: Letter) -> Column[Measured]:
    def cell(row: Measured, _width: int) -> Line:
        value = row.a if letter == "A" else row.b
        return ((row.written(letter), "text" if value else "faint"),)

    def value(row: Measured) -> Value:
        return row.a if letter == "A" else row.b

    definition = f"Of side {letter}, in the row's own unit."
    return Column(letter.lower(), letter, 11, "right", definition, cell, value, "count")


def _times() -> Column[Measured]:
    def cell(row: Measured, _width: int) -> Line:
        return ((times_words(row), "accent"),)

    def value(row: Measured) -> Value:
        return row.times

    definition = "How many times as much B has as A."
    return Column("times", "B/A", 8, "right", definition, cell, value, "count")


COLUMNS: tuple[Column[Measured], ...] = (
    text_column(
        "measure", "MEASURE", 24, lambda row: row.name, "What is measured; ret says how.", most=34
    ),
    _side_column("A"),
    _side_column("B"),
    _times(),
    text_column(
        "definition",
        "WHAT IT IS",
        40,
        lambda row: row.definition,
        "What the number is; ret gives it in full.",
        ink="dim",
        from_width=110,
        most=200,
    ),
    text_column(
        "unit", "UNIT", 6, lambda row: row.unit, "Of the row's numbers.", from_width=HIDDEN
    ),
)
"""In order; the unit is for whoever reads a file."""
