"""The plots of a host: what each shows, on which axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, assert_never

from pooltop.present import units
from pooltop.present.line import Line
from pooltop.present.log_plot import QUANTILES, LogPlot, draw_log, log_plot
from pooltop.present.markers import Glyph, Marker, marker_row
from pooltop.present.moments import Grid
from pooltop.present.plot import Plot, draw, nice_top
from pooltop.present.track import Track

PlotKind = Literal["in use", "queue", "wait", "service"]
"""The first shows streams instead where there are HTTP/2 sessions: they are what is used then."""


def plot_of(
    kind: PlotKind,
    track: Track,
    *,
    at: float,
    window_s: float,
    columns: int,
    markers: Sequence[Marker] = (),
) -> Plot | LogPlot:
    """Give one plot of a host.

    Args:
        kind: Which one.
        track: The host's past.
        at: The instant at the right edge.
        window_s: What all columns span together.
        columns: How many there are.
        markers: Edits and alerts to show on the time axis.
    """
    grid = Grid.ending(at, window_s=window_s, columns=columns)
    marks = marker_row(markers, grid)
    if kind == "in use":
        return _in_use(track, grid, at, window_s, marks)
    if kind == "queue":
        values = track.series("queued", grid, at)
        top = nice_top(_highest(values))
        title = f"QUEUE 0..{units.count(top)}"
        return Plot(title, tuple(values), top, window_s, "plot.queue", markers=marks)
    if kind == "wait":
        return log_plot("WAIT", track.queue.series(grid, at, QUANTILES), window_s, marks)
    if kind == "service":
        return log_plot("SERVICE", track.service.series(grid, at, QUANTILES), window_s, marks)
    assert_never(kind)


def draw_any(
    plot: Plot | LogPlot, width: int, height: int, *, ascii_only: bool = False
) -> list[Line]:
    """Give the lines of either kind of plot, the time axis last."""
    if isinstance(plot, LogPlot):
        return draw_log(plot, width, height)
    return draw(plot, width, height, ascii_only=ascii_only)


def _in_use(
    track: Track, grid: Grid, at: float, window_s: float, markers: tuple[Glyph, ...]
) -> Plot:
    streams = track.streams
    if streams is not None:
        opened, caps = streams.series("open", grid, at), streams.series("cap", grid, at)
        if any(cap is not None for cap in caps):
            return _level("STREAMS", "cap", opened, caps, window_s, markers)
    used, limits = track.series("in_use", grid, at), track.series("limit", grid, at)
    return _level("IN USE", "limit", used, limits, window_s, markers)


def _level(
    name: str,
    bound: str,
    values: list[float | None],
    limits: list[float | None],
    window_s: float,
    markers: tuple[Glyph, ...],
) -> Plot:
    """Give the plot of what has an upper bound, which is drawn as it was then."""
    finite = [limit for limit in limits if limit is not None and not math.isinf(limit)]
    # The axis ends at the limit, so that full means full; after a cut it still holds the past.
    top = max([_highest(values), *finite]) if finite else nice_top(_highest(values))
    latest = next((limit for limit in reversed(limits) if limit is not None), math.inf)
    says = f"no {bound}" if math.isinf(latest) else f"{bound} {units.count(latest)}"
    title = f"{name} 0..{units.count(top)}, {says}"
    return Plot(title, tuple(values), top, window_s, "plot.use", tuple(limits), markers=markers)


def _highest(values: list[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)
