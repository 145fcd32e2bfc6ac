"""What a host is sent and how it answers, as measured: what its pool is simulated with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from pooltop.advise.samples import Samples
from pooltop.core.capacity import in_use, options_of
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.states import CloseReason

LEAST_SAMPLES = 50
"""Completed requests below which nothing is predicted."""
_SURE = 3.0
"""Standard deviations that a measured rate may be off and still be the one asked for."""
_SETTLED = 0.97
"""Of the arrivals: what workloads send less than this, somebody else sent."""
_CLOSING = (
    CloseReason.CONNECTION_CLOSE,
    CloseReason.HTTP_1_0,
    CloseReason.EOF_FRAMED,
    CloseReason.UNTRUSTED_FRAMING,
    CloseReason.SURPLUS,
)


@dataclass(frozen=True, slots=True)
class Stream:
    """Arrivals that wait for nobody."""

    rate: float
    """Per second."""
    is_constant: bool
    """Evenly spaced; else their gaps are exponential."""
    most: float = math.inf
    """Of them under way at once; who comes then is not sent."""
    under_way: int = 0
    """Now."""


@dataclass(frozen=True, slots=True)
class Users:
    """Users who wait for their answer, think, and ask again."""

    number: int
    think_s: tuple[float, float]
    """The least and the most, evenly spread between."""
    under_way: int = 0
    """Of them, those that wait for an answer now."""


@dataclass(frozen=True, slots=True)
class Begin:
    """How full the pool is at the instant that is simulated from."""

    in_use: int = 0
    free: int = 0
    queued: int = 0
    oldest_s: float = 0.0
    """How long the oldest queued request has waited."""


@dataclass(frozen=True, slots=True)
class Traffic:
    """All that a host's pool is simulated with."""

    options: AgentOptions
    """Those in force for the host; of ``max_total_sockets`` what other hosts leave of it."""
    streams: tuple[Stream, ...]
    users: tuple[Users, ...]
    lease: Samples
    """How long requests have a connected socket."""
    connect: Samples
    closes: float
    """The share of responses after which the connection is not kept."""
    queue_limit_s: float
    """Who waits longer in the queue fails; inf where nobody does."""
    begin: Begin
    samples: int
    """Completed requests that it was measured of."""
    span_s: float
    """Seconds that it was measured for."""

    @property
    def rate(self) -> float:
        """Arrivals per second, of users as many as they would make if none had to wait."""
        rate = sum(stream.rate for stream in self.streams)
        for users in self.users:
            turn = self.lease.mean_s + sum(users.think_s) / 2
            rate += users.number / turn if turn > 0 else 0.0
        return rate

    @property
    def load(self) -> float:
        """Sockets that are in use on average if none has to wait: a = λS."""
        return self.rate * self.lease.mean_s


class Unpredictable(ValueError):
    """Why nothing can be predicted of a host, in words."""


def find(snapshot: Snapshot, agent: str, key: OriginKey) -> tuple[AgentSnapshot, OriginSnapshot]:
    """Give an agent and its host.

    Raises:
        Unpredictable: it is not there.
    """
    for each in snapshot.agents:
        if each.name == agent:
            for origin in each.origins:
                if origin.key == key:
                    return each, origin
    raise Unpredictable("there is no such host at this instant")


@dataclass(frozen=True, slots=True)
class Past:
    """What a host did between two instants with no edit between them."""

    span_s: float
    submitted: int
    completed: int
    lease: Histogram
    """How long completed requests had a connected socket."""
    connect: Histogram
    closed: Mapping[str, int]
    """CloseReason to count."""
    workloads: Mapping[str, WorkloadSnapshot]
    """By name, as they were at the earlier instant."""


def past_of(before: Snapshot, now: Snapshot, agent: str, key: OriginKey) -> Past:
    """Give what a host did between two instants.

    Raises:
        Unpredictable: it was not there at one of them.
    """
    _, origin = find(now, agent, key)
    _, earlier = find(before, agent, key)
    counters, old = origin.counters, earlier.counters
    return Past(
        span_s=now.at - before.at,
        submitted=counters.submitted - old.submitted,
        completed=counters.completed - old.completed,
        lease=origin.latency.lease.since(earlier.latency.lease),
        connect=origin.latency.connect.since(earlier.latency.connect),
        closed={why: n - old.closed.get(why, 0) for why, n in counters.closed.items()},
        workloads={each.name: each for each in before.workloads},
    )


