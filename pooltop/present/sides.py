"""What one window of the past showed of a host, an agent or a workload: one side of a card."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar

from pooltop.core.histogram import Histogram
from pooltop.present.host_moments import Column, HostMoments
from pooltop.present.moments import Moments
from pooltop.present.workload_track import WorkloadColumn

SLICE_S = 3.0
"""Length of the pieces whose differences tell how much the numbers vary by themselves."""
LEVEL_S = 10.0
"""The last part of a window: in it, the level's lowest and highest value are looked for."""
SURE = 2.6
"""Standard errors that bound a quantile on either side: 99 % of the time it is within."""

NameT = TypeVar("NameT", bound=str)


@dataclass(frozen=True, slots=True)
class Spread:
    """A quantile of durations in seconds, and between what it lies for all that is known."""

    value: float
    low: float
    high: float
    """inf where too few were recorded to say."""


@dataclass(frozen=True, slots=True)
class Side:
    """The numbers of one window."""

    span_s: float
    offered: float
    """Requests submitted; arrivals that were due of a workload."""
    completed: float
    failed: float
    errors: float
    """Failed, or answered 5xx; of a workload those that failed."""
    dials: float
    """Sockets opened."""
    dropped: float
    """Arrivals of a workload that were not sent, as too many were under way."""
    level: float
    """At the window's end: requests queued; of a workload those in flight."""
    level_low: float
    level_high: float
    took: Spread | None
    """95 % of the waits in the queue; of a workload of the latencies. None: nothing recorded."""
    slices: tuple[float, ...]
    """Requests completed in each whole SLICE_S."""

    @property
    def ended(self) -> float:
        """Requests that were completed or failed."""
        return self.completed + self.failed

    @property
    def idle(self) -> bool:
        """Whether nothing happened at all."""
        return not (self.offered or self.ended or self.level_high)


def spread_of(durations: Histogram, q: float = 0.95) -> Spread | None:
    """Give a quantile with its bounds; None when nothing was recorded.

    The bounds are those of its rank: of n durations, about n times q lie below it, give or take
    the standard deviation of that number, whatever they are distributed like.
    """
    value = durations.quantile(q)
    if value is None:
        return None
    error = SURE * math.sqrt(q * (1 - q) / durations.count)
    low = durations.quantile(max(0.0, q - error))
    high = durations.quantile(q + error) if q + error < 1 else math.inf
    assert low is not None
    assert high is not None
    return Spread(value, low, high)


@dataclass(frozen=True, slots=True)
class _Names(Generic[NameT]):
    """The columns that a Side's numbers are found in; None for what there is none of."""

    offered: NameT
    completed: NameT
    failed: NameT
    errors: NameT
    level: NameT
    dials: NameT | None = None
    dropped: NameT | None = None


_HOST: _Names[Column] = _Names(
    "submitted", "completed", "failed", "errors", "queued", dials="opened"
)
_WORKLOAD: _Names[WorkloadColumn] = _Names(
    "offered", "completed", "failed", "failed", "in_flight", dropped="dropped"
)


def host_side(
    hosts: Sequence[HostMoments], start: float, end: float, waits: Histogram
) -> Side | None:
    """Give one window of a host, or of several together; None without a moment of it.

    Args:
        hosts: Their moments.
        start: Where it begins; later where the past does.
        end: Where it ends.
        waits: What was recorded within it of the time in the queue.
    """
    return _side(hosts, start, end, waits, _HOST)


def workload_side(
    moments: Moments[WorkloadColumn], start: float, end: float, latency: Histogram
) -> Side | None:
    """Give one window of a workload; ``latency`` is what was recorded within it."""
    return _side([moments], start, end, latency, _WORKLOAD)


def _side(
    pasts: Sequence[Moments[NameT]],
    start: float,
    end: float,
    durations: Histogram,
    names: _Names[NameT],
) -> Side | None:
    known = [past for past in pasts if past.at and past.at[0] <= end]
    if not known:
        return None
    start = max(start, min(past.at[0] for past in known))
    ends = max(past.at[past.index_at(end)] for past in known)
    span = ends - start
    if span <= 0:
        return None

    def gained(name: NameT | None, low: float = start, high: float = ends) -> float:
        if name is None:
            return 0.0
        return sum(past.gained(name, past.index_at(low), past.index_at(high)) for past in known)

    def level_at(at: float) -> float:
        return sum(past.value(names.level, past.index_at(at)) for past in known)

    levels = [level_at(at) for at in _seconds(max(start, ends - LEVEL_S), ends)]
    pieces = int(span / SLICE_S)
    bounds = [ends - SLICE_S * place for place in range(pieces, -1, -1)]
    return Side(
        span_s=span,
        offered=gained(names.offered),
        completed=gained(names.completed),
        failed=gained(names.failed),
        errors=gained(names.errors),
        dials=gained(names.dials),
        dropped=gained(names.dropped),
        level=levels[-1],
        level_low=min(levels),
        level_high=max(levels),
        took=spread_of(durations),
        slices=tuple(gained(names.completed, low, high) for low, high in pairwise(bounds)),
    )


def _seconds(start: float, end: float) -> Iterable[float]:
    """Give an instant a second, the last one being ``end``."""
    return [end - second for second in range(int(end - start), -1, -1)]
