"""The closed model: users who each wait for their answer, think, and go on."""

from __future__ import annotations

import asyncio
import math

from pooltop.core.schedule import pause
from pooltop.core.traffic import Workload
from pooltop.engine.carrier import Carrier
from pooltop.engine.chance import stream
from pooltop.engine.edit_words import users_effect
from pooltop.engine.workload import MOST_AT_ONCE, NOTHING_AROUND, Around, WorkloadRunner

AFTER_FAILURE_S = 0.1
"""Least pause of a user whose request failed: a server that refuses at once must not turn it into
a busy loop."""


class _Thinking:
    """The end of one user's pause."""

    __slots__ = ("_runner", "handle")

    def __init__(self, runner: ClosedRunner) -> None:
        self._runner = runner
        self.handle: asyncio.TimerHandle

    def __call__(self) -> None:
        self._runner.thought(self.handle)


class ClosedRunner(WorkloadRunner):
    """Keeps its users busy."""

    __slots__ = (
        "_beginners",
        "_beginning",
        "_begun_at",
        "_idle_users",
        "_most",
        "_pauses",
        "_rests",
        "_thinking",
        "_thinks",
        "_turn",
        "_turns_from",
        "_wanted",
    )

    def __init__(self, workload: Workload, agent: Carrier, around: Around = NOTHING_AROUND) -> None:
        """As ``WorkloadRunner``; nobody is there yet."""
        super().__init__(workload, agent, around)
        self._most = workload.max_requests
        self._thinks = workload.think.max_s > 0
        self._rests = self._thinks
        """Whether a user may do something else than go on at once after a request: think, leave."""
        self._pauses = stream("pauses", workload)
        self._thinking: set[asyncio.TimerHandle] = set()
        self._idle_users = 0
        self._beginners = 0
        """Of the idle users, those that are about to begin; the others think, wait for their turn
        (``waiting``), or have no request left to send."""
        self._beginning: asyncio.Handle | None = None
        self._begun_at = 0.0
        """When the first of those that are about to begin was to."""
        self._wanted = 0
        """How many users there are to be."""
        self._turn: asyncio.TimerHandle | None = None
        """Of the users that wait for one."""
        self._turns_from = -math.inf
        """No turn was due before: the breaker changed its mind then."""

    @property
    def users(self) -> int:
        """Users that are there, at a request or not: more than asked for while some leave."""
        return self.in_flight + self._idle_users

    @property
    def pattern(self) -> str:
        """As ``closed 8 users, think 0.2 to 1 s``; by stages ``closed, stage 1 of 2: ...``."""
        users, think = self.workload.users, self.workload.think
        rest = f", think {think.min_s:g} to {think.max_s:g} s" if think.max_s else ""
        plan = self.course.plan
        if self.course.on_stages and plan is not None:
            return f"closed, {plan.words(self.elapsed)}{rest}"
        off = "" if plan is None else ", off its stages"
        return f"closed {users} {'user' if users == 1 else 'users'}{off}{rest}"

    def _put_in_force(self) -> str:
        """Have the users that are asked for: new ones begin at once.

        Those that are too many leave: who thinks now, the others when their request is over.
        """
        before, self._wanted = self.users, int(self.asked)
        if self.is_at_work:
            self._shell.touch()
            self._settle_users()
            if self.state == "running":
                self._arm()
            self._shell.after_this_turn()
        return users_effect(self.state, before, self.users, self._wanted)

    def shot_over(self, *, failed: bool) -> None:
        """One of its requests is settled: its user goes on."""
        self.in_flight -= 1
        self._idle_users += 1
        if self.state == "running":
            if failed or self._rests:
                self._let_one_rest(failed=failed)
            else:
                self._let_one_go(self._shell.now)
        if not self.in_flight:
            self._done_if_over()

    def _begin(self) -> None:
        self._idle_users = self._wanted = int(self.asked)
        self._arm()
        self._let_users_go(self._idle_users)

    def _go_on(self) -> None:
        self._wanted = int(self.asked)
        self._arm()
        self._settle_users()
        self._let_users_go(self._idle_users - self._beginners - self.waiting - len(self._thinking))
        self._done_if_over()

    def _arm(self) -> None:
        """Wait for the next change of its stages, or its end."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        plan, route = self.course.plan, self.course.route
        end = math.inf if self.workload.duration is None else self.workload.duration
        end = end if plan is None else min(end, plan.end)
        change = math.inf if route is None else route.next_change(self.elapsed)
        if change < end:
            self._timer = self._loop.call_at(self._started_at + change, self._come_and_go)
        elif end < math.inf:
            self._timer = self._loop.call_at(self._started_at + end, self._finish)

    def _come_and_go(self) -> None:
        """Let users join or leave, as the stages say."""
        self._wanted = int(self.asked)
        self._shell.touch()
        self._settle_users()
        self._arm()
        self._shell.after()

    def _let_users_go(self, count: int) -> None:
        """Let so many idle users begin: the first of them now."""
        self._beginners += count
        if self._beginning is None:
            self._begun_at = self._shell.now
            self._begin_some()

    def _begin_some(self) -> None:
        batch = min(self._beginners, MOST_AT_ONCE)
        self._beginners -= batch
        for _ in range(batch):
            self._let_one_go(self._begun_at)
        self._beginning = self._loop.call_soon(self._begin_more) if self._beginners else None

    def _begin_more(self) -> None:
        self._shell.touch()
        self._begin_some()
        self._shell.after()

    @property
    def _too_many(self) -> int:
        """Users that are to leave; below 0, those that are missing."""
        return self.users - self._wanted

    def _settle_users(self) -> None:
        """Have as many users as the workload asks for, as far as that can be done at once."""
        missing = -self._too_many
        if missing > 0:
            self._idle_users += missing
            if self.state == "running":
                self._let_users_go(missing)
        unbegun = max(0, min(self._too_many, self._beginners))
        self._beginners -= unbegun
        self._idle_users -= unbegun
        turnless = max(0, min(self._too_many, self.waiting))
        self.waiting -= turnless
        self._idle_users -= turnless
        while self._too_many > 0 and self._idle_users:
            if self._thinking:
                self._thinking.pop().cancel()
            self._idle_users -= 1
        self._rests = self._thinks or self._too_many > 0

    def _let_one_rest(self, *, failed: bool) -> None:
        if self._too_many > 0:
            self._idle_users -= 1
            self._rests = self._thinks or self._too_many > 0
        elif failed or self._thinks:
            self._pause_user(failed=failed)
        else:
            self._let_one_go(self._shell.now)

    def _pause_user(self, *, failed: bool) -> None:
        think = pause(self.workload.think, self._pauses)
        if failed:
            think = max(think, AFTER_FAILURE_S)
        if think > 0:
            user = _Thinking(self)
            user.handle = self._loop.call_later(think, user)
            self._thinking.add(user.handle)
        else:
            self._let_one_go(self._shell.now)

    def _let_one_go(self, since: float) -> None:
        """Go on with one user: the other idle ones may be thinking.

        Args:
            since: when that was to be, from which its latency counts.
        """
        if self._most is not None and self.sent >= self._most:
            return
        if (self._pace is not None or self.guard is not None) and not self._has_turn():
            return
        self.offered += 1
        self._idle_users -= 1
        self._shoot(since)

    def throttle_changed(self) -> None:
        """Its breaker lets another part through: who waits may be due earlier."""
        self._turns_from = self._shell.touch()
        if self._turn is not None:
            self._turn.cancel()
            self._wait_for_turn()

    @property
    def _due(self) -> float:
        """When the next user has a turn."""
        due = -math.inf if self._pace is None else self._pace.due_for(self)
        return due if self.guard is None else max(due, self.guard.throttle.due)

    def _has_turn(self) -> bool:
        """Take a turn, or be one user more who waits for one."""
        now, due = self._shell.now, self._due
        if due <= now:
            if self._pace is not None:
                self._pace.take(now, self)
            if self.guard is not None:
                self.guard.throttle.take(now)
            return True
        self.waiting += 1
        if self.guard is not None and self.guard.throttle.due > now:
            self.held += 1
        else:
            self.paced += 1
            if self.paced == 1:
                self.around.on_paced(self)
        if self._turn is None:
            self._wait_for_turn()
        return False

    def _wait_for_turn(self) -> None:
        """Wake for the next turn: in line with others, unless it is the breaker that says no."""
        if self._pace is not None:
            is_held = self.guard is not None and self.guard.throttle.due > self._shell.now
            stand = self._pace.leave if is_held else self._pace.wait
            stand(self)
        self._turn = self._loop.call_at(self._due, self._take_turns)

    def _take_turns(self) -> None:
        """Let as many go on as there are turns."""
        self._turn = None
        now = self._shell.touch()
        while self.waiting and (due := self._due) <= now:
            self.waiting -= 1
            self._let_one_go(max(due, self._turns_from))
        if self.waiting:
            self._wait_for_turn()
        elif self._pace is not None:
            self._pace.leave(self)
        self._shell.after()

    def thought(self, handle: asyncio.TimerHandle) -> None:
        """One user's pause is over."""
        self._thinking.discard(handle)
        self._shell.touch()
        self._let_one_go(handle.when())
        self._shell.after()

    def _end_with_this(self) -> None:
        self._most = self.sent

    @property
    def _is_spent(self) -> bool:
        return self._most is not None and self.sent >= self._most

    def _cancel_timers(self) -> None:
        super()._cancel_timers()
        if self._beginning is not None:
            self._beginning.cancel()
            self._beginning = None
        self._beginners = self.waiting = 0
        if self._pace is not None:
            self._pace.leave(self)
        if self._turn is not None:
            self._turn.cancel()
            self._turn = None
        for handle in self._thinking:
            handle.cancel()
        self._thinking.clear()
