"""The three plots of a workload: what each shows, on which axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

from pooltop.present import units
from pooltop.present.log_plot import QUANTILES, LogPlot, log_plot
from pooltop.present.markers import Marker, marker_row
from pooltop.present.moments import Grid
from pooltop.present.plot import Plot, nice_top
from pooltop.present.workload_track import WorkloadTrack

WorkloadPlotKind = Literal["rate", "in flight", "latency"]
WORKLOAD_PLOT_KINDS: tuple[WorkloadPlotKind, ...] = ("rate", "in flight", "latency")


def workload_plot_of(
    kind: WorkloadPlotKind,
    track: WorkloadTrack,
    *,
    at: float,
    window_s: float,
    columns: int,
    markers: Sequence[Marker] = (),
) -> Plot | LogPlot:
    """Give one plot of a workload.

    Args:
        kind: Which one: what is completed per second under the line of what is offered, how many
            requests are in flight, or the quantiles of their latency.
        track: The workload's past.
        at: The instant at the right edge.
        window_s: What all columns span together.
        columns: How many there are.
        markers: Edits to show on the time axis.
    """
    grid = Grid.ending(at, window_s=window_s, columns=columns)
    marks = marker_row(markers, grid)
    if kind == "rate":
        done = tuple(track.rate_series("completed", grid, at))
        due = tuple(track.rate_series("offered", grid, at))
        top = nice_top(max((value for value in (*done, *due) if value is not None), default=0.0))
        title = f"COMPLETED 0..{units.count(top)}/s, line: offered"
        return Plot(title, done, top, window_s, limits=due, markers=marks, full_is_bad=False)
    if kind == "in flight":
        values = tuple(track.series("in_flight", grid, at))
        top = nice_top(max((value for value in values if value is not None), default=0.0))
        title = f"IN FLIGHT 0..{units.count(top)}"
        return Plot(title, values, top, window_s, "plot.queue", markers=marks)
    if kind == "latency":
        return log_plot("LATENCY", track.latency.series(grid, at, QUANTILES), window_s, marks)
    assert_never(kind)
