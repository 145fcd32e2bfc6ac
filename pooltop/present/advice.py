"""Cards of advice in words: of whom, what was measured, what to change, what that would do."""

from __future__ import annotations

import math

from pooltop.advise.advisor import CardFact
from pooltop.advise.diagnosis import Card, Evidence, Proposal, Unit
from pooltop.core.edits import Value, node_name
from pooltop.core.model import HostId
from pooltop.core.snapshot import Snapshot
from pooltop.core.tunable import in_force
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.hosts import names_of
from pooltop.present.limits import BY_OPTION, value_of, written
from pooltop.present.line import Ink

INKS: tuple[Ink, ...] = ("bad", "warn", "dim")
"""By a diagnosis' gravity."""
GRAVITIES = ("hurts now", "will hurt", "wasteful")
"""Likewise, in words."""


def subject_words(card: Card, snapshot: Snapshot) -> str:
    """Give whom a card is of: a host's name, ``agent payments``, ``workload browse``; clean."""
    subject = card.subject
    match subject.scope:
        case "agent":
            return f"agent {clean(subject.agent, 40)}"
        case "workload":
            return f"workload {clean(subject.workload, 40)}"
        case "engine":
            return "this machine"
        case _:
            label = names_of(snapshot).get(HostId(subject.agent, subject.origin))
            return clean(str(subject.origin), 60) if label is None else str(label)


def evidence_words(each: Evidence) -> str:
    """Give e.g. ``queue wait p95 130ms against 20ms``, ``stale sockets 3 of 212``."""
    value, against = numbers_of(each)
    return f"{each.name} {value} against {against}" if against else f"{each.name} {value}"


def numbers_of(each: Evidence) -> tuple[str, str]:
    """Give the value, with the whole if it has an end, and what it is compared with, or ""."""
    against = "" if each.against is None else _number(each.against, each.unit)
    whole = ""
    if each.of is not None and math.isfinite(each.of):
        whole = f" of {_number(each.of, each.unit)}"
    return f"{_number(each.value, each.unit)}{whole}", against


def proposal_words(proposal: Proposal, snapshot: Snapshot) -> str:
    """Give e.g. ``payments maxSockets 4 > 9``; clean."""
    whose = clean(proposal.workload or proposal.agent, 40)
    host = f" {clean(proposal.host, 60)}" if proposal.host else ""
    return f"{whose}{host} {change_words(proposal, snapshot)}"


def change_words(proposal: Proposal, snapshot: Snapshot) -> str:
    """Give e.g. ``maxSockets 4 > 9``: a proposal without whose option it is; clean."""
    field = BY_OPTION.get(proposal.option)
    name = node_name(proposal.option) if field is None else field.title
    before = written(proposal.option, _in_force(proposal, snapshot))
    return f"{name} {before} > {written(proposal.option, proposal.value)}"


def prediction_words(card: Card) -> str:
    """Give e.g. ``queue wait p95 130ms > about 4ms, 62% of the sockets in use``; "" for none."""
    told = card.prediction
    if told is None:
        return ""
    if math.isinf(told.queue_p95_s):
        wait = "queue wait goes on growing"
    else:
        now = units.duration(told.queue_p95_now_s)
        wait = f"queue wait p95 {now} > about {units.duration(told.queue_p95_s)}"
    if told.utilisation is None:
        return wait
    return f"{wait}, {units.share(told.utilisation)} of the sockets in use"


def confidence_words(card: Card) -> str:
    """Give e.g. ``medium confidence: 1204 samples, 3 windows running``."""
    samples, windows = card.finding.samples, card.windows
    if not samples:
        return f"{card.confidence} confidence: a matter of settings"
    running = f", {windows} windows running" if windows > 1 else ""
    return f"{card.confidence} confidence: {units.count(samples)} samples{running}"


def headline(card: Card, snapshot: Snapshot) -> str:
    """Give e.g. ``A1 api.pay:443: the limit is too low``; clean."""
    return f"{card.id} {subject_words(card, snapshot)}: {card.diagnosis.title}"


def sentence(card: Card, snapshot: Snapshot) -> str:
    """Give the headline, and what to do in one breath; clean."""
    edit = card.finding.edit
    if edit is None:
        return f"{headline(card, snapshot)}. {card.diagnosis.recommendation}"
    does = prediction_words(card)
    effect = f" ({does})" if does else ""
    return f"{headline(card, snapshot)}; {proposal_words(edit, snapshot)}{effect}"


def advice_fact(fact: CardFact, snapshot: Snapshot) -> tuple[str, str]:
    """Give a line for the event log, and whom it is of; both clean."""
    card = fact.card
    host = subject_words(card, snapshot)
    if fact.ends:
        lasted = units.age(fact.at - card.since)
        return (f"{card.id} over, after {lasted}: {card.diagnosis.title}", host)
    edit = card.finding.edit
    does = "" if edit is None else f"; {proposal_words(edit, snapshot)}"
    return (f"{card.id} {card.diagnosis.title}{does}", host)


def told_lines(card: Card, snapshot: Snapshot) -> list[str]:
    """Give a card for people in a few lines: what, why, the numbers, and what to do; clean."""
    lines = [
        headline(card, snapshot),
        f"  {card.diagnosis.symptom} {sentence_of(card.finding.why)}",
        f"  measured  {'; '.join(map(evidence_words, card.finding.evidence))}",
        f"  advice    {card.diagnosis.recommendation} ({confidence_words(card)})",
    ]
    if card.finding.edit is not None:
        does = prediction_words(card)
        effect = f": {does}" if does else ""
        lines.append(f"  proposal  {proposal_words(card.finding.edit, snapshot)}{effect}")
    return lines


def sentence_of(words: str) -> str:
    """Give words as a sentence: a capital first, a full stop last."""
    return f"{words[:1].upper()}{words[1:]}."


def _in_force(proposal: Proposal, snapshot: Snapshot) -> Value | None:
    """Give the value that a proposal would change, as an edit has it; None too where it is gone."""
    if proposal.workload:
        for load in snapshot.workloads:
            if load.name == proposal.workload:
                value: Value | None = getattr(load, proposal.option, None)
                return value
        return None
    for agent in snapshot.agents:
        if agent.name != proposal.agent:
            continue
        for origin in agent.origins:
            if proposal.host == origin.authority and proposal.option in origin.own_limits:
                return origin.own_limits[proposal.option]
        return value_of(in_force(agent), proposal.option)
    return None


def _number(value: float, unit: Unit) -> str:
    match unit:
        case "s":
            return units.duration(value)
        case "/s":
            return f"{units.rate(value)}/s"
        case "share":
            return units.share(value)
        case "times":
            return f"{value:.1f}x"
        case "bytes":
            return f"{units.count(value)}B"
        case _:
            whole = value == int(value) if math.isfinite(value) else True
            return units.count(value) if whole or value >= 100 else f"{value:.2g}"
