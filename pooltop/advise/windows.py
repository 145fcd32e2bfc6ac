"""What hosts and workloads did, window by window: what every diagnosis looks at.

A window is a stretch of ``window_s`` seconds in which nothing was changed. All hosts of an agent
have theirs together. It is thrown away and begun anew at an edit that concerns the agent or one of
its workloads, when one of these is paused, resumed, stopped or done, and after a silence; so what
is compared was had under the same settings.

Per snapshot only levels are added up (``levels``). Totals are kept as they stood at both ends, and
are subtracted when somebody asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from pooltop.advise.levels import Levels, LevelSums
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.model import HostId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.states import CloseReason

KEPT = 20
"""Closed windows of a host that are kept."""
KEPT_WHOLE = 3
"""Of these the newest, whose histograms are kept too."""
LONGEST_SILENCE = 2.0
"""After so many windows without a snapshot nothing is known of the time between."""
_NOTHING = OriginCounters()
_NO_LATENCY = OriginLatency()


def gained(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Give by how much each count of a mapping grew; those that did not are left out."""
    return {key: n - before.get(key, 0) for key, n in after.items() if n > before.get(key, 0)}


@dataclass(frozen=True, kw_only=True)
class HostWindow:
    """One closed window of one host."""

    id: HostId
    opened_at: float
    closed_at: float
    levels: Levels
    before: OriginCounters
    """Totals as they stood when it was opened."""
    after: OriginCounters
    """And closed."""
    latency_before: OriginLatency
    latency_after: OriginLatency
    """Of the newest windows only: of the older ones both are empty."""
    lease_count: int
    """Requests that gave their socket back, as far as they were completed."""
    lease_s: float
    """Seconds that these had a socket, all together."""
    timeout_events: int
    """Node's 'timeout' events."""
    agents_made: int
    """Agents made for single requests, for all hosts of its agent."""

    @property
    def span_s(self) -> float:
        """Seconds from its opening to its end, above 0."""
        return self.closed_at - self.opened_at

    def count(self, name: str) -> int:
        """Give by how much one of OriginCounters' plain totals grew."""
        grown: int = getattr(self.after, name) - getattr(self.before, name)
        return max(0, grown)

    def seconds(self, name: str) -> float:
        """Give by how many seconds one of OriginLatency's histograms grew; 0 of an older window."""
        grown: float = (
            getattr(self.latency_after, name).sum_s - getattr(self.latency_before, name).sum_s
        )
        return max(0.0, grown)

    @property
    def arrivals(self) -> int:
        """Requests that came to the pool."""
        return self.count("submitted")

    @property
    def rate(self) -> float:
        """Requests that came, per second: λ."""
        return self.arrivals / self.span_s

    @property
    def completed(self) -> int:
        """Responses that were whole."""
        return self.count("completed")

    @property
    def assigned(self) -> int:
        """Requests that were given a socket."""
        return self.count("assigned")

    @property
    def reused(self) -> int:
        """Of these, a socket that had served before."""
        return self.count("reused")

    @property
    def opened(self) -> int:
        """Sockets opened."""
        return self.count("opened")

    @cached_property
    def failed(self) -> dict[str, int]:
        """Failed requests by outcome."""
        return gained(self.before.failed, self.after.failed)

    @property
    def faults(self) -> int:
        """Failed requests, those left out that we or an operator gave up."""
        return max(0, self.after.faults - self.before.faults)

    @cached_property
    def closed(self) -> dict[str, int]:
        """Closed sockets by reason."""
        return gained(self.before.closed, self.after.closed)

    def closed_by(self, *reasons: CloseReason) -> int:
        """Give the sockets closed for one of these reasons."""
        return sum(self.closed.get(reason, 0) for reason in reasons)

    @property
    def lease_mean_s(self) -> float | None:
        """Give the mean lease in seconds, S: socket given to last byte read; None without one."""
        return self.lease_s / self.lease_count if self.lease_count else None

    @property
    def load(self) -> float:
        """Sockets that completed requests had in use on average, by Little's law: a = λS."""
        return self.lease_s / self.span_s

    @property
    def utilisation(self) -> float:
        """Share of the limit that is in use on average; 0 without a limit."""
        return self.levels.mean_in_use / self.levels.limit if self.levels.limit else 0.0

    @cached_property
    def queue(self) -> Histogram:
        """Seconds in the queue, of every request that was given a socket."""
        return self.latency_after.queue.since(self.latency_before.queue)

    @cached_property
    def connect(self) -> Histogram:
        """Seconds until a connection could carry bytes."""
        return self.latency_after.connect.since(self.latency_before.connect)

    @cached_property
    def wait(self) -> Histogram:
        """Seconds from a request being sent to its first byte."""
        return self.latency_after.wait.since(self.latency_before.wait)

    @cached_property
    def total(self) -> Histogram:
        """Seconds from the intended start to the last byte."""
        return self.latency_after.total.since(self.latency_before.total)

    @cached_property
    def lease(self) -> Histogram:
        """Seconds that completed requests had a socket."""
        return self.latency_after.lease.since(self.latency_before.lease)

    def slim(self) -> HostWindow:
        """Give it without its histograms."""
        return replace(self, latency_before=_NO_LATENCY, latency_after=_NO_LATENCY)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadWindow:
    """One closed window of one workload."""

    opened_at: float
    closed_at: float
    before: WorkloadSnapshot
    after: WorkloadSnapshot

    @property
    def name(self) -> str:
        """Give the workload's."""
        return self.after.name

    @property
    def span_s(self) -> float:
        """Seconds from its opening to its end, above 0."""
        return self.closed_at - self.opened_at

    def count(self, name: str) -> int:
        """Give by how much one of WorkloadSnapshot's plain totals grew."""
        grown: int = getattr(self.after, name) - getattr(self.before, name)
        return max(0, grown)


