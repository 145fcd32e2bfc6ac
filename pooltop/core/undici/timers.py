"""undici's fast timers: one clock that ticks every 499 ms while any timer is set.

They are coarse on purpose, and it shows: a timer is only started by the tick after it was set, and
looked at by the ticks after that, so 100 ms take 998 and 1500 take 1996. The clock is restarted by
whoever is alone on it, when it is set and each time it is set again.

A timer that would be set again with every octet of a body is *lazy* here: at a tick, its owner is
asked when it was last to be set again. What comes of it is the same, at a look every half second.

Source: undici 8.12.4 lib/util/timers.js.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import StrEnum

TICK_MS = 499
_TICK_S = TICK_MS / 1000


class TimerState(StrEnum):
    """Where a timer is in the clock's list."""

    OUT = "out"
    """In no list: it ran out, or was taken away by a tick."""
    CLEARED = "cleared"
    """The next tick takes it away."""
    PENDING = "pending"
    """The next tick starts it."""
    ACTIVE = "active"


_OUT = TimerState.OUT
_CLEARED = TimerState.CLEARED
_PENDING = TimerState.PENDING
_ACTIVE = TimerState.ACTIVE


class FastTimer:
    """One timer; it can be set any number of times."""

    __slots__ = ("_run_out", "delay_ms", "last_life", "started_ms", "state")

    def __init__(
        self, run_out: Callable[[], None], last_life: Callable[[], float] | None = None
    ) -> None:
        """Be not set.

        Args:
            run_out: called by the tick that finds its time over.
            last_life: for a lazy one: the second when it was last to be set again; None for one
                that is set again by ``FastClock.refresh`` alone.
        """
        self._run_out = run_out
        self.last_life = last_life
        self.delay_ms = 0.0
        self.started_ms = 0.0
        self.state = _OUT

    def run_out(self) -> None:
        """Tell the owner."""
        self._run_out()


class FastClock:
    """The ticks of all fast timers of one dispatcher."""

    def __init__(self) -> None:
        """Have no timers, and so no ticks."""
        self.next_at = math.inf
        """When ``tick`` is due, in seconds; inf for never."""
        self._ticked_at = -math.inf
        """When it last was, or when the clock was restarted."""
        self._now_ms = 0.0
        """Ticks so far, times their length: what a late loop does not move."""
        self._timers: list[FastTimer] = []

    def __len__(self) -> int:
        """Count the timers in the list, the cleared ones among them until the next tick."""
        return len(self._timers)

    def set(self, timer: FastTimer, delay_ms: float, now: float) -> None:
        """Set a timer to run out after at least so long; above 0."""
        timer.delay_ms = delay_ms
        self.refresh(timer, now)

    def refresh(self, timer: FastTimer, now: float) -> None:
        """Set it again, with the time that it had; one that ran out, too."""
        timers = self._timers
        if timer.state is _OUT:
            timers.append(timer)
        if len(timers) == 1 and timer.state is not _CLEARED:
            self._restart(now)
        timer.state = _PENDING

    def clear(self, timer: FastTimer) -> None:
        """Let it not run out."""
        if timer.state is not _OUT:
            timer.state = _CLEARED

    def tick(self, now: float) -> None:
        """Do what is due; those that run out say so. Early: nothing."""
        if now < self.next_at or self._alone_and_alive():
            return
        self._now_ms += TICK_MS
        kept = self._timers
        index = 0
        left = looked_at = len(kept)
        while index < left:
            timer = kept[index]
            self._look(timer)
            if timer.state is _CLEARED:
                timer.state = _OUT
                left -= 1
                kept[index] = kept[left]
            else:
                index += 1
        del kept[left:looked_at]
        if kept:
            self._restart(now)
        else:
            self.next_at = math.inf

    def _look(self, timer: FastTimer) -> None:
        lazy = timer.last_life
        if timer.state is _PENDING or (
            timer.state is _ACTIVE and lazy is not None and lazy() > self._ticked_at
        ):
            timer.started_ms = self._now_ms - TICK_MS
            timer.state = _ACTIVE
        elif timer.state is _ACTIVE and self._now_ms >= timer.started_ms + timer.delay_ms:
            timer.state = _CLEARED
            timer.run_out()

    def _alone_and_alive(self) -> bool:
        """Restart the clock at the life of a lazy timer that has it for itself."""
        if len(self._timers) != 1:
            return False
        timer = self._timers[0]
        if timer.last_life is None or timer.state in (_CLEARED, _OUT):
            return False
        lived_at = timer.last_life()
        if lived_at <= self._ticked_at:
            return False
        timer.state = _PENDING
        self._restart(lived_at)
        return True

    def _restart(self, now: float) -> None:
        self._ticked_at = now
        self.next_at = now + _TICK_S
