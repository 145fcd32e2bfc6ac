"""What edits changed: the windows before and after each, kept while their records are.

The window before an edit is measured as soon as the edit is seen, and what the totals stood at is
kept as the baseline of the window after it; when that is over it is measured too, and the baseline
goes with the past it belongs to. So a card that is drawn later, or on a screen that walks back, or
from a recording, has the numbers that it had then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pooltop.core.histogram import Histogram
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.present.changes import Change, change_of, changes_of
from pooltop.present.latency_past import Packed, packed, unpacked
from pooltop.present.sides import Side, host_side, workload_side
from pooltop.present.track import Track
from pooltop.present.workload_track import WorkloadTrack

MOST = 64
"""Changes that are remembered: a snapshot carries fewer edits."""

_Whom = OriginKey | None
"""A host of the agent that was edited; None for all of them together, or for the workload."""


class Pasts(Protocol):
    """Where the past of hosts and workloads is found: History."""

    def host_track(self, agent: str, origin: OriginKey) -> Track:
        """Give a host's."""
        ...

    def workload(self, name: str) -> WorkloadTrack:
        """Give a workload's."""
        ...


@dataclass(frozen=True, slots=True)
class Sides:
    """Both windows; None for one of which nothing is known, or that has not begun."""

    before: Side | None
    after: Side | None
    interrupted: bool = False
    """The load was paused, resumed or over, or began, within them: they are not alike."""


@dataclass(slots=True)
class _Effect:
    """What is known of one change."""

    at: float
    """The last moment before it."""
    workload: str
    """Whose edit it was; empty for an agent's."""
    agent: str
    before: dict[_Whom, Side | None]
    totals: Packed
    """What all hosts together, or the workload, had recorded at ``at``."""
    host_totals: dict[OriginKey, Packed] = field(default_factory=dict)
    loads: tuple[str, ...] = ()
    """The workloads that it is measured by."""
    interrupted: bool = False
    """The load was not the same all the time, as far as that is known for good."""
    after: dict[_Whom, Side | None] | None = None
    """Once it is over."""


