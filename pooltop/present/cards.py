"""The card of an edit: what it changed, measured over 30 s before and up to 30 s after it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from pooltop.core.edits import EditRecord, node_name
from pooltop.core.snapshot import Snapshot
from pooltop.present import units
from pooltop.present.changes import WINDOW_S, Change, change_of
from pooltop.present.clean import clean
from pooltop.present.history import History, HostId
from pooltop.present.hosts import names_of
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.limits import written
from pooltop.present.line import Ink, Line, Span, fit, spread, width_of
from pooltop.present.sides import Side
from pooltop.present.verdicts import (
    LEAST_S,
    Word,
    errors_word,
    falls_behind,
    level_word,
    rate_word,
    took_word,
)
from pooltop.present.whatif import Promise

State = Literal["measuring", "final", "cut", "no traffic", "no past"]
_INK: dict[Word, Ink] = {"better": "good", "worse": "bad", "same": "text"}
_VERDICT_INK: dict[str, Ink] = {
    "better": "good",
    "keeps up": "good",
    "worse": "bad",
    "falls behind": "bad",
    "mixed": "warn",
}
_SHORT_S = 1.5
"""By so much a window may be shorter than it should be without a word."""
_INDENT = " " * 8


@dataclass(frozen=True, slots=True)
class Figure:
    """One number before and after."""

    name: str
    before: str
    after: str
    word: Word = "same"
    """What the change is worth; "same" too for what is neither better nor worse."""

    @property
    def text(self) -> str:
        """Give e.g. ``queue 140 > 0``."""
        return f"{self.name} {self.before} > {self.after}"


@dataclass(frozen=True, slots=True)
class Group:
    """The figures of one host, of an agent, or of a workload; the most telling first."""

    label: str
    """Empty for the whole of what was edited; clean."""
    figures: tuple[Figure, ...]
    verdict: str
    """Empty where the windows are too short to say, or the load was held in one of them."""


@dataclass(frozen=True, slots=True)
class Card:
    """An edit and what it changed, at one instant; all text in it is clean."""

    number: int
    what: str
    """E.g. ``search.int maxSockets 20>50``; all edits that were made together."""
    state: State
    measured: str
    """In words: ``30s before > after``, ``measuring 12s of 30s``, ``not measured: no traffic``."""
    groups: tuple[Group, ...]
    by_itself: str
    """What the edit did at once, e.g. ``30 dialled``; empty for nothing."""
    fate: str
    """``kept``, ``reverted`` ...; empty while it is simply in force."""
    reverts_in_s: float | None
    """Seconds until it is put back; None if it is not."""
    undoable: bool
    """Whether the key that takes an edit back takes back this one."""


def card_of(
    edit: EditRecord,
    snapshot: Snapshot,
    history: History,
    *,
    host: HostId | None = None,
    undoes: int | None = None,
    promise: Promise | None = None,
) -> Card:
    """Give an edit's card at the instant of a snapshot.

    Args:
        edit: One that the snapshot knows.
        snapshot: The instant that is shown: live, of the past, or of a recording.
        history: Holds the past of that instant.
        host: Of this one there are figures of its own too, if it is the edited agent's and not
            its only host; None for none.
        undoes: The number of the edit that this viewer's undo would take back; None for none.
        promise: What was foretold of it; None for nothing.
    """
    change = change_of(snapshot, edit.number)
    edits = (edit,) if change is None else change.edits
    groups, state, measured = _measured(edit, change, snapshot, history, host)
    if promise is not None and groups and _is_of(promise, snapshot, host, groups):
        groups = (*groups[:-1], _beside(groups[-1], promise))
    return Card(
        number=edit.number,
        what=_what(edits),
        state=state,
        measured=measured,
        groups=groups,
        by_itself=_by_itself(edits),
        fate=edit.fate,
        reverts_in_s=None if edit.revert_at is None else max(0.0, edit.revert_at - snapshot.at),
        undoable=edit.number == undoes,
    )


def _is_of(
    promise: Promise, snapshot: Snapshot, host: HostId | None, groups: tuple[Group, ...]
) -> bool:
    """Say whether the last group is of the host that the promise is of."""
    if len(groups) > 1:
        return host == promise.host
    hosts = [agent.origins for agent in snapshot.agents if agent.name == promise.host.agent]
    return sum(len(origins) for origins in hosts) == 1


def _beside(group: Group, promise: Promise) -> Group:
    """Put what was foretold of the wait beside what is measured."""
    told = promise.prediction.p95
    words = (
        f"(predicted {units.duration(told.value)}, "
        f"{units.duration(told.low)} to {units.duration(told.high)})"
    )
    figures = [
        replace(each, after=f"{each.after} {words}") if each.name == "wait95" else each
        for each in group.figures
    ]
    return replace(group, figures=tuple(figures))


def verdict_of(number: int, snapshot: Snapshot, history: History) -> str:
    """Give what an edit's card says of it, as ``better: queue 140 > 0``; "" for nothing.

    Args:
        number: The edit's.
        snapshot: The instant.
        history: Holds the past of that instant.
    """
    edit = next((each for each in snapshot.edits if each.number == number), None)
    groups = () if edit is None else card_of(edit, snapshot, history).groups
    if not groups or not groups[0].verdict:
        return ""
    told = ", ".join(each.text for each in groups[0].figures if each.word != "same")
    return f"{groups[0].verdict}: {told}" if told else groups[0].verdict


def _what(edits: tuple[EditRecord, ...]) -> str:
    parts = [
        f"{node_name(edit.option)} {written(edit.option, edit.before)}>"
        f"{written(edit.option, edit.after)}"
        for edit in edits
    ]
    first = edits[0]
    host = f" {clean(first.host, 40)}" if first.host else ""
    return f"{clean(first.agent or first.workload, 40)}{host} {', '.join(parts)}"


def _by_itself(edits: tuple[EditRecord, ...]) -> str:
    opened, culled = (
        sum(each) for each in zip(*((e.opened, e.culled) for e in edits), strict=True)
    )
    words = [f"{opened} dialled"] if opened else []
    return ", ".join([*words, f"{culled} idle closed"] if culled else words)


def _measured(
    edit: EditRecord,
    change: Change | None,
    snapshot: Snapshot,
    history: History,
    host: HostId | None,
) -> tuple[tuple[Group, ...], State, str]:
    whole = history.effects.sides(edit.number, snapshot)
    before, after = whole.before, whole.after
    if change is None or before is None:
        return (), "no past", "not measured: nobody watched before it"
    if after is None:
        return (), "measuring", f"measuring 0s of {units.window(WINDOW_S)}"
    state, measured = _state(change, snapshot.at, before, after)
    if before.idle and after.idle and state != "measuring":
        return (), "no traffic", "not measured: no traffic"
    judged = state != "measuring" and not whole.interrupted
    if whole.interrupted:
        measured += ", and the load was not the same throughout"
    if change.edits[0].workload:
        return (_workload_group(before, after, edit.option, judged=judged),), state, measured
    groups = [_group("", before, after, judged=judged)]
    if host is not None and host.agent == change.agent:
        own = history.effects.sides(edit.number, snapshot, host.origin)
        name = names_of(snapshot).get(host)
        several = sum(len(a.origins) for a in snapshot.agents if a.name == host.agent) > 1
        if several and name is not None and own.before is not None and own.after is not None:
            groups.append(_group(str(name), own.before, own.after, judged=judged))
    return tuple(groups), state, measured


def _state(change: Change, at: float, before: Side, after: Side) -> tuple[State, str]:
    """Say how much is measured, in words; what is shorter than it should be is said to be."""
    old = _window(before)
    since = "" if change.earlier is None else f" since edit {change.earlier.number}"
    if at <= change.ends_at:
        passed = units.window(max(0.0, at - change.at))
        return "measuring", f"measuring {passed} of {units.window(WINDOW_S)}"
    if change.later is not None:
        new = units.window(max(0.0, change.ends_at - change.at))
        return "cut", f"{old} before{since} > {new} after, until edit {change.later.number}"
    new = _window(after)
    if old == new:
        return "final", f"{old} before{since} > after"
    return "final", f"{old} before{since} > {new} after"


def _window(side: Side) -> str:
    """Give a window's length; moments do not fall on its ends to the second."""
    whole = side.span_s > WINDOW_S - _SHORT_S
    return units.window(WINDOW_S if whole else side.span_s)


