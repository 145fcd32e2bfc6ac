"""Quantiles of durations on a logarithmic axis of whole decades: told apart by glyph, not colour.

``_`` is p50, ``-`` p95, ``^`` p99, ``=`` two or three of them in one cell.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pooltop.present.axis import LABEL_WIDTH, merged, time_axis
from pooltop.present.latency_past import Quantiles
from pooltop.present.line import Ink, Line, Span, pad
from pooltop.present.markers import Glyph

QUANTILES = (0.5, 0.95, 0.99)
DECADES = 4
"""The axis spans so many."""
LEAST_TOP_S = 0.1
_SERIES: tuple[tuple[str, Ink], ...] = (("_", "plot.use"), ("-", "plot.queue"), ("^", "plot.hot"))
_SEVERAL = "="


@dataclass(frozen=True, slots=True)
class LogPlot:
    """Everything that a plot of quantiles shows."""

    title: str
    values: tuple[Quantiles, ...]
    """Of each column p50, p95 and p99 in seconds, oldest first; None each is a gap."""
    top_s: float
    """The value at the upper edge, a power of ten; the lower edge is DECADES below it."""
    window_s: float
    markers: tuple[Glyph, ...] = ()
    """One per column, or none at all."""


def decade_above(highest_s: float) -> float:
    """Give the power of ten that an axis ends at: it moves in whole decades only."""
    wanted = max(highest_s, LEAST_TOP_S)
    return float(10.0 ** math.ceil(math.log10(wanted) - 1e-9))


def log_plot(
    name: str, values: Sequence[Quantiles], window_s: float, markers: tuple[Glyph, ...] = ()
) -> LogPlot:
    """Give a plot of quantiles, one triple per column, on the axis that holds all of them."""
    highest = max((v for column in values for v in column if v is not None), default=0.0)
    top = decade_above(highest)
    span = f"{_written(top / 10**DECADES)}..{_written(top)}"
    return LogPlot(f"{name} _p50 -p95 ^p99 log {span}", tuple(values), top, window_s, markers)


def _written(decade_s: float) -> str:
    """Give a power of ten, ``1ms``, ``100ms``, ``10s``: ``units.duration`` would say ``1.0ms``."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if decade_s >= size * 0.99:
            return f"{decade_s / size:.0f}{unit}"
    return f"{decade_s / 1e-6:.0f}us"


def draw_log(plot: LogPlot, width: int, height: int) -> list[Line]:
    """Give ``height`` lines: the quantiles over their axis, and the time axis last.

    A row is labelled with the lowest decade that lies in it; what is below the axis stands in the
    lowest row.
    """
    rows, columns = height - 1, width - LABEL_WIDTH - 1
    if rows < 1 or columns < 1:
        return [() for _ in range(max(0, height))]
    values = plot.values[-columns:]
    lead = " " * (columns - len(values))
    cells = [_column(column, plot.top_s, rows) for column in values]
    labels = _labels(plot.top_s, rows)
    lines: list[Line] = []
    for row in range(rows - 1, -1, -1):
        spans: list[Span] = [(f"{pad(labels.get(row, ''), LABEL_WIDTH, 'right')} ", "plot.axis")]
        spans.append((lead, "text"))
        spans += [column.get(row, (" ", "text")) for column in cells]
        lines.append(merged(spans))
    return [*lines, time_axis(plot.window_s, columns, plot.markers)]


def _column(quantiles: Quantiles, top_s: float, rows: int) -> dict[int, Span]:
    """Give what stands in each row of one column, 0 the lowest."""
    cells: dict[int, Span] = {}
    for value, span in zip(quantiles, _SERIES, strict=True):
        if value is None:
            continue
        share = 1 + math.log10(max(value, 1e-12) / top_s) / DECADES
        row = min(rows - 1, max(0, math.floor(share * rows)))
        cells[row] = (_SEVERAL, span[1]) if row in cells else span
    return cells


def _labels(top_s: float, rows: int) -> dict[int, str]:
    """Give the label of each row that a decade begins in, 0 the lowest."""
    labels: dict[int, str] = {}
    for decade in range(DECADES):
        row = math.floor(decade * rows / DECADES + 1e-9)
        labels.setdefault(row, _written(top_s / 10 ** (DECADES - decade)))
    return labels
