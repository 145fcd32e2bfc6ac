"""Who is in trouble at an instant, the gravest first; and when that began and ended.

Made from the spells that History keeps: live, rewound and replayed it is the same list. What an
operator has acknowledged is passed in by id; an id names one episode, so that a trouble which ended
and comes back is a new alert. ("The engine is silent" is none of these: the header says so.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, assert_never

import msgspec

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.present import units
from pooltop.present.clean import cells, clean
from pooltop.present.faults import counts
from pooltop.present.history import History, HostId
from pooltop.present.hosts import names_of
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.labels import Label
from pooltop.present.line import Ink, Line, Span, spread
from pooltop.present.marks import in_use, limit_of
from pooltop.present.spells import SAME_EPISODE_S, Spell, Spells
from pooltop.present.thresholds import name_of, value_words
from pooltop.present.track import Track
from pooltop.present.troubles import GRAVITY, GROWTH_S, RECENT_S, Trouble
from pooltop.present.tunnels import pending, waiting_words
from pooltop.present.undici_stats import streams_of
from pooltop.present.workload_track import WorkloadTrack

_SLOPE_S = 5.0


class AlertId(NamedTuple):
    """What stays the same while an alert lasts, and is another when it comes back."""

    host: HostId | None
    """None where it is of no host: a threshold, a workload."""
    trouble: Trouble
    episode: float
    """When it began, in monotonic seconds; breaks of a few seconds do not end it."""
    place: int = 0
    """Of a threshold, or a workload, in the profile, counting from 0."""


class Alert(msgspec.Struct, frozen=True, gc=False):
    """One trouble of a host or a workload, or one threshold, at one instant; all text is clean."""

    id: AlertId
    name: Label | str
    since: float
    """When its episode began; its facts count from the same moment."""
    tell: Callable[[], str]
    """Gives ``text``: of many alerts one is shown."""
    queued: int
    acknowledged: bool = False

    @property
    def text(self) -> str:
        """What is wrong, without the host's name."""
        return self.tell()

    @property
    def trouble(self) -> Trouble:
        """What kind it is."""
        return self.id.trouble

    @property
    def sentence(self) -> str:
        """Give e.g. ``api.pay:443 saturated 11s: 50/50 in use, 212 queued, +19/s``."""
        return f"{self.name} {self.text}"


@dataclass(frozen=True, slots=True)
class AlertFact:
    """That an alert began or ended, for the event log, bookmarks and plots; its text is clean."""

    id: AlertId
    at: float
    """When it was told, in monotonic seconds: once it had lasted as long as such a one must."""
    wall_at: float
    begin: float
    """When the trouble began."""
    ends: bool
    name: Label
    text: str
    """Without the host's name."""


def alerts_of(
    snapshot: Snapshot, history: History, *, acknowledged: Collection[AlertId] = frozenset()
) -> list[Alert]:
    """Give the alerts at the instant of a snapshot, the gravest first, then the longest queue.

    Args:
        snapshot: The instant that is shown.
        history: Holds the past of that instant.
        acknowledged: Alerts that the operator has seen: they are marked, and stay where they are.
    """
    at = snapshot.at
    names: Mapping[HostId, Label] | None = None
    found = _thresholds(snapshot, acknowledged) + _loads(snapshot, history, acknowledged)
    for agent in snapshot.agents:
        for origin in agent.origins:
            host = HostId(agent.name, origin.key)
            track = history.track(host)
            for trouble, spell in track.spells.holding(at, lately_s=SAME_EPISODE_S):
                if names is None:
                    names = names_of(snapshot)
                alert = AlertId(host, trouble, spell.episode)
                tell = partial(_text, trouble, agent, origin, track, at, spell)
                found.append(
                    Alert(
                        id=alert,
                        name=names[host],
                        since=spell.episode,
                        tell=tell,
                        queued=origin.queued,
                        acknowledged=bool(acknowledged) and alert in acknowledged,
                    )
                )
    return sorted(found, key=lambda one: (GRAVITY[one.trouble], -one.queued, str(one.name)))


