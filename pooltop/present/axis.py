"""What all plots have in common: the room for labels, and the time axis with its marks."""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.present import units
from pooltop.present.line import Line, Span
from pooltop.present.markers import GLYPHS, Glyph

LABEL_WIDTH = 5
"""Cells of a label on the value axis; a space follows."""


def columns_in(width: int) -> int:
    """Give how many columns of time a plot of so many cells has."""
    return max(1, width - LABEL_WIDTH - 1)


def time_axis(window_s: float, columns: int, markers: Sequence[Glyph] = ()) -> Line:
    """Give the time axis under so many columns, what is marked in its place.

    A label that a mark would fall on is left out whole: half a number would be another one.
    """
    latest = list(markers)[-columns:]
    none: list[Glyph] = [""]
    marked = none * (columns - len(latest)) + latest
    cells: list[str] = [" "] * columns
    taken = [bool(glyph) for glyph in marked]
    for place, text in _labels(window_s, columns):
        if place >= 0 and not any(taken[place : place + len(text)]):
            cells[place : place + len(text)] = text
    spans: list[Span] = [(" " * (LABEL_WIDTH + 1), "plot.axis")]
    spans += [
        (glyph, GLYPHS[glyph][1]) if glyph else (cell, "plot.axis")
        for cell, glyph in zip(cells, marked, strict=False)
    ]
    return merged(spans)


def _labels(window_s: float, columns: int) -> list[tuple[int, str]]:
    start, middle, end = f"-{units.window(window_s)}", f"-{units.window(window_s / 2)}", "now"
    if columns < len(start):
        return []
    labels = [(0, start)]
    if columns >= 28:
        labels.append((columns // 2 - len(middle) // 2, middle))
    if columns > len(start) + len(end):
        labels.append((columns - len(end), end))
    return labels


def merged(spans: Sequence[Span]) -> Line:
    """Give the line with neighbours of the same ink put together."""
    out: list[Span] = []
    for text, ink in spans:
        if out and out[-1][1] == ink:
            out[-1] = (out[-1][0] + text, ink)
        else:
            out.append((text, ink))
    return tuple(out)
