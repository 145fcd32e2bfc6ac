"""How long a connection has been idle: one timer, moved lazily.

Most requests arrive long before it, so a new moment costs no new timer: the old one, when its
time has come, looks whether that is still the time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class IdleClock:
    """Tells a connection when nothing has happened on it for as long as it may."""

    __slots__ = ("_deadline", "_loop", "_on_idle", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop, on_idle: Callable[[], None]) -> None:
        """Watch nothing yet.

        Args:
            loop: whose time it is.
            on_idle: told when a limit has passed; whoever is busy then does nothing, and watches
                anew when it is no longer.
        """
        self._loop = loop
        self._on_idle = on_idle
        self._timer: asyncio.TimerHandle | None = None
        self._deadline = 0.0

    def watch(self, limit_s: float | None) -> None:
        """Begin anew, with so many seconds; None leaves what is watched as it is."""
        if limit_s is None:
            return
        self._deadline = self._loop.time() + limit_s
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()  # set by the longer limit of a fresh connection
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._look)

    def stop(self) -> None:
        """Watch no more, ever."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._on_idle = _nobody  # it was a method of whoever has us: break the cycle

    def _look(self) -> None:
        self._timer = None
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._look)
        else:
            self._on_idle()


def _nobody() -> None:
    """Be told in the place of a connection that is gone."""
