"""The clocks of every request that is under way, with one timer for all of them.

Deadlines are not scheduled one by one: ``note`` keeps the earliest that was ever named, and when
it comes, ``due`` looks at everything and says what is over and when to look again. With thousands
of requests a second that end in time, the timer fires about once per timeout, not per request.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable


class Alarm:
    """Calls back at the earliest time noted, or a little later; never earlier."""

    __slots__ = ("_due", "_handle", "_loop", "at")

    def __init__(self, loop: asyncio.AbstractEventLoop, due: Callable[[], float]) -> None:
        """Begin with nothing noted.

        Args:
            loop: whose time all deadlines are in.
            due: handles what is over and gives the next deadline, inf for none.
        """
        self._loop = loop
        self._due = due
        self.at = math.inf
        """The earliest deadline noted, inf for none: ``note`` does nothing for a later one."""
        self._handle: asyncio.TimerHandle | None = None

    def note(self, deadline: float) -> None:
        """Make sure that ``due`` is called at ``deadline`` or soon after."""
        if deadline < self.at:
            self.at = deadline
            if self._handle is not None:
                self._handle.cancel()
            self._handle = self._loop.call_at(deadline, self._ring)

    def cancel(self) -> None:
        """Forget everything."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None
        self.at = math.inf

    def _ring(self) -> None:
        self._handle = None
        self.at = math.inf
        self.note(self._due())
