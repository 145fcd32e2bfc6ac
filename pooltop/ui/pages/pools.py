"""Page 1: the hosts, and of the one in focus its plots, its sockets and the head of its queue."""

from __future__ import annotations

from collections.abc import Callable

from textual.containers import Horizontal
from textual.widget import Widget

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.present import units
from pooltop.present.columns import COLUMNS, SPARK
from pooltop.present.history import HostId
from pooltop.present.hosts import HostRow, build_rows
from pooltop.present.inspector import HostSubject, Subject
from pooltop.present.line import Line, text_of
from pooltop.present.log_plot import LogPlot
from pooltop.present.markers import markers_of
from pooltop.present.marks import Mark, in_use, options_of
from pooltop.present.plot import Plot
from pooltop.present.plots import PlotKind, plot_of
from pooltop.present.socket_pane import ROOMY, legend_of, pane_lines
from pooltop.present.sockets import queue_lines
from pooltop.present.table import shown_columns
from pooltop.present.undici_columns import UNDICI_COLUMNS
from pooltop.ui.choice import Choice
from pooltop.ui.inspecting import inspect_subject
from pooltop.ui.layout import Plan
from pooltop.ui.pages.base import TablePage
from pooltop.ui.view import View, find, name_of
from pooltop.ui.widgets.lines import LinePane, Painter
from pooltop.ui.widgets.plot_row import PlotRow

PLOT_KINDS: tuple[PlotKind, ...] = ("in use", "queue", "wait", "service")
PlotAt = Callable[[int, int], Plot | LogPlot]


class PoolsPage(TablePage[HostRow]):
    """Who is saturated, why, and did the change help: answered on one screen."""

    name = "Pools"
    key = "page_pools"
    noun = "HOSTS"
    has_plots = True
    shows_log = True
    all_columns = COLUMNS

    def __init__(self, painter: Painter) -> None:
        """Begin with the longest queue first."""
        names = [kind.replace(" ", "-") for kind in PLOT_KINDS]
        self.plots = PlotRow(painter, names, id="plots")
        self.sockets = LinePane(painter, id="sockets")
        self.queue = LinePane(painter, id="queue")
        self._socket_row = Horizontal(self.sockets, self.queue, id="socket-row")
        super().__init__(painter, Choice("queue", descending=True))

    def below(self) -> tuple[Widget, ...]:
        """Give the plots and the sockets."""
        return (self.plots, self._socket_row)

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (*super().panes, *self.plots.panes_of, self.sockets, self.queue)

    @property
    def host(self) -> HostId | None:
        """The host that the cursor is on."""
        cursor = self.table.cursor
        return cursor if isinstance(cursor, HostId) else None

    def subject_of(self, row: HostRow) -> Subject | None:
        """Give its host."""
        return HostSubject(row.id)

    def nothing(self, view: View) -> str:
        """Say why there are no rows."""
        del view
        return "no host yet"

    def ground(self, row: HostRow) -> str:
        """Give the background: a saturated host's is warm."""
        return "row.hot" if Mark.SATURATED in row.marks else "row"

    def wants_spark(self, width: int) -> bool:
        """Tell whether a table so wide draws sparklines, which cost the most of a row."""
        return any(column.id == "spark" for column in shown_columns(self.all_columns, width))

    def _host_rows(self, view: View, plan: Plan, width: int) -> list[HostRow]:
        """Give a row for each host."""
        if view.snapshot is None:
            return []
        snapshot, window_s = view.snapshot, view.header.window_s
        wanted = plan.table and self.wants_spark(width - plan.inspector)
        spark = SPARK if wanted else 0
        return self._made.get(
            snapshot,
            (window_s, view.stale, spark, view.ascii_only),
            lambda: build_rows(
                snapshot,
                view.history,
                window_s=window_s,
                stale=view.stale,
                spark=spark,
                ascii_only=view.ascii_only,
            ),
        )

    def draw_hosts(self, view: View, plan: Plan, width: int) -> None:
        """Put the hosts on the table, so that it is known whom the cursor is on."""
        agents = () if view.snapshot is None else view.snapshot.agents
        has_undici = any(agent.dispatcher is not None for agent in agents)
        self.all_columns = UNDICI_COLUMNS if has_undici else COLUMNS
        self.show_rows(view, plan, width, self._host_rows(view, plan, width))

    def draw(self, view: View, plan: Plan, width: int) -> None:
        """Draw what belongs to the host that the cursor is on."""
        self._socket_row.display = plan.sockets > 0
        self._socket_row.styles.height = max(1, plan.sockets)
        agent, origin = find(view.snapshot, self.host)
        if agent is None or origin is None or view.snapshot is None or self.host is None:
            if view.snapshot is not None:
                self._draw_nothing()
            return
        plot_at = self._plot_at(view, view.snapshot, self.host)
        self.plots.show_plots(view, plan, width, name_of(view.snapshot, self.host), plot_at)
        self._draw_sockets(plan, width, view.snapshot, agent, origin)

    def inspect(self, view: View, width: int, height: int) -> tuple[str, list[Line]]:
        """Give all that is known of the host."""
        return inspect_subject(view, self.subject, width, height)

    def _draw_nothing(self) -> None:
        """Show no host's plots and sockets: another instant's would be taken for this one's."""
        for pane in (*self.plots.panes_of, self.sockets, self.queue):
            pane.title("")
            pane.show([((" no host at this instant", "dim"),)])

    def _plot_at(self, view: View, snapshot: Snapshot, host: HostId) -> PlotAt:
        at, window_s = snapshot.at, view.header.window_s
        markers = markers_of(
            snapshot, view.history, agent=host.agent, host=host, start=at - window_s
        )

        def plot_at(index: int, columns: int) -> Plot | LogPlot:
            return plot_of(
                PLOT_KINDS[index],
                view.history.track(host),
                at=at,
                window_s=window_s,
                columns=columns,
                markers=markers,
            )

        return plot_at

    def _draw_sockets(
        self,
        plan: Plan,
        width: int,
        snapshot: Snapshot,
        agent: AgentSnapshot,
        origin: OriginSnapshot,
    ) -> None:
        if not plan.sockets:
            return
        lines = plan.sockets - plan.frame
        left = width // 2 if plan.queue else width
        self.queue.display = plan.queue
        self.sockets.styles.width = left
        self.queue.styles.width = max(1, width - left)
        limit = units.count(options_of(agent, origin).max_sockets)
        # The legend is a line where there is room for it, and else the border's text.
        legend = "" if lines >= ROOMY else "   " + text_of(legend_of(origin)).strip()
        self.sockets.title(f"SOCKETS {in_use(origin)}/{limit}{legend}")
        shown = pane_lines(snapshot, agent, origin, max(1, left - plan.sides - 2), lines)
        self.sockets.show([((" ", "text"), *line) for line in shown])
        self.queue.title(
            f"QUEUE HEAD {units.count(origin.queued)}, first in first out"
            if origin.queued
            else "QUEUE empty"
        )
        queued = queue_lines(origin, snapshot.at, lines)
        self.queue.show([((" ", "text"), *line) for line in queued])
