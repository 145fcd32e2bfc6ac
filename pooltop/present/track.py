"""One host's past, in little memory.

A Snapshot of 200 busy hosts weighs megabytes, and ten minutes of them at 4 Hz gigabytes, so the
past is kept as columns of doubles: 100 bytes a moment and host. Cumulative histograms are kept
more seldom still, packed, as marks: every second for the last minute, every five before.
A rate or a quantile over a window is the difference of the present and one moment of the past.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Literal

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.present.marks import in_use, is_saturated, limit_of

Column = Literal[
    "in_use",
    "free",
    "limit",
    "queued",
    "completed",
    "failed",
    "errors",
    "opened",
    "assigned",
    "reused",
    "bytes_in",
    "bytes_out",
    "saturated_since",
]
COLUMNS: tuple[Column, ...] = (
    "in_use",
    "free",
    "limit",
    "queued",
    "completed",
    "failed",
    "errors",
    "opened",
    "assigned",
    "reused",
    "bytes_in",
    "bytes_out",
    "saturated_since",
)
HOLD_S = 3.0
"""A value counts as unchanged until the next moment; with more than this between, it is a gap."""
_FINE_S = 0.95
_FINE_FOR_S = 70.0
_COARSE_S = 5.0
_SLACK = 256
"""Moments let grow over the bound before the front is cut off, all at once."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Time cut into columns of one fixed length, so that a plot never shimmers."""

    first: int
    """Number of the leftmost column since time 0."""
    columns: int
    column_s: float

    @classmethod
    def ending(cls, at: float, *, window_s: float, columns: int) -> Grid:
        """Give ``columns`` columns that span ``window_s``, the last one holding ``at``."""
        columns = max(1, columns)
        column_s = window_s / columns
        return cls(math.floor(at / column_s) - columns + 1, columns, column_s)

    def starts(self) -> list[float]:
        """Give every column's first instant, and the end of the last: one more than columns."""
        return [(self.first + i) * self.column_s for i in range(self.columns + 1)]


@dataclass(frozen=True, slots=True)
class Rates:
    """What one host did within a window. None: nothing happened that could be counted."""

    req_s: float | None = None
    dial_s: float | None = None
    reuse: float | None = None
    errors: float | None = None
    wait_p95: float | None = None
    """Seconds in the queue."""
    service_p95: float | None = None
    """Seconds from the request sent to its first byte."""
    in_s: float | None = None
    """Bytes received per second."""
    out_s: float | None = None
    """Bytes sent per second."""


class _Packed:
    """A histogram in ten bytes a bucket."""

    __slots__ = ("count", "counts", "indexes", "sum_s")

    def __init__(self, histogram: Histogram) -> None:
        self.count = histogram.count
        self.sum_s = histogram.sum_s
        self.indexes = array("H", histogram.buckets.keys())
        self.counts = array("Q", histogram.buckets.values())

    def unpack(self) -> Histogram:
        buckets = dict(zip(self.indexes, self.counts, strict=True))
        return Histogram(self.count, self.sum_s, buckets)


@dataclass(frozen=True, slots=True)
class _HistogramMark:
    at: float
    queue: _Packed
    wait: _Packed


def _mark_at(mark: _HistogramMark) -> float:
    return mark.at


