"""A curve of What if that is worked out in a thread of its own.

The work rests after every piece, so that neither the screen nor an engine in the same process waits
for it. The screen is told as soon as there is something to show.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from pooltop.advise.whatif import Prediction, Sweep

_REST_S = 0.005
"""After each piece of work, which takes about as long: half a core, for some seconds."""
Own = Callable[[Coroutine[Any, Any, None], str], None]
"""Runs a task, and ends it with the app."""
Show = Callable[[tuple[Prediction, ...], bool], None]
"""Told what is known, and whether that is all."""


class Sweeping:
    """One sweep, under way from the start."""

    def __init__(self, own: Own, sweep: Sweep, show: Show) -> None:
        """Begin.

        Args:
            own: runs the task of it.
            sweep: what is to be worked out.
            show: told in the loop after each run of all limits, and at the end, unless it is left.
        """
        self._left = threading.Event()
        self._sweep = sweep
        self._show = show
        self._loop = asyncio.get_running_loop()
        own(self._worked(), "whatif")

    def leave(self) -> None:
        """Give it up."""
        self._left.set()

    async def _worked(self) -> None:
        try:
            await asyncio.to_thread(self._work)
            self._tell(self._sweep.curve(), is_done=True)
        finally:
            self._left.set()

    def _work(self) -> None:
        for is_round in self._sweep.work():
            if self._left.wait(_REST_S):
                return
            if is_round:
                told = partial(self._tell, self._sweep.curve(), is_done=False)
                self._loop.call_soon_threadsafe(told)

    def _tell(self, curve: tuple[Prediction, ...], *, is_done: bool) -> None:
        if not self._left.is_set():
            self._show(curve, is_done)