def _group(label: str, before: Side, after: Side, *, judged: bool) -> Group:
    words = (
        level_word(before, after),
        took_word(before.took, after.took),
        rate_word(before, after),
        errors_word(before, after),
    )
    says = judged and min(before.span_s, after.span_s) >= LEAST_S
    shown = words if says else ("same",) * 4
    return Group(
        label,
        (
            Figure("queue", units.count(before.level), units.count(after.level), shown[0]),
            Figure("wait95", *_took(before, after), shown[1]),
            Figure("req/s", *_rates(before, after, "completed"), shown[2]),
            Figure("errors", _errors(before), _errors(after), shown[3]),
            Figure("dials", units.count(before.dials), units.count(after.dials)),
        ),
        _overall(words) if says else "",
    )


def _workload_group(before: Side, after: Side, option: str, *, judged: bool) -> Group:
    level, took = level_word(before, after), took_word(before.took, after.took)
    errors = errors_word(before, after)
    says = judged and min(before.span_s, after.span_s) >= LEAST_S
    verdict = ""
    if says and option == "rate":
        # More in flight and slower is what a higher rate means; whether it is served is the point.
        verdict = "falls behind" if falls_behind(before, after) else "keeps up"
    elif says:
        verdict = _overall((took, rate_word(before, after), errors))
    shown = (level, took, errors) if says else ("same",) * 3
    return Group(
        "",
        (
            Figure("offered/s", *_rates(before, after, "offered")),
            Figure("completed/s", *_rates(before, after, "completed")),
            Figure("in flight", units.count(before.level), units.count(after.level), shown[0]),
            Figure("p95", *_took(before, after), shown[1]),
            Figure("errors", _errors(before), _errors(after), shown[2]),
            Figure("dropped", units.count(before.dropped), units.count(after.dropped)),
        ),
        verdict,
    )


