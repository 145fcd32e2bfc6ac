"""The numbers that a threshold can be set on: their names, what can be made of them, their units.

Everything is of the time since the threshold's ``after``. What several hosts, workloads or request
classes have is put together before a quantile is taken of it, never after.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from pooltop.core.class_snapshot import PHASES

Unit = Literal["s", "share", "count", "/s"]
Scope = Literal["class", "workload", "pool"]
"""Of what it is: of a request class, of a workload as a whole, of an agent's pool for a host."""
Sort = Literal["durations", "events", "share", "rate", "level", "age"]
"""How it is made: of a histogram, of counts that only grow, or by looking at what is there."""


class Metric(NamedTuple):
    """One number, or many of which a quantile can be taken."""

    name: str
    scope: Scope
    sort: Sort
    meaning: str
    """What is counted, as a phrase."""

    @property
    def aggregates(self) -> dict[str, Unit]:
        """What can be made of it, with the unit that has; "p" stands for every quantile."""
        return _AGGREGATES[self.sort]


_AGGREGATES: dict[Sort, dict[str, Unit]] = {
    "durations": {"p": "s", "mean": "s", "max": "s", "count": "count"},
    "events": {"share": "share", "count": "count"},
    "share": {"share": "share"},
    "rate": {"rate": "/s"},
    "level": {"max": "count", "mean": "count"},
    "age": {"max": "s", "mean": "s"},
}
"""The first is taken where a threshold names none, if there is one that can be meant."""

_PHASE_MEANINGS = {
    "earlier": "in requests before the last, of what was redirected or sent again",
    "queue": "in the queue, 0 for one that did not queue",
    "dns": "in the look-up, of a first request on a socket",
    "tcp": "in connecting, likewise",
    "tunnel": "until a proxy had made its tunnel, likewise",
    "tls": "in the TLS handshake, likewise",
    "send": "from having a socket to the kernel's having all of the request",
    "wait": "from the request being sent to the response's first byte",
    "receive": "from the response's first byte to its last",
}

_ALL: tuple[Metric, ...] = (
    Metric(
        "request.duration",
        "class",
        "durations",
        "of completed requests, from the intended start to the last byte",
    ),
    *(
        Metric(f"request.{phase}", "class", "durations", f"of it, {_PHASE_MEANINGS[phase]}")
        for phase in PHASES
    ),
    Metric(
        "request.errors",
        "class",
        "events",
        "requests that failed (not those given up by a stop or an operator), or were not answered "
        "as their class expects, where it expects no status 5xx; the share is of all that ended",
    ),
    Metric("request.rate", "class", "rate", "responses received whole, a second"),
    Metric(
        "request.dropped",
        "workload",
        "events",
        "arrivals not sent because max_in_flight was reached; the share is of all that were due",
    ),
    Metric(
        "request.late",
        "workload",
        "events",
        "arrivals handed over more than 10 ms after their time; the share is of all that were due",
    ),
    Metric("load.start_error", "workload", "durations", "how late open arrivals were started"),
    Metric(
        "pool.queue.wait",
        "pool",
        "durations",
        "until a request was given a socket, 0 for one that did not queue",
    ),
    Metric("pool.queue.depth", "pool", "level", "requests in the queue, of all hosts together"),
    Metric("pool.queue.oldest", "pool", "age", "how long the oldest in a queue has been there"),
    Metric("pool.connect", "pool", "durations", "of a connection: dns, tcp and tls together"),
    Metric("pool.sockets", "pool", "level", "sockets in use and idle, of all hosts together"),
    Metric("pool.sockets.in_use", "pool", "level", "of these, those that maxSockets counts"),
    Metric("pool.sockets.free", "pool", "level", "of these, idle ones"),
    Metric("pool.reuse", "pool", "share", "requests given a socket that had carried one before"),
    Metric("pool.opened", "pool", "events", "sockets opened; the share is of requests served"),
    Metric(
        "pool.stale",
        "pool",
        "events",
        "kept-alive sockets closed by the peer as they were reused; the share is of requests "
        "served",
    ),
    Metric(
        "pool.streams.open",
        "pool",
        "level",
        "open streams of HTTP/2 sessions, of all hosts together",
    ),
    Metric(
        "pool.streams.cap",
        "pool",
        "level",
        "how many of them there may be, by the word of both sides of each session",
    ),
    Metric(
        "pool.goaways",
        "pool",
        "events",
        "HTTP/2 sessions whose server said GOAWAY; the share is of requests served",
    ),
)

METRICS = {metric.name: metric for metric in _ALL}
"""By name."""
