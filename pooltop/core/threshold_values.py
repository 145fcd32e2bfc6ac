"""What a threshold is compared with: a number made of two pictures, at ``after`` and now.

Histograms are subtracted and put together before a quantile is taken. A level, which no counter
keeps, is looked at again and again by whoever has the pool, and weighed here by how long it lasted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import NamedTuple, TypeVar

from pooltop.core.causes import Cause, cause_of
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.histogram import Histogram
from pooltop.core.metrics import METRICS
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import OriginCounters, OriginLatency, WorkloadSnapshot
from pooltop.core.thresholds import Expectation, Where

LEAST_S = 1.0
"""A rate is none before so long was counted."""
T = TypeVar("T")
PoolId = tuple[str, OriginKey]
"""Agent and origin."""


class PoolTotals(NamedTuple):
    """What one agent's pool for one host has counted so far."""

    host: str
    port: int
    counters: OriginCounters
    latency: OriginLatency


class WorkloadTotals(NamedTuple):
    """What one workload has counted so far."""

    host: str
    port: int
    snapshot: WorkloadSnapshot
    judging: frozenset[str] = frozenset()
    """The request classes that say themselves which statuses are no error."""


class Totals(NamedTuple):
    """Everything that was counted up to an instant."""

    at: float
    """Monotonic seconds."""
    workloads: Mapping[str, WorkloadTotals] = {}
    """By name."""
    pools: Mapping[PoolId, PoolTotals] = {}


class Level:
    """A number that comes and goes: its greatest, and its mean over the time it was looked at."""

    __slots__ = ("_at", "_began", "_last", "_sum", "most")

    def __init__(self) -> None:
        """Begin before the first look."""
        self._began = self._at = self._last = self._sum = 0.0
        self.most: float | None = None
        """The greatest that was seen; None before the first look."""

    def note(self, at: float, value: float) -> None:
        """Take what is there now; until now it was what was there at the look before."""
        if self.most is None:
            self._began = at
            self.most = value
        else:
            self._sum += self._last * (at - self._at)
            self.most = max(self.most, value)
        self._at, self._last = at, value

    @property
    def mean(self) -> float | None:
        """The mean up to the last look; None before the first."""
        if self.most is None:
            return None
        lasted = self._at - self._began
        return self._sum / lasted if lasted > 0 else self._last


def value_of(
    expect: Expectation, where: Where, *, now: Totals, before: Totals, level: Level | None = None
) -> float | None:
    """Give the number that is to keep to a limit; None where there is nothing to make it of.

    Args:
        expect: which number.
        where: of what.
        now: everything up to this instant.
        before: everything up to the instant from which on it counts.
        level: of a level, what was seen of it since then.
    """
    metric = METRICS[expect.metric]
    match metric.sort:
        case "durations":
            return _of_durations(expect, _durations(expect.metric, where, now, before))
        case "level" | "age":
            if level is None:
                return None
            return level.most if expect.aggregate == "max" else level.mean
        case "rate":
            elapsed = now.at - before.at
            completed = _gain(_classes(where, now, before), lambda each: each.completed)
            return completed / elapsed if elapsed >= LEAST_S else None
        case "events" | "share":
            events, of = _events(expect.metric, where, now, before)
            if expect.aggregate == "count":
                return float(events) if now.at > before.at else None
            return events / of if of > 0 else None


def errors_of(each: ClassSnapshot, *, judges: bool = False) -> int:
    """Count a class's requests that were no success; those that a stop ended are not among them.

    Args:
        each: the class.
        judges: it says itself which statuses are no error; where none does, 5xx are errors.
    """
    failed = sum(n for outcome, n in each.failed.items() if cause_of(outcome) is not Cause.STOPPED)
    answered = sum(n for status, n in each.statuses.items() if status >= 500 and not judges)
    return failed + min(each.completed, answered + sum(each.unexpected.values()))


def ended_of(each: ClassSnapshot) -> int:
    """Count a class's requests that are over; those that a stop ended are not among them."""
    failed = sum(n for outcome, n in each.failed.items() if cause_of(outcome) is not Cause.STOPPED)
    return each.completed + failed


def _of_durations(expect: Expectation, durations: Histogram) -> float | None:
    if expect.aggregate == "count":
        return float(durations.count)
    if not durations.count:
        return None
    if expect.aggregate == "mean":
        return durations.sum_s / durations.count
    return durations.quantile(1.0 if expect.quantile is None else expect.quantile)


