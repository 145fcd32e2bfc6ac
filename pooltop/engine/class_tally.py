"""Counts and durations of one request class, taken from each of its requests when it is over.

Totals since the start, never reset. On the path of every request: what most have none of, or 0 of,
is counted by leaving it out. A request on a socket that has served before had no dns, tcp and tls;
one that did not queue, whose bytes the kernel took at once, and whose response came in one piece,
spent no time in ``queue``, ``send`` and ``receive``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.histogram import Recorder

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.errors import RequestError

_USUAL = 200


class ClassTally:
    """One request class's totals."""

    __slots__ = (
        "_dns",
        "_earlier",
        "_never_sent",
        "_queue",
        "_receive",
        "_send",
        "_statuses",
        "_tcp",
        "_tls",
        "_total",
        "_tunnel",
        "_wait",
        "failed",
        "name",
        "redirects",
        "sent",
        "unexpected",
    )

    def __init__(self, name: str) -> None:
        """Begin at nothing.

        Args:
            name: the class's.
        """
        self.name = name
        self.sent = self.redirects = 0
        self.failed: Counter[str] = Counter()
        """Outcome to count."""
        self.unexpected: Counter[str] = Counter()
        """Reason to count."""
        self._statuses: Counter[int] = Counter()
        """Of completed requests, the usual one left out."""
        self._never_sent = 0
        """Completed before all of the request had left."""
        self._queue, self._send, self._wait, self._receive = (Recorder() for _ in range(4))
        self._dns, self._tcp, self._tunnel, self._tls = (Recorder() for _ in range(4))
        self._earlier, self._total = Recorder(), Recorder()

    def note_completed(self, exchange: Exchange) -> None:
        """Count a whole response, which its origin's tally has counted already."""
        if exchange.status != _USUAL:
            self._statuses[exchange.status] += 1
        ended, first, sent = exchange.ended_at, exchange.first_byte_at, exchange.sent_at
        assert ended is not None
        if exchange.earlier_s:
            self._earlier.record(exchange.earlier_s)
            self._total.record(ended - exchange.intended_at)
        else:
            self._total.record_in(exchange.total_bucket, ended - exchange.intended_at)
        if first is not None and sent is not None:
            self._wait.record_in(exchange.wait_bucket, first - sent)
        if first != ended or sent != exchange.assigned_at or exchange.waited or exchange.nth == 1:
            self._note_more(exchange)

    def note_failed(self, error: RequestError) -> None:
        """Count a failure by what is known best of it."""
        self.failed[error.outcome or error.code] += 1

    @property
    def completed(self) -> int:
        """Responses received whole."""
        return self._total.count

    @property
    def statuses(self) -> dict[int, int]:
        """Status to count, of completed requests."""
        usual = self.completed - self._statuses.total()
        return {_USUAL: usual, **self._statuses} if usual else dict(self._statuses)

    def snapshot(self) -> ClassSnapshot:
        """Give the picture of now."""
        completed = self.completed
        sent = completed - self._never_sent
        return ClassSnapshot(
            name=self.name,
            sent=self.sent,
            completed=completed,
            failed=dict(self.failed),
            unexpected=dict(self.unexpected),
            statuses=self.statuses,
            redirects=self.redirects,
            phases=PhaseDurations(
                queue=self._queue.freeze(zeros=completed - self._queue.count),
                dns=self._dns.freeze(),
                tcp=self._tcp.freeze(),
                tunnel=self._tunnel.freeze(),
                tls=self._tls.freeze(),
                send=self._send.freeze(zeros=sent - self._send.count),
                wait=self._wait.freeze(),
                receive=self._receive.freeze(zeros=completed - self._receive.count),
                total=self._total.freeze(),
                earlier=self._earlier.freeze(),
            ),
        )

    def _note_more(self, exchange: Exchange) -> None:
        """Count what few requests have: a new socket, a queue, bytes that took time to move."""
        timings = exchange.timings()
        if timings.receive:
            self._receive.record(timings.receive)
        if exchange.waited:
            self._queue.record(exchange.waited)
        for recorder, seconds in (
            (self._dns, timings.dns),
            (self._tcp, timings.tcp),
            (self._tunnel, timings.tunnel),
            (self._tls, timings.tls),
        ):
            if seconds is not None:
                recorder.record(seconds)
        if timings.send is None:
            self._never_sent += 1
        elif timings.send:
            self._send.record(timings.send)
