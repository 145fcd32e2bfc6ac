"""Page 4: a row for each workload: what was asked of it, and what came of it."""

from __future__ import annotations

from pooltop.present.inspector import Subject, WorkloadSubject
from pooltop.present.line import Line
from pooltop.present.workload_rows import COLUMNS, WorkloadRow, build_workload_rows
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import inspect_subject
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import Painter


class WorkloadsPage(TablePage[WorkloadRow]):
    """The traffic."""

    name = "Workloads"
    number = "4"
    noun = "WORKLOADS"
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin in the order of their names."""
        super().__init__(painter, Choice("workload", descending=False))

    @property
    def subject(self) -> Subject | None:
        """The workload that the cursor is on."""
        return None if self.row is None else WorkloadSubject(self.row.id)

    def nothing(self) -> str:
        """Say why there are no rows."""
        return "the profile has no workload"

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show all of them."""
        inner = self.lay_out(view, plan, width)
        if view.snapshot is None:
            return
        rows = build_workload_rows(view.snapshot, view.history, window_s=view.header.window_s)
        self.show_rows(view, plan, inner, rows)

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give all that is known of the workload."""
        return inspect_subject(view, self.subject, width, height)
