"""Takes a run's pictures as they come, and keeps what its page shows.

Rules of this file: memory is bounded whatever the run's length (see ``series``); pictures that come
faster than once a second are passed over, but the last one counts.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass

from pooltop.core.edits import EditRecord
from pooltop.core.snapshot import Snapshot
from pooltop.present.alerts import AlertFact, alert_facts
from pooltop.present.history import History, HostId
from pooltop.present.moments import HOLD_S
from pooltop.present.report.series import FINEST_S, MOST, HostSeries
from pooltop.present.thresholds import name_of, value_words

PACE_S = 0.9
"""Pictures closer to one another are passed over."""
_MOST_FACTS = 400
_MOST_HOSTS = 1000
"""Beyond so many, those that are gone are forgotten: a long run may meet ever new ones."""
_HOLD_GAPS = 2.5
_LATEST = 8


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened, for the plots and a list; its text is clean."""

    at: float
    """In seconds since the run began."""
    wall_at: float
    host: HostId | None
    """None where it is of no single host."""
    name: str
    text: str


class Gathering:
    """What is known of a run so far."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.first: Snapshot | None = None
        self.last: Snapshot | None = None
        self.history = History()
        self.hosts: dict[HostId, HostSeries] = {}
        self.forgotten = 0
        """Hosts that were gone, and of which nothing is kept any more."""
        self.step_s = FINEST_S
        """Seconds of a column."""
        self.edits: dict[int, EditRecord] = {}
        """By number, as last told."""
        self.alerts: list[Moment] = []
        """When each began, oldest first."""
        self.untold_alerts = 0
        """Beyond a number they are counted only."""
        self._waiting: Snapshot | None = None
        self._paces: deque[float] = deque(maxlen=_LATEST)
        self._present: frozenset[HostId] = frozenset()
        self._failing: tuple[float | None, ...] = ()

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first picture to the last."""
        if self.first is None or self.last is None:
            return 0.0
        return self.last.at - self.first.at

    def add(self, snapshot: Snapshot) -> None:
        """Take in a picture; one of an earlier time is of another engine, and begins anew."""
        if self.last is not None and snapshot.at < self.last.at:
            self.__init__()  # type: ignore[misc] # all of it is forgotten
        if self.last is not None and snapshot.at - self.last.at < PACE_S:
            self._waiting = snapshot
            return
        self._waiting = None
        self._take(snapshot)

    def finish(self) -> None:
        """Take in the last picture, if it was passed over."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._take(waiting)
        for series in self.hosts.values():
            series.close()

    def _take(self, snapshot: Snapshot) -> None:
        before = self.last
        self.first = self.first or snapshot
        since_s = 0.0 if before is None else snapshot.at - before.at
        gap = before is None or self._is_gap(since_s)
        if before is not None and not gap:
            self._paces.append(since_s)
        self.last = snapshot
        self.history.add(snapshot)
        self.edits.update((edit.number, edit) for edit in snapshot.edits)
        at = snapshot.at - self.first.at
        while at / self.step_s >= MOST:
            self.step_s *= 2
            for series in self.hosts.values():
                series.halve()
        number, present = int(at / self.step_s), set[HostId]()
        for agent in snapshot.agents:
            for origin in agent.origins:
                host = HostId(agent.name, origin.key)
                present.add(host)
                series = self.hosts.setdefault(host, HostSeries())
                is_new = gap or host not in self._present
                series.add(number, at, agent, origin, gap=is_new)
        self._present = frozenset(present)
        self._forget()
        if before is not None:
            facts = alert_facts(snapshot, self.history, start=before.at)
            for fact in facts:
                if not fact.ends:
                    self._note(_of_fact(fact, self.first.at))
        self._thresholds(snapshot)

    def _forget(self) -> None:
        if len(self.hosts) <= _MOST_HOSTS:
            return
        for host in self.hosts.keys() - self._present:
            del self.hosts[host]
            self.forgotten += 1

    def _is_gap(self, since_s: float) -> bool:
        usual = statistics.median(self._paces) if len(self._paces) > 2 else since_s
        return since_s > max(HOLD_S, _HOLD_GAPS * usual)

    def _thresholds(self, snapshot: Snapshot) -> None:
        before, states = self._failing, snapshot.thresholds
        self._failing = tuple(state.since for state in states)
        began = 0.0 if self.first is None else self.first.at
        for place, state in enumerate(states):
            if state.since is not None and state.since not in before[place : place + 1]:
                at = max(0.0, state.since - began)
                wall = snapshot.wall_at - (snapshot.at - state.since)
                self._note(Moment(at, wall, None, name_of(state), f"failed: {value_words(state)}"))

    def _note(self, moment: Moment) -> None:
        if len(self.alerts) < _MOST_FACTS:
            self.alerts.append(moment)
        else:
            self.untold_alerts += 1


def _of_fact(fact: AlertFact, began: float) -> Moment:
    at = max(0.0, fact.begin - began)
    wall_at = fact.wall_at - (fact.at - fact.begin)
    return Moment(at, wall_at, fact.id.host, str(fact.name), fact.text)