def _thresholds(snapshot: Snapshot, acknowledged: Collection[AlertId]) -> list[Alert]:
    found: list[Alert] = []
    for place, state in enumerate(snapshot.thresholds):
        if state.since is None:
            continue
        alert = AlertId(None, Trouble.THRESHOLD, state.since, place)
        lasts = units.age(max(0.0, snapshot.at - state.since))
        words = f"failed for {lasts}: {value_words(state)}"
        found.append(
            Alert(
                id=alert,
                name=name_of(state),
                since=state.since,
                tell=partial(str, words),
                queued=0,
                acknowledged=alert in acknowledged,
            )
        )
    return found


def _loads(snapshot: Snapshot, history: History, acknowledged: Collection[AlertId]) -> list[Alert]:
    """Give the workloads that are not delivered as asked for, or were not just now."""
    found: list[Alert] = []
    for place, workload in enumerate(snapshot.workloads):
        track = history.workload(workload.name)
        for trouble, spell in track.spells.holding(snapshot.at, lately_s=SAME_EPISODE_S):
            alert = AlertId(None, trouble, spell.episode, place)
            found.append(
                Alert(
                    id=alert,
                    name=f"workload {clean(workload.name, 40)}",
                    since=spell.episode,
                    tell=partial(_undelivered, workload, track, snapshot.at, spell),
                    queued=0,
                    acknowledged=alert in acknowledged,
                )
            )
    return found


def _undelivered(workload: WorkloadSnapshot, track: WorkloadTrack, at: float, spell: Spell) -> str:
    lasts = units.age(max(0.0, min(at, spell.end) - spell.episode))
    if spell.end <= at:
        return f"was not delivered for {lasts}, not for {units.age(at - spell.end)}"
    moments = track.moments
    old, new = moments.index_at(at - RECENT_S), moments.index_at(at)
    dropped, late = (units.count(moments.gained(name, old, new)) for name in ("dropped", "late"))
    flight = units.count(workload.in_flight)
    words = f"{dropped} dropped, {late} late within {units.window(RECENT_S)}, {flight} in flight"
    return f"is not delivered as asked for, {lasts}: {words}"


def _text(
    trouble: Trouble,
    agent: AgentSnapshot,
    origin: OriginSnapshot,
    track: Track,
    at: float,
    spell: Spell,
) -> str:
    limit = limit_of(agent, origin)
    used = f"{units.count(in_use(origin))}/{units.count(limit)} in use"
    if (load := streams_of(origin)) is not None:
        used += f", {load.words} streams"
    queued = f"{units.count(origin.queued)} queued"
    slope = track.slope("queued", at, _SLOPE_S)
    pace = "" if slope is None else f", {units.signed(slope)}"
    lasts = max(0.0, min(at, spell.end) - spell.episode)
    if spell.end <= at:
        # It may be back at the next moment: an alert that goes and comes is worse than a late end.
        gone = units.age(at - spell.end)
        return f"{trouble.word} {units.age(lasts)}, not for {gone}: {used}, {queued}{pace}"
    match trouble:
        case Trouble.THRESHOLD | Trouble.UNDELIVERED:
            raise AssertionError("no host has it")  # told by ``_thresholds`` and ``_loads``
        case Trouble.SATURATED:
            shared = ", maxTotalSockets reached" if in_use(origin) < limit else ""
            return f"saturated {units.age(lasts)}: {used}, {queued}{shared}{pace}"
        case Trouble.GROWING:
            return f"queue growing for {units.age(lasts + GROWTH_S)}: {queued}{pace}"
        case Trouble.WAITING:
            spare = "" if math.isinf(limit) else f" {units.count(limit - in_use(origin))}"
            return f"{queued} though there is room for{spare} more: {used}"
        case Trouble.ERRORS:
            of = counts(origin.counters.failed, most=3)
            since_start = f" (since the start: {of})" if of else ""
            share = units.share(track.error_share(at, RECENT_S))
            return f"{share} of its requests failed or were answered 5xx{since_start}"
        case Trouble.STALE:
            return _stale(track, at)
        case Trouble.OVER:
            return f"over its limit, draining: {used}"
        case Trouble.TUNNELS:
            waiting = waiting_words(origin, at)
            return f"{pending(origin.tunnelling)} through the proxy: {waiting}"
        case Trouble.UNVERIFIED:
            return f"unverified: {trouble.meaning}"
        case _:
            assert_never(trouble)


def _stale(track: Track, at: float) -> str:
    moments = track.moments
    old, new = moments.index_at(at - RECENT_S), moments.index_at(at)
    stale, again = (units.count(moments.gained(name, old, new)) for name in ("stale", "retried"))
    resent = "" if again == "0" else f", {again} sent again"
    return (
        f"stale reuse: {stale} within {units.window(RECENT_S)}{resent}: "
        "the peer closes idle sockets before this side does"
    )