def _overall(words: tuple[Word, ...]) -> str:
    found = {word for word in words if word != "same"}
    if not found:
        return "no change within noise"
    return "mixed" if len(found) > 1 else found.pop()


def _took(before: Side, after: Side) -> tuple[str, str]:
    old, new = (units.duration(None if s.took is None else s.took.value) for s in (before, after))
    return old, new


def _rates(before: Side, after: Side, of: Literal["offered", "completed"]) -> tuple[str, str]:
    def rate(side: Side) -> str:
        return units.rate((side.offered if of == "offered" else side.completed) / side.span_s)

    return rate(before), rate(after)


def _errors(side: Side) -> str:
    """Give how many and their share of what ended: ``12 (1.2%)``; ``-`` if nothing ended."""
    if not side.ended:
        return units.NONE
    if not side.errors:
        return "0"
    return f"{units.count(side.errors)} ({units.share(side.errors / side.ended)})"


def card_lines(card: Card, width: int, lines: int, keys: Keymap = STANDARD) -> list[Line]:
    """Give the card in at most so many lines of ``width`` cells.

    Where it does not fit, what is told last is left out; what can be done stays.
    """
    if lines <= 0 or width <= 0:
        return []
    head: list[Span] = [
        (f" EDIT {card.number} ", "accent"),
        (card.what, "strong"),
        (f", {card.measured}", "dim"),
    ]
    if card.groups:
        head.append((":", "dim"))
    flows = [_flow(head, _chunks(card, card.groups[0] if card.groups else None), width)]
    flows += [_flow(_host_head(group), _chunks(None, group), width) for group in card.groups[1:]]
    out = [line for flow in flows for line in flow]
    tail = _tail(card, keys)
    if not tail:
        return out[:lines]
    # The last line that is shown carries what can be done, if that leaves room for its words.
    if lines == 1 or (len(out) <= lines and width_of(out[-1]) + width_of(tuple(tail)) < width):
        shown = out[:lines]
        return [*shown[:-1], spread(shown[-1], tail, width)]
    return [*out[: lines - 1], spread((), tail, width)]


def _host_head(group: Group) -> list[Span]:
    return [(f"{_INDENT}{group.label}:", "strong")]


def _chunks(card: Card | None, group: Group | None) -> list[list[Span]]:
    """Give the parts that stay whole when lines are filled."""
    chunks: list[list[Span]] = []
    if group is not None:
        if group.verdict:
            chunks.append([(group.verdict, _VERDICT_INK.get(group.verdict, "dim"))])
        chunks += [[(figure.text, _INK[figure.word])] for figure in group.figures]
    if card is not None and card.by_itself:
        chunks.append([(f"{card.by_itself} by the edit", "text")])
    return chunks


def _flow(head: list[Span], chunks: list[list[Span]], width: int) -> list[Line]:
    """Fill lines with the parts after the head; later lines are indented."""
    lines: list[Line] = []
    line: list[Span] = head
    for chunk in chunks:
        if width_of(tuple(line)) + 2 + width_of(tuple(chunk)) > width and line:
            lines.append(fit(line, width))
            line = [(_INDENT, "text"), *chunk]
        else:
            line = [*line, ("  ", "text"), *chunk]
    lines.append(fit(line, width))
    return lines


def _tail(card: Card, keys: Keymap) -> list[Span]:
    """Give what becomes of the edit, and the keys that decide it."""
    spans: list[Span] = []
    if card.reverts_in_s is not None:
        spans.append((f"reverts in {units.age(card.reverts_in_s)}  ", "warn"))
        spans += [(keys.first("keep"), "key"), (" keep  ", "dim")]
    elif card.fate:
        spans.append((f"{card.fate}  ", "dim"))
    if card.undoable:
        spans += [(keys.first("undo"), "key"), (" undo ", "dim")]
    return spans
