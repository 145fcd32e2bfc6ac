"""Page 7: what the advisor found, what it would change, and what became of what it changed."""

from __future__ import annotations

from pooltop.core.model import HostId
from pooltop.present.advice_rows import (
    COLUMNS,
    AdviceRow,
    advice_blocks,
    advice_hints,
    advice_title,
    build_advice_rows,
)
from pooltop.present.blocks import lay_out
from pooltop.present.inspector import HostSubject, Subject, WorkloadSubject
from pooltop.present.key_line import hint_line
from pooltop.present.line import Line
from pooltop.ui.choice import Choice
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import Painter

_HINTS_FROM = 6
"""Lines from which on the card's keys have one of their own."""


class AdvicePage(TablePage[AdviceRow]):
    """Cards, the gravest first; beside or over them the one that the cursor is on."""

    name = "Advice"
    key = "page_advice"
    noun = "ADVICE"
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin with the gravest."""
        super().__init__(painter, Choice("place", descending=False))

    def subject_of(self, row: AdviceRow) -> Subject | None:
        """Give the host or the workload that a card is of."""
        if row.card is None:
            return None
        subject = row.card.subject
        match subject.scope:
            case "host":
                return HostSubject(HostId(subject.agent, subject.origin))
            case "workload":
                return WorkloadSubject(subject.workload)
            case _:
                return None

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        if view.snapshot is not None and view.snapshot.advisor.mode == "off":
            return "the profile has the advisor off"
        return "nothing to advise: what is wrong shows after two windows in which it held"

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show what holds at the instant."""
        self.show_rows(view, plan, width, self.advice_rows(view))

    def advice_rows(self, view: View) -> list[AdviceRow]:
        """Give a row for each card, and for each edit that is watched."""
        snapshot = view.snapshot
        if snapshot is None:
            return []
        return self._made.get(snapshot, None, lambda: build_advice_rows(snapshot, view.history))

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give the card in full, with what can be done."""
        row = self.row
        if row is None:
            return ("ADVICE", [])
        hints = height >= _HINTS_FROM
        lines = lay_out(advice_blocks(row), width, height - hints)
        if hints:
            lines += [()] * (height - 1 - len(lines))
            lines.append(hint_line(advice_hints(row), width, view.keys, locked=view.locked))
        return (advice_title(row), lines)
