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

from pooltop.core.edits import Control, Value
from pooltop.core.snapshot import Snapshot
from pooltop.errors import PooltopError
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.header import HeaderFacts, State, load_of
from pooltop.present.history import History, HostId, next_window
from pooltop.present.hosts import SORTS
from pooltop.present.line import Ink, Line
from pooltop.sources.base import Source, Update
from pooltop.ui.board import PLOT_KINDS, Board, View, find
from pooltop.ui.crash import report
from pooltop.ui.desk import Done, EditDesk
from pooltop.ui.keys import FROM_ANYWHERE, bindings
from pooltop.ui.messages import (
    CursorMoved,
    EditRequested,
    FilterChanged,
    SnapshotArrived,
    StopRequested,
)
from pooltop.ui.theme import THEMES, palette
from pooltop.ui.widgets.lines import Painter

_LONGEST_PASTE = 64
_HOLD_S = 3.0
"""Rows keep their order for so long after the cursor moved."""
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
        self._read_only = read_only
        self._ascii = _needs_ascii() if ascii_only is None else ascii_only
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "pooltop"
        self._painter = self._new_painter()
        self.board = Board(self._painter)
        """The panes."""
        self.history = History()
        """The kept past."""
        self.desk = EditDesk(source.submit)
        """Sends edits, and knows how to undo them."""
        self._tasks: set[asyncio.Task[None]] = set()
        self._window_s = window_s
        self._sort = 0
        self._needle = ""
        self._plot: int | None = None
        self._frozen: Snapshot | None = None
        self._locked = read_only
        self._held: tuple[HostId, ...] | None = None
        self._held_until = 0.0
        self._status: Line = ()
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
        self._own(self._start(), name="source")

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

    def _own(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
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
        if before is None and update.snapshot.environment == "prod":
            self._locked = True
            self._say("LOCKED because environment is prod; L unlocks", "warn")
        if before is not None and update.snapshot.at > before.at:
            self._interval_s = update.snapshot.at - before.at
        self.history.add(update.snapshot)
        self.board.events.add(update.entries, update.dropped)
        self._heard_at = self._clock()
        if self._state != "ENDED":
            self._state = "LIVE"
        self.post_message(SnapshotArrived())

    def _ended(self, reason: str) -> None:
        self._state = "ENDED"
        self._note = f"  the engine ended: {clean(reason, 400)}"
        self._say(f"the engine ended: {reason}; this is the last picture, q quits", "bad")
        latest = self.history.latest
        self.board.events.note(latest.wall_at if latest else time.time(), "INFO", reason)
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
        if self._held is not None and self._clock() >= self._held_until:
            self._held = None
        with self.batch_update():
            self.board.draw(self._view(), self.size.width, self.size.height)
        self._drawn_host = self.board.hosts.cursor

    def _view(self) -> View:
        latest = self.history.latest
        shown = self._frozen or latest
        return View(
            snapshot=shown,
            live=latest,
            history=self.history,
            header=self._header(shown),
            order=SORTS[self._sort],
            held=self._held,
            needle=self._needle,
            filtering=self.board.hosts.filtering,
            plot=self._plot,
            stale=self._state in ("SILENT", "ENDED"),
            locked=self._locked,
            status=self._status,
            note=self._note if latest is None else "",
            ascii_only=self._ascii,
        )

    def _header(self, shown: Snapshot | None) -> HeaderFacts:
        state, detail = self._state, ""
        if self._frozen is not None and self.history.latest is not None:
            behind = self.history.latest.at - self._frozen.at
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
            window_s=self._window_s,
            locked=self._locked,
            edits=self.desk.undoable,
            load=load_of(shown.workloads) if shown else "",
            wall_at=shown.wall_at if shown else None,
        )

    def _say(self, text: str, ink: Ink = "text") -> None:
        self._status = ((f" {clean(text, 400)}", ink),)

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
                self._request(asked)
            elif isinstance(asked, StopRequested):
                self.action_stop()
        elif board.hosts.filtering:
            asked = board.hosts.take_key(key, char)
            if isinstance(asked, FilterChanged):
                self._needle = asked.text
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
            self._held = tuple(row.id for row in self.board.hosts.rows)
            self._held_until = self._clock() + _HOLD_S
            self.board.hosts.move(by)
        self._draw()

    def on_cursor_moved(self, message: CursorMoved) -> None:
        """Show the host that the cursor went to."""
        if message.host != self._drawn_host:
            self._draw()

    def action_sort(self, by: int) -> None:
        """Sort by another column."""
        self._sort = (self._sort + by) % len(SORTS)
        self._held = None
        self._draw()

    def action_filter(self) -> None:
        """Begin to type a filter."""
        if not self.board.helping:
            self.board.hosts.begin_filter(self._needle)
            self._draw()

    def action_window(self, step: int) -> None:
        """Choose a longer or shorter window."""
        self._window_s = next_window(self._window_s, step)
        self._draw()

    def action_plots(self) -> None:
        """Maximise the first plot, the next, and after the last show all again."""
        following = 0 if self._plot is None else self._plot + 1
        self._plot = following if following < len(PLOT_KINDS) else None
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
        self._frozen = self.history.latest if self._frozen is None else None
        self.board.events.hold(held=self._frozen is not None)
        self._draw()

    def action_help(self) -> None:
        """Open or close the help page."""
        self.board.toggle_help()
        self._draw()

    def action_escape(self) -> None:
        """Leave what is open: help, then the frozen instant, then the filter."""
        if self.board.helping:
            self.board.toggle_help()
        elif self._frozen is not None:
            self.action_freeze()
        elif self._needle:
            self._needle = ""
        self._status = ()
        self._draw()

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
        self._say("ctrl+c again leaves at once; q ends the engine in order", "warn")
        self._draw()

    # --- writing keys -----------------------------------------------------------------------

    def _may_write(self) -> bool:
        if self._state == "ENDED":
            self._say("refused: the engine has ended", "bad")
        elif self._locked:
            how = "started read-only" if self._read_only else "L unlocks"
            self._say(f"LOCKED: nothing was changed; {how}", "warn")
        else:
            return True
        self._draw()
        return False

    def action_lock(self) -> None:
        """Lock or unlock the keys that change something."""
        if self._read_only:
            self._say("LOCKED for good: started read-only", "warn")
        else:
            self._locked = not self._locked
            self._say("LOCKED" if self._locked else "UNLOCKED", "warn")
            self.board.limits.leave()
        self._draw()

    def action_edit(self) -> None:
        """Open the edit form on the host under the cursor."""
        self._open_form(0)

    def action_step(self, by: int) -> None:
        """Open the form with its field stepped."""
        self._open_form(by)

    def _open_form(self, step: int) -> None:
        if self.board.helping or not self._may_write():
            return
        host = self.board.hosts.cursor
        agent, _ = find(self.history.latest, host)
        if host is None or agent is None:
            self._say("there is no host to edit yet", "warn")
        else:
            self.board.limits.open(host, agent, step=step)
        self._draw()

    def _request(self, asked: EditRequested) -> None:
        if not asked.changes:
            self._say("nothing changed")
        elif self._may_write():
            self._own(self._edit(asked.host.agent, asked.changes), name="edit")

    async def _edit(self, agent: str, changes: tuple[tuple[str, Value | None], ...]) -> None:
        self._tell(await self.desk.apply(agent, changes))

    def action_undo(self) -> None:
        """Take the last edit back."""
        if self._may_write():
            self._own(self._undo(), name="undo")

    async def _undo(self) -> None:
        self._tell(await self.desk.undo(), nothing="nothing to undo")

    def action_restore(self) -> None:
        """Put the focused agent back to its profile."""
        agent, _ = find(self.history.latest, self.board.hosts.cursor)
        if agent is not None and self._may_write():
            self._own(self._restore(agent.name), name="restore")

    async def _restore(self, name: str) -> None:
        latest = self.history.latest
        agent = next((one for one in latest.agents if one.name == name), None) if latest else None
        if agent is not None:
            self._tell(await self.desk.restore(agent), nothing="already as in the profile")

    def _tell(self, done: list[Done], *, nothing: str = "") -> None:
        latest = self.history.latest
        for one in done:
            self._say(one.text, "accent" if one.accepted else "bad")
            if not one.accepted:
                # What is accepted is logged by the engine, for every viewer and the recording.
                self.board.events.note(latest.wall_at if latest else time.time(), "EDIT", one.text)
        if not done:
            self._say(nothing)
        self._draw()

    def action_pause(self) -> None:
        """Hold the load back, or let it go on."""
        if not self._may_write():
            return
        latest = self.history.latest
        paused = latest is not None and load_of(latest.workloads) == "PAUSED"
        self._send(
            Control(action="resume" if paused else "pause"), "resumed" if paused else "paused"
        )

    def action_stop(self) -> None:
        """Stop everything at once."""
        if self._may_write():
            self._send(Control(action="stop"), "stopped: every workload ended, every socket closed")

    def _send(self, control: Control, word: str) -> None:
        self._own(self._control(control, word), name=control.action)

    async def _control(self, control: Control, word: str) -> None:
        try:
            await self._source.control(control)
        except (PooltopError, OSError) as error:
            self._say(f"{control.action} failed: {error}", "bad")
        else:
            self._say(f"load {word}", "warn")
        self._draw()


def _needs_ascii() -> bool:
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    return "utf" not in encoding.lower()
