"""One workload's past, in little memory: what it offered, what became of it, how long that took."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from typing import Literal, NamedTuple

from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present.class_track import ClassTook, ClassTrack
from pooltop.present.latency_past import FINE_S, LatencyPast
from pooltop.present.moments import Grid, Moments
from pooltop.present.spells import Spells
from pooltop.present.troubles import RECENT_S, Trouble, load_troubles

WorkloadColumn = Literal[
    "rate",
    "users",
    "offered",
    "sent",
    "completed",
    "failed",
    "dropped",
    "late",
    "in_flight",
    "running",
    "errors",
]
"""``rate``, ``users``, ``in_flight`` and ``running`` (1 or 0) are levels, the others totals since
the start."""
_PLACES: dict[WorkloadColumn, int] = {
    "rate": 0,
    "users": 1,
    "offered": 2,
    "sent": 3,
    "completed": 4,
    "failed": 5,
    "dropped": 6,
    "late": 7,
    "in_flight": 8,
    "running": 9,
    "errors": 10,
}


_DELIVERY: tuple[WorkloadColumn, ...] = ("offered", "dropped", "late")


class StartError(NamedTuple):
    """How long after their time arrivals were handed over, in seconds."""

    p50: float
    p99: float


@dataclass(frozen=True, slots=True)
class WorkloadRates:
    """What a workload did within a window. None: nothing happened that could be counted."""

    offered_s: float | None = None
    """Arrivals that were due, per second."""
    asked_s: float | None = None
    """Arrivals per second that were asked for, in the mean; None for users."""
    completed_s: float | None = None
    """Requests completed, per second."""
    errors: float | None = None
    """Share of those that ended and failed, or were not answered as expected."""
    latency_p50: float | None = None
    """Seconds from the intended start to the last byte."""
    latency_p95: float | None = None
    latency_p99: float | None = None
    late_p95: float | None = None
    """Seconds by which 95 % of the arrivals were handed over after their time, at most."""


class WorkloadTrack:
    """The past of one workload; bounded by time."""

    __slots__ = ("_classes", "_mark_from", "_zero_at", "late", "latency", "moments", "spells")

    def __init__(self) -> None:
        """Begin without a past."""
        self.moments: Moments[WorkloadColumn] = Moments(_PLACES)
        self.latency = LatencyPast()
        """From the intended start to the last byte."""
        self.late = LatencyPast()
        """From an arrival's time to its being handed over."""
        self.spells: Spells[Trouble] = Spells()
        """When it was not delivered as asked for."""
        self._classes: dict[str, ClassTrack] = {}
        self._zero_at: float | None = None
        """When it was known to have done nothing yet."""
        self._mark_from = 0.0

    @property
    def at(self) -> array[float]:
        """The moments that are known, ascending; ours."""
        return self.moments.at

    def begin_at_zero(self, at: float) -> None:
        """Say that at ``at`` it was known to have done nothing yet."""
        self._zero_at = at
        self.moments.add(at, (math.nan, math.nan, 0, 0, 0, 0, 0, 0, 0, 1, 0))
        self.latency.mark(at, Histogram())
        self.late.mark(at, Histogram())

    def add(self, at: float, workload: WorkloadSnapshot) -> None:
        """Keep one moment; ``at`` never goes back."""
        row = (
            math.nan if workload.rate is None else workload.rate,
            math.nan if workload.users is None else workload.users,
            workload.offered,
            workload.sent,
            workload.completed,
            workload.failed,
            workload.dropped,
            workload.late,
            workload.in_flight,
            workload.state == "running",
            workload.errors,
        )
        self.moments.add(at, row)
        old, new = self.moments.index_at(at - RECENT_S), len(self.moments.at) - 1
        offered, dropped, late = (self.moments.gained(name, old, new) for name in _DELIVERY)
        self.spells.note(at, load_troubles(offered, dropped, late))
        if at >= self._mark_from:
            # The second mark comes at once, so that there is a window to look at.
            self._mark_from = at + FINE_S if len(self.latency) else at
            self.latency.mark(at, workload.latency)
            self.late.mark(at, workload.lateness)
            for each in workload.classes:
                self._class(each.name).add(at, each)

    def _class(self, name: str) -> ClassTrack:
        track = self._classes.get(name)
        if track is None:
            track = self._classes[name] = ClassTrack()
            if self._zero_at is not None:
                track.add(self._zero_at, ClassSnapshot(name=name))
        return track

    def forget_before(self, at: float) -> None:
        """Drop what is older than ``at``, in large bites."""
        if self.moments.forget_before(at):
            self.latency.forget_before(at)
            self.late.forget_before(at)
            self.spells.forget_before(at)
            for track in self._classes.values():
                track.forget_before(at)

    def changed_state(self, start: float, end: float) -> bool:
        """Tell whether it was paused, resumed or over, or began, between two moments."""
        moments = self.moments
        if not moments.at:
            return False
        values = moments.values("running", moments.index_at(start), moments.index_at(end) + 1)
        return min(values) != max(values)

    def rates(self, at: float, window_s: float) -> WorkloadRates:
        """Give what happened in the window that ends at ``at``."""
        moments = self.moments
        if not moments.at:
            return WorkloadRates()
        new = moments.index_at(at)
        old = moments.index_at(at - window_s)
        span = moments.at[new] - moments.at[old]
        if span <= 0:
            return WorkloadRates()
        completed, failed = (moments.gained(name, old, new) for name in ("completed", "failed"))
        ended = completed + failed
        errors = moments.gained("errors", old, new)
        p50, p95, p99 = (self.latency.quantile(at - window_s, at, q) for q in (0.5, 0.95, 0.99))
        return WorkloadRates(
            offered_s=moments.gained("offered", old, new) / span,
            asked_s=_mean(moments.values("rate", old, new + 1)),
            completed_s=completed / span,
            errors=errors / ended if ended > 0 else None,
            latency_p50=p50,
            latency_p95=p95,
            latency_p99=p99,
            late_p95=self.late.quantile(at - window_s, at, 0.95),
        )

    def start_error(self, at: float, window_s: float) -> StartError | None:
        """Give how late arrivals were begun in the window that ends at ``at``; None without any."""
        p50, p99 = (self.late.quantile(at - window_s, at, q) for q in (0.5, 0.99))
        return None if p50 is None or p99 is None else StartError(p50, p99)

    def classes(self, at: float, window_s: float) -> dict[str, ClassTook]:
        """Give of each class that completed requests in that window how long they took."""
        told = ((name, track.took(at, window_s)) for name, track in self._classes.items())
        return {name: took for name, took in told if took is not None}

    def series(self, name: WorkloadColumn, grid: Grid, until: float) -> list[float | None]:
        """Give a level's highest value in each column of the grid; None is a gap."""
        return self.moments.series(name, grid, until)

    def rate_series(self, name: WorkloadColumn, grid: Grid, until: float) -> list[float | None]:
        """Give a total's growth per second in each column of the grid; None is a gap."""
        return self.moments.rate_series(name, grid, until)


def _mean(values: array[float]) -> float | None:
    """Give the mean of those that were told; None without any."""
    told = [value for value in values if not math.isnan(value)]
    return math.fsum(told) / len(told) if told else None
