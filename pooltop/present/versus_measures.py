"""The numbers by which two sides are compared: of each what it is, and where it comes from.

All of them are since the start, and of one Snapshot: what the server counted too can be held
against them, and a frozen screen, a recording and a run without a screen say the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from pooltop.core.histogram import SMALLEST_S, Histogram
from pooltop.core.snapshot import OriginSnapshot, TCPInfo
from pooltop.present import units
from pooltop.present.versus import Letter, Pair, Side

Unit = Literal["count", "ratio", "s", "share", "B"]
"""What a number is: how many, so many to one, seconds, a share of 1, bytes."""


_NOTHING_S = 2 * SMALLEST_S
_OF_A_PEER = ("time_wait", "time_wait_peer")
"""Rows that are counted by where connections lead, and not by whose they were."""


@dataclass(frozen=True, slots=True)
class Measure:
    """A number that either side has."""

    id: str
    name: str
    unit: Unit
    of: Callable[[Side], float | None]
    """Finds it; None where there is none."""
    definition: str
    """What it is, and where it comes from: a sentence."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One number of both sides: a row of the card."""

    id: str
    name: str
    unit: Unit
    a: float | None
    """None where there is none; likewise ``b``."""
    b: float | None
    definition: str
    """What it is, and where it comes from: a sentence."""

    @property
    def times(self) -> float | None:
        """How many times as much ``b`` is as ``a``; None where one is not there, or ``a`` is 0."""
        least = _NOTHING_S if self.unit == "s" else 0.0
        if self.a is None or self.b is None or self.a <= least:
            return None
        return self.b / self.a

    def written(self, letter: Letter) -> str:
        """Give a side's number as it is shown."""
        return written(self.a if letter == "A" else self.b, self.unit)


def measured(pair: Pair) -> list[Measured]:
    """Give the card's rows, those that either side has a number for, the most telling first.

    Of connections to a server that both go to the kernel does not tell whose they were.
    """
    a, b = ({each.authority for each in side.origins} for side in (pair.a, pair.b))
    left_out = _OF_A_PEER if a & b else ()
    rows = [
        Measured(one.id, one.name, one.unit, one.of(pair.a), one.of(pair.b), one.definition)
        for one in MEASURES
        if one.id not in left_out
    ]
    return [row for row in rows if row.a is not None or row.b is not None]


def written(value: float | None, unit: Unit) -> str:
    """Give a number of the card with its unit; ``-`` for none."""
    if value is None:
        return units.NONE
    match unit:
        case "s":
            # What a histogram has of nothing is its smallest bucket.
            return units.round_trip(value) if value > _NOTHING_S else "0"
        case "share":
            return units.share(value)
        case "ratio":
            return f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"
        case "B":
            return f"{units.count(value)}B"
        case _:
            return f"{value:,.0f}" if value < 1e7 else units.count(value)


def times_words(row: Measured) -> str:
    """Say how the sides differ: ``x612``, ``x0.04``; empty where there is nothing to say."""
    if row.times is None:
        return ""
    if row.a == row.b:
        return "="
    return f"x{row.times:,.0f}" if row.times >= 99.5 else f"x{row.times:.3g}"


def _sum(of: Callable[[OriginSnapshot], float]) -> Callable[[Side], float | None]:
    return lambda side: sum(of(each) for each in side.origins) if side.origins else None


def _by(
    above: Callable[[OriginSnapshot], float], below: Callable[[OriginSnapshot], float]
) -> Callable[[Side], float | None]:
    def of(side: Side) -> float | None:
        divisor = sum(below(each) for each in side.origins)
        return sum(above(each) for each in side.origins) / divisor if divisor else None

    return of


def _if_secure(of: Callable[[OriginSnapshot], float]) -> Callable[[Side], float | None]:
    def secure(side: Side) -> float | None:
        told = [of(each) for each in side.origins if each.scheme == "https"]
        return sum(told) if told else None

    return secure


def _latency(q: float) -> Callable[[Side], float | None]:
    return lambda side: side.latency.quantile(q)


def _queue_wait(side: Side) -> float | None:
    return Histogram.total(each.latency.queue for each in side.origins).quantile(0.95)


def _if_any(of: Callable[[Side], float]) -> Callable[[Side], float | None]:
    return lambda side: of(side) or None


def _streams(side: Side) -> float | None:
    sessions = [s.session for s in side.sockets if s.session is not None]
    return sum(session.streams for session in sessions) if sessions else None


def _time_wait_ours(side: Side) -> float | None:
    told = [each.time_wait.ours for each in side.origins if each.time_wait is not None]
    return sum(told) if told else None


def _time_wait_theirs(side: Side) -> float | None:
    held = [each.time_wait.theirs for each in side.origins if each.time_wait is not None]
    told = [number for number in held if number is not None]
    return sum(told) if told else None


