"""The page's tables: what the run came to, of hosts, workloads, classes, errors and edits."""

from __future__ import annotations

from collections.abc import Iterator

from pooltop.advise.diagnosis import Card as Advice
from pooltop.core.causes import by_cause
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.present import units
from pooltop.present.advice import (
    confidence_words,
    headline,
    numbers_of,
    prediction_words,
    proposal_words,
    sentence_of,
)
from pooltop.present.cards import Card, card_of
from pooltop.present.changes import changes_of
from pooltop.present.compare_options import options_of
from pooltop.present.faults import counts
from pooltop.present.labels import label_of
from pooltop.present.report.gather import Gathering
from pooltop.present.report.glossary import DEFINITIONS
from pooltop.present.report.glossary import PHASES as PHASE_WORDS
from pooltop.present.report.markup import Markup, el, joined, table
from pooltop.present.report.plot import shares
from pooltop.present.thresholds import name_of, value_words, verdict_of, when_words
from pooltop.present.undici_stats import STATS, became_of, streams_of, value_of

_LOOKS = {"good": "good", "bad": "bad", "warn": "warn"}
_LEAST_SHARE = 0.0005


def _titles(*names: str) -> list[tuple[str, str]]:
    return [(name, DEFINITIONS.get(name, "")) for name in names]


def hosts(gathering: Gathering, last: Snapshot) -> Markup:
    """Give a row for each host."""
    before = _completed_before(gathering.first)
    return table(
        _titles(
            *("agent", "host", "completed", "req/s", "failed", "errors", "p50", "p95", "p99"),
            *("queue wait", "waited", "opened", "reuse", "closed of"),
        ),
        (
            _host(agent.name, origin, before.get((agent.name, origin.key), 0), gathering.elapsed_s)
            for agent in last.agents
            for origin in agent.origins
        ),
        words=2,
        words_after=1,
    )


def _completed_before(first: Snapshot | None) -> dict[tuple[str, str], int]:
    agents = () if first is None else first.agents
    return {(a.name, o.key): o.counters.completed for a in agents for o in a.origins}


def _host(agent: str, origin: OriginSnapshot, before: int, elapsed_s: float) -> list[object]:
    counters, latency = origin.counters, origin.latency
    rate = (counters.completed - before) / elapsed_s if elapsed_s > 0 else None
    return [
        agent,
        label_of(origin),
        units.count(counters.completed),
        units.rate(rate),
        units.count(sum(counters.failed.values())),
        units.share(error_share(origin)),
        *_quantiles(latency.total),
        units.duration(latency.queue.quantile(0.95)),
        units.count(counters.queued),
        units.count(counters.opened),
        units.share(counters.reused / counters.assigned if counters.assigned else None),
        counts(counters.closed, most=4),
    ]


def error_share(*origins: OriginSnapshot) -> float | None:
    """Give what share of all that ended failed or was answered 5xx; None if nothing ended."""
    faults = sum(each.counters.faults for each in origins)
    answered = sum(
        n for each in origins for status, n in each.counters.statuses.items() if status >= 500
    )
    ended = faults + sum(each.counters.completed for each in origins)
    return (faults + answered) / ended if ended else None


def _quantiles(durations: Histogram) -> list[str]:
    return [units.duration(durations.quantile(q)) for q in (0.5, 0.95, 0.99)]


def dispatchers(last: Snapshot) -> Markup:
    """Give a row for each host of a dispatcher of undici's."""
    became = ("GOAWAY", "refused", "reset", "put back")
    return table(
        _titles("agent", "host", "dispatcher", *STATS, "streams", *became),
        (
            [
                agent.name,
                label_of(origin),
                agent.kind,
                *(units.count(value_of(origin.stats, name)) for name in STATS),
                units.NONE if (load := streams_of(origin)) is None else load.words,
                *(_warned(became_of(origin.counters).get(name, 0)) for name in became),
            ]
            for agent in last.agents
            for origin in agent.origins
            if agent.dispatcher is not None
        ),
        words=3,
    )


def workloads(last: Snapshot) -> Markup:
    """Give a row for each workload."""
    return table(
        _titles(
            *("workload", "load", "to", "offered", "sent", "dropped", "held back", "paced", "late"),
            *("start error", "completed", "failed", "p50", "p95", "p99"),
        ),
        (
            [
                each.name,
                each.pattern,
                each.target,
                units.count(each.offered),
                units.count(each.sent),
                _warned(each.dropped),
                _warned(each.held),
                _warned(each.paced),
                _warned(each.late),
                units.duration(each.lateness.quantile(0.99)),
                units.count(each.completed),
                units.count(each.failed),
                *_quantiles(each.latency),
            ]
            for each in last.workloads
        ),
        words=3,
    )


def _warned(number: int) -> object:
    return el("span", units.count(number), class_="warn") if number else "0"


def classes(last: Snapshot) -> Markup:
    """Give a row for each request class, with where its time went."""
    return table(
        _titles(
            *("workload", "class", "where the time went", "sent", "completed", "failed"),
            *("unexpected", "redirects", "p50", "p95", "p99"),
        ),
        (_class(load, each) for load in last.workloads for each in load.classes),
        words=3,
    )


