"""Counts and durations of each origin, taken from the pool's events and from finished exchanges.

Totals since the start, never reset: a front end takes differences. Cheap enough for the hot path:
an event is one dict look-up and a few additions.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from pooltop.core import events as ev
from pooltop.core.histogram import Recorder
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import Moved, OriginCounters, OriginLatency, TimeWait
from pooltop.core.states import CloseReason

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange

MOST_PEERS = 32
"""Addresses kept of each origin: a name behind a balancer has ever new ones."""


LONGEST_MESSAGE = 300
"""Characters kept of an error's message, which may repeat what a peer sent."""


class OriginTally:
    """One origin's totals."""

    __slots__ = (
        "assigned",
        "bytes_in",
        "bytes_out",
        "closed",
        "connect",
        "connected",
        "failed",
        "failures",
        "goaways",
        "handshake_cpu_s",
        "handshake_s",
        "handshakes",
        "life",
        "moved",
        "odd_lease",
        "odd_wait",
        "opened",
        "passed",
        "peers",
        "pings",
        "queue",
        "queued",
        "refused",
        "requeued",
        "resets",
        "resumed",
        "retried",
        "reused",
        "stale_reuse",
        "statuses",
        "submitted",
        "time_wait",
        "timeout_events",
        "total",
        "uses",
        "wait",
    )

    def __init__(self) -> None:
        """Begin at nothing."""
        self.submitted = self.queued = self.opened = self.connected = 0
        self.handshakes = self.resumed = 0
        self.handshake_s = self.handshake_cpu_s = 0.0
        self.assigned = self.reused = self.stale_reuse = self.retried = self.timeout_events = 0
        self.requeued = self.refused = self.goaways = self.resets = self.pings = 0
        self.passed = 0
        self.bytes_in = self.bytes_out = 0
        """Of closed sockets: the open ones hold their own."""
        self.failed: Counter[str] = Counter()
        self.failures: dict[str, str] = {}
        """The last message of each."""
        self.closed: Counter[str] = Counter()
        self.statuses: defaultdict[int, int] = defaultdict(int)
        self.queue = Recorder()
        self.connect = Recorder()
        self.wait = Recorder()
        self.total = Recorder()
        self.life = Recorder()
        self.odd_lease, self.odd_wait = Recorder(), Recorder()
        self.peers: dict[str, str] = {}
        """Our end by the peer's, of one connection to each peer that was reached, MOST_PEERS."""
        self.uses: Counter[str] = Counter()
        """Requests carried by peer, of closed sockets: the open ones hold their own."""
        self.time_wait: TimeWait | None = None
        """As the engine last counted it."""
        self.moved: Moved | None = None
        """As the engine last looked it up."""

    def reached(self, remote: str, local: str) -> None:
        """Note whom a dial has led to."""
        if remote not in self.peers:
            if len(self.peers) >= MOST_PEERS:
                gone = next(iter(self.peers))
                del self.peers[gone]
                self.uses.pop(gone, None)
            self.peers[remote] = local

    def carries(self, connection: Connection, now: float) -> None:
        """Count a connection that can carry bytes, and the handshake that it took."""
        self.connect.record(now - connection.opened_at)
        if connection.tls is not None:
            self.handshakes += 1
            self.resumed += connection.tls.is_resumed
            self.handshake_s += connection.tls_s or 0.0
            self.handshake_cpu_s += connection.tls.handshake_cpu_s

    def completed(self, exchange: Exchange) -> None:
        """Count a whole response."""
        self.statuses[exchange.status] += 1
        ended = exchange.ended_at
        assert ended is not None
        exchange.total_bucket = self.total.record(ended - exchange.intended_at)
        first, sent = exchange.first_byte_at, exchange.sent_at
        if first is not None and sent is not None:
            exchange.wait_bucket = self.wait.record(first - sent)
        if first != ended or sent != exchange.assigned_at:
            self._note_lease(exchange, ended)

    def counters(
        self, open_in: int, open_out: int, peers: dict[str, int] | None = None
    ) -> OriginCounters:
        """Give the picture of now; the arguments are what the sockets still open hold too."""
        return OriginCounters(
            submitted=self.submitted,
            completed=sum(self.statuses.values()),
            failed=dict(self.failed),
            statuses=dict(self.statuses),
            queued=self.queued,
            opened=self.opened,
            connected=self.connected,
            handshakes=self.handshakes,
            resumed=self.resumed,
            handshake_s=self.handshake_s,
            handshake_cpu_s=self.handshake_cpu_s,
            closed=dict(self.closed),
            reused=self.reused,
            assigned=self.assigned,
            stale_reuse=self.stale_reuse,
            retried=self.retried,
            bytes_in=self.bytes_in + open_in,
            bytes_out=self.bytes_out + open_out,
            requeued=self.requeued,
            refused=self.refused,
            goaways=self.goaways,
            resets=self.resets,
            pings=self.pings,
            peers=peers or {},
            passed=self.passed,
        )

    def latency(self) -> OriginLatency:
        """Give the histograms of now."""
        # Most requests never wait: they are counted, not recorded one by one.
        return OriginLatency(
            queue=self.queue.freeze(zeros=self.assigned - self.queue.count),
            connect=self.connect.freeze(),
            wait=self.wait.freeze(),
            total=self.total.freeze(),
            life=self.life.freeze(),
            odd_lease=self.odd_lease.freeze(),
            odd_wait=self.odd_wait.freeze(),
        )

    def _note_lease(self, exchange: Exchange, ended: float) -> None:
        """Count how long it had its socket, which was not from being sent to its first byte."""
        ready, first, sent = exchange.ready_at, exchange.first_byte_at, exchange.sent_at
        if ready is not None:
            self.odd_lease.record(ended - ready)
        if first is not None and sent is not None:
            self.odd_wait.record_in(exchange.wait_bucket, max(0.0, first - sent))


class Tally:
    """All origins of one agent."""

    def __init__(self) -> None:
        """Begin with none."""
        self.origins: defaultdict[OriginKey, OriginTally] = defaultdict(OriginTally)

    def queued(self, event: ev.RequestQueued) -> None:
        """Count a wait."""
        self.origins[event.key].queued += 1

    def failed(self, event: ev.RequestFailed) -> None:
        """Count a failure by what is known best of it."""
        tally, outcome = self.origins[event.key], event.outcome or event.code
        tally.failed[outcome] += 1
        tally.failures[outcome] = event.message[:LONGEST_MESSAGE]

    def timed_out(self, event: ev.TimeoutRaised) -> None:
        """Count one of Node's 'timeout' events."""
        self.origins[event.key].timeout_events += 1

    @property
    def submitted(self) -> int:
        """Requests to all origins that are remembered."""
        return sum(origin.submitted for origin in self.origins.values())

    def opened(self, event: ev.SocketOpened) -> None:
        """Count a dial."""
        self.origins[event.key].opened += 1

    def connected(self, event: ev.SocketConnected) -> None:
        """Count a connection."""
        self.origins[event.key].connected += 1

    def closed(self, event: ev.SocketClosed, connection: Connection) -> None:
        """Count a close by its reason, and keep how long it was connected and what it had moved."""
        tally = self.origins[event.key]
        tally.closed[event.reason] += 1
        if connection.connected_at is not None and event.reason is not CloseReason.DETACHED:
            tally.life.record(event.at - connection.connected_at)
        tally.bytes_in += connection.bytes_in
        tally.bytes_out += connection.bytes_out
        if connection.remote in tally.peers:
            tally.uses[connection.remote] += event.requests
