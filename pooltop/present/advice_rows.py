"""A row for each card of advice, and for each edit that advice asked for and that is watched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from pooltop.advise.diagnosis import Card
from pooltop.advise.revert_watch import WINDOWS, Figure, Trial, Verdict
from pooltop.core.edits import node_name
from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.advice import (
    GRAVITIES,
    INKS,
    change_words,
    confidence_words,
    evidence_words,
    prediction_words,
    proposal_words,
    sentence_of,
    subject_words,
)
from pooltop.present.blocks import Block, named, part
from pooltop.present.clean import clean
from pooltop.present.history import History
from pooltop.present.hosts import names_of
from pooltop.present.key_line import Hint, hint
from pooltop.present.limits import BY_OPTION, written
from pooltop.present.line import Ink
from pooltop.present.table import Column, number_column, text_column

TOLD_S = 90.0
"""What became of an edit stays in the table for so long."""
_VERDICTS: dict[Verdict, tuple[str, Ink]] = {
    "watching": ("watched", "accent"),
    "held": ("held", "good"),
    "worse": ("WORSE", "bad"),
    "cut": ("not judged", "dim"),
}


class AdviceKey(NamedTuple):
    """What tells a row from all others: cards in the order of the table, edits behind them."""

    number: int
    """Of the diagnosis, or 1000 and more for an edit's."""
    agent: str = ""
    origin: str = ""
    workload: str = ""


@dataclass(frozen=True, slots=True)
class AdviceRow:
    """One row; all text is clean."""

    id: AdviceKey
    place: int
    """In the order of gravity."""
    state: str
    ink: Ink
    code: str
    """``A1``, or ``edit 7``."""
    subject: str
    title: str
    proposal: str
    """"" where no live edit helps."""
    change: str
    """The proposal without whose option it is."""
    effect: str
    since: float
    """Seconds that it has lasted."""
    card: Card | None = None
    trial: Trial | None = None


def build_advice_rows(snapshot: Snapshot, history: History) -> list[AdviceRow]:
    """Give what holds at the instant of a snapshot, the gravest first, then what is watched."""
    at = snapshot.at
    cards = history.advisor.cards(at)
    rows = [_card_row(card, place, snapshot) for place, card in enumerate(cards)]
    trials = (_as_of(one, at) for one in history.advisor.trials if one.edit.at <= at)
    return rows + [
        _trial_row(one, len(cards) + place, snapshot)
        for place, one in enumerate(trials)
        if one.judged_at is None or at - one.judged_at <= TOLD_S
    ]


def _as_of(trial: Trial, at: float) -> Trial:
    """Give a trial as it stood at an instant: a verdict that came later is not known yet."""
    if trial.judged_at is None or trial.judged_at <= at:
        return trial
    return Trial(edit=trial.edit, agent=trial.agent, before=trial.before)


def _card_row(card: Card, place: int, snapshot: Snapshot) -> AdviceRow:
    subject, edit = card.subject, card.finding.edit
    gravity = card.diagnosis.gravity
    return AdviceRow(
        id=AdviceKey(int(card.id[1:]), subject.agent, subject.origin, subject.workload),
        place=place,
        state=GRAVITIES[gravity],
        ink=INKS[gravity],
        code=card.id,
        subject=subject_words(card, snapshot),
        title=card.diagnosis.title,
        proposal="" if edit is None else proposal_words(edit, snapshot),
        change="" if edit is None else change_words(edit, snapshot),
        effect=prediction_words(card),
        since=snapshot.at - card.since,
        card=card,
    )


def _trial_row(trial: Trial, place: int, snapshot: Snapshot) -> AdviceRow:
    edit = trial.edit
    field = BY_OPTION.get(edit.option)
    name = clean(node_name(edit.option), 40) if field is None else field.title
    values = f"{written(edit.option, edit.before)} > {written(edit.option, edit.after)}"
    state, ink = _VERDICTS[trial.verdict]
    return AdviceRow(
        id=AdviceKey(1000 + edit.number),
        place=place,
        state=state,
        ink=ink,
        code=f"edit {edit.number}",
        subject=_whose(trial, snapshot),
        title=f"{name} {values}",
        proposal="",
        change="",
        effect="; ".join(map(_figure_words, trial.figures)),
        since=snapshot.at - edit.at,
        trial=trial,
    )


def _whose(trial: Trial, snapshot: Snapshot) -> str:
    label = None if trial.host is None else names_of(snapshot).get(trial.host)
    if label is not None:
        return str(label)
    return clean(trial.edit.workload or trial.agent, 40)