class Track:
    """The past of one host; bounded by time."""

    __slots__ = ("_columns", "_marks", "_thin_in", "at")

    def __init__(self) -> None:
        """Begin without a past."""
        self.at = array("d")
        self._columns: dict[Column, array[float]] = {name: array("d") for name in COLUMNS}
        self._marks: list[_HistogramMark] = []
        self._thin_in = 32

    def begin_at_zero(self, at: float) -> None:
        """Say that at ``at`` the host was known to have done nothing yet."""
        self.at.append(at)
        for name, column in self._columns.items():
            column.append(math.nan if name in ("saturated_since", "limit") else 0.0)
        empty = _Packed(Histogram())
        self._marks.append(_HistogramMark(at, empty, empty))

    def add(self, at: float, agent: AgentSnapshot, origin: OriginSnapshot) -> None:
        """Keep one moment; ``at`` never goes back."""
        counters = origin.counters
        failed = counters.faults
        saturated = math.nan
        if is_saturated(agent, origin):
            before = self._columns["saturated_since"][-1] if self.at else math.nan
            saturated = at if math.isnan(before) else before
        moment: dict[Column, float] = {
            "in_use": in_use(origin),
            "free": origin.free,
            "limit": limit_of(agent),
            "queued": origin.queued,
            "completed": counters.completed,
            "failed": failed,
            "errors": failed + sum(n for code, n in counters.statuses.items() if code >= 500),
            "opened": counters.opened,
            "assigned": counters.assigned,
            "reused": counters.reused,
            "bytes_in": counters.bytes_in,
            "bytes_out": counters.bytes_out,
            "saturated_since": saturated,
        }
        self.at.append(at)
        for name, column in self._columns.items():
            column.append(moment[name])
        if not self._marks or at - self._marks[-1].at >= _FINE_S:
            self._mark(at, origin)

    def _mark(self, at: float, origin: OriginSnapshot) -> None:
        latency = origin.latency
        last = self._marks[-1] if self._marks else None
        same_queue = last is not None and last.queue.count == latency.queue.count
        same_wait = last is not None and last.wait.count == latency.wait.count
        self._marks.append(
            _HistogramMark(
                at,
                last.queue if last is not None and same_queue else _Packed(latency.queue),
                last.wait if last is not None and same_wait else _Packed(latency.wait),
            )
        )
        self._thin_in -= 1
        if self._thin_in <= 0:
            self._thin_in = 32
            self._thin(at)

    def _thin(self, now: float) -> None:
        kept: list[_HistogramMark] = []
        for mark in self._marks:
            fine = now - mark.at <= _FINE_FOR_S
            if fine or not kept or mark.at - kept[-1].at >= _COARSE_S:
                kept.append(mark)
        self._marks = kept

    def forget_before(self, at: float) -> None:
        """Drop what is older than ``at``, in large bites."""
        old = bisect_left(self.at, at)
        if old < _SLACK:
            return
        del self.at[:old]
        for column in self._columns.values():
            del column[:old]
        # One mark before the bound stays: the baseline of the longest window.
        first = max(0, bisect_right(self._marks, at, key=_mark_at) - 1)
        del self._marks[:first]

    def _index_at(self, at: float) -> int:
        """Give the newest moment that is not after ``at``; the oldest when all are after it."""
        return max(0, bisect_right(self.at, at) - 1)

    def saturated_since(self, at: float) -> float | None:
        """Give since when the host has been saturated without a break, or None if it is not."""
        if not self.at:
            return None
        value = self._columns["saturated_since"][self._index_at(at)]
        return None if math.isnan(value) else value

    def slope(self, name: Column, at: float, over_s: float) -> float | None:
        """Give the column's change per second over the last ``over_s``; None if too young."""
        if not self.at:
            return None
        new = self._index_at(at)
        old = self._index_at(self.at[new] - over_s)
        span = self.at[new] - self.at[old]
        if span < min(1.0, over_s / 2):
            return None
        column = self._columns[name]
        return (column[new] - column[old]) / span

    def rates(self, at: float, origin: OriginSnapshot, window_s: float) -> Rates:
        """Give what happened in the window that ends at ``at``, the instant of ``origin``."""
        if not self.at:
            return Rates()
        new = self._index_at(at)
        old = self._index_at(at - window_s)
        span = self.at[new] - self.at[old]
        if span <= 0:
            return Rates()

        def gained(name: Column) -> float:
            column = self._columns[name]
            return column[new] - column[old]

        ended = gained("completed") + gained("failed")
        assigned = gained("assigned")
        mark = self._marks[max(0, bisect_right(self._marks, at - window_s, key=_mark_at) - 1)]
        queue = origin.latency.queue.since(mark.queue.unpack())
        return Rates(
            req_s=gained("completed") / span,
            dial_s=gained("opened") / span,
            reuse=gained("reused") / assigned if assigned > 0 else None,
            errors=gained("errors") / ended if ended > 0 else None,
            wait_p95=queue.quantile(0.95),
            service_p95=origin.latency.wait.since(mark.wait.unpack()).quantile(0.95),
            in_s=gained("bytes_in") / span,
            out_s=gained("bytes_out") / span,
        )

    def series(self, name: Column, grid: Grid, until: float) -> list[float | None]:
        """Give the column's highest value in each column of the grid; None is a gap.

        Args:
            name: What to give; the limit may be inf.
            grid: The columns of time.
            until: Moments after it are not looked at (a frozen screen's instant).
        """
        column = self._columns[name]
        stop = bisect_right(self.at, until)
        bounds = [min(stop, bisect_left(self.at, start)) for start in grid.starts()]
        out: list[float | None] = []
        for index, start in enumerate(grid.starts()[:-1]):
            low, high = bounds[index], bounds[index + 1]
            if low < high:
                value = max(column[low:high])
            elif low > 0 and start <= until and self._holds(low, stop, start):
                value = column[low - 1]
            else:
                value = math.nan
            out.append(None if math.isnan(value) else value)
        return out

    def _holds(self, after: int, stop: int, start: float) -> bool:
        """Tell whether the moment before ``after`` still counts at ``start``."""
        end = self.at[after] if after < stop else start
        return end - self.at[after - 1] <= HOLD_S

    def wait_series(self, grid: Grid, until: float, quantile: float) -> list[float | None]:
        """Give the queue wait's quantile in seconds for each column; None where nothing began."""
        marks = [mark for mark in self._marks if mark.at <= until]
        values: list[float | None] = []
        known: dict[tuple[int, int], float | None] = {}
        for start in grid.starts()[:-1]:
            low = bisect_right(marks, start, key=_mark_at) - 1
            high = max(low + 1, bisect_right(marks, start + grid.column_s, key=_mark_at) - 1)
            if low < 0 or high >= len(marks):
                values.append(None)
                continue
            if (low, high) not in known:
                gained = marks[high].queue.unpack().since(marks[low].queue.unpack())
                known[low, high] = gained.quantile(quantile)
            values.append(known[low, high])
        return values
