"""The dashboard's application without its keys: takes updates from a Source and draws them.

One path draws: an update, or a key, makes one ``redraw`` and with it at most one repaint of each
pane that changed. Nothing here waits for the network while it draws; what does wait is a task
that the app owns and ends.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine, Hashable
from typing import Any

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from pooltop.core.company import Company
from pooltop.core.detail import Watch
from pooltop.core.thresholds import EXIT_FAILED, has_failed
from pooltop.errors import PooltopError
from pooltop.lessons.player import LessonPlayer
from pooltop.present.advice import advice_fact
from pooltop.present.alerts import alert_facts
from pooltop.present.clean import clean
from pooltop.present.farewell import farewell_lines
from pooltop.present.history import History
from pooltop.present.inspector import RequestSubject, SocketSubject
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.mask import Mask, names_in
from pooltop.present.viewers import change
from pooltop.profiles.saving import Saving
from pooltop.sources.base import Source, Update
from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import Player
from pooltop.ui.board import Board
from pooltop.ui.crash import report
from pooltop.ui.facts import header_facts, transport_facts
from pooltop.ui.few_colours import few_colours
from pooltop.ui.foretelling import Foretold
from pooltop.ui.hearing import Hearing
from pooltop.ui.keys import bindings
from pooltop.ui.logbook import Logbook
from pooltop.ui.memory import GIVE_BACK_S, give_back
from pooltop.ui.messages import SnapshotArrived
from pooltop.ui.operator import Operator
from pooltop.ui.pace import Pace
from pooltop.ui.reader import Reader
from pooltop.ui.terminal import Terminal
from pooltop.ui.theme import CONTRAST, STRONG_RATIO, TEXT_RATIO, THEMES, palette
from pooltop.ui.timeline import Timeline
from pooltop.ui.view import View, host_of
from pooltop.ui.whatif import WhatIf
from pooltop.ui.widgets.lines import Painter

_HUNG_UP = 129
"""The exit status after SIGHUP, and when the terminal is gone."""


class Dashboard(App[None]):
    """A live dashboard over one Source; ``reading`` and ``writing`` give it keys."""

    TITLE = "pooltop"
    CSS_PATH = "pooltop.tcss"
    ALLOW_SELECT = False
    AUTO_FOCUS = "#pools-table"

    def __init__(
        self,
        source: Source,
        *,
        read_only: bool = False,
        window_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
        ascii_only: bool | None = None,
        keys: Keymap = STANDARD,
        saving: Saving | None = None,
    ) -> None:
        """Watch ``source``, which is started when the app is.

        Args:
            source: What to watch. The app does not close it: who made it does.
            read_only: Refuse every edit, and every control but the stop, for good.
            window_s: What rates, quantiles and plots cover at first.
            clock: Monotonic seconds, for the reader's own timing.
            spent: Seconds of CPU that drawing and all that leads to it took so far.
            ascii_only: Draw in ASCII alone; None asks the locale and the output's encoding.
            keys: Which keys do what.
            saving: Writes what was tuned as a profile; None where that cannot be had.
        """
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self._source = source
        self.keys = keys
        """Which keys do what."""
        # All of them: Textual's own (ctrl+q) stand in no table, and so on no screen.
        self._bindings = bindings(keys)
        self.saving = saving
        """Writes what was tuned as a profile; None where that cannot be had."""
        self.clock = clock
        self._spent = spent
        self.pace = Pace()
        """How often is drawn."""
        self.ascii_only = _needs_ascii() if ascii_only is None else ascii_only
        """Whether the terminal is given nothing beyond ASCII."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "pooltop"
        self._mask: Mask | None = None
        self._painter = self._new_painter()
        self.board = Board(self._painter, keys)
        """The panes."""
        self.history = History()
        """The kept past."""
        self.timeline = Timeline()
        """Which instant is shown."""
        self.logbook = Logbook()
        """What was told so far."""
        self.reader = Reader(window_s)
        """What is chosen to be seen."""
        self.operator = Operator(
            source,
            read_only=read_only,
            own=self._own,
            log=self._log_edit,
            changed=self._redraw_soon,
            keys=keys,
            clock=clock,
        )
        """What is done to the engine."""
        self.whatif = WhatIf(self._own, self._redraw_soon)
        """A host under other limits."""
        self.foretold = Foretold(self._own)
        """What is expected of edits."""
        self.player: Player | None = source.player if isinstance(source, PlayerSource) else None
        """What plays a recording; None for a live engine."""
        self.lesson: LessonPlayer | None = None
        """The lesson that is played; None for none."""
        self.explained = False
        """Whether the strip says what the lesson is about."""
        self.presents = False
        """Whether what the lesson measures covers the page, in large digits."""
        self.company: Company | None = None
        """Who else watches the engine; None where nobody can."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._hearing = Hearing(clock, is_replay=self.player is not None)
        self._note = "  waiting for the engine"
        self._watched: Watch | None = None
        self._said_news = False
        self._drawn: Hashable | None = None
        self._first_at = 0.0
        self.forced = False
        """Whether the reader would not wait for an orderly end."""
        self.on_leave: Callable[[int], None] | None = None
        """Told the exit status as soon as the app has to end, whatever still hangs."""

    # --- life -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Give the panes."""
        yield from self.board.compose()

    def on_mount(self) -> None:
        """Show the first frame, then start the source."""
        self._repaint()
        self.theme_changed_signal.subscribe(self, lambda _theme: self._repaint())
        self.app_resume_signal.subscribe(self, lambda _app: self.refresh(layout=True))
        self.redraw()
        self.set_interval(1.0, self._tick, name="silence")
        self.set_interval(GIVE_BACK_S, give_back, name="memory")
        self._own(self._start(), "source")

    async def _start(self) -> None:
        try:
            await self._source.start(self._take, self._ended)
        except (PooltopError, OSError) as error:
            self._return_code = 1
            self._ended(f"the engine could not be started: {error}")

    def on_unmount(self) -> None:
        """End what is still under way."""
        self.whatif.close()
        self.foretold.close()
        for task in self._tasks:
            task.cancel()

    def _own(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"pooltop-ui-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._disown)

    def _disown(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        if isinstance(error, Exception):
            self._handle_exception(error)

    def get_driver_class(self) -> type[Driver]:
        """Give ours for a terminal and for a browser's page; a test's stays."""
        found = super().get_driver_class()
        if found.__name__ == "WebDriver":
            from pooltop.ui.browser import Browser  # noqa: PLC0415 - not for a terminal

            return Browser
        return Terminal if found is LinuxDriver else found

    def leave(self, code: int) -> None:
        """End with this exit status, the terminal restored."""
        if self.on_leave is not None:
            self.on_leave(code)
        self.exit(return_code=code)

    @property
    def verdict(self) -> int:
        """The exit status that the thresholds decide once the load is over; 0 of a recording."""
        latest = self.history.latest
        if latest is None or self.player is not None:
            return 0
        is_over = all(each.state in ("stopped", "done") for each in latest.workloads)
        failed = is_over and has_failed(latest.thresholds, is_over=True)
        return EXIT_FAILED if failed else 0

    @property
    def suspended_words(self) -> str:
        """What stands on the terminal while the shell has it: load is easily forgotten."""
        goes_on = "" if self._source.fixed else ", the engine and its load go on"
        return f"pooltop: suspended{goes_on}; fg comes back"

    def farewell(self) -> list[str]:
        """Give what is to stay on the terminal; nothing for a recording, or without a picture."""
        latest = self.history.latest
        if latest is None or self.player is not None:
            return []
        seen_s = max(0.0, latest.at - self._first_at)
        return farewell_lines(latest, seen_s=seen_s, goes_on=self.company is not None)

    def terminal_gone(self) -> None:
        """End as after SIGHUP: nobody sees this any more."""
        self.leave(_HUNG_UP)

    def _fatal_error(self) -> None:
        # Textual's own report prints the local variables of every frame: they hold headers,
        # bodies and pass phrases.
        if self._exception is not None:
            self._exit_renderables.append(Text(report(self._exception)))
        self._close_messages_no_wait()

    # --- what the source says ---------------------------------------------------------------

    def _take(self, update: Update) -> None:
        before = self.history.latest
        if before is not None and update.snapshot.at < before.at:
            # A new engine, or an earlier moment of a recording: the past begins anew.
            self.logbook.clear()
            self.timeline.frozen = None
        told = change(self.company, update.company, self.keys)
        self.company = update.company
        if told:
            self.operator.say(told, "warn")
        if before is None:
            self._first_at = update.snapshot.at
            self.operator.meet(update.snapshot)
            if update.snapshot.compare is not None:
                self.board.turn_to("Compare")
        draws = True
        if before is not None and update.snapshot.at > before.at:
            in_turn = self._hearing.apart(update.snapshot.at - before.at)
            # A recording is drawn as it is played: it costs nobody's engine anything.
            if in_turn and self.player is None:
                draws = self.pace.take(self.clock(), self._spent())
        self.history.add(update.snapshot)
        self.operator.desk.see(update.snapshot)
        if self.player is None:  # which goes back by itself
            self.timeline.rewind.add(update.snapshot)
        self.logbook.add(update.entries, update.dropped)
        if before is not None:
            for fact in alert_facts(update.snapshot, self.history, start=before.at):
                self.logbook.note(fact.at, fact.wall_at, "ALERT", fact.text, host=str(fact.name))
            for news in self.history.advisor.facts_since(before.at):
                text, host = advice_fact(news, update.snapshot)
                wall_at = update.snapshot.wall_at - (update.snapshot.at - news.at)
                self.logbook.note(news.at, wall_at, "ADVICE", text, host=host)
            self.operator.mind(self.history.advisor.trials)
        self._hearing.heard()
        if draws and not update.past:
            self.post_message(SnapshotArrived())

    def _ended(self, reason: str) -> None:
        self._hearing.ended()
        self._note = f"  ended: {clean(reason, 400)}"
        self.operator.ended = True
        self.operator.say(
            f"ended: {reason}; this is the last picture, {self.keys.first('quit')} quits", "bad"
        )
        self._note_down("INFO", reason)
        self.post_message(SnapshotArrived())

    def _redraw_soon(self) -> None:
        # Posted, because a source may call from outside the app's context.
        self.post_message(SnapshotArrived())

    def on_snapshot_arrived(self) -> None:
        """Draw, once for all updates that came since the last time."""
        self.redraw()

    def _tick(self) -> None:
        self._hearing.look()
        is_over = self._said_news and not self.operator.is_news
        if is_over or self._hearing.state in ("SILENT", "WAITING"):
            self.redraw()

    # --- drawing ----------------------------------------------------------------------------

    def _new_painter(self) -> Painter:
        theme = self.current_theme
        if self.no_color or theme.ansi:
            return Painter(few_colours(dark=theme.dark), self._mask)
        ratio = STRONG_RATIO if theme is CONTRAST else TEXT_RATIO
        return Painter(palette(self.theme_variables, dark=theme.dark, text_ratio=ratio), self._mask)

    def _repaint(self) -> None:
        self._painter = self._new_painter()
        for pane in self.board.panes:
            pane.repaint(self._painter)

    @property
    def masked(self) -> bool:
        """Whether the hosts' names are masked on the screen."""
        return self._mask is not None

    def mask_hosts(self, *, masked: bool) -> None:
        """Mask the hosts' names on the screen, or show them again."""
        self._mask = Mask(()) if masked else None
        self._repaint()
        self.redraw()

    def _keep_masked(self, mask: Mask) -> None:
        """Mask what came to be known since, too; a name keeps its number."""
        shown, latest = self.timeline.frozen, self.history.latest
        names = [name for each in (latest, shown) if each is not None for name in names_in(each)]
        if not set(names) <= set(mask.names):
            self._mask = Mask((*mask.names, *names))
            self._repaint()

    def on_resize(self, event: events.Resize) -> None:
        """Divide the screen anew."""
        del event
        self.redraw()

    def redraw(self) -> None:
        """Draw a frame, now."""
        if not self.is_running or not self.board.header.is_attached:
            return
        if isinstance(self._driver, Terminal) and self._driver.is_behind:
            return  # the next update is drawn, if the terminal reads again by then
        self.whatif.look(self.timeline.frozen or self.history.latest, self.history)
        self.foretold.look(self.history.latest, self.history, self.board.pools.host)
        if self._mask is not None:
            self._keep_masked(self._mask)
        with self.batch_update():
            self.board.draw(self.view(), self.size.width, self.size.height)
        # After it: to draw takes the cursor to another row when its own is gone.
        self._drawn = self.board.page.table.cursor
        self._watch()

    def _watch(self) -> None:
        """Have the engine tell more of what the cursor is on, and of nothing else."""
        subject = self.board.page.subject
        host = host_of(subject) or self.board.pools.host
        request = subject.request if isinstance(subject, RequestSubject) else None
        socket = subject.socket if isinstance(subject, SocketSubject) else None
        watched = None
        if host is not None:
            watched = Watch(agent=host.agent, origin=host.origin, request=request, socket=socket)
        if watched != self._watched:
            self._watched = watched
            self._source.watch(watched)

    def view(self) -> View:
        """Give what the next frame is drawn from."""
        latest = self.history.latest
        frozen = self.timeline.frozen
        refusal, player = self.operator.refusal, self.player
        self._said_news = self.operator.is_news
        return View(
            snapshot=frozen or latest,
            live=latest,
            history=self.history,
            logbook=self.logbook,
            until=None if frozen is None else frozen.at,
            header=header_facts(
                self._source,
                self._hearing,
                self.logbook,
                latest=latest,
                frozen=frozen,
                every=self.pace.every,
                window_s=self.reader.window_s,
                refused="" if refusal is None else refusal.tag,
                company=self.company,
            ),
            now=self.clock(),
            host=self.board.pools.host,
            all_hosts=self.reader.all_hosts,
            plot=self.reader.plot,
            inspecting=self.reader.inspecting,
            undoes=self.operator.desk.undoes,
            # What a frozen screen shows was new at its instant.
            stale=frozen is None and self._hearing.is_lost,
            locked=refusal is not None,
            status=self.operator.status,
            is_news=self._said_news,
            note=self._note if latest is None else "",
            ascii_only=self.ascii_only,
            keys=self.keys,
            acknowledged=frozenset(self.reader.acknowledged),
            alert=self.reader.alert,
            lesson=self.lesson,
            explained=self.explained,
            presents=self.presents,
            study=self.whatif.study,
            promises=self.foretold.promises,
            company=self.company,
            transport=None if player is None or latest is None else transport_facts(player),
        )

    def _log_edit(self, text: str) -> None:
        self._note_down("EDIT", text)

    def _note_down(self, kind: str, text: str) -> None:
        latest = self.history.latest
        at, wall_at = (latest.at, latest.wall_at) if latest else (0.0, time.time())
        self.logbook.note(at, wall_at, kind, text)


def _needs_ascii() -> bool:
    """Tell whether more than ASCII is too much to ask."""
    if os.environ.get("LC_ALL") in ("C", "POSIX"):
        return True  # which Python takes for UTF-8
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return "utf" not in encoding.lower()