def _class(load: WorkloadSnapshot, each: ClassSnapshot) -> list[object]:
    return [
        load.name,
        each.name,
        _time_went(each),
        units.count(each.sent),
        units.count(each.completed),
        units.count(sum(each.failed.values())),
        units.count(sum(each.unexpected.values())),
        units.count(each.redirects),
        *_quantiles(each.phases.total),
    ]


def _time_went(each: ClassSnapshot) -> object:
    whole = each.phases.total.sum_s
    if whole <= 0:
        return units.NONE
    parts = [
        (name, seconds / whole, f"ph-{name.replace(' ', '-')}")
        for name, seconds in each.phases.spent.items()
        if seconds > whole * _LEAST_SHARE
    ]
    words = ", ".join(f"{name} {units.share(share)}" for name, share, _ in parts)
    return joined([shares(parts), el("small", words)])


def phase_key() -> Markup:
    """Give what the colours of the bars mean."""
    return el(
        "p",
        joined(
            el(
                "span",
                el("span", class_=f"swatch ph-{name.replace(' ', '-')}"),
                f" {name}",
                class_="key",
                title=meaning,
            )
            for name, meaning in PHASE_WORDS.items()
        ),
    )


def errors(last: Snapshot) -> Markup:
    """Give what requests failed of, by cause and outcome, with the last message of each."""
    return table(
        _titles("host", "cause", "outcome", "failed", "last message"),
        (
            [
                f"{label_of(origin)}",
                cause.value,
                outcome,
                units.count(count),
                origin.failures.get(outcome, ""),
            ]
            for agent in last.agents
            for origin in agent.origins
            for cause, outcomes in by_cause(origin.counters.failed).items()
            for outcome, count in outcomes.items()
        ),
        words=5,
    )


def thresholds(last: Snapshot) -> Markup:
    """Give what the run had to hold, and whether it did."""
    return table(
        _titles("verdict", "threshold", "value", "judged"),
        (
            [
                el("b", verdict_of(state)[0], class_=_LOOKS.get(verdict_of(state)[1])),
                name_of(state),
                value_words(state),
                when_words(state),
            ]
            for state in last.thresholds
        ),
        words=4,
    )


def edits(gathering: Gathering, last: Snapshot) -> Markup:
    """Give each change that was made live, with what was measured before and after."""
    rows: list[list[object]] = []
    for change in changes_of(last):
        edit = change.edits[0]
        card = card_of(edit, last, gathering.history)
        rows.append([f"E{edit.number}", units.clock(edit.wall_at), card.what, _measured(card)])
    return table(_titles("edit", "at", "changed", "before > after"), rows, words=4)


def _measured(card: Card) -> object:
    parts: list[object] = []
    for group in card.groups:
        if group.verdict:
            parts.append(el("b", group.verdict))
        parts += [figure.text for figure in group.figures]
    words = ", ".join(each for each in (card.by_itself, card.fate) if each)
    return joined([*parts, el("small", f"{card.measured}{'; ' if words else ''}{words}")], "; ")


def alerts(gathering: Gathering) -> Markup:
    """Give when which trouble began."""
    return table(
        _titles("alert", "at", "of", "what"),
        (
            [f"A{number}", units.clock(each.wall_at), each.name, each.text]
            for number, each in enumerate(gathering.alerts, 1)
        ),
        words=4,
    )


def options(last: Snapshot) -> Iterator[tuple[str, Markup]]:
    """Give of each agent what it was set to at the end."""
    for agent in last.agents:
        yield agent.name, table(_titles("option", "value"), options_of(agent, _host_name), words=2)


def _host_name(agent: str, origin: OriginSnapshot) -> str:
    del agent  # whose table it is
    return str(label_of(origin))


def advice(gathering: Gathering, last: Snapshot) -> Markup:
    """Give each card that was raised, with its numbers and what it proposes."""
    began = last.at if gathering.first is None else gathering.first.at
    return joined(_advised(card, last, began) for card in gathering.history.advisor.history())


def _advised(card: Advice, last: Snapshot, began: float) -> Markup:
    finding = card.finding
    until = "the end" if card.ended_at is None else f"{card.ended_at - began:.0f} s"
    lines = [
        f"{card.diagnosis.symptom} {sentence_of(finding.why)}",
        f"{card.diagnosis.recommendation} ({confidence_words(card)})",
    ]
    if finding.edit is not None:
        does = prediction_words(card)
        effect = f": {does}" if does else ""
        lines.append(f"Proposal: {proposal_words(finding.edit, last)}{effect}")
    rows = ([each.name, *numbers_of(each)] for each in finding.evidence)
    return joined(
        [
            el("h3", headline(card, last)),
            el("p", f"from {card.since - began:.0f} s to {until}"),
            *(el("p", line) for line in lines),
            table(_titles("measured", "value", "against"), rows, words=1),
        ]
    )
