"""Looks closely at one thing: hands what ``present`` needs to the inspector that fits it."""

from __future__ import annotations

from pooltop.core.edits import EditRecord
from pooltop.core.snapshot import JournalEntry, Snapshot
from pooltop.present.blocks import room_in
from pooltop.present.cards import card_lines, card_of
from pooltop.present.history import HostId
from pooltop.present.inspect_event import edit_of
from pooltop.present.inspector import (
    NOTHING,
    Beside,
    HostSubject,
    Picture,
    RequestSubject,
    Subject,
    WorkloadSubject,
    beside_of,
    gone_lines,
    hints_of,
    inspector_lines,
    picture_of,
    title_of,
)
from pooltop.present.key_line import hint_line
from pooltop.present.last_seen import LastSeen, last_seen, settled_lines, settled_title
from pooltop.present.line import Line
from pooltop.present.whatif import promise_of
from pooltop.ui.view import View

_HINTS_FROM = 8
"""Lines from which on the pane's keys have one of their own."""
_CARDS = 3
"""Edits whose cards are shown, the latest first."""
_LINES = 4
"""Of the latest one's card: its figures and what becomes of it. The others have two."""


def inspect_subject(
    view: View, subject: Subject | None, width: int, height: int, *, seen: LastSeen | None = None
) -> tuple[str, list[Line]]:
    """Give the title and the lines that tell all of a subject.

    Args:
        view: the instant, and its past.
        subject: what is looked at; None for nothing.
        width: of the pane in cells.
        height: of it in lines.
        seen: what was known of a request before; None for nothing.
    """
    if subject is None or view.snapshot is None:
        return ("INSPECTOR", [(("the cursor is on nothing", "dim"),)])
    picture = picture_of(view.snapshot, subject)
    if picture is None:
        if not isinstance(subject, RequestSubject):
            return ("INSPECTOR", gone_lines(subject, width, height))
        known = last_seen(view.snapshot, *subject, seen)
        told = settled_lines(
            subject.request, known, view.snapshot, width, height, ascii_only=view.ascii_only
        )
        return (settled_title(subject.request, known, view.snapshot), told)
    hints = height >= _HINTS_FROM
    beside = beside_subject(view, subject, picture, width)
    lines = inspector_lines(
        picture, width, height - hints, beside=beside, ascii_only=view.ascii_only
    )
    if hints:
        lines += [()] * (height - 1 - len(lines))
        lines.append(hint_line(hints_of(picture), width, view.keys, locked=view.locked))
    return (title_of(picture), lines)


def beside_subject(view: View, subject: Subject, picture: Picture, width: int) -> Beside:
    """Give what the past has to say of a subject; cards as wide as a pane of ``width`` has room."""
    if view.snapshot is None:
        return NOTHING
    cards = _cards(view, subject, room_in(width))
    return beside_of(
        picture,
        view.history,
        view.snapshot.at,
        view.header.window_s,
        stale=view.stale,
        cards=tuple(cards),
        thresholds=view.snapshot.thresholds,
        max_rate=view.snapshot.max_rate,
    )


def _cards(view: View, subject: Subject, width: int) -> list[Line]:
    snapshot = view.snapshot
    if snapshot is None or not isinstance(subject, (HostSubject, WorkloadSubject)):
        return []
    agent = subject.host.agent if isinstance(subject, HostSubject) else ""
    workload = subject.name if isinstance(subject, WorkloadSubject) else ""
    mine = [e for e in snapshot.edits if (e.agent, e.workload) == (agent, workload)]
    host = subject.host if isinstance(subject, HostSubject) else None
    lines: list[Line] = []
    for edit in reversed(mine[-_CARDS:]):
        most = _LINES if edit is mine[-1] else 2
        lines += _card(view, snapshot, edit, width, most, host=host)
    return lines


def card_of_event(view: View, entry: JournalEntry, width: int) -> list[Line]:
    """Give the card of the edit that an event tells of; nothing where it is not known."""
    snapshot = view.snapshot
    edit = None if snapshot is None else edit_of(entry, snapshot.edits)
    if snapshot is None or edit is None:
        return []
    return _card(view, snapshot, edit, room_in(width), _LINES)


def _card(
    view: View,
    snapshot: Snapshot,
    edit: EditRecord,
    width: int,
    lines: int,
    *,
    host: HostId | None = None,
) -> list[Line]:
    undoes = None if view.undoes is None else view.undoes.number
    promise = promise_of(edit, view.promises)
    card = card_of(edit, snapshot, view.history, host=host, undoes=undoes, promise=promise)
    return card_lines(card, width, lines, view.keys)