def worse_words(trial: Trial) -> str:
    """Give the figures that got worse, e.g. ``service p95 20ms > 90ms``."""
    return ", ".join(_figure_words(each) for each in trial.figures if each.is_worse)


def _figure_words(figure: Figure) -> str:
    word = units.share if figure.unit == "share" else units.duration
    return f"{figure.name} {word(figure.before)} > {word(figure.after)}"


COLUMNS: tuple[Column[AdviceRow], ...] = (
    number_column(
        "place",
        "#",
        2,
        lambda row: row.place + 1,
        "id",
        "Its place: what hurts most is 1.",
    ),
    text_column(
        "state",
        "STATE",
        10,
        lambda row: row.state,
        "hurts now, will hurt, wasteful; of an edit by the advisor: watched for two windows, then "
        "held, WORSE, or not judged as another came between.",
        ink=lambda row: row.ink,
    ),
    text_column(
        "advice",
        "ADVICE",
        7,
        lambda row: row.code,
        "The diagnosis, as `pooltop explain` and `[advisor] mute` name it.",
        ink="accent",
    ),
    text_column(
        "of",
        "OF",
        16,
        lambda row: row.subject,
        "The host, agent or workload that it is about.",
        ink="strong",
        most=34,
    ),
    text_column(
        "what",
        "WHAT",
        18,
        lambda row: row.title,
        "What is wrong, in a few words; of an edit what was changed.",
        most=40,
    ),
    text_column(
        "proposal",
        "PROPOSAL",
        18,
        lambda row: row.change,
        "The live edit that is proposed; - where none would help.",
        ink="accent",
        from_width=78,
        most=40,
    ),
    text_column(
        "effect",
        "EFFECT",
        18,
        lambda row: row.effect,
        "What it would do to the queue; of an edit what was measured before and after it.",
        from_width=128,
        most=70,
    ),
    number_column(
        "since",
        "FOR",
        6,
        lambda row: row.since,
        "s",
        "How long it has held.",
        written=lambda value: units.age(value or 0.0),
        from_width=60,
    ),
)


def advice_title(row: AdviceRow) -> str:
    """Give ``ADVICE A1  api.pay:443``; clean."""
    return f"{'EDIT' if row.card is None else 'ADVICE'} {row.code}  {row.subject}"


def advice_blocks(row: AdviceRow) -> list[Block]:
    """Give all that there is to say of a row."""
    return _trial_blocks(row) if row.card is None else _card_blocks(row, row.card)


def _card_blocks(row: AdviceRow, card: Card) -> list[Block]:
    finding = card.finding
    effect = [part((row.effect, "good"))] if row.effect else []
    none = [part(("no live edit would help: see the advice", "dim"))]
    return [
        Block("WHAT", [part((sentence_of(row.title), "strong"), " ", card.diagnosis.symptom)], 0),
        Block("WHY", [part(sentence_of(finding.why))], 3),
        Block("MEASURED", [part(evidence_words(each), mode="row") for each in finding.evidence], 2),
        Block("ADVICE", [part(card.diagnosis.recommendation)], 1),
        Block("PROPOSAL", [part((row.proposal, "accent"))] if row.proposal else none, 1),
        Block("EFFECT", effect, 2),
        Block(
            "SURE",
            [part(confidence_words(card)), named("held for", units.age(row.since))],
            3,
        ),
    ]


def _trial_blocks(row: AdviceRow) -> list[Block]:
    trial = row.trial
    if trial is None:
        return []
    says = {
        "watching": f"{WINDOWS} windows after it are compared with the {WINDOWS} before",
        "held": "nothing got worse",
        "worse": "something got worse: who applied it takes it back",
        "cut": "another edit came between, or there was no traffic to compare",
    }
    return [
        Block("EDIT", [part((row.title, "strong"))], 0),
        Block("VERDICT", [part((row.state, row.ink)), part(says[trial.verdict])], 1),
        Block(
            "MEASURED",
            [
                part(
                    (_figure_words(each), "bad" if each.is_worse else "text"),
                    *(((" worse", "bad"),) if each.is_worse else ()),
                    mode="row",
                )
                for each in trial.figures
            ],
            2,
        ),
    ]


def advice_hints(row: AdviceRow | None) -> tuple[Hint, ...]:
    """Give what can be done with a row."""
    can = row is not None and bool(row.proposal)
    return (hint("apply", "apply"), hint("undo", "undo")) if can else (hint("undo", "undo"),)
