"""The engine's log: bounded, in order, and honest about what it dropped.

Per-request events are not journalled (they are counted); sockets, edits, errors and the first
wait of a queue are. A burst of one kind at one host is cut at BURST lines a second and then said
in one line.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import TYPE_CHECKING, Any

from pooltop.core import events as ev
from pooltop.core.http2 import error_name
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import JournalEntry
from pooltop.core.states import CloseReason, OpenReason

if TYPE_CHECKING:
    from pooltop.engine.shell_base import ShellBase

CAPACITY = 1000
QUIET_S = 5.0
"""A request that has to wait is told again once so long nobody had to."""
BURST = 20
"""Lines of one kind for one host in one second."""


_EVERYDAY = {CloseReason.KEEP_ALIVE_OFF, CloseReason.CONNECTION_CLOSE}
"""Closes that are the policy at work: counted, not told one by one."""
_AS_ASKED = {OpenReason.ADMITTED, OpenReason.DISPATCHED}
"""Likewise what is opened for a request that has just come."""


class Cursor:
    """How far one reader has come."""

    __slots__ = ("last",)

    def __init__(self, last: int = 0) -> None:
        """Stand behind the entry with the number ``last``."""
        self.last = last


class Journal:
    """Keeps the last CAPACITY entries; each reader takes them with ``take``, at its own pace."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin empty."""
        self._clock = clock
        self._wall_offset = time.time() - clock()
        self._entries: deque[JournalEntry] = deque(maxlen=CAPACITY)
        self._seq = 0
        self._own = Cursor()
        self._burst: dict[tuple[str, str, str], list[float]] = {}
        self._second = 0.0

    def write(self, kind: str, text: str, *, agent: str = "", host: str = "") -> None:
        """Add an entry, unless its kind has had its share of this second."""
        now = self._clock()
        if now - self._second >= 1.0:
            self._end_of_second(now)
        mark = (kind, agent, host)
        burst = self._burst.setdefault(mark, [0.0])
        burst[0] += 1
        if burst[0] <= BURST:
            self._add(now, kind, text, agent, host)

    def cursor(self) -> Cursor:
        """Give one for a new reader, who is told what is kept of the past."""
        return Cursor(self._seq - len(self._entries))

    def take(self, cursor: Cursor | None = None) -> tuple[tuple[JournalEntry, ...], int]:
        """Give what is new to a reader, oldest first, and how many entries it has missed.

        Args:
            cursor: the reader's, which is moved to the end; None is the one of an only reader.
        """
        now = self._clock()
        if now - self._second >= 1.0:
            self._end_of_second(now)
        reader = cursor or self._own
        new = self._seq - reader.last
        kept = len(self._entries)
        reader.last = self._seq
        if new == 0:
            return (), 0
        return tuple(islice(self._entries, max(0, kept - new), None)), max(0, new - kept)

    def _end_of_second(self, now: float) -> None:
        for (kind, agent, host), (count,) in self._burst.items():
            if count > BURST:
                more = int(count) - BURST
                self._add(now, kind, f"and {more} more like these in that second", agent, host)
        self._burst.clear()
        self._second = now

    def _add(self, now: float, kind: str, text: str, agent: str, host: str) -> None:
        self._seq += 1
        self._entries.append(
            JournalEntry(
                seq=self._seq,
                at=now,
                wall_at=now + self._wall_offset,
                kind=kind,
                agent=agent,
                host=host,
                text=text,
            )
        )


class PoolReporter:
    """Writes one agent's noteworthy events to a journal, in words.

    Edits are not among them: the edit book knows more of them, and tells those of workloads alike.
    """

    def __init__(self, journal: Journal, agent: str, label: Callable[[OriginKey], str]) -> None:
        """Keep where to write.

        Args:
            journal: where to.
            agent: the agent's name.
            label: gives an origin's ``host:port``.
        """
        self._journal = journal
        self._agent = agent
        self._label = label
        self._last_wait: dict[OriginKey, float] = {}
        self._words: dict[type, Callable[[Any], None]] = {  # Any: each takes its own kind
            ev.SocketClosing: self._closing,
            ev.RequestQueued: self._queued,
            ev.RequestFailed: self._failed,
            ev.RequestRetried: self._retried,
            ev.TimeoutRaised: self._silent,
            ev.SocketOpened: self._opened,
            ev.AgentDestroyed: self._destroyed,
            ev.ClientRetired: self._retired,
            ev.ProtocolKnown: self._speaks,
            ev.RequestRequeued: self._requeued,
            ev.SessionGoingAway: self._goes_away,
        }

    def watch(self, shell: ShellBase) -> None:
        """Report what this shell's pool does from now on."""
        shell.subscribe(self._report, self._words)

    def _report(self, event: ev.PoolEvent) -> None:
        self._words[type(event)](event)

    def _closing(self, event: ev.SocketClosing) -> None:
        if event.reason not in _EVERYDAY:
            words = f"s{event.socket} {event.reason}, {_count(event.requests, 'request')}"
            self._tell("CLOSE", event.key, words)

    def _queued(self, event: ev.RequestQueued) -> None:
        quiet = event.at - self._last_wait.get(event.key, -math.inf)
        self._last_wait[event.key] = event.at
        if quiet > QUIET_S:
            self._tell("QUEUE", event.key, f"first request waits: at {event.reason}")

    def _failed(self, event: ev.RequestFailed) -> None:
        if event.code in ("ERR_AGENT_CLOSED", "ERR_HELD_BACK"):
            return  # our own stop, or the breaker's: told once, not for every request
        self._tell("ERROR", event.key, f"r{event.request} {event.code}: {event.message}")

    def _retried(self, event: ev.RequestRetried) -> None:
        words = f"r{event.request} sent again; s{event.socket}: {event.message}"
        self._tell("RETRY", event.key, words)

    def _silent(self, event: ev.TimeoutRaised) -> None:
        words = f"r{event.request} on s{event.socket}: no byte for {event.silent_s:.3g} s"
        then = "its tunnel is given up" if event.ends_tunnel else "nothing is closed"
        self._tell("SILENT", event.key, f"{words} (Node's 'timeout' event: {then})")

    def _opened(self, event: ev.SocketOpened) -> None:
        if event.reason not in _AS_ASKED:
            self._tell("OPEN", event.key, f"s{event.socket} {event.reason}")

    def _retired(self, event: ev.ClientRetired) -> None:
        self._tell("CLIENT", event.key, f"c{event.client} retired: {event.reason}")

    def _speaks(self, event: ev.ProtocolKnown) -> None:
        self._tell("PROTO", event.key, f"s{event.socket} speaks {event.protocol}")

    def _requeued(self, event: ev.RequestRequeued) -> None:
        words = f"r{event.request} put back before those that wait: s{event.socket} {event.reason}"
        self._tell("RETRY", event.key, words)

    def _goes_away(self, event: ev.SessionGoingAway) -> None:
        why = f"s{event.socket} {error_name(event.code)}, up to stream {event.last_stream}"
        self._tell("GOAWAY", event.key, f"{why}; {_count(event.running, 'stream')} ran")

    def _destroyed(self, event: ev.AgentDestroyed) -> None:
        words = f"agent destroyed: {_count(event.sockets, 'socket')} closed"
        self._journal.write("INFO", words, agent=self._agent)

    def _tell(self, kind: str, key: OriginKey, text: str) -> None:
        self._journal.write(kind, text, agent=self._agent, host=self._label(key))


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
