"""Pictures of an engine for threads that are not its own."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from pooltop.core.snapshot import Snapshot

FRESH_S = 0.5
"""A picture that is younger is not taken again, however often it is asked for."""
PATIENCE_S = 2.0
"""How long the engine may take to come to it."""


class Pictures:
    """Gives the newest picture to any thread, and asks the engine for another where it is old.

    So an engine that nobody asks has nothing to do for it. Make it inside the engine's event loop.
    """

    def __init__(self, take: Callable[[], Snapshot]) -> None:
        """Take them by this, in the event loop."""
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._newest: Snapshot | None = None

    def newest(self) -> Snapshot:
        """Give a picture that is not older than FRESH_S.

        Raises:
            TimeoutError: the engine has not come to it within PATIENCE_S.
            RuntimeError: it has ended.
        """
        with self._lock:  # of several that ask at once one makes it ask the engine
            newest = self._newest
            if newest is None or time.monotonic() - newest.at > FRESH_S:
                asked: Future[Snapshot] = Future()
                self._loop.call_soon_threadsafe(self._answer, asked)
                newest = self._newest = asked.result(PATIENCE_S)
            return newest

    def refresh(self) -> None:
        """Take a picture now; to be called in the event loop."""
        self._newest = self._take()

    def _answer(self, asked: Future[Snapshot]) -> None:
        if asked.set_running_or_notify_cancel():
            try:
                asked.set_result(self._take())
            except Exception as error:
                asked.set_exception(error)
                raise
