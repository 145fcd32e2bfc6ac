"""Looks closely at one thing: hands what ``present`` needs to the inspector that fits it."""

from __future__ import annotations

from pooltop.present.line import Line
from pooltop.ui.view import Subject, View


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
    del view, subject, width, height
    return ("INSPECTOR", [])
