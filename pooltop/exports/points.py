"""From a snapshot to points: each an instrument's value, and what it is the value of.

Rules of this file: text is cleaned here and cut; what would then look the same is added up, so no
point is there twice; and there are never more hosts than MOST_HOSTS, the others together are one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pooltop.core.capacity import options_of
from pooltop.core.causes import Cause, by_cause
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.thresholds import ThresholdState
from pooltop.exports import instruments as of
from pooltop.exports.instruments import Attribute, Instrument
from pooltop.present.clean import clean

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


_Point = tuple[Instrument, Mapping[Attribute, str | int], Value]


def _all(snapshot: Snapshot, version: str) -> Iterator[_Point]:
    for agent in snapshot.agents:
        own: dict[Attribute, str | int] = {Attribute.AGENT: agent.name}
        yield of.TOTAL_MAX, own, agent.options.max_total_sockets
        for number, origin in enumerate(agent.origins):
            where = own | (_where(origin) if number < MOST_HOSTS else {Attribute.ADDRESS: OTHERS})
            yield from _host(agent, origin, where, snapshot.at)
    for workload in snapshot.workloads:
        yield from _workload(workload)
    for threshold in snapshot.thresholds:
        yield from _threshold(threshold)
    process = snapshot.process
    yield of.LAG, {}, process.loop_lag_s
    if process.rss_bytes is not None:
        yield of.MEMORY, {}, process.rss_bytes
    about: dict[Attribute, str | int] = {
        Attribute.VERSION: version,
        Attribute.PROFILE: snapshot.profile,
        Attribute.ENVIRONMENT: snapshot.environment or "",
    }
    yield of.INFO, about, 1


def _where(origin: OriginSnapshot) -> dict[Attribute, str | int]:
    return {
        Attribute.ADDRESS: origin.host,
        Attribute.PORT: origin.port,
        Attribute.SCHEME: origin.scheme,
        Attribute.APART: origin.apart,
    }


def _host(
    agent: AgentSnapshot, origin: OriginSnapshot, where: dict[Attribute, str | int], at: float
) -> Iterator[_Point]:
    options, latency, counters = options_of(agent, origin), origin.latency, origin.counters
    yield of.DURATION, where, latency.total
    yield of.TIME_IN_QUEUE, where, latency.queue
    yield of.CONNECT, where, latency.connect
    yield of.WAIT, where, latency.wait
    for state, sockets in (("active", origin.active), ("idle", origin.free)):
        yield of.OPEN, where | {Attribute.STATE: state}, sockets
    states = ("connecting", "active", "free", "closing", "tunnelling")
    for state in states:
        yield of.SOCKETS, where | {Attribute.STATE: state}, getattr(origin, state)
    yield of.ACTIVE, where, origin.under_way
    yield of.MAX, where, options.max_sockets
    yield of.IDLE_MAX, where, options.max_free_sockets
    yield of.PENDING, where, origin.queued
    oldest = origin.oldest_queued_at
    yield of.OLDEST, where, 0.0 if oldest is None else max(0.0, at - oldest)
    for instrument, count in (
        (of.SUBMITTED, counters.submitted),
        (of.QUEUED, counters.queued),
        (of.ASSIGNED, counters.assigned),
        (of.REUSED, counters.reused),
        (of.STALE, counters.stale_reuse),
        (of.RETRIED, counters.retried),
        (of.OPENED, counters.opened),
        (of.HANDSHAKES, counters.handshakes),
        (of.RESUMED, counters.resumed),
    ):
        yield instrument, where, count
    yield of.BYTES, where | {Attribute.DIRECTION: "receive"}, counters.bytes_in
    yield of.BYTES, where | {Attribute.DIRECTION: "transmit"}, counters.bytes_out
    for status, count in counters.statuses.items():
        yield of.RESPONSES, where | {Attribute.STATUS: status}, count
    for reason, count in counters.closed.items():
        yield of.CLOSED, where | {Attribute.REASON: reason}, count
    failed = {cause: sum(each.values()) for cause, each in by_cause(counters.failed).items()}
    yield of.TIMEOUTS, where, failed.get(Cause.QUEUE_TIMEOUT, 0)
    for cause, count in failed.items():
        yield of.ERRORS, where | _of_cause(cause), count


def _workload(workload: WorkloadSnapshot) -> Iterator[_Point]:
    own: dict[Attribute, str | int] = {Attribute.WORKLOAD: workload.name}
    for instrument, count in (
        (of.OFFERED, workload.offered),
        (of.SENT, workload.sent),
        (of.DROPPED, workload.dropped),
        (of.LATE, workload.late),
        (of.IN_FLIGHT, workload.in_flight),
    ):
        yield instrument, own, count
    if workload.rate is not None:
        yield of.RATE, own, workload.rate
        yield of.START_ERROR, own, workload.lateness
    if workload.users is not None:
        yield of.USERS, own, workload.users
    for each in workload.classes:
        yield from _class(each, own | {Attribute.CLASS: each.name})


def _class(each: ClassSnapshot, own: dict[Attribute, str | int]) -> Iterator[_Point]:
    yield of.CLASS_DURATION, own, each.phases.total
    for cause, outcomes in by_cause(each.failed).items():
        yield of.CLASS_ERRORS, own | _of_cause(cause), sum(outcomes.values())
    if each.unexpected:
        yield of.CLASS_ERRORS, own | _of_cause(Cause.UNEXPECTED), sum(each.unexpected.values())


def _of_cause(cause: Cause) -> dict[Attribute, str | int]:
    return {Attribute.ERROR: cause.error_type, Attribute.CAUSE: cause.value}


def _threshold(state: ThresholdState) -> Iterator[_Point]:
    narrowed = state.where.text
    text = f"{state.text} ({narrowed})" if narrowed else state.text
    own = {Attribute.THRESHOLD: text}
    if state.state != "unknown":
        yield of.FAILS, own, float(state.state == "failed")
    if state.value is not None:
        yield of.VALUE, own, state.value
    yield of.LIMIT, own, state.limit


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
