"""The next requests of those that are redirected: each waits for its turn, or is given up.

No schedule has room for them, and all workloads together have their ceiling: so each takes a turn,
in the order in which they came, and its total clock runs while it waits. A host that asked to be
left alone is led nobody.
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict

from msgspec.structs import replace

from pooltop.core.holds import Holds
from pooltop.core.pace import Pace
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.shots import FollowingShot
from pooltop.errors import AbortError, HeldBackError, RequestTimeout

_LEAST_S = 0.001
"""Of a total clock that is nearly over: a clock of 0 would be none."""


class Hops:
    """Those of one workload."""

    __slots__ = ("_holds", "_loop", "_pace", "_shell", "_timer", "_waiting")

    def __init__(self, shell: ShellBase, pace: Pace | None, holds: Holds) -> None:
        """Begin with none.

        Args:
            shell: who carries them.
            pace: of all workloads together; None for no ceiling.
            holds: the hosts that are to be left alone.
        """
        self._shell = shell
        self._pace = pace
        self._holds = holds
        self._loop = asyncio.get_running_loop()
        self._waiting: OrderedDict[FollowingShot, asyncio.TimerHandle | None] = OrderedDict()
        """Those without a turn, with the end of their total clock."""
        self._timer: asyncio.TimerHandle | None = None
        """Of the next turn."""

    def send(self, shot: FollowingShot) -> None:
        """Send one at its turn, which may be now."""
        if self._pace is None:
            self._submit(shot)
        elif not self._waiting and self._pace.due_for(self) <= self._shell.now:
            self._pace.take(self._shell.now, self)
            self._submit(shot)
        else:
            ends_at = _ends_at(shot)
            is_timed = ends_at < math.inf
            timer = self._loop.call_at(ends_at, self._expire, shot) if is_timed else None
            self._waiting[shot] = timer
            if self._timer is None:
                self._wait(self._pace)

    def give_up(self) -> None:
        """Send none of those that wait: the load was stopped."""
        if self._pace is not None:
            self._pace.leave(self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            self._next().on_failed(AbortError("the load was stopped"))

    def _next(self) -> FollowingShot:
        shot, timer = self._waiting.popitem(last=False)
        if timer is not None:
            timer.cancel()
        return shot

    def _take_turns(self) -> None:
        self._timer = None
        pace = self._pace
        assert pace is not None
        now = self._shell.touch()
        while self._waiting and pace.due_for(self) <= now:
            pace.take(now, self)
            self._submit(self._next())
        if self._waiting:
            self._wait(pace)
        else:
            pace.leave(self)
        self._shell.after()

    def _wait(self, pace: Pace) -> None:
        pace.wait(self)
        self._timer = self._loop.call_at(pace.due_for(self), self._take_turns)

    def _expire(self, shot: FollowingShot) -> None:
        del self._waiting[shot]
        self._shell.touch()
        words = f"not complete {shot.timeouts.total:g} s after its intended start"
        shot.on_failed(RequestTimeout(f"{shot.origin.label}: {words}", clock="total"))
        self._shell.after()

    def _submit(self, shot: FollowingShot) -> None:
        now = self._shell.now
        if now < self._holds.until(shot.origin.authority):
            words = f"{shot.origin.authority} is left alone for a time"
            shot.on_failed(HeldBackError(words))
            return
        # For the pool that carries it, it begins now: the time before was another host's.
        ends_at, shot.intended_at = _ends_at(shot), now
        if ends_at < math.inf:
            shot.timeouts = replace(shot.timeouts, total=max(_LEAST_S, ends_at - now))
        shot.counts.redirects += 1
        self._shell.submit(shot)


def _ends_at(shot: FollowingShot) -> float:
    """Give when its total clock runs out, which began with its first request; inf for never."""
    total = shot.timeouts.total
    if total is None or shot.timeouts.mode == "node":
        return math.inf
    return shot.trail.intended_at + total
