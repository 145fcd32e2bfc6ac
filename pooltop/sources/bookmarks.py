"""Moments worth going to in a recording, found while it is written."""

from __future__ import annotations

import math

from pooltop.core.capacity import in_use, is_saturated, limit_of
from pooltop.core.edits import EditRecord, Value, node_name
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.sources.recording_format import Bookmark, BookmarkKind

QUIET_S = 10.0
"""Trouble that comes back sooner is the same trouble."""
BURST = 5
"""New errors within two snapshots that are more than everyday's."""
_LONGEST = 200
_MOST_NAMES = 3

_Host = tuple[str, str]


class BookmarkFinder:
    """Is shown every snapshot once, in order; finds what is new in each.

    The first snapshot has no bookmarks: what was so before the recording did not happen in it.
    """

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._begun = False
        self._edit = 0
        self._states: dict[str, str] = {}
        self._saturated_at: dict[_Host, float] = {}
        self._failing_at: dict[_Host, float] = {}
        self._errors: dict[_Host, int] = {}
        self._failing_since: tuple[float | None, ...] = ()
        """Of each threshold."""

    def look(self, snapshot: Snapshot) -> list[Bookmark]:
        """Give the bookmarks of this instant: edits, alerts, bursts of errors, then the load."""
        found = [
            *self._edits(snapshot),
            *self._thresholds(snapshot),
            *self._hosts(snapshot),
            *self._load(snapshot),
        ]
        was_begun, self._begun = self._begun, True
        if not was_begun:
            return []
        return [
            Bookmark(at=snapshot.at, wall_at=snapshot.wall_at, kind=kind, text=text[:_LONGEST])
            for kind, text in found
        ]

    def _edits(self, snapshot: Snapshot) -> list[tuple[BookmarkKind, str]]:
        new = [edit for edit in snapshot.edits if edit.number > self._edit]
        self._edit = max([self._edit, *(edit.number for edit in new)])
        return [("edit", _edit_words(edit)) for edit in new]

    def _thresholds(self, snapshot: Snapshot) -> list[tuple[BookmarkKind, str]]:
        before, states = self._failing_since, snapshot.thresholds
        self._failing_since = tuple(each.since for each in states)
        return [
            ("alert", f"threshold failed: {each.text}")
            for place, each in enumerate(states)
            if each.since is not None and each.since not in before[place : place + 1]
        ]

    def _hosts(self, snapshot: Snapshot) -> list[tuple[BookmarkKind, str]]:
        found: list[tuple[BookmarkKind, str]] = []
        seen: set[_Host] = set()
        for agent in snapshot.agents:
            for origin in agent.origins:
                host = (agent.name, origin.key)
                seen.add(host)
                name = f"{agent.name} {origin.host}:{origin.port}"
                if is_saturated(agent, origin) and self._is_new(
                    self._saturated_at, host, snapshot.at
                ):
                    found.append(("alert", f"{name} saturated: {_fill(agent, origin)}"))
                more = self._more_errors(host, origin)
                if more >= BURST and self._is_new(self._failing_at, host, snapshot.at):
                    found.append(("errors", f"{name} {more} errors"))
        for hosts in (self._saturated_at, self._failing_at, self._errors):
            for gone in hosts.keys() - seen:
                del hosts[gone]
        return found

    def _load(self, snapshot: Snapshot) -> list[tuple[BookmarkKind, str]]:
        changed: dict[str, list[str]] = {}
        for workload in snapshot.workloads:
            before = self._states.get(workload.name)
            self._states[workload.name] = workload.state
            if before != workload.state:
                changed.setdefault(workload.state, []).append(workload.name)
        return [("load", f"{_names(names)} {state}") for state, names in changed.items()]

    def _more_errors(self, host: _Host, origin: OriginSnapshot) -> int:
        counters = origin.counters
        answers = sum(number for status, number in counters.statuses.items() if status >= 500)
        errors = counters.faults + answers
        before, self._errors[host] = self._errors.get(host, 0), errors
        return errors - before

    @staticmethod
    def _is_new(seen: dict[_Host, float], host: _Host, at: float) -> bool:
        """Note it at this time; tell whether it was quiet before."""
        before, seen[host] = seen.get(host, -math.inf), at
        return at - before > QUIET_S


def _names(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= _MOST_NAMES else f"{len(names)} workloads"


def _fill(agent: AgentSnapshot, origin: OriginSnapshot) -> str:
    return f"{in_use(origin)}/{_number(limit_of(agent, origin))} in use, {origin.queued} queued"


def _edit_words(edit: EditRecord) -> str:
    change = f"{_number(edit.before)} > {_number(edit.after)}"
    return f"edit {edit.number} {edit.agent or edit.workload} {node_name(edit.option)} {change}"


def _number(value: Value | None) -> str:
    if value is None or value == math.inf:
        return "unlimited"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)