def alert_facts(snapshot: Snapshot, history: History, *, start: float) -> list[AlertFact]:
    """Give what began and ended after ``start``, up to the instant of a snapshot, oldest first.

    Of the hosts of that snapshot, and only troubles that lasted long enough to be worth a line.
    Asked for at every update with the instant of the one before, it tells each fact once.
    """
    names: Mapping[HostId, Label] | None = None
    facts: list[AlertFact] = []
    for agent in snapshot.agents:
        for origin in agent.origins:
            host = HostId(agent.name, origin.key)
            spells = history.track(host).spells
            for trouble in spells.kinds():
                if names is None:
                    names = names_of(snapshot)
                for episode in spells.episodes(trouble, start - SAME_EPISODE_S, snapshot.at):
                    alert = AlertId(host, trouble, episode.episode)
                    facts += [
                        AlertFact(
                            id=alert,
                            at=moment,
                            wall_at=snapshot.wall_at - (snapshot.at - moment),
                            begin=episode.begin,
                            ends=ends,
                            name=names[host],
                            text=text,
                        )
                        for moment, ends, text in _moments(spells, trouble, episode)
                        if start < moment <= snapshot.at
                    ]
    return sorted(facts, key=lambda fact: (fact.at, GRAVITY[fact.id.trouble], str(fact.name)))


def _moments(
    spells: Spells[Trouble], trouble: Trouble, episode: Spell
) -> list[tuple[float, bool, str]]:
    """Give when an episode is told, whether that is of its end, and what is said.

    One end for each beginning: it is over when it has stayed away for so long that it would be
    another if it came back.
    """
    told = spells.holds_from(trouble, episode, episode.begin + trouble.lasts_s)
    if told is None:
        return []
    lasted = f" for {units.age(trouble.lasts_s)}" if trouble.lasts_s else ""
    after = units.age(episode.end - episode.begin)
    return [
        (told, False, f"{trouble.word}{lasted}"),
        (episode.end + SAME_EPISODE_S, True, f"no longer {trouble.word}, after {after}"),
    ]


def first_open(alerts: Sequence[Alert]) -> int | None:
    """Give the place of the gravest alert that nobody has acknowledged; None without any."""
    return next((i for i, alert in enumerate(alerts) if not alert.acknowledged), None)


def alert_line(
    alerts: Sequence[Alert], width: int, *, place: int | None = None, keys: Keymap = STANDARD
) -> Line:
    """Give one alert in a sentence, which of how many it is, and the keys.

    Args:
        alerts: All of them, in their order.
        width: Cells.
        place: Which one; None for the gravest that is not acknowledged.
        keys: Which keys do what.
    """
    if not alerts:
        return ((" no host is in trouble", "dim"),)
    shown = place if place is not None and place < len(alerts) else first_open(alerts)
    if shown is None:
        seen = f" {_number(len(alerts))} acknowledged: {alerts[0].sentence}"
        return spread([(seen, "dim")], _hints(1, alerts, width - cells(seen), keys), width)
    alert = alerts[shown]
    mark = "acknowledged: " if alert.acknowledged else ""
    text = f" {alert.trouble.glyph} {mark}{alert.sentence}"
    ink: Ink = "dim" if alert.acknowledged else alert.trouble.ink
    return spread([(text, ink)], _hints(shown + 1, alerts, width - cells(text), keys), width)


def _number(alerts: int) -> str:
    return f"{alerts} alert{'' if alerts == 1 else 's'}"


def _hints(number: int, alerts: Sequence[Alert], left: int, keys: Keymap) -> list[Span]:
    """Give which alert it is with the keys, as far as the sentence leaves room."""
    of = f"{number}/{len(alerts)}"
    ack, other = keys.first("ack"), keys.first("alert")
    room = left - 1
    spans: list[Span] = []
    if not alerts[number - 1].acknowledged and cells(f"{ack} ack  {other} {of} ") <= room:
        spans += [(ack, "key"), (" ack  ", "dim")]
    if len(alerts) > 1:
        if cells(f"{other} {of} ") <= room:
            spans.append((f"{other} ", "key"))
        spans.append((f"{of} ", "warn"))
    return spans
