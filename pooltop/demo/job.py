"""One request from when it has been read to when its answer is due, whatever protocol it came by.

Rule of this file: a place in the gate is held from ``work`` until the answer is written or the
request is dropped, and given back exactly once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pooltop.demo import answers
from pooltop.demo.answers import Answer

if TYPE_CHECKING:
    import asyncio

    from pooltop.demo.host import DemoHost


class JobOwner(Protocol):
    """The connection that a job's request came by."""

    def answered(self, job: Job) -> None:
        """Send the job's answer: it is due."""

    def go_on(self) -> None:
        """Do what had to wait: a job of this connection was answered, or dropped, in its time."""


class Job:
    """A request, and the time and the place it takes to answer it."""

    __slots__ = ("_has_place", "_host", "_is_dropped", "_owner", "_timer", "answer", "is_head",
                 "target")  # fmt: skip

    answer: Answer
    """What to answer; chosen by ``begin``."""

    def __init__(self, host: DemoHost, owner: JobOwner, target: bytes, *, is_head: bool) -> None:
        """Note what is asked; ``begin`` starts."""
        self._host = host
        self._owner = owner
        self.target = target
        self.is_head = is_head
        self._timer: asyncio.TimerHandle | None = None
        self._has_place = False
        self._is_dropped = False

    def begin(self) -> None:
        """Choose the answer, and work on it as soon as the gate lets it in."""
        host = self._host
        told = None if host.h2 is None else host.h2.obey(self.target)
        if self.target == answers.STATS_TARGET:
            told = Answer(host.stats_json(), content_type=answers.JSON)
        if told is not None:
            self.answer = told
            self._owner.answered(self)
            return
        self.answer = answers.answer(self.target, host.usual)
        if host.gate.enter(self):
            self._work()

    def work(self) -> None:
        """Start to work: the gate has come to it."""
        self._work()
        self._owner.go_on()

    def drop(self) -> None:
        """Forget it: nobody is there to be answered."""
        self._is_dropped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._has_place:
            self._leave_gate()
        else:
            self._host.gate.withdraw(self)

    def _work(self) -> None:
        self._has_place = True
        if self._is_dropped:
            self._leave_gate()  # between being called and now
            return
        delay_s = self.answer.delay_s
        if delay_s is None:
            delay_s = self._host.draw_latency_s()
        if delay_s > 0:
            self._timer = self._host.loop.call_later(delay_s, self._worked)
        else:
            self._owner.answered(self)
            self._leave_gate()

    def _worked(self) -> None:
        self._timer = None
        self._owner.answered(self)
        self._leave_gate()
        self._owner.go_on()

    def _leave_gate(self) -> None:
        self._has_place = False
        following = self._host.gate.leave()
        if following is not None:
            # Not at once: a chain of instant answers would be as deep as the line is long.
            self._host.loop.call_soon(following.work)
