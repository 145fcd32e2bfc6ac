"""Judges every window by every diagnosis, and keeps the cards: raised, renewed, and over.

A card is raised when its finding held in as many windows running as it needs, renewed with every
further one, and over after one whole window without it, or when the option that it speaks of is
edited. Cards that are over are kept, so that any instant of the past can be asked for.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from pooltop.advise.diagnosis import (
    Card,
    Confidence,
    Diagnosis,
    Finding,
    Prediction,
    Subject,
)
from pooltop.advise.effect import predict
from pooltop.advise.pace import is_slowing
from pooltop.advise.revert_watch import RevertWatch, Trial
from pooltop.advise.sharing import Sharing
from pooltop.advise.table import TABLE
from pooltop.advise.view import HostView
from pooltop.advise.windows import HostWindow, Watch, WorkloadWindow
from pooltop.core.advising import UNMUTABLE, AdvisorOptions
from pooltop.core.edits import EditRecord
from pooltop.core.model import HostId
from pooltop.core.snapshot import AgentSnapshot, Snapshot

_KEPT_CARDS = 500
"""Cards that are over are kept up to so many, and each in so many states."""
_KEPT_STATES = 60
_SURE = 2
"""Times ``min_samples``, and windows beyond those needed, from which on confidence is high."""


class CardFact(NamedTuple):
    """That a card was raised or is over, for whoever tells it once."""

    at: float
    card: Card
    ends: bool


@dataclass(slots=True)
class _Standing:
    """How one diagnosis stands with one subject."""

    held: int = 0
    """Windows running in which it held."""
    held_at: float = -math.inf
    """When it was last counted: what is of the engine is asked once for each of its agents."""
    states: deque[tuple[float, Card]] = field(default_factory=lambda: deque(maxlen=_KEPT_STATES))
    """The raised card, as it was from each instant on; empty while there is none."""


class Advisor:
    """Takes every snapshot once; gives the cards of any instant of the kept past."""

    def __init__(
        self, options: AdvisorOptions | None = None, table: Sequence[Diagnosis] = TABLE
    ) -> None:
        """Begin with nothing seen.

        Args:
            options: how to judge; None for what the snapshots say.
            table: the diagnoses, gravest first where two stand beside each other.
        """
        self._given = options
        self._table = table
        self._of_settings = [each for each in table if not each.windows]
        self._begin()

    def _begin(self) -> None:
        self._watch = Watch()
        self._reverts = RevertWatch()
        self._standing: dict[tuple[str, Subject], _Standing] = {}
        self._over: deque[deque[tuple[float, Card]]] = deque(maxlen=_KEPT_CARDS)
        self._facts: deque[CardFact] = deque(maxlen=2 * _KEPT_CARDS)
        self._seen: set[HostId] = set()
        self._latest: Snapshot | None = None

    def add(self, snapshot: Snapshot) -> None:
        """Take in a snapshot; one from before the latest means a new engine, and clears all."""
        latest = self._latest
        if latest is not None and snapshot.at < latest.at:
            self._begin()
            latest = None
        options = self._options_of(snapshot)
        self._latest = snapshot
        if options.mode == "off":
            return
        self._note_edits(snapshot, () if latest is None else self._watch.edits_since(snapshot))
        closed = self._watch.add(snapshot, options.window_s)
        self._reverts.follow(snapshot)
        for agent in snapshot.agents:
            if agent.name in closed:
                self._reverts.judge(snapshot.at, agent.name, self._hosts_of(agent.name))
                self._judge(snapshot, agent, options, self._table)
            elif any(HostId(agent.name, one.key) not in self._seen for one in agent.origins):
                self._judge(snapshot, agent, options, self._of_settings)
        if len(self._seen) != sum(len(agent.origins) for agent in snapshot.agents) or closed:
            self._forget(snapshot)

    def cards(self, at: float | None = None) -> tuple[Card, ...]:
        """Give the cards that hold, gravest first.

        Args:
            at: as of which instant, in monotonic seconds; None for now.
        """
        found = [
            card
            for one in self._standing.values()
            if one.states and (card := _as_of(one.states, at)) is not None
        ]
        if at is not None:
            over = (_as_of(states, at) for states in self._over)
            found += [card for card in over if card is not None]
        places = {each.id: place for place, each in enumerate(self._table)}
        found.sort(key=lambda one: (one.diagnosis.gravity, places[one.id], one.subject))
        return _without_rivals(found)

    def history(self) -> tuple[Card, ...]:
        """Give every card that was raised as it was last, oldest first, those that hold too."""
        ended = [states[-1][1] for states in self._over]
        now = [one.states[-1][1] for one in self._standing.values() if one.states]
        return tuple(sorted((*ended, *now), key=lambda one: one.since))

    def facts_since(self, at: float) -> tuple[CardFact, ...]:
        """Give what was raised and what was over after an instant, oldest first."""
        return tuple(fact for fact in self._facts if fact.at > at)

    @property
    def trials(self) -> tuple[Trial, ...]:
        """Give every edit that advice asked for and what became of it, oldest first."""
        return self._reverts.trials

    @property
    def watch(self) -> Watch:
        """Give the windows that are judged."""
        return self._watch

    def view(self, host: HostId) -> HostView | None:
        """Give the view of a host as of the latest snapshot; None where there is no such host."""
        snapshot = self._latest
        if snapshot is None:
            return None
        for agent in snapshot.agents:
            if agent.name == host.agent:
                views = self._views(snapshot, agent, self._options_of(snapshot))
                return next((one for one in views if one.id == host), None)
        return None

    def _options_of(self, snapshot: Snapshot) -> AdvisorOptions:
        return snapshot.advisor if self._given is None else self._given

    def _views(
        self, snapshot: Snapshot, agent: AgentSnapshot, options: AdvisorOptions
    ) -> list[HostView]:
        """Give the view of each host of an agent."""
        kept = self._watch.hosts
        ids = [HostId(agent.name, each.key) for each in agent.origins]
        newest = tuple(kept[one][-1] for one in ids if one in kept)
        loads: dict[str, list[WorkloadWindow]] = {}
        for each in snapshot.workloads:
            if each.agent == agent.name and each.name in self._watch.workloads:
                loads.setdefault(each.target, []).append(self._watch.workloads[each.name])
        return [
            HostView(
                id=own,
                snapshot=snapshot,
                agent=agent,
                origin=origin,
                options=options,
                windows=self._watch.windows(own),
                newest=newest,
                workloads=tuple(loads.get(origin.authority, ())),
            )
            for own, origin in zip(ids, agent.origins, strict=True)
        ]

    def _judge(
        self,
        snapshot: Snapshot,
        agent: AgentSnapshot,
        options: AdvisorOptions,
        table: Sequence[Diagnosis],
    ) -> None:
        views = self._views(snapshot, agent, options)
        self._seen.update(view.id for view in views)
        sharing = Sharing(views)
        for each in table:
            if _is_told(each, options):
                for subject, judged in _subjects(each, views).items():
                    found = [(v, one) for v in judged if (one := _found(each, v, sharing))]
                    self._settle(each, subject, found, snapshot.at)

    def _settle(
        self,
        diagnosis: Diagnosis,
        subject: Subject,
        judged: list[tuple[HostView, Finding]],
        at: float,
    ) -> None:
        key = (diagnosis.id, subject)
        if not judged:
            self._end(key, at)
            return
        view, finding = max(judged, key=lambda one: one[1].samples)
        standing = self._standing.setdefault(key, _Standing())
        standing.held += at > standing.held_at
        standing.held_at = at
        if standing.held < diagnosis.windows:
            return
        is_raised = not standing.states
        card = Card(
            diagnosis=diagnosis,
            subject=subject,
            since=at if is_raised else standing.states[0][1].since,
            finding=finding,
            confidence=_confidence(diagnosis, finding, standing.held, view.options),
            prediction=_predicted(view, finding),
            windows=standing.held,
        )
        standing.states.append((at, card))
        if is_raised:
            self._facts.append(CardFact(at, card, ends=False))

    def _end(self, key: tuple[str, Subject], at: float) -> None:
        standing = self._standing.pop(key, None)
        if standing is None or not standing.states:
            return
        card = replace(standing.states[-1][1], ended_at=at)
        standing.states.append((at, card))
        self._over.append(standing.states)
        self._facts.append(CardFact(at, card, ends=True))

    def _note_edits(self, snapshot: Snapshot, edits: Iterable[EditRecord]) -> None:
        """End what speaks of options as they were; what needs several windows begins to count."""
        for edit in edits:
            loads = {each.name: each.agent for each in snapshot.workloads}
            agent = loads.get(edit.workload, edit.agent)
            self._reverts.begin(edit, agent, self._hosts_of(agent))
            for key, standing in list(self._standing.items()):
                if key[1].agent == agent:
                    standing.held = 0
                    if standing.states and _speaks_of(standing.states[-1][1], edit):
                        self._end(key, snapshot.at)

    def _hosts_of(self, agent: str) -> dict[HostId, deque[HostWindow]]:
        return {host: each for host, each in self._watch.hosts.items() if host.agent == agent}

    def _forget(self, snapshot: Snapshot) -> None:
        """End the cards of hosts, agents and workloads that are gone."""
        hosts = {HostId(a.name, o.key) for a in snapshot.agents for o in a.origins}
        self._seen &= hosts
        agents = {each.name for each in snapshot.agents}
        loads = {each.name for each in snapshot.workloads}
        for key in list(self._standing):
            subject = key[1]
            is_here = {
                "host": HostId(subject.agent, subject.origin) in hosts,
                "agent": subject.agent in agents,
                "workload": subject.workload in loads,
                "engine": True,
            }
            if not is_here[subject.scope]:
                self._end(key, snapshot.at)


def _found(diagnosis: Diagnosis, view: HostView, sharing: Sharing) -> Finding | None:
    if diagnosis.windows and not view.windows:
        return None
    try:
        finding = diagnosis.rule(view)
        # The one place for it: whatever a rule thinks, a target that is slowing is not sent more.
        if finding is None or (diagnosis.raises and is_slowing(view)):
            return None
        return sharing.suited(finding, view, is_of_limit=diagnosis.of_limit)
    except (ArithmeticError, ValueError):
        # What a recording or a peer tells can contradict itself: of that nothing is said.
        return None


def _predicted(view: HostView, finding: Finding) -> Prediction | None:
    try:
        return None if finding.edit is None else predict(view, finding.edit)
    except (ArithmeticError, ValueError):
        return None  # as for the finding


def _is_told(diagnosis: Diagnosis, options: AdvisorOptions) -> bool:
    return diagnosis.id in UNMUTABLE or diagnosis.id not in options.mute


def _subjects(diagnosis: Diagnosis, views: list[HostView]) -> dict[Subject, list[HostView]]:
    """Give whom a diagnosis can be of among the hosts of an agent, and what is looked at."""
    found: dict[Subject, list[HostView]] = {}
    for view in views:
        agent, origin = view.id
        match diagnosis.scope:
            case "host":
                found.setdefault(Subject("host", agent, origin), []).append(view)
            case "agent":
                found.setdefault(Subject("agent", agent), []).append(view)
            case "engine":
                found.setdefault(Subject("engine"), []).append(view)
            case "workload":
                for load in view.workloads:
                    subject = Subject("workload", agent, workload=load.name)
                    found.setdefault(subject, []).append(replace(view, workload=load))
    return found


def _confidence(
    diagnosis: Diagnosis, finding: Finding, held: int, options: AdvisorOptions
) -> Confidence:
    if not diagnosis.windows or finding.is_fact:
        return "high"
    if finding.samples < options.min_samples:
        return "low"
    is_sure = finding.samples >= _SURE * options.min_samples and held >= diagnosis.windows + _SURE
    return "high" if is_sure else "medium"


def _as_of(states: Sequence[tuple[float, Card]], at: float | None) -> Card | None:
    if at is None:
        return states[-1][1]
    place = bisect_right(states, at, key=lambda state: state[0]) - 1
    card = states[place][1] if place >= 0 else None
    return None if card is None or card.ended_at is not None else card


def _speaks_of(card: Card, edit: EditRecord) -> bool:
    proposal = card.finding.edit
    return proposal is not None and (proposal.option, proposal.agent, proposal.workload) == (
        edit.option,
        edit.agent,
        edit.workload,
    )


def _without_rivals(cards: list[Card]) -> tuple[Card, ...]:
    """Leave out what another card is the cause of, and second proposals for the same option."""
    beaten = {(other, card.subject) for card in cards for other in card.diagnosis.beats}
    taken: set[tuple[str, str, str, str]] = set()
    told = []
    for card in cards:
        if (card.id, card.subject) in beaten:
            continue
        edit = card.finding.edit
        if edit is not None:
            place = (edit.agent, edit.host, edit.workload, edit.option)
            told.append(
                replace(card, finding=replace(card.finding, edit=None), prediction=None)
                if place in taken
                else card
            )
            taken.add(place)
        else:
            told.append(card)
    return tuple(told)