def traffic_of(now: Snapshot, agent: str, key: OriginKey, past: Past) -> Traffic:
    """Give what a host is sent, and how full its pool is.

    Args:
        now: the instant that is predicted from.
        agent: the agent's name.
        key: the host's.
        past: what it did until now.

    Raises:
        Unpredictable: too little is known, or it is no pool of an http.Agent.
    """
    owner, origin = find(now, agent, key)
    if owner.dispatcher is not None:
        raise Unpredictable(f"only pools of http.Agent are simulated, and this is {owner.kind}")
    if owner.options.per_request:
        raise Unpredictable("an agent for every request has no queue")
    lease = past.lease
    if past.span_s <= 0 or lease.count < LEAST_SAMPLES:
        raise Unpredictable(f"{lease.count} answers so far, {LEAST_SAMPLES} are needed")
    closed = sum(past.closed.get(reason, 0) for reason in _CLOSING)
    workloads = [(each, past.workloads.get(each.name)) for each in _of(now, owner, origin)]
    streams, users = _loads(workloads, past.submitted / past.span_s, past.span_s)
    timeouts = origin.timeouts or owner.timeouts
    queue_s = timeouts.queue if timeouts.mode == "fail" else None
    return Traffic(
        options=_options(owner, origin),
        streams=streams,
        users=users,
        lease=Samples(lease),
        connect=Samples(past.connect if past.connect.count else origin.latency.connect),
        closes=min(1.0, closed / past.completed) if past.completed else 0.0,
        queue_limit_s=math.inf if queue_s is None else queue_s,
        begin=Begin(
            in_use=in_use(origin),
            free=len(origin.free_sockets),
            queued=origin.queued,
            oldest_s=0.0 if origin.oldest_queued_at is None else now.at - origin.oldest_queued_at,
        ),
        samples=lease.count,
        span_s=past.span_s,
    )


def _options(agent: AgentSnapshot, origin: OriginSnapshot) -> AgentOptions:
    options = options_of(agent, origin)
    others = agent.total_socket_count - in_use(origin) - len(origin.free_sockets)
    most = max(1, options.max_total_sockets - max(0, others))
    return msgspec.structs.replace(options, max_total_sockets=most)


def _of(snapshot: Snapshot, agent: AgentSnapshot, origin: OriginSnapshot) -> list[WorkloadSnapshot]:
    label = f"{origin.authority} ({origin.apart})" if origin.apart else origin.authority
    return [
        each for each in snapshot.workloads if each.agent == agent.name and each.target == label
    ]


def _loads(
    workloads: Sequence[tuple[WorkloadSnapshot, WorkloadSnapshot | None]],
    arrivals_per_s: float,
    span_s: float,
) -> tuple[tuple[Stream, ...], tuple[Users, ...]]:
    """Give the load: the workloads that run, and what comes besides them, as if at random."""
    streams, users = [], []
    known = 0.0
    for now, before in workloads:
        since = before or WorkloadSnapshot(name="", agent="", target="", state="", pattern="")
        known += (now.sent - since.sent) / span_s
        if now.state != "running":
            continue
        if now.model == "closed":
            users.append(Users(now.users or 0, now.think_s, now.in_flight))
            continue
        rate = now.rate or 0.0
        due = (now.offered - since.offered - now.held + since.held) / span_s
        if _is_less(due, rate, span_s):
            rate = due  # held back by a breaker
        most = math.inf if now.max_in_flight is None else now.max_in_flight
        streams.append(Stream(rate, now.arrival == "constant", most, now.in_flight))
    if known < _SETTLED * arrivals_per_s:
        streams.append(Stream(arrivals_per_s - known, is_constant=False))
    return tuple(stream for stream in streams if stream.rate > 0), tuple(users)


def _is_less(measured: float, asked: float, span_s: float) -> bool:
    return measured + _SURE * math.sqrt(measured / span_s) + 1 / span_s < asked
