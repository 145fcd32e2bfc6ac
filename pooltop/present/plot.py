"""Plots that do not lie: the axis is given, time per column is fixed, no data is a gap."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pooltop.present import units
from pooltop.present.axis import LABEL_WIDTH, merged, time_axis
from pooltop.present.line import Ink, Line, Span, pad
from pooltop.present.markers import Glyph

EIGHTHS = " \u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
ASCII_STEPS = " .:|"
_LIMIT = "\u2500"
_ASCII_LIMIT = "-"
_BODY: dict[Ink, Ink] = {
    "plot.use": "plot.use.body",
    "plot.queue": "plot.queue.body",
}
"""What is under a column's crest, so that the crest reads as a line."""


@dataclass(frozen=True, slots=True)
class Plot:
    """Everything one plot shows."""

    title: str
    values: tuple[float | None, ...]
    """One per column, oldest first; None is a gap."""
    top: float
    """The value at the upper edge; the axis begins at 0."""
    window_s: float
    ink: Ink = "plot.use"
    limits: tuple[float | None, ...] = ()
    """The limit in each column, as it was then; None or inf draws none."""
    markers: tuple[Glyph, ...] = ()
    """One per column, or none at all."""
    full_is_bad: bool = True
    """Whether a column that reaches its limit is hot."""


def nice_top(highest: float, least: float = 10.0) -> float:
    """Give a round upper end of an axis that holds ``highest``: 1, 2, 2.5, 5 times a power of 10.

    Args:
        highest: The largest value to show.
        least: Never less than this, so that a quiet series is not blown up.
    """
    wanted = max(highest, least)
    power = 10.0 ** math.floor(math.log10(wanted))
    for factor in (1.0, 2.0, 2.5, 5.0, 10.0):
        if factor * power >= wanted * (1 - 1e-9):
            return factor * power
    return 10.0 * power


def draw(plot: Plot, width: int, height: int, *, ascii_only: bool = False) -> list[Line]:
    """Give ``height`` lines: the columns over their axis, and the time axis last.

    A column takes its value's share of the height, rounded up to the next step when above 0: what
    happened is never invisible. Where the limit was reached the column's crest is hot.
    """
    rows = height - 1
    columns = width - LABEL_WIDTH - 1
    if rows < 1 or columns < 1:
        return [() for _ in range(max(0, height))]
    values = plot.values[-columns:]
    limits = plot.limits[-columns:] if plot.limits else ()
    lead = columns - len(values)
    lines: list[Line] = []
    for row in range(rows):
        spans: list[Span] = [(_label(plot, row, rows), "plot.axis"), (" ", "plot.axis")]
        if lead:
            spans.append((" " * lead, "text"))
        for index, value in enumerate(values):
            limit = limits[index] if index < len(limits) else None
            spans.append(_cell(plot, value, limit, rows - 1 - row, rows, ascii_only=ascii_only))
        lines.append(merged(spans))
    lines.append(time_axis(plot.window_s, columns, plot.markers))
    return lines


def _cell(
    plot: Plot,
    value: float | None,
    limit: float | None,
    level: int,
    rows: int,
    *,
    ascii_only: bool,
) -> Span:
    steps = ASCII_STEPS if ascii_only else EIGHTHS
    fine = len(steps) - 1
    drawn = whole = 0
    if value is not None and value > 0 and plot.top > 0:
        whole = min(rows * fine, max(1, round(value / plot.top * rows * fine)))
        drawn = min(fine, max(0, whole - level * fine))
    if drawn:
        crest = whole <= (level + 1) * fine
        if not crest:
            return (steps[drawn], _BODY.get(plot.ink, plot.ink))
        full = limit is not None and value is not None and value >= limit
        hot = full and plot.full_is_bad
        return (steps[drawn], "plot.hot" if hot else plot.ink)
    if limit is not None and 0 < limit <= plot.top * (1 + 1e-9):
        at = min(rows - 1, math.ceil(limit / plot.top * rows - 1e-9) - 1)
        if at == level:
            return (_ASCII_LIMIT if ascii_only else _LIMIT, "plot.limit")
    return (" ", "text")


def _label(plot: Plot, row: int, rows: int) -> str:
    if row == 0:
        value = plot.top if rows > 1 else 0.0
    elif row == rows - 1:
        value = 0.0
    elif rows >= 5 and row == (rows - 1) // 2 and rows % 2:
        value = plot.top / 2
    else:
        return " " * LABEL_WIDTH
    return pad(units.count(value), LABEL_WIDTH, "right")


def spark_line(
    values: Sequence[float | None],
    limits: Sequence[float | None],
    top: float,
    *,
    ascii_only: bool = False,
) -> Line:
    """Give one line of columns on an axis 0..top; a gap is a space, 0 the lowest mark."""
    steps = ASCII_STEPS if ascii_only else EIGHTHS
    fine = len(steps) - 1
    spans: list[Span] = []
    for value, limit in zip(values, limits, strict=True):
        if value is None:
            spans.append((" ", "text"))
            continue
        step = 1 if value <= 0 or top <= 0 else min(fine, max(1, round(value / top * fine)))
        hot = value > 0 and limit is not None and value >= limit
        spans.append((steps[step], "faint" if value <= 0 else "plot.hot" if hot else "plot.use"))
    return merged(spans)