class Effects:
    """The windows around every edit that was made while somebody watched."""

    def __init__(self, pasts: Pasts) -> None:
        """Begin without an edit; ``pasts`` is asked for what the windows are measured from."""
        self._pasts = pasts
        self._effects: dict[int, _Effect] = {}

    def note(self, previous: Snapshot, snapshot: Snapshot) -> None:
        """Take in a snapshot and the one before it, both of which are in the past already."""
        if not snapshot.edits:
            return
        known = {edit.number for edit in previous.edits}
        for change in changes_of(snapshot):
            effect = self._effects.get(change.number)
            if effect is None and change.number not in known:
                effect = self._effects[change.number] = self._begun(change, previous)
                effect.loads = _loads(previous, change)
                effect.interrupted = self._interrupted(effect, change.begins_at, effect.at)
            # The newest moment that is not after the window's end is the one before.
            if effect is not None and effect.after is None and snapshot.at > change.ends_at:
                effect.after = self._after(effect, previous)
                effect.interrupted |= self._interrupted(effect, effect.at, change.ends_at)
        while len(self._effects) > MOST:
            del self._effects[next(iter(self._effects))]

    def forget_before(self, at: float) -> None:
        """Drop the baselines of what is older than ``at``; what was measured stays."""
        for effect in self._effects.values():
            if effect.at < at and effect.host_totals:
                effect.host_totals.clear()

    def _begun(self, change: Change, previous: Snapshot) -> _Effect:
        at, start = previous.at, change.begins_at
        workload = change.edits[0].workload
        if workload:
            track = self._pasts.workload(workload)
            now = _latency(_workload(previous, workload))
            gained = now.since(track.latency.before(start))
            side = workload_side(track.moments, start, at, gained)
            return _Effect(at, workload, change.agent, {None: side}, packed(now))
        origins = _origins(previous, change.agent)
        before: dict[_Whom, Side | None] = {}
        total = together = Histogram()
        for key, origin in origins.items():
            track_ = self._pasts.host_track(change.agent, key)
            now = origin.latency.queue
            gained = now.since(track_.queue.before(start))
            before[key] = host_side([track_.moments], start, at, gained)
            total, together = total.plus(now), together.plus(gained)
        tracks = [self._pasts.host_track(change.agent, key) for key in origins]
        before[None] = host_side([track.moments for track in tracks], start, at, together)
        return _Effect(
            at,
            "",
            change.agent,
            before,
            packed(total),
            {key: packed(origin.latency.queue) for key, origin in origins.items()},
        )

    def _after(self, effect: _Effect, snapshot: Snapshot) -> dict[_Whom, Side | None]:
        if effect.workload:
            return {None: self._measured(effect, snapshot, None)}
        whom: list[_Whom] = [None, *_origins(snapshot, effect.agent)]
        return {key: self._measured(effect, snapshot, key) for key in whom}

    def _measured(self, effect: _Effect, snapshot: Snapshot, whom: _Whom) -> Side | None:
        """Measure what came after a change, up to the instant of a snapshot."""
        end = snapshot.at
        if effect.workload:
            track = self._pasts.workload(effect.workload)
            now = _latency(_workload(snapshot, effect.workload))
            gained = now.since(unpacked(effect.totals))
            return workload_side(track.moments, effect.at, end, gained)
        origins = _origins(snapshot, effect.agent)
        if whom is not None:
            if whom not in origins:
                return None
            before = effect.host_totals.get(whom)
            gained = origins[whom].latency.queue.since(
                Histogram() if before is None else unpacked(before)
            )
            keys = [whom]
        else:
            gained = Histogram.total(each.latency.queue for each in origins.values()).since(
                unpacked(effect.totals)
            )
            keys = list(origins)
        tracks = [self._pasts.host_track(effect.agent, key) for key in keys]
        return host_side([track.moments for track in tracks], effect.at, end, gained)

    def sides(self, number: int, snapshot: Snapshot, origin: OriginKey | None = None) -> Sides:
        """Give both windows of an edit as they stand at the instant of a snapshot.

        Args:
            number: The edit's.
            snapshot: The instant that is shown.
            origin: One host of the agent that was edited; None for all of them together, and
                for a workload's edit.
        """
        change = change_of(snapshot, number)
        effect = None if change is None else self._effects.get(change.number)
        if change is None or effect is None:
            return Sides(None, None)
        over = effect.after is not None and snapshot.at > change.ends_at
        if over and effect.after is not None:
            after = effect.after.get(origin)
        elif origin is not None and not effect.host_totals:
            after = None
        else:
            after = self._measured(effect, snapshot, origin)
        until = min(snapshot.at, change.ends_at)
        interrupted = effect.interrupted or self._interrupted(effect, effect.at, until)
        return Sides(effect.before.get(origin), after, interrupted)

    def _interrupted(self, effect: _Effect, start: float, end: float) -> bool:
        return any(self._pasts.workload(name).changed_state(start, end) for name in effect.loads)


def _origins(snapshot: Snapshot, agent: str) -> Mapping[OriginKey, OriginSnapshot]:
    return {
        origin.key: origin
        for each in snapshot.agents
        if each.name == agent
        for origin in each.origins
    }


def _loads(snapshot: Snapshot, change: Change) -> tuple[str, ...]:
    own = change.edits[0].workload
    if own:
        return (own,)
    return tuple(each.name for each in snapshot.workloads if each.agent == change.agent)


def _workload(snapshot: Snapshot, name: str) -> WorkloadSnapshot | None:
    return next((each for each in snapshot.workloads if each.name == name), None)


def _latency(workload: WorkloadSnapshot | None) -> Histogram:
    return Histogram() if workload is None else workload.latency
