"""A host over the time of a whole run, in at most MOST columns however long that is.

A column keeps the least and the most of what was looked at in it, and all durations that were
recorded in it; when there are too many, each two become one, so nothing that stood out is lost and
no quantile is made of others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pooltop.core.capacity import in_use, limit_of
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.present.undici_stats import streams_of

MOST = 320
"""Columns: about as many as a plot has pixels."""
FINEST_S = 1.0
"""Seconds of a column, until there are too many."""


@dataclass(slots=True)
class Span:
    """The least and the most of something."""

    low: float
    high: float

    def take(self, low: float, high: float) -> None:
        """Make it reach to these."""
        self.low, self.high = min(self.low, low), max(self.high, high)


@dataclass(slots=True)
class Cell:
    """One column."""

    at: float
    """When it was first looked at in it, in seconds since the run began."""
    after_gap: bool
    """Nothing is known of the time before it."""
    used: Span
    free: Span
    queued: Span
    limit: Span
    """inf is no limit."""
    waits: Histogram = field(default_factory=Histogram)
    """Of the queue, as far as they were recorded in it."""
    took: Histogram = field(default_factory=Histogram)
    """Likewise from the intended start to the last byte."""
    streams: Span | None = None
    """Open streams of all HTTP/2 sessions; None where there was no session."""
    cap: Span | None = None
    """How many there could be; inf is no limit."""

    def absorb(self, later: Cell) -> None:
        """Take in the one after it."""
        for name in ("used", "free", "queued", "limit", "streams", "cap"):
            own: Span | None = getattr(self, name)
            other: Span | None = getattr(later, name)
            if own is None:
                setattr(self, name, other)
            elif other is not None:
                own.take(other.low, other.high)
        self.waits = self.waits.plus(later.waits)
        self.took = self.took.plus(later.took)


class HostSeries:
    """One host's columns."""

    def __init__(self) -> None:
        """Begin without one."""
        self.cells: dict[int, Cell] = {}
        """By the column's number."""
        self._open = -1
        self._base = self._seen = (Histogram(), Histogram())

    def add(
        self, number: int, at: float, agent: AgentSnapshot, host: OriginSnapshot, *, gap: bool
    ) -> None:
        """Take in a moment.

        Args:
            number: of the column that it belongs to; never less than the one before.
            at: in seconds since the run began.
            agent: whose.
            host: as it is at that moment.
            gap: whether nothing is known of the time before.
        """
        if number != self._open:
            self.close()
            self._open = number
        used, free, queued = in_use(host), host.free, host.queued
        limit = limit_of(agent, host)
        cell = Cell(
            at, gap, Span(used, used), Span(free, free), Span(queued, queued), Span(limit, limit)
        )
        load = streams_of(host) if agent.dispatcher is not None else None
        if load is not None:
            most = math.inf if load.cap is None else load.cap
            cell.streams, cell.cap = Span(load.running, load.running), Span(most, most)
        there = self.cells.get(number)
        if there is None:
            self.cells[number] = cell
        else:
            there.absorb(cell)
        self._seen = (host.latency.queue, host.latency.total)

    def close(self) -> None:
        """Put what was recorded since the last column's end into the open one."""
        cell = self.cells.get(self._open)
        if cell is None:
            return
        (waits, took), (waits_before, took_before) = self._seen, self._base
        cell.waits = cell.waits.plus(waits.since(waits_before))
        cell.took = cell.took.plus(took.since(took_before))
        self._base = self._seen

    def halve(self) -> None:
        """Make one column of each two."""
        self.close()
        halved: dict[int, Cell] = {}
        for number, cell in self.cells.items():
            there = halved.setdefault(number // 2, cell)
            if there is not cell:
                there.absorb(cell)
        self.cells, self._open = halved, self._open // 2
