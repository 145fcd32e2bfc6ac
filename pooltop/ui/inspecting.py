"""Looks closely at one thing: hands what ``present`` needs to the inspector that fits it."""

from __future__ import annotations

from pooltop.present.demand import demand_of
from pooltop.present.history import HostId
from pooltop.present.inspector import (
    NOTHING,
    Beside,
    gone_lines,
    inspector_lines,
    picture_of,
    title_of,
)
from pooltop.present.line import Line
from pooltop.ui.view import Subject, View, WorkloadSubject, find


def inspect_subject(
    view: View, subject: Subject | None, width: int, height: int
) -> tuple[str, list[Line]]:
    """Give the title and the lines that tell all of a subject.

    Args:
        view: the instant, and its past.
        subject: what is looked at; None for nothing.
        width: of the pane in cells.
        height: of it in lines.
    """
    if subject is None or view.snapshot is None or isinstance(subject, WorkloadSubject):
        return ("INSPECTOR", [(("the cursor is on nothing", "dim"),)])
    picture = picture_of(view.snapshot, subject)
    if picture is None:
        return ("INSPECTOR", gone_lines(subject, width, height))
    beside = beside_of(view, subject)
    lines = inspector_lines(picture, width, height, beside=beside, ascii_only=view.ascii_only)
    return (title_of(picture), lines)


def beside_of(view: View, subject: Subject) -> Beside:
    """Give what the past has to say of a subject."""
    if view.snapshot is None:
        return NOTHING
    if isinstance(subject, HostId):
        _, origin = find(view.snapshot, subject)
        if origin is None:
            return NOTHING
        track = view.history.track(subject)
        return Beside(demand=demand_of(track, origin, view.snapshot.at, view.header.window_s))
    return NOTHING