def _kernel(side: Side) -> Sequence[TCPInfo]:
    return [s.kernel for s in side.sockets if s.kernel is not None]


def _rtt(side: Side) -> float | None:
    times = [each.min_rtt for each in _kernel(side) if each.min_rtt is not None]
    return median(times) if times else None


def _resent(side: Side) -> float | None:
    counts = [n for each in _kernel(side) if (n := each.retransmitted) is not None]
    return sum(counts) if counts else None


def _failed(side: Side) -> float:
    return sum(sum(each.counters.failed.values()) for each in side.origins)


def _made(side: Side) -> float | None:
    return side.agent.agents_made


MEASURES: tuple[Measure, ...] = (
    Measure(
        "connections",
        "connections",
        "count",
        _sum(lambda o: o.counters.connected),
        "Connections that could carry bytes, since the start: the server counts as many accepted.",
    ),
    Measure(
        "per_connection",
        "requests per connection",
        "ratio",
        _by(lambda o: o.counters.assigned, lambda o: o.counters.opened),
        "Requests that were given a connection, by connections opened, since the start.",
    ),
    Measure(
        "handshakes",
        "TLS handshakes",
        "count",
        _if_secure(lambda o: o.counters.handshakes),
        "Completed since the start, whole and resumed ones.",
    ),
    Measure(
        "resumed",
        "  of them resumed",
        "count",
        _if_secure(lambda o: o.counters.resumed),
        "Handshakes that took up a former session: no certificate is sent or checked again.",
    ),
    Measure(
        "handshake",
        "handshake time",
        "s",
        _if_secure(lambda o: o.counters.handshake_s),
        "How long all handshakes took together, from being connected to the last word.",
    ),
    Measure(
        "handshake_cpu",
        "handshake CPU, ours",
        "s",
        _if_secure(lambda o: o.counters.handshake_cpu_s),
        "CPU time of this side alone, measured by the thread's clock around each step of a "
        "handshake; the server spends as much again, or more, and its share is not known here.",
    ),
    Measure(
        "latency_p50",
        "latency p50",
        "s",
        _latency(0.5),
        "Half of the requests took at most this long, from the intended start to the last byte.",
    ),
    Measure(
        "latency_p95",
        "latency p95",
        "s",
        _latency(0.95),
        "95 % of the requests took at most this long.",
    ),
    Measure(
        "time_wait",
        "TIME_WAIT, ours",
        "count",
        _time_wait_ours,
        "Closed connections that the kernel keeps for a minute, on the side that closed first: "
        "here ours, each with a local port.",
    ),
    Measure(
        "wait_p95",
        "queue wait p95",
        "s",
        _queue_wait,
        "95 % of the requests waited at most this long for a socket.",
    ),
    Measure(
        "queued", "queue now", "count", _sum(lambda o: o.queued), "Requests that wait for a socket."
    ),
    Measure(
        "latency_p99",
        "latency p99",
        "s",
        _latency(0.99),
        "99 % of the requests took at most this long.",
    ),
    Measure(
        "time_wait_peer",
        "TIME_WAIT, the server's",
        "count",
        _time_wait_theirs,
        "Likewise where the server closed first; known where it is on this machine.",
    ),
    Measure(
        "answered",
        "requests answered",
        "count",
        _sum(lambda o: o.counters.completed),
        "Responses that came whole since the start, whatever their status.",
    ),
    Measure(
        "failed",
        "requests failed",
        "count",
        _if_any(_failed),
        "Requests without a whole response since the start.",
    ),
    Measure(
        "open",
        "connections open now",
        "count",
        _sum(lambda o: o.total),
        "In use, idle, connecting and closing.",
    ),
    Measure(
        "streams",
        "streams open now",
        "count",
        _streams,
        "Requests that run on HTTP/2 sessions now: each is a stream of one connection.",
    ),
    Measure(
        "bytes",
        "bytes per request",
        "B",
        _by(lambda o: o.counters.bytes_in + o.counters.bytes_out, lambda o: o.counters.completed),
        "On the wire, both ways, handshakes and certificates included, by requests answered.",
    ),
    Measure(
        "rtt",
        "round trip (kernel)",
        "s",
        _rtt,
        "The least round trip that the kernel has measured in the last minutes: the middle one of "
        "the open connections. Its smoothed one has the server's work in it, where an answer is "
        "what acknowledges the request.",
    ),
    Measure(
        "resent",
        "segments resent",
        "count",
        _resent,
        "Sent again since the open connections began, as the kernel counts.",
    ),
    Measure(
        "agents_made",
        "agents made",
        "count",
        _made,
        "One for every request, where each makes its own.",
    ),
)
"""The most telling first."""
