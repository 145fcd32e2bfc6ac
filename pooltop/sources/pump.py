"""Takes the pictures of an engine at the right moments, for all who watch it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from pooltop.core.snapshot import Snapshot
from pooltop.engine.engine import Engine
from pooltop.engine.journal import Cursor
from pooltop.sources.base import Update


class Feed:
    """One watcher's part of a pump: its interval, and how far it has read the journal."""

    def __init__(
        self,
        *,
        interval_s: float,
        emit: Callable[[Update], None],
        may_emit: Callable[[], bool],
        cursor: Cursor,
    ) -> None:
        """Keep; ``Pump.add`` makes it."""
        self.interval_s = interval_s
        self.emit = emit
        self.may_emit = may_emit
        self.cursor = cursor
        self.turn = 0
        """The number of its next update, counted in intervals since the pump began."""

    @property
    def due(self) -> float:
        """When its next update is due, in seconds since the pump began."""
        return self.turn * self.interval_s

    def pass_until(self, passed: float) -> None:
        """Let everything go that was due by ``passed``: a turn that was missed is not made up."""
        self.turn = max(self.turn, math.floor(passed / self.interval_s)) + 1


class Pump:
    """Emits an Update at every interval, after every change asked for, and when the load ends.

    All feeds keep to one grid, so that one picture serves whoever is due at the same time. The
    timer also measures the loop: how late it runs is what the engine adds by itself.
    """

    def __init__(self, engine: Engine) -> None:
        """Prepare; make it inside the event loop, and stop it there."""
        self._engine = engine
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._feeds: list[Feed] = []
        self._timer: asyncio.TimerHandle | None = None
        self._end = self._loop.create_task(self._at_end(), name="pooltop-pump-end")

    def add(
        self,
        *,
        interval_s: float,
        emit: Callable[[Update], None],
        may_emit: Callable[[], bool] = lambda: True,
    ) -> Feed:
        """Begin to feed a watcher; its first update, which all get, comes from within.

        Args:
            interval_s: seconds between two updates.
            emit: takes an update; must not wait.
            may_emit: False while the watcher is behind: it is passed over then, the journal
                keeps its bounded past, and the next update is a whole picture again.
        """
        cursor = self._engine.journal.cursor()
        feed = Feed(interval_s=interval_s, emit=emit, may_emit=may_emit, cursor=cursor)
        if not self._feeds:
            self._began = self._loop.time()
        feed.pass_until(self._loop.time() - self._began)
        self._feeds.append(feed)
        try:
            self.now()
        except BaseException:
            self._feeds.remove(feed)
            raise
        self._plan()
        return feed

    def remove(self, feed: Feed) -> None:
        """Feed this one no more; harmless when it is not fed."""
        if feed in self._feeds:
            self._feeds.remove(feed)
            self._plan()

    def now(self) -> None:
        """Emit an update out of turn to everyone who can take one."""
        self._emit(self._feeds)

    async def stop(self) -> None:
        """Emit nothing more."""
        self._feeds.clear()
        self._plan()
        self._end.cancel()
        await asyncio.gather(self._end, return_exceptions=True)

    def _plan(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._feeds:
            due = min(feed.due for feed in self._feeds)
            self._timer = self._loop.call_at(self._began + due, self._tick, due)

    def _tick(self, due: float) -> None:
        passed = max(self._loop.time() - self._began, due)
        self._engine.note_lag(passed - due)
        turns = [feed for feed in self._feeds if feed.due <= passed]
        for feed in turns:
            feed.pass_until(passed)
        self._plan()
        self._emit(turns)

    def _emit(self, feeds: list[Feed]) -> None:
        picture: Snapshot | None = None
        for feed in tuple(feeds):  # a watcher that is lost in between leaves the list
            if feed.may_emit():
                entries, dropped = self._engine.journal.take(feed.cursor)
                if picture is None:
                    picture = self._engine.snapshot()
                feed.emit(Update(snapshot=picture, entries=entries, dropped=dropped))

    async def _at_end(self) -> None:
        await self._engine.done.wait()
        self.now()
