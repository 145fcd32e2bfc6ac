"""The three plots of a host: what each shows, on which axis."""

from __future__ import annotations

import math
from typing import Literal, assert_never

from pooltop.present import units
from pooltop.present.moments import Grid
from pooltop.present.plot import Plot, nice_top
from pooltop.present.track import Track

PlotKind = Literal["in use", "queue", "wait"]


def plot_of(kind: PlotKind, track: Track, *, at: float, window_s: float, columns: int) -> Plot:
    """Give one plot of a host.

    Args:
        kind: Which one.
        track: The host's past.
        at: The instant at the right edge.
        window_s: What all columns span together.
        columns: How many there are.
    """
    grid = Grid.ending(at, window_s=window_s, columns=columns)
    if kind == "in use":
        return _in_use(track, grid, at, window_s)
    if kind == "queue":
        values = track.series("queued", grid, at)
        top = nice_top(_highest(values))
        title = f"QUEUE 0..{units.count(top)}"
        return Plot(title, tuple(values), top, window_s, "plot.queue")
    if kind == "wait":
        waits = track.wait_series(grid, at, 0.95)
        top = nice_top(_highest(waits), least=0.1)
        title = f"WAIT p95 0..{units.duration(top)}"
        return Plot(title, tuple(waits), top, window_s, "plot.wait", unit="seconds")
    assert_never(kind)


def _in_use(track: Track, grid: Grid, at: float, window_s: float) -> Plot:
    values = track.series("in_use", grid, at)
    limits = track.series("limit", grid, at)
    finite = [limit for limit in limits if limit is not None and not math.isinf(limit)]
    # The axis ends at the limit, so that full means full; after a cut it still holds the past.
    top = max([_highest(values), *finite]) if finite else nice_top(_highest(values))
    latest = next((limit for limit in reversed(limits) if limit is not None), math.inf)
    says = "no limit" if math.isinf(latest) else f"limit {units.count(latest)}"
    title = f"IN USE 0..{units.count(top)}, {says}"
    return Plot(title, tuple(values), top, window_s, "plot.use", tuple(limits))


def _highest(values: list[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)
