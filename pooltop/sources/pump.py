"""Takes the pictures of an engine at the right moments, for whoever ships them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pooltop.engine.engine import Engine
from pooltop.sources.base import Update


class Pump:
    """Emits an Update at every interval, after every change asked for, and when the load ends.

    Its timer also measures the loop: how late it runs is what the engine adds by itself.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        interval_s: float,
        emit: Callable[[Update], None],
        may_emit: Callable[[], bool] = lambda: True,
    ) -> None:
        """Prepare; ``start`` begins.

        Args:
            engine: whose pictures.
            interval_s: seconds between two updates.
            emit: takes an update; must not wait.
            may_emit: False while the viewer is behind: nothing is taken then, the journal keeps
                its bounded past, and the next update is a whole picture again.
        """
        self._engine = engine
        self._interval_s = interval_s
        self._emit = emit
        self._may_emit = may_emit
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._end: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Emit the first update now: the zero that later ones are measured against."""
        self.now()
        self._due = self._loop.time() + self._interval_s
        self._timer = self._loop.call_at(self._due, self._tick)
        self._end = self._loop.create_task(self._at_end(), name="pooltop-pump-end")

    def now(self) -> None:
        """Emit an update out of turn, if the viewer can take one."""
        if self._may_emit():
            entries, dropped = self._engine.journal.take()
            snapshot = self._engine.snapshot()
            self._emit(Update(snapshot=snapshot, entries=entries, dropped=dropped))

    async def stop(self) -> None:
        """Emit nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._end is not None:
            self._end.cancel()
            await asyncio.gather(self._end, return_exceptions=True)

    def _tick(self) -> None:
        late = self._loop.time() - self._due
        self._engine.note_lag(max(0.0, late))
        # A tick that was missed altogether is not made up for.
        missed = int(late / self._interval_s) if late > 0 else 0
        self._due += (missed + 1) * self._interval_s
        self._timer = self._loop.call_at(self._due, self._tick)
        self.now()

    async def _at_end(self) -> None:
        await self._engine.done.wait()
        self.now()
