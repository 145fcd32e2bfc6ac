"""From a snapshot to points: each an instrument's value, and what it is the value of.

Rules of this file: text is cleaned here and cut; what would then look the same is added up, so no
point is there twice; and there are never more hosts than MOST_HOSTS, the others together are one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from pooltop.core.capacity import options_of
from pooltop.core.causes import Cause, totals_by_cause
from pooltop.core.class_snapshot import PHASES, ClassSnapshot, PhaseDurations
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginSnapshot,
    ProcessFacts,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.thresholds import ThresholdState
from pooltop.exports import instruments as of
from pooltop.exports.instruments import Attribute, Instrument
from pooltop.present.clean import clean
from pooltop.present.session_strip import sessions_of
from pooltop.present.thresholds import name_of
from pooltop.present.undici_stats import STATS, streams_of, taking
from pooltop.present.undici_stats import value_of as stat_of

MOST_HOSTS = 200
"""Of one agent, each with points of its own."""
LONGEST = 128
"""Characters of an attribute."""
OTHERS = "(others)"
"""Stands for the address of the hosts beyond MOST_HOSTS."""

Attributes = tuple[tuple[Attribute, str | int], ...]
Value = float | Histogram
Points = dict[Instrument, dict[Attributes, Value]]
"""By instrument, and by what tells its points apart."""


def points_of(snapshot: Snapshot, version: str) -> Points:
    """Give every point of a picture, instruments without a point left out.

    Args:
        snapshot: what is measured.
        version: of pooltop.
    """
    points: Points = {}
    for instrument, attributes, value in _all(snapshot, version):
        told = tuple((name, _shown(said)) for name, said in attributes.items() if said != "")
        there = points.setdefault(instrument, {})
        there[told] = value if told not in there else _together(instrument, there[told], value)
    return points


T = TypeVar("T")
Told = Mapping[Attribute, str | int]
_Point = tuple[Instrument, Told, Value]
_One = Mapping[Instrument, Callable[[T], Value | None]]
"""What an instrument has of something; None for no point."""
_Several = Mapping[Instrument, tuple[Attribute, Callable[[T], Iterable[tuple[str | int, Value]]]]]
"""What an instrument has of something by an attribute of its own."""


def _all(snapshot: Snapshot, version: str) -> Iterator[_Point]:
    for agent in snapshot.agents:
        own: Told = {Attribute.AGENT: agent.name}
        yield from _points(_OF_AGENT, {}, agent, own)
        for number, origin in enumerate(agent.origins):
            where = _where(origin) if number < MOST_HOSTS else {Attribute.ADDRESS: OTHERS}
            yield from _host(agent, origin, {**own, **where}, snapshot.at)
    for workload in snapshot.workloads:
        yield from _workload(workload)
    for threshold in snapshot.thresholds:
        yield from _points(_OF_THRESHOLD, {}, threshold, {Attribute.THRESHOLD: name_of(threshold)})
    yield from _points(_OF_PROCESS, {}, snapshot.process, {})
    about = {
        Attribute.VERSION: version,
        Attribute.PROFILE: snapshot.profile,
        Attribute.ENVIRONMENT: snapshot.environment or "",
    }
    yield of.INFO, about, 1


def _points(one: _One[T], several: _Several[T], whole: T, where: Told) -> Iterator[_Point]:
    """Give all points of something, each with where it is of."""
    for instrument, value_of in one.items():
        value = value_of(whole)
        if value is not None:
            yield instrument, where, value
    for instrument, (attribute, values_of) in several.items():
        for name, value in values_of(whole):
            yield instrument, {**where, attribute: name}, value


def _where(origin: OriginSnapshot) -> Told:
    return {
        Attribute.ADDRESS: origin.host,
        Attribute.PORT: origin.port,
        Attribute.SCHEME: origin.scheme,
        Attribute.APART: origin.apart,
    }


def _host(agent: AgentSnapshot, origin: OriginSnapshot, where: Told, at: float) -> Iterator[_Point]:
    yield from _points(_OF_HOST, _OF_HOST_BY, origin, where)
    options, oldest = options_of(agent, origin), origin.oldest_queued_at
    yield of.MAX, where, options.max_sockets
    yield of.IDLE_MAX, where, options.max_free_sockets
    yield of.OLDEST, where, 0.0 if oldest is None else max(0.0, at - oldest)
    failed = totals_by_cause(origin.counters.failed)
    yield of.TIMEOUTS, where, failed.get(Cause.QUEUE_TIMEOUT, 0)
    yield from _errors(of.ERRORS, failed, where)
    if agent.dispatcher is not None:
        yield from _points(_OF_DISPATCHER, _OF_DISPATCHER_BY, origin, where)


def _workload(workload: WorkloadSnapshot) -> Iterator[_Point]:
    own: Told = {Attribute.WORKLOAD: workload.name}
    yield from _points(_OF_WORKLOAD, {}, workload, own)
    for each in workload.classes:
        where = {**own, Attribute.CLASS: each.name}
        yield from _points(_OF_CLASS, _OF_CLASS_BY, each, where)
        yield from _errors(of.CLASS_ERRORS, each.errors_by_cause, where)


def _errors(instrument: Instrument, by_cause: Mapping[Cause, int], where: Told) -> Iterator[_Point]:
    for cause, count in by_cause.items():
        of_cause = {Attribute.ERROR: cause.error_type, Attribute.CAUSE: cause.value}
        yield instrument, {**where, **of_cause}, count


_OF_AGENT: _One[AgentSnapshot] = {
    of.TOTAL_MAX: lambda agent: agent.options.max_total_sockets,
    of.AGENTS: lambda agent: agent.agents_made,
}
_OF_HOST: _One[OriginSnapshot] = {
    of.DURATION: lambda host: host.latency.total,
    of.TIME_IN_QUEUE: lambda host: host.latency.queue,
    of.CONNECT: lambda host: host.latency.connect,
    of.LIFE: lambda host: host.latency.life,
    of.USE: lambda host: host.latency.lease,
    of.WAIT: lambda host: host.latency.wait,
    of.ACTIVE: lambda host: host.under_way,
    of.PENDING: lambda host: host.queued,
    of.SUBMITTED: lambda host: host.counters.submitted,
    of.QUEUED: lambda host: host.counters.queued,
    of.ASSIGNED: lambda host: host.counters.assigned,
    of.REUSED: lambda host: host.counters.reused,
    of.STALE: lambda host: host.counters.stale_reuse,
    of.RETRIED: lambda host: host.counters.retried,
    of.OPENED: lambda host: host.counters.opened,
    of.HANDSHAKES: lambda host: host.counters.handshakes,
    of.RESUMED: lambda host: host.counters.resumed,
}
_OF_HOST_BY: _Several[OriginSnapshot] = {
    of.OPEN: (Attribute.STATE, lambda host: (("active", host.active), ("idle", host.free))),
    of.SOCKETS: (
        Attribute.STATE,
        lambda host: (
            ("connecting", host.connecting),
            ("active", host.active),
            ("free", host.free),
            ("closing", host.closing),
            ("tunnelling", host.tunnelling),
        ),
    ),
    of.BYTES: (
        Attribute.DIRECTION,
        lambda host: (
            ("receive", host.counters.bytes_in),
            ("transmit", host.counters.bytes_out),
        ),
    ),
    of.RESPONSES: (Attribute.STATUS, lambda host: host.counters.statuses.items()),
    of.CLOSED: (Attribute.REASON, lambda host: host.counters.closed.items()),
}


def _stats(host: OriginSnapshot) -> Iterator[tuple[str, float]]:
    numbers = ((name, stat_of(host.stats, name)) for name in STATS)
    return ((name, number) for name, number in numbers if number is not None)


def _streams(host: OriginSnapshot) -> Iterator[tuple[str, float]]:
    load = streams_of(host)
    if load is not None:
        yield "open", load.running
        yield "free", math.inf if load.cap is None else max(0, load.cap - load.running)


_OF_DISPATCHER: _One[OriginSnapshot] = {
    of.CLIENTS: lambda host: len(taking(host)),
    of.SESSIONS: lambda host: len(sessions_of(host)),
    of.GOAWAYS: lambda host: host.counters.goaways,
    of.REFUSED: lambda host: host.counters.refused,
    of.RESETS: lambda host: host.counters.resets,
    of.REQUEUED: lambda host: host.counters.requeued,
}
_OF_DISPATCHER_BY: _Several[OriginSnapshot] = {
    of.STATS: (Attribute.STAT, _stats),
    of.STREAMS: (Attribute.STATE, _streams),
}
_OF_WORKLOAD: _One[WorkloadSnapshot] = {
    of.OFFERED: lambda load: load.offered,
    of.SENT: lambda load: load.sent,
    of.DROPPED: lambda load: load.dropped,
    of.HELD: lambda load: load.held,
    of.PACED: lambda load: load.paced,
    of.LATE: lambda load: load.late,
    of.IN_FLIGHT: lambda load: load.in_flight,
    of.RATE: lambda load: load.rate,
    of.START_ERROR: lambda load: None if load.rate is None else load.lateness,
    of.USERS: lambda load: load.users,
    of.WAITING: lambda load: None if load.users is None else load.waiting,
}
_OF_CLASS: _One[ClassSnapshot] = {
    of.CLASS_DURATION: lambda each: each.phases.total,
    of.REDIRECTS: lambda each: each.redirects,
}
_OF_CLASS_BY: _Several[ClassSnapshot] = {
    of.CLASS_PHASE: (Attribute.PHASE, lambda each: _phases(each.phases)),
}
_OF_THRESHOLD: _One[ThresholdState] = {
    of.FAILS: lambda each: None if each.state == "unknown" else float(each.state == "failed"),
    of.VALUE: lambda each: each.value,
    of.LIMIT: lambda each: each.limit,
}
_OF_PROCESS: _One[ProcessFacts] = {
    of.LAG: lambda process: process.loop_lag_s,
    of.MEMORY: lambda process: process.rss_bytes,
}


def _phases(phases: PhaseDurations) -> Iterator[tuple[str, Histogram]]:
    """Give the phases that some request had: of most classes none has a tunnel, of many no tls."""
    found: dict[str, Histogram] = {name: getattr(phases, name) for name in PHASES}
    return ((name, durations) for name, durations in found.items() if durations.count)


def _shown(said: str | int) -> str | int:
    if isinstance(said, int):
        return said
    text = clean(said)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _together(instrument: Instrument, one: Value, other: Value) -> Value:
    """Give two points in one: ages and verdicts do not add up, all else does."""
    if isinstance(one, Histogram) and isinstance(other, Histogram):
        return one.plus(other)
    assert not isinstance(one, Histogram)
    assert not isinstance(other, Histogram)
    return max(one, other) if instrument.kind == "gauge" else one + other
