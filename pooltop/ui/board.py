"""The whole screen: the bars around the page that is shown, and how a View is put onto them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from textual.containers import Horizontal
from textual.widget import Widget

from pooltop.core.edits import EditRecord
from pooltop.lessons.strip import LINES, stage_lines, strip_lines, strip_title
from pooltop.present.alerts import Alert, alert_line, alerts_of, first_open
from pooltop.present.cards import card_lines, card_of
from pooltop.present.editing import Target, WorkloadId
from pooltop.present.header import header_line, mode_of
from pooltop.present.history import HostId
from pooltop.present.inspector import WorkloadSubject, leads_to
from pooltop.present.key_line import HELPING, Typing, hints_on, key_line, typing_line
from pooltop.present.keys import Keymap
from pooltop.present.line import fit
from pooltop.present.manual import manual_lines
from pooltop.present.memo import Memo
from pooltop.present.table import row_line, shown_columns, title_line
from pooltop.present.transport import transport_line
from pooltop.present.viewers import viewers_section
from pooltop.present.whatif import Study, promise_of
from pooltop.present.whatif_plot import whatif_lines
from pooltop.present.workload_rows import COLUMNS as WORKLOAD_COLUMNS
from pooltop.ui.editable import limits_hint, options_of
from pooltop.ui.layout import LEAST, Plan, plan
from pooltop.ui.pages.advice import AdvicePage
from pooltop.ui.pages.base import Page
from pooltop.ui.pages.compare import ComparePage
from pooltop.ui.pages.events import EventsPage
from pooltop.ui.pages.pools import PoolsPage
from pooltop.ui.pages.queue import QueuePage
from pooltop.ui.pages.sockets import SocketsPage
from pooltop.ui.pages.workloads import WorkloadsPage
from pooltop.ui.view import View, find, host_of
from pooltop.ui.widgets.events import EventLog
from pooltop.ui.widgets.limits import LimitsStrip
from pooltop.ui.widgets.lines import LinePane, Painter
from pooltop.ui.widgets.prompt import Prompt
from pooltop.ui.widgets.stage import Stage
from pooltop.ui.widgets.table import Sheet, TableGrid
from pooltop.ui.widgets.tabs import Tabs

_CARD_LINES = ((150, 1), (100, 2), (0, 3))
"""From so many cells on, a card has so many lines: fixed, for what is below must not jump."""
_LESSON = LINES + 1
"""Lines of a lesson's strip, its upper border included."""
_CARD_S = 90.0
"""A card of an edit that is settled stays on the screen for so long."""


