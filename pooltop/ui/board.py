"""All panes of the one screen, and how a View is put onto them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from textual.containers import Horizontal
from textual.widget import Widget

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.present import units
from pooltop.present.clean import cells
from pooltop.present.columns import COLUMNS, SPARK
from pooltop.present.header import (
    HeaderFacts,
    alert_line,
    header_line,
    mode_of,
    total_rate,
)
from pooltop.present.history import History, HostId
from pooltop.present.hosts import HostRow, SortOrder, arrange, build_rows, matching
from pooltop.present.labels import label_of
from pooltop.present.limits import BY_OPTION, value_of, written
from pooltop.present.line import Line, fit, text_of
from pooltop.present.marks import changed_options, in_use
from pooltop.present.plot import columns_in, draw
from pooltop.present.plots import PlotKind, plot_of
from pooltop.present.socket_pane import ROOMY, pane_lines
from pooltop.present.sockets import legend_line, queue_lines
from pooltop.present.table import shown_columns
from pooltop.ui.help import help_lines
from pooltop.ui.keys import key_line, typing_line
from pooltop.ui.layout import Plan, plan
from pooltop.ui.widgets.events import EventLog
from pooltop.ui.widgets.grid import HostGrid
from pooltop.ui.widgets.limits import LimitsStrip
from pooltop.ui.widgets.lines import LinePane, Painter

PLOT_KINDS: tuple[PlotKind, ...] = ("in use", "queue", "wait")


@dataclass(frozen=True, slots=True)
class View:
    """What the reader has chosen to see, and of which instant."""

    snapshot: Snapshot | None
    """The instant shown; None before the first."""
    live: Snapshot | None
    """The newest instant: what an edit form shows even on a frozen screen."""
    history: History
    header: HeaderFacts
    order: SortOrder
    held: tuple[HostId, ...] | None = None
    """The order of rows to keep, while the reader moves through them."""
    needle: str = ""
    filtering: bool = False
    plot: int | None = None
    """Which plot is maximised; None shows as many as fit."""
    stale: bool = False
    locked: bool = False
    status: Line = ()
    note: str = ""
    """What the host table says while it is empty."""
    ascii_only: bool = False


class Board:
    """Owns the panes; ``draw`` is the only thing that changes what they show."""

    def __init__(self, painter: Painter) -> None:
        """Make every pane, once and for all: panes are shown and hidden, never made anew."""
        self.header = LinePane(painter, id="header", ground="row")
        self.alert = LinePane(painter, id="alert")
        self.hosts = HostGrid(painter, id="hosts")
        self.plots = tuple(
            LinePane(painter, id=f"plot-{kind.replace(' ', '-')}") for kind in PLOT_KINDS
        )
        self.sockets = LinePane(painter, id="sockets")
        self.queue = LinePane(painter, id="queue")
        self.limits = LimitsStrip(painter, id="limits")
        self.events = EventLog(painter, id="events")
        self.keys = LinePane(painter, id="keys")
        self.help = LinePane(painter, id="help")
        self.message = LinePane(painter, id="message")
        self._plot_row = Horizontal(*self.plots, id="plots")
        self._socket_row = Horizontal(self.sockets, self.queue, id="socket-row")
        self._planned: tuple[Plan, int, int] | None = None
        self._help_top: int | None = None

    def compose(self) -> Iterator[Widget]:
        """Give the screen's children, top to bottom."""
        yield self.header
        yield self.alert
        yield self.hosts
        yield self._plot_row
        yield self._socket_row
        yield self.limits
        yield self.events
        yield self.help
        yield self.message
        yield self.keys

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (
            self.header,
            self.alert,
            self.hosts,
            *self.plots,
            self.sockets,
            self.queue,
            self.limits,
            self.events,
            self.keys,
            self.help,
            self.message,
        )

    @property
    def helping(self) -> bool:
        """Whether the help page covers the panes."""
        return self._help_top is not None

    def toggle_help(self) -> None:
        """Open or close the help page."""
        self._help_top = None if self.helping else 0

    def scroll_help(self, by: int) -> None:
        """Move the help page by so many lines."""
        if self._help_top is not None:
            self._help_top += by

    def draw(self, view: View, width: int, height: int) -> None:
        """Put one View on the screen of this size."""
        hosts = sum(len(agent.origins) for agent in view.snapshot.agents) if view.snapshot else 1
        layout = plan(width, height, hosts=hosts, editing=self.limits.editing)
        self._lay_out(layout, width, height)
        if layout.mode == "message":
            text = f"pooltop needs 40x10; this is {width}x{height}. q quits."
            parts = [text] if len(text) <= width else text.replace(";", ".").split(". ")
            self.message.show([fit(((part, "warn"),), max(1, width)) for part in parts])
            return
        if self.helping:
            self._draw_help(width, height)
        frame = 2 if layout.mode == "full" else 0
        rows = self._draw_hosts(view, layout, width - frame)
        self.alert.show([alert_line(rows, width)])
        host = self.hosts.cursor
        agent, origin = find(view.snapshot, host)
        self._draw_limits(view, agent, origin)
        if agent is not None and origin is not None and host is not None and view.snapshot:
            self._draw_plots(view, layout, width, host, origin)
            self._draw_sockets(layout, width, view.snapshot, agent, origin)
        self.events.draw()
        mode = mode_of(view.snapshot, host.agent if host else None) if view.snapshot else ""
        facts = replace(view.header, req_s=total_rate(rows), mode=mode)
        self.header.show([header_line(facts, width)])
        if self.limits.editing or view.filtering:
            self.keys.show([typing_line(width, editing=self.limits.editing)])
        elif layout.limits == 0 and view.status:
            self.keys.show([fit(view.status, width)])
        else:
            self.keys.show([key_line(width, locked=view.locked)])

    def _lay_out(self, layout: Plan, width: int, height: int) -> None:
        key = (layout, width, int(self.helping))
        if key == self._planned:
            return
        self._planned = key
        shown = layout.mode != "message"
        covered = self.helping and shown
        self.message.display = not shown
        for bar in (self.header, self.alert, self.keys):
            bar.display = shown
        self.help.display = covered
        heights: tuple[tuple[Widget, int], ...] = (
            (self.hosts, layout.hosts),
            (self._plot_row, layout.plots),
            (self._socket_row, layout.sockets),
            (self.limits, layout.limits),
            (self.events, layout.events),
        )
        for pane, lines in heights:
            pane.display = lines > 0 and not covered
            if lines:
                pane.styles.height = lines
        self.help.styles.height = max(1, height - 3)
        screen = self.hosts.screen
        for mode in ("full", "incident", "line", "message"):
            screen.set_class(layout.mode == mode, f"-{mode}")

    def _draw_help(self, width: int, height: int) -> None:
        lines = help_lines(width - 4)
        fits = max(1, height - 5)
        top = max(0, min(self._help_top or 0, len(lines) - fits))
        self._help_top = top
        self.help.title(
            "HELP  j k or arrows scroll, ? or esc leaves",
            f"{min(top + fits, len(lines))}/{len(lines)}",
        )
        self.help.show(lines[top : top + fits])

    def _draw_hosts(self, view: View, layout: Plan, width: int) -> list[HostRow]:
        columns = shown_columns(COLUMNS, width + (2 if layout.mode == "full" else 0))
        wants_spark = any(column.id == "spark" for column in columns)
        rows: list[HostRow] = []
        if view.snapshot is not None:
            rows = build_rows(
                view.snapshot,
                view.history,
                window_s=view.header.window_s,
                stale=view.stale,
                spark=SPARK if wants_spark else 0,
                ascii_only=view.ascii_only,
            )
        found = matching(rows, view.needle)
        shown = arrange(found, view.order, held=view.held)
        note = view.note or ("  no host matches the filter" if rows else "  no host yet")
        self.hosts.show_rows(shown, columns, sorted_by=view.order.id, note=((note, "dim"),))
        fits = max(1, layout.hosts - _frame_lines(layout) - 1)
        first = self.hosts.first_visible + 1
        place = f" {first}-{min(first + fits - 1, len(found))}" if len(found) > fits else ""
        self.hosts.title(_hosts_title(view, len(found), len(rows), place))
        return rows

    def _draw_limits(
        self, view: View, agent: AgentSnapshot | None, origin: OriginSnapshot | None
    ) -> None:
        form = self.limits.form
        if form is not None:
            agent, origin = find(view.live, form.host)
        label = str(label_of(origin)) if origin is not None else ""
        status = view.status or (_limits_hint(agent) if agent is not None else ())
        self.limits.show_agent(agent, label, status)

    def _draw_plots(
        self, view: View, layout: Plan, width: int, host: HostId, origin: OriginSnapshot
    ) -> None:
        if not layout.plots or view.snapshot is None:
            return
        count = layout.plot_count
        chosen = [view.plot] if view.plot is not None else list(range(count))
        each = width // len(chosen)
        frame = 2 if layout.mode == "full" else 0
        for index, pane in enumerate(self.plots):
            pane.display = index in chosen
            if index not in chosen:
                continue
            size = width - each * (len(chosen) - 1) if index == chosen[-1] else each
            pane.styles.width = size
            inner = size - frame
            plot = plot_of(
                PLOT_KINDS[index],
                view.history.track(host),
                at=view.snapshot.at,
                window_s=view.header.window_s,
                columns=columns_in(inner),
            )
            named = f"{label_of(origin)}  {plot.title}"
            fits = index == chosen[0] and cells(named) <= size - 8
            pane.title(named if fits else plot.title)
            lines = layout.plots - _frame_lines(layout)
            pane.show(draw(plot, inner, lines, ascii_only=view.ascii_only))

    def _draw_sockets(
        self,
        layout: Plan,
        width: int,
        snapshot: Snapshot,
        agent: AgentSnapshot,
        origin: OriginSnapshot,
    ) -> None:
        if not layout.sockets:
            return
        frame = 2 if layout.mode == "full" else 0
        lines = layout.sockets - _frame_lines(layout)
        left = width // 2 if layout.queue else width
        self.queue.display = layout.queue
        self.sockets.styles.width = left
        self.queue.styles.width = max(1, width - left)
        limit = units.count(agent.options.max_sockets)
        # The legend is a line where there is room for it, and else the border's text.
        legend = "" if lines >= ROOMY else "   " + text_of(legend_line()).strip()
        self.sockets.title(f"SOCKETS {in_use(origin)}/{limit}{legend}")
        shown = pane_lines(snapshot, agent, origin, max(1, left - frame - 2), lines)
        self.sockets.show([((" ", "text"), *line) for line in shown])
        self.queue.title(
            f"QUEUE HEAD {units.count(origin.queued)}, first in first out"
            if origin.queued
            else "QUEUE empty"
        )
        queued = queue_lines(origin, snapshot.at, lines)
        self.queue.show([((" ", "text"), *line) for line in queued])


