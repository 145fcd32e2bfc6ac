"""Page 4: a row for each workload: what was asked of it, what came of it; and what must hold."""

from __future__ import annotations

from textual.widget import Widget

from pooltop.core.snapshot import Snapshot
from pooltop.present.clean import clean
from pooltop.present.inspector import Subject, WorkloadSubject
from pooltop.present.line import Line
from pooltop.present.log_plot import LogPlot
from pooltop.present.markers import markers_of
from pooltop.present.plot import Plot
from pooltop.present.threshold_table import threshold_lines, threshold_title
from pooltop.present.workload_plots import WORKLOAD_PLOT_KINDS, workload_plot_of
from pooltop.present.workload_rows import COLUMNS, WorkloadRow, build_workload_rows
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import inspect_subject
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View
from pooltop.ui.widgets.lines import LinePane, Painter
from pooltop.ui.widgets.plot_row import PlotRow


class WorkloadsPage(TablePage[WorkloadRow]):
    """The traffic."""

    name = "Workloads"
    key = "page_workloads"
    noun = "WORKLOADS"
    has_plots = True
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin in the order of their names."""
        names = [kind.replace(" ", "-") for kind in WORKLOAD_PLOT_KINDS]
        self.plots = PlotRow(painter, names, id="workload-plots")
        self.must_hold = LinePane(painter, id="must-hold")
        super().__init__(painter, Choice("workload", descending=False))

    def below(self) -> tuple[Widget, ...]:
        """Give what the run must hold, and the plots."""
        return (self.must_hold, self.plots)

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (*super().panes, self.must_hold, *self.plots.panes_of)

    def subject_of(self, row: WorkloadRow) -> Subject | None:
        """Give its workload."""
        return WorkloadSubject(row.id)

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        del view
        return "the profile has no workload"

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Show all of them."""
        self._draw_thresholds(view, plan, width)
        if view.snapshot is None:
            self.show_rows(view, plan, width, ())
            return
        self.show_rows(view, plan, width, self.workload_rows(view, view.snapshot))
        self._draw_plots(view, view.snapshot, plan, width)

    def _draw_thresholds(self, view: View, plan: Plan, width: int) -> None:
        self.must_hold.display = plan.thresholds > 0
        if view.snapshot is None or not plan.thresholds:
            return
        states = view.snapshot.thresholds
        self.must_hold.styles.height = plan.thresholds
        self.must_hold.title(threshold_title(states))
        lines = threshold_lines(states, width - plan.sides - 2, plan.thresholds - plan.frame)
        self.must_hold.show([((" ", "text"), *line) for line in lines])

    def workload_rows(self, view: View, snapshot: Snapshot) -> list[WorkloadRow]:
        """Give a row for each workload."""
        window_s = view.header.window_s
        return self._made.get(
            snapshot,
            window_s,
            lambda: build_workload_rows(snapshot, view.history, window_s=window_s),
        )

    def _draw_plots(self, view: View, snapshot: Snapshot, plan: Plan, width: int) -> None:
        row = self.row
        if row is None:
            self.plots.display = False
            return
        at, window_s = snapshot.at, view.header.window_s
        agent = row.workload.agent
        markers = markers_of(snapshot, view.history, agent=agent, start=at - window_s)

        def plot_at(index: int, columns: int) -> Plot | LogPlot:
            return workload_plot_of(
                WORKLOAD_PLOT_KINDS[index],
                view.history.workload(row.id),
                at=at,
                window_s=window_s,
                columns=columns,
                markers=markers,
            )

        self.plots.show_plots(view, plan, width, clean(row.id, 40), plot_at)

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give all that is known of the workload."""
        return inspect_subject(view, self.subject, width, height)
