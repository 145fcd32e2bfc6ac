"""What was told between two instants: counters as differences, levels as their extremes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.states import CloseReason

_NOTHING = OriginCounters()
_NO_LATENCY = OriginLatency()


class Seen:
    """The snapshots of a step: the one before it, and all since, of which there is one at least."""

    def __init__(self, snapshots: Sequence[Snapshot]) -> None:
        """Look at them, oldest first."""
        assert len(snapshots) > 1, "a step is judged by what came after it"
        self._snapshots = snapshots

    @property
    def span_s(self) -> float:
        """Seconds from the first to the last."""
        return self._snapshots[-1].at - self._snapshots[0].at

    @property
    def edits(self) -> tuple[EditRecord, ...]:
        """Edits that were accepted meanwhile."""
        return self._edits_by(self._snapshots[-1])

    @property
    def since_edit(self) -> Seen | None:
        """What came after the first edit of the step; None as long as there is nothing."""
        for place, snapshot in enumerate(self._snapshots[:-1]):
            if self._edits_by(snapshot):
                return Seen(self._snapshots[place:])
        return None

    def _edits_by(self, snapshot: Snapshot) -> tuple[EditRecord, ...]:
        known = {edit.number for edit in self._snapshots[0].edits}
        return tuple(edit for edit in snapshot.edits if edit.number not in known)

    def agent(self, name: str) -> AgentSnapshot:
        """Give an agent as it is at the end."""
        return next(each for each in self._snapshots[-1].agents if each.name == name)

    def pool(self, agent: str, host: str = "") -> PoolSeen:
        """Give one agent's pool of one host.

        Args:
            agent: its name.
            host: the demo server's name; empty for the only one that the agent leads to.
        """
        return PoolSeen([_origin(snapshot, agent, host) for snapshot in self._snapshots])

    def load(self, name: str) -> WorkloadSnapshot:
        """Give a workload as it is at the end."""
        return next(each for each in self._snapshots[-1].workloads if each.name == name)


class PoolSeen:
    """One pool over the snapshots of a step; None stands for an instant without it."""

    def __init__(self, origins: Sequence[OriginSnapshot | None]) -> None:
        """Look at it, oldest first."""
        self._origins = origins

    @property
    def now(self) -> OriginSnapshot | None:
        """The pool at the end."""
        return self._origins[-1]

    @property
    def opened(self) -> int:
        """Sockets opened."""
        return self._now.opened - self._before.opened

    @property
    def completed(self) -> int:
        """Responses received whole."""
        return self._now.completed - self._before.completed

    @property
    def submitted(self) -> int:
        """Requests that the agent was given."""
        return self._now.submitted - self._before.submitted

    @property
    def assigned(self) -> int:
        """Requests that were given a socket."""
        return self._now.assigned - self._before.assigned

    @property
    def reused(self) -> int:
        """Of these, those whose socket had carried another before."""
        return self._now.reused - self._before.reused

    @property
    def reuse(self) -> float:
        """The share of requests on a socket that had carried another; 0 without any."""
        return self.reused / self.assigned if self.assigned else 0.0

    @property
    def handshakes(self) -> int:
        """TLS handshakes completed."""
        return self._now.handshakes - self._before.handshakes

    @property
    def resumed(self) -> int:
        """Of these, those that took up a former session."""
        return self._now.resumed - self._before.resumed

    @property
    def retried(self) -> int:
        """Requests that were sent once more, their socket having been stale."""
        return self._now.retried - self._before.retried

    def failed(self, outcome: str = "") -> int:
        """Give how many requests failed: with this outcome, or (empty) with any."""
        now, before = self._now.failed, self._before.failed
        if outcome:
            return now.get(outcome, 0) - before.get(outcome, 0)
        return sum(now.values()) - sum(before.values())

    def closed(self, reason: CloseReason | None = None) -> int:
        """Give how many sockets were closed: for this reason, or (None) for any."""
        now, before = self._now.closed, self._before.closed
        if reason is None:
            return sum(now.values()) - sum(before.values())
        return now.get(reason, 0) - before.get(reason, 0)

    @property
    def timeout_events(self) -> int:
        """Node's 'timeout' events."""
        before, now = self._origins[0], self._origins[-1]
        return (now.timeout_events if now else 0) - (before.timeout_events if before else 0)

    @property
    def queue(self) -> Histogram:
        """How long requests had been in the queue when they were given a socket."""
        return self._latency.queue.since(self._latency_before.queue)

    @property
    def wait(self) -> Histogram:
        """From the request's being sent to the first byte of its response."""
        return self._latency.wait.since(self._latency_before.wait)

    @property
    def wait_before(self) -> Histogram:
        """Likewise of all requests before the step."""
        return self._latency_before.wait

    @property
    def total(self) -> Histogram:
        """From the intended start to the last byte."""
        return self._latency.total.since(self._latency_before.total)

    @property
    def connect(self) -> Histogram:
        """What each connection took: dns, tcp and TLS."""
        return self._latency.connect.since(self._latency_before.connect)

    @property
    def most_in_use(self) -> int:
        """The most sockets that were seen in use, or on their way to a request, at once."""
        return max((each.active + each.connecting for each in self._after), default=0)

    @property
    def most_queued(self) -> int:
        """The longest queue that was seen."""
        return max((each.queued for each in self._after), default=0)

    @property
    def most_free(self) -> int:
        """The most idle sockets that were seen."""
        return max((each.free for each in self._after), default=0)

    @property
    def most_running(self) -> int:
        """The most requests that were seen on sockets, or on streams, at once."""
        return max((len(each.running) for each in self._after), default=0)

    @property
    def most_overtaken(self) -> int:
        """By how many younger requests one in the queue was seen to be overtaken."""
        waiting = (request for each in self._after for request in each.requests)
        return max((request.overtaken_by for request in waiting), default=0)

    @property
    def free_timeout_s(self) -> float | None:
        """How long an idle socket is kept, of the last one seen: 0 for ever; None of none seen."""
        idle = [own.free_timeout_ms / 1000 for each in self._after for own in each.free_sockets]
        return idle[-1] if idle else None

    @property
    def hint(self) -> str:
        """The first Keep-Alive header seen on a socket; empty for none."""
        sockets = (own for each in self._after for own in (*each.sockets, *each.free_sockets))
        return next((own.hint for own in sockets if own.hint), "")

    @property
    def _after(self) -> Iterator[OriginSnapshot]:
        return (each for each in self._origins[1:] if each is not None)

    @property
    def _now(self) -> OriginCounters:
        return _counters(self._origins[-1])

    @property
    def _before(self) -> OriginCounters:
        return _counters(self._origins[0])

    @property
    def _latency(self) -> OriginLatency:
        return _latencies(self._origins[-1])

    @property
    def _latency_before(self) -> OriginLatency:
        return _latencies(self._origins[0])


def _counters(origin: OriginSnapshot | None) -> OriginCounters:
    return _NOTHING if origin is None else origin.counters


def _latencies(origin: OriginSnapshot | None) -> OriginLatency:
    return _NO_LATENCY if origin is None else origin.latency


def _origin(snapshot: Snapshot, agent: str, host: str) -> OriginSnapshot | None:
    wanted = f"{host}.localhost"
    for each in snapshot.agents:
        if each.name == agent:
            found = (own for own in each.origins if not host or own.host == wanted)
            return next(found, None)
    return None