class _OpenHost:
    """One host's part of an open window."""

    __slots__ = ("counters", "latency", "sums", "timeout_events")

    def __init__(self, agent: AgentSnapshot, origin: OriginSnapshot, *, is_new: bool) -> None:
        self.counters = _NOTHING if is_new else origin.counters
        self.latency = _NO_LATENCY if is_new else origin.latency
        self.timeout_events = 0 if is_new else origin.timeout_events
        self.sums = LevelSums(agent, origin)


class _OpenAgent:
    """An agent's open window, with those of its hosts and of its workloads."""

    __slots__ = ("agents_made", "hosts", "opened_at", "workloads")

    def __init__(self, snapshot: Snapshot, agent: AgentSnapshot) -> None:
        self.opened_at = snapshot.at
        self.agents_made = agent.agents_made or 0
        self.hosts = {one.key: _OpenHost(agent, one, is_new=False) for one in agent.origins}
        self.workloads = {one.name: one for one in snapshot.workloads if one.agent == agent.name}


class Watch:
    """Takes every snapshot once; keeps the closed windows of every host and workload."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self.hosts: dict[HostId, deque[HostWindow]] = {}
        """The closed windows of each host, oldest first."""
        self.workloads: dict[str, WorkloadWindow] = {}
        """The newest closed window of each workload."""
        self._open: dict[str, _OpenAgent] = {}
        self._at: float | None = None
        self._states: dict[str, str] = {}
        self._edit = 0

    def add(self, snapshot: Snapshot, window_s: float) -> frozenset[str]:
        """Take in a snapshot; gives the agents whose windows it closed.

        Args:
            snapshot: one from before the latest means a new engine, and clears all.
            window_s: how long a window is, in seconds, above 0.
        """
        before = self._at
        if before is not None and snapshot.at < before:
            self.__init__()  # type: ignore[misc]
            before = None
        self._at = snapshot.at
        changed = self._changed(snapshot)
        if before is None or snapshot.at - before > LONGEST_SILENCE * window_s:
            self._open = {each.name: _OpenAgent(snapshot, each) for each in snapshot.agents}
            return frozenset()
        span_s = snapshot.at - before
        closed = set()
        for agent in snapshot.agents:
            opened = self._open.get(agent.name)
            if opened is None or agent.name in changed:
                self._open[agent.name] = _OpenAgent(snapshot, agent)
                continue
            hosts = opened.hosts
            for origin in agent.origins:
                host = hosts.get(origin.key)
                if host is None or origin.counters.submitted < host.counters.submitted:
                    host = hosts[origin.key] = _OpenHost(agent, origin, is_new=True)
                host.sums.look(span_s, agent, origin)
            if snapshot.at - opened.opened_at >= window_s:
                self._close(snapshot, agent, opened)
                self._open[agent.name] = _OpenAgent(snapshot, agent)
                closed.add(agent.name)
        return frozenset(closed)

    def windows(self, host: HostId) -> tuple[HostWindow, ...]:
        """Give a host's closed windows, oldest first."""
        return tuple(self.hosts.get(host, ()))

    def _changed(self, snapshot: Snapshot) -> frozenset[str]:
        """Give the agents for whom something is otherwise than at the last snapshot."""
        of = {each.name: each.agent for each in snapshot.workloads}
        changed = {of.get(edit.workload, edit.agent) for edit in self.edits_since(snapshot)}
        if snapshot.edits:
            self._edit = max(self._edit, snapshot.edits[-1].number)
        states = {each.name: each.state for each in snapshot.workloads}
        if states != self._states:
            changed |= {of[name] for name in states if states[name] != self._states.get(name)}
            self._states = states
        return frozenset(changed)

    def edits_since(self, snapshot: Snapshot) -> Iterable[EditRecord]:
        """Give the edits that a snapshot has and none before it had."""
        if not snapshot.edits or snapshot.edits[-1].number <= self._edit:
            return ()
        return tuple(edit for edit in snapshot.edits if edit.number > self._edit)

    def _close(self, snapshot: Snapshot, agent: AgentSnapshot, opened: _OpenAgent) -> None:
        made = max(0, (agent.agents_made or 0) - opened.agents_made)
        here = set()
        for origin in agent.origins:
            id_ = HostId(agent.name, origin.key)
            here.add(id_)
            self._keep(_closed(id_, snapshot.at, opened, origin, made))
        for gone in [one for one in self.hosts if one.agent == agent.name and one not in here]:
            del self.hosts[gone]
        for workload in snapshot.workloads:
            before = opened.workloads.get(workload.name)
            if before is not None and workload.agent == agent.name:
                self.workloads[workload.name] = WorkloadWindow(
                    opened_at=opened.opened_at,
                    closed_at=snapshot.at,
                    before=before,
                    after=workload,
                )

    def _keep(self, window: HostWindow) -> None:
        kept = self.hosts.setdefault(window.id, deque(maxlen=KEPT))
        kept.append(window)
        if len(kept) > KEPT_WHOLE:
            kept[-1 - KEPT_WHOLE] = kept[-1 - KEPT_WHOLE].slim()


def _closed(
    id_: HostId, at: float, opened: _OpenAgent, origin: OriginSnapshot, made: int
) -> HostWindow:
    host = opened.hosts[origin.key]
    old, new = host.latency, origin.latency
    count = (new.wait.count - old.wait.count) - (new.odd_wait.count - old.odd_wait.count)
    lease_s = (new.wait.sum_s - old.wait.sum_s) - (new.odd_wait.sum_s - old.odd_wait.sum_s)
    return HostWindow(
        id=id_,
        opened_at=opened.opened_at,
        closed_at=at,
        levels=host.sums.close(),
        before=host.counters,
        after=origin.counters,
        latency_before=old,
        latency_after=new,
        lease_count=max(0, count + new.odd_lease.count - old.odd_lease.count),
        lease_s=max(0.0, lease_s + new.odd_lease.sum_s - old.odd_lease.sum_s),
        timeout_events=max(0, origin.timeout_events - host.timeout_events),
        agents_made=made,
    )