def find(
    snapshot: Snapshot | None, host: HostId | None
) -> tuple[AgentSnapshot | None, OriginSnapshot | None]:
    """Give the agent and the origin of a host; None for what is not there (any more)."""
    if snapshot is None or host is None:
        return (None, None)
    agent = next((one for one in snapshot.agents if one.name == host.agent), None)
    if agent is None:
        return (None, None)
    return (agent, next((one for one in agent.origins if one.key == host.origin), None))


def _frame_lines(layout: Plan) -> int:
    """Give the lines that a pane's border takes in this mode."""
    return {"full": 2, "incident": 1}.get(layout.mode, 0)


def _hosts_title(view: View, found: int, total: int, place: str) -> str:
    title = f"HOSTS {total}" if found == total else f"HOSTS {found} of {total}"
    title += place and f"  rows{place}"
    arrow = "desc" if view.order.descending else "asc"
    title += f"  sort {view.order.title} {arrow}"
    if view.filtering:
        title += f"  filter /{view.needle}_  (ret keeps, esc clears)"
    elif view.needle:
        title += f"  filter /{view.needle}"
    if view.held is not None:
        title += "  order held while you move"
    return title


def _limits_hint(agent: AgentSnapshot) -> Line:
    changed = changed_options(agent)
    if not changed:
        return ((" as in the profile", "dim"), ("   e", "key"), (" edit", "dim"))
    was = ", ".join(
        f"{BY_OPTION[option].title} {written(option, value_of(agent.initial_options, option))}"
        for option in changed
    )
    return (
        (f" * profile: {was}", "accent"),
        ("   u", "key"),
        (" undo", "dim"),
        ("  U", "key"),
        (
            " back to profile",
            "dim",
        ),
    )
