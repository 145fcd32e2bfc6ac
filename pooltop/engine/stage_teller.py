"""Tells of each stage of a workload as it begins: nothing else happens at that moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pooltop.core.course import Course


class StageTeller:
    """A timer for the next stage. Make it inside the event loop; ``stop`` it."""

    __slots__ = ("_course", "_loop", "_tell", "_timer")

    def __init__(self, course: Course, tell: Callable[[str], None]) -> None:
        """Tell nothing yet.

        Args:
            course: whose stages.
            tell: is given each stage in words.
        """
        self._course = course
        self._tell = tell
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def go_on(self, started_at: float, at: float) -> None:
        """Tell of the stages that begin after a time, if the workload is on them.

        Args:
            started_at: when the workload began, pauses left out, in monotonic seconds.
            at: seconds from there.
        """
        self.stop()
        plan = self._course.plan
        if plan is None or not self._course.on_stages:
            return
        begins = plan.next_stage(at)
        if begins is not None:
            when = started_at + begins
            self._timer = self._loop.call_at(when, self._began, started_at, begins)

    def stop(self) -> None:
        """Tell no more until it goes on; safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _began(self, started_at: float, at: float) -> None:
        assert self._course.plan is not None
        self._tell(self._course.plan.words(at))
        self.go_on(started_at, at)