def _durations(name: str, where: Where, now: Totals, before: Totals) -> Histogram:
    parts: list[Histogram] = []
    if name == "load.start_error":
        for load, load_before in _workloads(where, now, before):
            old = Histogram() if load_before is None else load_before.lateness
            parts.append(load.lateness.since(old))
    elif name in _POOL_TIMES:
        of_pool = _POOL_TIMES[name]
        for pool, pool_before in _pools(where, now, before):
            old = Histogram() if pool_before is None else of_pool(pool_before.latency)
            parts.append(of_pool(pool.latency).since(old))
    else:
        phase = name.removeprefix("request.").replace("duration", "total")
        for each, class_before in _classes(where, now, before):
            old = Histogram() if class_before is None else getattr(class_before.phases, phase)
            parts.append(getattr(each.phases, phase).since(old))
    return Histogram.total(parts)


def _events(name: str, where: Where, now: Totals, before: Totals) -> tuple[int, int]:
    """Give how many there were, and of how many."""
    if name == "request.errors":
        errors = ended = 0
        for load, load_before in _workloads(where, now, before):
            judging = now.workloads[load.name].judging
            for each, class_before in _classes_of(load, load_before, where):
                count = partial(errors_of, judges=each.name in judging)
                errors += _gain([(each, class_before)], count)
                ended += _gain([(each, class_before)], ended_of)
        return errors, ended
    if name in _LOAD_EVENTS:
        loads = list(_workloads(where, now, before))
        return _gain(loads, _LOAD_EVENTS[name]), _gain(loads, lambda load: load.offered)
    counters = [
        (pool.counters, None if earlier is None else earlier.counters)
        for pool, earlier in _pools(where, now, before)
    ]
    return _gain(counters, _POOL_EVENTS[name]), _gain(counters, lambda each: each.assigned)


_POOL_TIMES: dict[str, Callable[[OriginLatency], Histogram]] = {
    "pool.queue.wait": lambda latency: latency.queue,
    "pool.connect": lambda latency: latency.connect,
}
_LOAD_EVENTS: dict[str, Callable[[WorkloadSnapshot], int]] = {
    "request.dropped": lambda load: load.dropped,
    "request.late": lambda load: load.late,
}
_POOL_EVENTS: dict[str, Callable[[OriginCounters], int]] = {
    "pool.reuse": lambda counters: counters.reused,
    "pool.opened": lambda counters: counters.opened,
    "pool.stale": lambda counters: counters.stale_reuse,
    "pool.goaways": lambda counters: counters.goaways,
}


def _gain(pairs: Iterable[tuple[T, T | None]], count: Callable[[T], int]) -> int:
    """Give by how much a count has grown, in all of these together."""
    return sum(count(new) - (0 if old is None else count(old)) for new, old in pairs)


def _workloads(
    where: Where, now: Totals, before: Totals
) -> Iterator[tuple[WorkloadSnapshot, WorkloadSnapshot | None]]:
    for name, totals in now.workloads.items():
        if (
            where.workload in (None, name)
            and where.agent in (None, totals.snapshot.agent)
            and where.takes_host(totals.host, totals.port)
        ):
            earlier = before.workloads.get(name)
            yield totals.snapshot, None if earlier is None else earlier.snapshot


def _classes(
    where: Where, now: Totals, before: Totals
) -> Iterator[tuple[ClassSnapshot, ClassSnapshot | None]]:
    for workload, earlier in _workloads(where, now, before):
        yield from _classes_of(workload, earlier, where)


def _classes_of(
    workload: WorkloadSnapshot, earlier: WorkloadSnapshot | None, where: Where
) -> Iterator[tuple[ClassSnapshot, ClassSnapshot | None]]:
    old = {} if earlier is None else {each.name: each for each in earlier.classes}
    for each in workload.classes:
        if where.request in (None, each.name):
            yield each, old.get(each.name)


def _pools(
    where: Where, now: Totals, before: Totals
) -> Iterator[tuple[PoolTotals, PoolTotals | None]]:
    for place, totals in now.pools.items():
        if where.agent in (None, place[0]) and where.takes_host(totals.host, totals.port):
            earlier = before.pools.get(place)
            if earlier is not None and earlier.counters.submitted > totals.counters.submitted:
                earlier = None  # the agent forgot the host in between: it began at nothing
            yield totals, earlier