class Board:
    """Owns the panes; ``draw`` is the only thing that changes what they show."""

    def __init__(self, painter: Painter, keys: Keymap) -> None:
        """Make every pane, once and for all: panes are shown and hidden, never made anew."""
        self._keys = keys
        self.header = LinePane(painter, id="header", ground="row")
        self.tabs = Tabs(painter, id="tabs")
        self.transport = LinePane(painter, id="transport")
        self.alert = LinePane(painter, id="alert")
        self.pools = PoolsPage(painter)
        self.queue = QueuePage(painter)
        self.workloads = WorkloadsPage(painter)
        self.compare = ComparePage(painter)
        self.advice = AdvicePage(painter)
        self.pages: tuple[Page, ...] = (
            self.pools,
            SocketsPage(painter),
            self.queue,
            self.workloads,
            EventsPage(painter),
            self.compare,
            self.advice,
        )
        """In the order of their numbers."""
        self.page: Page = self.pools
        """The one that is shown."""
        self.limits = LimitsStrip(painter, id="limits")
        self.prompt = Prompt(painter, keys, id="prompt")
        self.card = LinePane(painter, id="card")
        self.log = EventLog(painter, id="events")
        self.keys = LinePane(painter, id="keys")
        self.lesson = LinePane(painter, id="lesson")
        self.stage = Stage(painter, id="stage")
        self.help = LinePane(painter, id="help")
        self.whatif = LinePane(painter, id="whatif")
        self.message = LinePane(painter, id="message")
        self.traffic = TableGrid(painter, id="traffic")
        self._log_row = Horizontal(self.log, self.traffic, id="log-row")
        self.alerts: tuple[Alert, ...] = ()
        """Those of the instant that is shown."""
        self.alert_place: int | None = None
        """Which of them is shown."""
        self._found: Memo[list[Alert]] = Memo()
        self._rates: Memo[tuple[float | None, float]] = Memo()
        self._planned: object = None
        self._help_top: int | None = None
        self._help_fits = 1

    def compose(self) -> Iterator[Widget]:
        """Give the screen's children, top to bottom."""
        yield self.header
        yield self.tabs
        yield self.transport
        yield self.alert
        for page in self.pages:
            yield page.container
        yield self.limits
        yield self.prompt
        yield self.card
        yield self._log_row
        yield self.whatif
        yield self.help
        yield self.message
        yield self.stage
        yield self.lesson
        yield self.keys

    @property
    def panes(self) -> tuple[LinePane, ...]:
        """Every pane that paints lines."""
        return (
            self.header,
            self.tabs,
            self.transport,
            self.alert,
            *(pane for page in self.pages for pane in page.panes),
            self.limits,
            self.prompt,
            self.card,
            self.log,
            self.traffic,
            self.lesson,
            *self.stage.panes,
            self.keys,
            self.whatif,
            self.help,
            self.message,
        )

    @property
    def typing(self) -> bool:
        """Whether something is being typed: a limit, an answer, a filter."""
        return self.asking or self.page.choice.filtering

    @property
    def asking(self) -> bool:
        """Whether the limits strip or a question has the keyboard."""
        return self.limits.editing or self.prompt.question is not None

    @property
    def helping(self) -> bool:
        """Whether the help page covers the panes."""
        return self._help_top is not None

    def toggle_help(self) -> None:
        """Open or close the help page."""
        self._help_top = None if self.helping else 0

    @property
    def help_page(self) -> int:
        """Lines that a page of the help goes on: one that was seen stays in sight."""
        return max(1, self._help_fits - 1)

    def scroll_help(self, by: int) -> None:
        """Move the help page by so many lines."""
        if self._help_top is not None:
            self._help_top += by

    def turn_to(self, name: str) -> None:
        """Show another page."""
        there = next((page for page in self.pages if page.name == name), self.page)
        if there is not self.page:
            # A click leaves it half typed: keys must not go into a filter that is not shown.
            self.page.choice.filtering = False
        self.page = there

    def draw(self, view: View, width: int, height: int) -> None:
        """Put one View on the screen of this size."""
        hosts = sum(len(agent.origins) for agent in view.snapshot.agents) if view.snapshot else 1
        played = view.transport is not None
        self.transport.display = played
        taught = self._draw_lesson(view, width, height)
        whole, height = height, height - played - taught
        layout = plan(
            width,
            height,
            hosts=hosts,
            editing=self.asking,
            more=0 if self.prompt.question is None else len(self.prompt.question.more),
            card=self._card_height(view, width),
            pools=self.page is self.pools,
            plots=self.page.has_plots,
            cells=self.page.cells_wanted(view, width),
            inspecting=view.inspecting,
            thresholds=len(view.snapshot.thresholds)
            if view.snapshot and self.page is self.workloads
            else 0,
        )
        studying = view.study is not None
        self._lay_out(layout, width, height, presents=view.presents, studying=studying)
        if view.presents and view.lesson is not None:
            self.stage.show(view.lesson.numbers, stage_lines(view.lesson, width - 4))
        if layout.mode == "message":
            self._draw_message(width, whole, played=played)
            return
        if self.helping:
            self._draw_help(view, layout, width, height)
        elif view.study is not None:
            self._draw_whatif(view.study, layout, width)
        self._draw_alert(view, width)
        if self.page is self.pools:
            self.pools.draw_hosts(view, layout, width)
            view = replace(view, host=self.pools.host)
        self.page.draw(view, layout, width)
        self._draw_limits(view)
        self._draw_card(view, layout, width)
        self.log.draw(view.logbook, view.until, self._keys)
        self._draw_traffic(view, layout, width)
        self._draw_header(view, layout, width)
        self._draw_keys(view, layout, width)

    def _draw_lesson(self, view: View, width: int, height: int) -> int:
        """Show the lesson's step, where there is room below the rest; give the lines it takes."""
        player = view.lesson
        has_room = width >= LEAST[0] and height - _LESSON >= LEAST[1]
        self.lesson.display = player is not None and has_room
        if player is None or not has_room:
            return 0
        self.lesson.title(strip_title(player))
        self.lesson.show(strip_lines(player, width, explained=view.explained))
        return _LESSON

    def _lay_out(
        self, layout: Plan, width: int, height: int, *, presents: bool, studying: bool
    ) -> None:
        asked = self.prompt.question is not None
        key = (layout, width, height, self.helping, self.page, asked, presents, studying)
        if key == self._planned:
            return
        self._planned = key
        shown = layout.mode != "message"
        presented = presents and shown and not self.helping
        covered = (self.helping and shown) or presented
        self.message.display = not shown
        self.tabs.display = shown and layout.tabs > 0
        for bar in (self.header, self.alert, self.keys):
            bar.display = shown
        self.help.display = covered and not presented
        self.stage.display = presented
        self.whatif.display = studying and shown and not covered
        self.whatif.styles.height = self._whatif_height(layout)
        studied = self.whatif.display
        for page in self.pages:
            page.container.display = page is self.page and shown and not (covered or studied)
            page.container.styles.height = max(1, layout.body)
        heights: tuple[tuple[Widget, int], ...] = (
            (self.limits, 0 if asked else layout.limits),
            (self.prompt, layout.limits if asked else 0),
            (self.card, layout.card),
            (self._log_row, 0 if studied else layout.log),
        )
        for pane, lines in heights:
            pane.display = lines > 0 and not covered
            if lines:
                pane.styles.height = lines
        self.help.styles.height = self.stage.styles.height = max(1, height - 3 - layout.tabs)
        screen = self.header.screen
        for mode in ("wide", "full", "incident", "line", "message"):
            screen.set_class(layout.mode == mode, f"-{mode}")

    def _draw_message(self, width: int, height: int, *, played: bool) -> None:
        columns, lines = LEAST
        needs = f"pooltop needs {columns}x{lines + played}"
        text = f"{needs}; this is {width}x{height}. {self._keys.first('quit')} quits."
        parts = [text] if len(text) <= width else text.replace(";", ".").split(". ")
        self.message.show([fit(((part, "warn"),), max(1, width)) for part in parts])

    def _draw_help(self, view: View, layout: Plan, width: int, height: int) -> None:
        lines = manual_lines(width - 4, self._keys, self.page.name)
        if view.company is not None and view.snapshot is not None:
            lines = (*viewers_section(view.company, view.snapshot.wall_at), *lines)
        self._help_fits = fits = max(1, height - 5 - layout.tabs)
        top = max(0, min(self._help_top or 0, len(lines) - fits))
        self._help_top = top
        self.help.title(
            f"HELP  {self._keys.first('down', 'up')} scroll, {self._keys.first('escape')} leaves",
            f"{min(top + fits, len(lines))}/{len(lines)}",
        )
        self.help.show(lines[top : top + fits])

    @staticmethod
    def _whatif_height(layout: Plan) -> int:
        return max(1, layout.body + layout.log)

    def _draw_whatif(self, study: Study, layout: Plan, width: int) -> None:
        self.whatif.title(f"WHAT IF {study.name}")
        lines = self._whatif_height(layout) - layout.frame
        self.whatif.show(whatif_lines(study, width - layout.sides, lines, self._keys))

    def _draw_header(self, view: View, layout: Plan, width: int) -> None:
        facts = view.header
        if view.snapshot is not None:
            agent = view.host.agent if view.host else None
            snapshot, history, window_s = view.snapshot, view.history, facts.window_s
            req_s, dropped_s = self._rates.get(
                snapshot,
                window_s,
                lambda: (history.req_s(snapshot, window_s), history.dropped_s(snapshot, window_s)),
            )
            advice = len(history.advisor.cards(snapshot.at))
            mode = mode_of(snapshot, agent)
            facts = replace(facts, req_s=req_s, dropped_s=dropped_s, mode=mode, advice=advice)
        self.header.show([header_line(facts, width, self._keys)])
        if view.transport is not None:
            self.transport.show([transport_line(view.transport, width, self._keys)])
        if layout.tabs:
            pages = [(self._keys.first(page.key), page.name) for page in self.pages]
            self.tabs.show_pages(pages, self.page.name, width)

    def _draw_limits(self, view: View) -> None:
        form = self.limits.form
        target = form.target if form is not None else self.target(view)
        of, name = options_of(view, target, live=form is not None)
        status = view.status
        if not status and isinstance(target, HostId):
            agent, _ = find(view.snapshot, target)
            status = limits_hint(view, target, agent) if agent is not None else ()
        self.limits.show_options(of, name, status)

    def _draw_alert(self, view: View, width: int) -> None:
        self.alerts = ()
        if view.snapshot is None:
            self.alert.show([()])
            return
        snapshot = view.snapshot
        found = self._found.get(
            snapshot,
            view.acknowledged,
            lambda: alerts_of(snapshot, view.history, acknowledged=view.acknowledged),
        )
        self.alerts = tuple(found)
        place = next((i for i, one in enumerate(found) if one.id == view.alert), None)
        self.alert_place = first_open(found) if place is None else place
        self.alert.show([alert_line(found, width, place=self.alert_place, keys=self._keys)])

    def _card_height(self, view: View, width: int) -> int:
        if self._latest_edit(view) is None:
            return 0
        return next(lines for cells, lines in _CARD_LINES if width >= cells)

    def _draw_traffic(self, view: View, layout: Plan, width: int) -> None:
        """Show the workloads beside the log, where there is room for both."""
        self.traffic.display = layout.workloads > 0
        self.log.styles.width = width - layout.workloads
        if not layout.workloads or view.snapshot is None:
            return
        self.traffic.styles.width = layout.workloads
        inner = layout.workloads - layout.sides
        columns = shown_columns(WORKLOAD_COLUMNS, inner)
        rows = self.workloads.workload_rows(view, view.snapshot)
        key = self._keys.first(self.workloads.key)
        self.traffic.title(f"WORKLOADS {len(rows)}  ({key})")
        self.traffic.show_sheet(
            Sheet(
                keys=tuple(row.id for row in rows),
                heading=title_line(columns, inner),
                line=lambda i, _cursor: row_line(rows[i], columns, inner),
                has_cursor=False,
            )
        )

    def _latest_edit(self, view: View) -> EditRecord | None:
        """Give the edit whose card is shown: the latest, for as long as it says something new."""
        snapshot = view.snapshot
        if snapshot is None or not snapshot.edits:
            return None
        latest = snapshot.edits[-1]
        young = snapshot.at - latest.at <= _CARD_S
        return latest if young or latest.revert_at is not None else None

    def _draw_card(self, view: View, layout: Plan, width: int) -> None:
        edit = self._latest_edit(view)
        if not layout.card or edit is None or view.snapshot is None:
            return
        undoes = None if view.undoes is None else view.undoes.number
        card = card_of(
            edit,
            view.snapshot,
            view.history,
            host=view.host,
            undoes=undoes,
            promise=promise_of(edit, view.promises),
        )
        self.card.show(card_lines(card, width, layout.card, self._keys))

    def target(self, view: View) -> Target | None:
        """Give whose options the limits strip shows, and an edit would change."""
        subject = self.page.subject
        if isinstance(subject, WorkloadSubject):
            return WorkloadId(subject.name)
        return self.host_of_keys(view)

    def host_of_keys(self, view: View) -> HostId | None:
        """Give the host that keys act on: the row's, or whose rows the page's title says it shows.

        None where neither is on the screen: nothing is done to what cannot be seen.
        """
        host = host_of(self.page.subject)
        if host is None and self.page.is_of_a_host and not view.all_hosts:
            return view.host
        return host

    def _draw_keys(self, view: View, layout: Plan, width: int) -> None:
        typing = self._what_is_typed()
        if typing is not None:
            # Where the table has no border, what is typed has no other place.
            bare = typing == "filter" and not layout.frame
            typed = self.page.choice.needle if bare else None
            self.keys.show([typing_line(width, self._keys, typing, typed=typed)])
        elif layout.limits == 0 and view.status and view.is_news:
            self.keys.show([fit(view.status, width)])
        elif self.helping:
            self.keys.show([key_line(width, self._keys, HELPING, locked=view.locked, last=())])
        else:
            hints = hints_on(
                self.page.name,
                studying=view.study is not None,
                frozen=view.until is not None,
                replayed=view.transport is not None,
                inspecting=view.inspecting,
            )
            picture = self.page.picture(view)
            vain = ("follow",) if picture is None or leads_to(picture) is None else ()
            self.keys.show([key_line(width, self._keys, hints, locked=view.locked, vain=vain)])

    def _what_is_typed(self) -> Typing | None:
        if self.limits.editing:
            return "edit"
        if self.prompt.question is not None:
            return "question"
        return "filter" if self.page.choice.filtering else None
