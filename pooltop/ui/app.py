"""The dashboard's application: takes updates from a Source, draws them, sends edits back.

One path draws: an update, or a key, makes one ``_draw`` and with it at most one repaint of each
pane that changed. Nothing here waits for the network while it draws; what does wait is a task
that the app owns and ends.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine
from typing import Any, ClassVar

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import BindingType

from pooltop.core.snapshot import Snapshot
from pooltop.errors import PooltopError
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.header import HeaderFacts, State, load_of
from pooltop.present.history import History, HostId
from pooltop.sources.base import Source, Update
from pooltop.ui.board import Board, View, find
from pooltop.ui.crash import report
from pooltop.ui.keys import FROM_ANYWHERE, bindings
from pooltop.ui.messages import (
    CursorMoved,
    EditRequested,
    FilterChanged,
    SnapshotArrived,
    StopRequested,
)
from pooltop.ui.operator import Operator
from pooltop.ui.reader import Reader
from pooltop.ui.theme import THEMES, palette
from pooltop.ui.widgets.lines import Painter

_LONGEST_PASTE = 64
_FORCE_S = 2.0
"""Two interrupts within this leave at once."""
_SILENT_S = 5.0
"""Without news for so long the picture is called old."""


class PoolTopApp(App[None]):
    """A live dashboard over one Source."""

    TITLE = "pooltop"
    CSS_PATH = "pooltop.tcss"
    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    AUTO_FOCUS = "#hosts"
    BINDINGS: ClassVar[list[BindingType]] = bindings()

    def __init__(
        self,
        source: Source,
        *,
        read_only: bool = False,
        window_s: float = 60.0,
        clock: Callable[[], float] = time.monotonic,
        ascii_only: bool | None = None,
    ) -> None:
        """Watch ``source``, which is started when the app is.

        Args:
            source: What to watch. The app does not close it: who made it does.
            read_only: Refuse everything that changes something, for good.
            window_s: What rates, quantiles and plots cover at first.
            clock: Monotonic seconds, for the reader's own timing.
            ascii_only: Draw without block characters; None asks the output's encoding.
        """
        super().__init__()
        self._source = source
        self._clock = clock
        self._ascii = _needs_ascii() if ascii_only is None else ascii_only
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "pooltop"
        self._painter = self._new_painter()
        self.board = Board(self._painter)
        """The panes."""
        self.history = History()
        """The kept past."""
        self.reader = Reader(window_s)
        """What is chosen to be seen."""
        self.operator = Operator(
            source, read_only=read_only, own=self._own, log=self._log_edit, changed=self._redraw
        )
        """What is done to the engine."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._state: State = "WAITING"
        self._note = "  waiting for the engine"
        self._heard_at = clock()
        self._interval_s: float | None = None
        self._interrupted_at = -_FORCE_S
        self._drawn_host: HostId | None = None
        self.forced = False
        """Whether the reader would not wait for an orderly end."""

    # --- life -------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """Give the panes."""
        yield from self.board.compose()

    def on_mount(self) -> None:
        """Show the first frame, then start the source."""
        self._repaint()
        self.theme_changed_signal.subscribe(self, lambda _theme: self._repaint())
        self._draw()
        self.set_interval(1.0, self._tick, name="silence")
        self._own(self._start(), "source")

    async def _start(self) -> None:
        try:
            await self._source.start(self._take, self._ended)
        except (PooltopError, OSError) as error:
            self._return_code = 1
            self._ended(f"the engine could not be started: {error}")

    def on_unmount(self) -> None:
        """End what is still under way."""
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

    def leave(self, code: int) -> None:
        """End with this exit status, the terminal restored."""
        self.exit(return_code=code)

    def _fatal_error(self) -> None:
        # Textual's own report prints the local variables of every frame: they hold headers,
        # bodies and pass phrases.
        if self._exception is not None:
            self._exit_renderables.append(Text(report(self._exception)))
        self._close_messages_no_wait()

    # --- what the source says ---------------------------------------------------------------

    def _take(self, update: Update) -> None:
        before = self.history.latest
        if before is None:
            self.operator.meet(update.snapshot)
        if before is not None and update.snapshot.at > before.at:
            gap = update.snapshot.at - before.at
            # An edit is answered at once, out of turn: that is not the rate.
            if self._interval_s is None or gap > self._interval_s / 2:
                self._interval_s = gap
        self.history.add(update.snapshot)
        self.board.events.add(update.entries, update.dropped)
        self._heard_at = self._clock()
        if self._state != "ENDED":
            self._state = "LIVE"
        self.post_message(SnapshotArrived())

    def _ended(self, reason: str) -> None:
        self._state = "ENDED"
        self._note = f"  ended: {clean(reason, 400)}"
        self.operator.ended = True
        self.operator.say(f"ended: {reason}; this is the last picture, q quits", "bad")
        latest = self.history.latest
        self.board.events.note(latest.wall_at if latest else time.time(), "INFO", reason)
        self.post_message(SnapshotArrived())

    def _redraw(self) -> None:
        # Posted, because a source may call from outside the app's context.
        self.post_message(SnapshotArrived())

    def on_snapshot_arrived(self) -> None:
        """Draw, once for all updates that came since the last time."""
        self._draw()

    def _tick(self) -> None:
        if self._state == "LIVE" and self._silence_s() > self._patience_s():
            self._state = "SILENT"
        if self._state in ("SILENT", "WAITING"):
            self._draw()

    def _silence_s(self) -> float:
        return self._clock() - self._heard_at

    def _patience_s(self) -> float:
        return max(_SILENT_S, 4 * (self._interval_s or 0))

    # --- drawing ----------------------------------------------------------------------------

    def _new_painter(self) -> Painter:
        return Painter(palette(self.theme_variables, dark=self.current_theme.dark))

    def _repaint(self) -> None:
        self._painter = self._new_painter()
        for pane in self.board.panes:
            pane.repaint(self._painter)

    def on_resize(self, event: events.Resize) -> None:
        """Divide the screen anew."""
        del event
        self._draw()

    def _draw(self) -> None:
        if not self.is_running or not self.board.hosts.is_attached:
            return
        with self.batch_update():
            self.board.draw(self._view(), self.size.width, self.size.height)
        self._drawn_host = self.board.hosts.cursor

    def _view(self) -> View:
        latest = self.history.latest
        shown = self.reader.frozen or latest
        return View(
            snapshot=shown,
            live=latest,
            history=self.history,
            header=self._header(shown),
            order=self.reader.order,
            held=self.reader.held(self._clock()),
            needle=self.reader.needle,
            filtering=self.board.hosts.filtering,
            plot=self.reader.plot,
            stale=self._state in ("SILENT", "ENDED"),
            locked=self.operator.locked,
            status=self.operator.status,
            note=self._note if latest is None else "",
            ascii_only=self._ascii,
        )

    def _header(self, shown: Snapshot | None) -> HeaderFacts:
        state, detail = self._state, ""
        if self.reader.frozen is not None and self.history.latest is not None:
            behind = self.history.latest.at - self.reader.frozen.at
            state = "FROZEN"
            detail = f"{units.age(behind)} behind, {self.board.events.newer} new events"
        elif state == "LIVE" and self._interval_s:
            detail = f"{1 / self._interval_s:.2g}/s"
        elif state in ("SILENT", "WAITING"):
            detail = f"for {units.age(self._silence_s())}"
        return HeaderFacts(
            title=self._source.title,
            state=state,
            detail=detail,
            window_s=self.reader.window_s,
            locked=self.operator.locked,
            edits=self.operator.desk.undoable,
            load=load_of(shown.workloads) if shown else "",
            wall_at=shown.wall_at if shown else None,
        )

    def _log_edit(self, text: str) -> None:
        latest = self.history.latest
        self.board.events.note(latest.wall_at if latest else time.time(), "EDIT", text)

    # --- the keyboard ----------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Let what is being typed into have its keys, in the order in which they came."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key not in FROM_ANYWHERE and self._typed(event.key, event.character):
                return
        elif isinstance(event, events.Paste) and not event.is_forwarded:
            for char in event.text.partition("\n")[0].strip()[:_LONGEST_PASTE]:
                self._typed(char, char)
            return
        await super().on_event(event)

    def _typed(self, key: str, char: str | None) -> bool:
        """Give a key to the form or the filter; False when neither is open."""
        board = self.board
        if board.limits.editing:
            asked = board.limits.take_key(key, char)
            if isinstance(asked, EditRequested):
                self.operator.edit(asked)
            elif isinstance(asked, StopRequested):
                self.operator.stop()
        elif board.hosts.filtering:
            asked = board.hosts.take_key(key, char)
            if isinstance(asked, FilterChanged):
                self.reader.needle = asked.text
        else:
            return False
        self._draw()
        return True

    # --- reading keys -----------------------------------------------------------------------

    def action_cursor(self, by: int) -> None:
        """Move the cursor, or the help page."""
        if self.board.helping:
            self.board.scroll_help(by)
        else:
            hosts = tuple(row.id for row in self.board.hosts.rows)
            self.reader.hold(hosts, self._clock())
            self.board.hosts.move(by)
        self._draw()

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Show the host that the cursor went to."""
        if message.host != self._drawn_host:
            self._draw()

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self.reader.sort(by)
        self._draw()

    def action_filter(self) -> None:
        """Begin to type a filter."""
        if not self.board.helping:
            self.board.hosts.begin_filter(self.reader.needle)
            self._draw()

    def action_window(self, step: int) -> None:
        """Choose a longer or shorter window."""
        self.reader.window(step)
        self._draw()

    def action_plots(self) -> None:
        """Maximise the first plot, the next, and after the last show all again."""
        self.reader.next_plot()
        self._draw()

    def action_events(self) -> None:
        """Show opens and closes in the log, or not."""
        self.board.events.everything = not self.board.events.everything
        self._draw()

    def action_log(self, pages: int) -> None:
        """Go through the log, or the help page."""
        if self.board.helping:
            self.board.scroll_help(pages * 10)
            self._draw()
        else:
            self.board.events.scroll_by(pages)

    def action_freeze(self) -> None:
        """Hold every pane at this instant, or follow again."""
        self.reader.toggle_freeze(self.history.latest)
        self.board.events.hold(held=self.reader.frozen is not None)
        self._draw()

    def action_help(self) -> None:
        """Open or close the help page."""
        self.board.toggle_help()
        self._draw()

    def action_escape(self) -> None:
        """Leave what is open: help, then the frozen instant, then the filter."""
        if self.board.helping:
            self.board.toggle_help()
        elif self.reader.frozen is not None:
            self.action_freeze()
        else:
            self.reader.needle = ""
        self.operator.say("")

    async def action_quit(self) -> None:
        """Leave in order."""
        self.exit(return_code=self._return_code or 0)

    def action_interrupt(self) -> None:
        """Leave at once when pressed twice."""
        now = self._clock()
        if now - self._interrupted_at < _FORCE_S:
            self.forced = True
            self.leave(130)
            return
        self._interrupted_at = now
        self.operator.say("ctrl+c again leaves at once; q ends the engine in order", "warn")

    # --- writing keys -----------------------------------------------------------------------

    def action_lock(self) -> None:
        """Lock or unlock the keys that change something."""
        self.operator.toggle_lock()
        self.board.limits.leave()
        self._draw()

    def action_edit(self) -> None:
        """Open the edit form on the host under the cursor."""
        self._open_form(0)

    def action_step(self, by: int) -> None:
        """Open the form with its field stepped."""
        self._open_form(by)

    def _open_form(self, step: int) -> None:
        if self.board.helping or not self.operator.may_write():
            return
        host = self.board.hosts.cursor
        agent, _ = find(self.history.latest, host)
        if host is None or agent is None:
            self.operator.say("there is no host to edit yet", "warn")
        else:
            self.board.limits.open(host, agent, step=step)
            self._draw()

    def action_undo(self) -> None:
        """Take the last edit back."""
        self.operator.undo()

    def action_restore(self) -> None:
        """Put the focused agent back to its profile."""
        agent, _ = find(self.history.latest, self.board.hosts.cursor)
        if agent is not None:
            self.operator.restore(agent)

    def action_pause(self) -> None:
        """Hold the load back, or let it go on."""
        self.operator.pause(self.history.latest)

    def action_stop(self) -> None:
        """Stop everything at once."""
        self.operator.stop()


def _needs_ascii() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return "utf" not in encoding.lower()
