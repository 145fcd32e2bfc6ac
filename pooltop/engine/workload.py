"""Fires a workload at an agent: arrivals on time, users in a loop, and every outcome counted.

The hot path allocates one exchange per request and nothing else; requests are prepared once per
class. Latency counts from the intended start of an arrival, so a late start is not forgotten
(no coordinated omission); how late starts were is a histogram of its own.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

from pooltop.core.histogram import Recorder
from pooltop.core.schedule import Arrivals, Mix, pause
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.core.traffic import Workload
from pooltop.engine.agent import Agent
from pooltop.engine.exchange import Exchange
from pooltop.engine.request_classes import PreparedClass, prepare_classes
from pooltop.engine.shell import PoolShell
from pooltop.errors import RequestError

LATE_S = 0.010
"""A start later than this after its time is counted as late."""
MOST_AT_ONCE = 1000
"""Arrivals fired in one callback when the loop fell behind, and users that begin in one: the rest
follow in the next, so that whatever was asked for, a pause or a stop is heard in between."""

_now = time.monotonic


class Shot(Exchange):
    """One request of a workload: counted, its body let go."""

    runner: WorkloadRunner

    def on_complete(self) -> None:
        """Tell the workload."""
        assert self.ended_at is not None
        self.runner.latency.record(self.ended_at - self.intended_at)
        self.runner.shot_over(failed=False)

    def on_failed(self, error: RequestError) -> None:
        """Tell the workload."""
        del error  # counted by its code in the pool's tally
        self.runner.shot_over(failed=True)


class _Thinking:
    """The end of one user's pause."""

    __slots__ = ("_runner", "handle")

    def __init__(self, runner: WorkloadRunner) -> None:
        self._runner = runner
        self.handle: asyncio.TimerHandle

    def __call__(self) -> None:
        self._runner.thought(self.handle)


class WorkloadRunner:
    """One workload on one agent, from start to stop."""

    __slots__ = (
        "_agent",
        "_arrivals",
        "_beginners",
        "_beginning",
        "_classes",
        "_idle_users",
        "_initial",
        "_is_closed",
        "_lateness",
        "_loop",
        "_mix",
        "_most",
        "_on_done",
        "_paused_at",
        "_random",
        "_rests",
        "_shell",
        "_started_at",
        "_thinking",
        "_thinks",
        "_timeouts",
        "_timer",
        "completed",
        "dropped",
        "failed",
        "in_flight",
        "late",
        "latency",
        "offered",
        "sent",
        "state",
        "workload",
    )

    def __init__(
        self,
        workload: Workload,
        agent: Agent,
        *,
        on_done: Callable[[WorkloadRunner], None] = lambda _: None,
    ) -> None:
        """Prepare every request class.

        Args:
            workload: with a base_url of http or https (a ``demo:`` one is resolved before).
            agent: who carries it.
            on_done: called once when its duration or its requests are over.

        Raises:
            UsageError: a request cannot be sent as given.
        """
        self.workload = workload
        """As it is now: its rate or users can be edited."""
        self._initial = workload
        self._agent = agent
        self._shell: PoolShell = agent.shell
        self._on_done = on_done
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(workload.seed)  # noqa: S311 - a schedule, not a secret
        self._mix = Mix(workload.requests, self._random)
        self._timeouts = agent.timeouts
        self._is_closed = workload.model == "closed"
        self._most = workload.max_requests
        self._thinks = workload.think.max_s > 0
        self._rests = self._thinks
        """Whether a user may do something else than go on at once after a request: think, leave."""
        self._classes: tuple[PreparedClass, ...] = prepare_classes(workload, agent)
        self._arrivals = Arrivals(workload, self._random)
        self._started_at = 0.0
        self._paused_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._thinking: set[asyncio.TimerHandle] = set()
        self._idle_users = 0
        self._beginners = 0
        """Of the idle users, those that are about to begin; the others think, or have no request
        left to send."""
        self._beginning: asyncio.Handle | None = None
        self._lateness = Recorder()
        self.latency = Recorder()
        """Intended start to last byte of completed requests."""
        self.state = "stopped"
        self.offered = self.sent = self.dropped = self.late = 0
        self.completed = self.failed = self.in_flight = 0

    def start(self) -> None:
        """Begin now."""
        self.state = "running"
        self._started_at = self._shell.touch()
        if self.workload.model == "open":
            self._arm()
        else:
            self._idle_users = self.workload.users
            if self.workload.duration is not None:
                end = self._started_at + self.workload.duration
                self._timer = self._loop.call_at(end, self._finish)
            self._let_users_go(self._idle_users)
        self._shell.after_this_turn()

    def pause(self) -> None:
        """Start no more requests until ``resume``; those under way go on."""
        if self.state == "running":
            self.state = "paused"
            self._paused_at = _now()
            self._cancel_timers()

    def resume(self) -> None:
        """Go on: what was due during the pause is not made up for."""
        if self.state != "paused":
            return
        self.state = "running"
        now = self._shell.touch()
        self._started_at += now - self._paused_at
        if self.workload.model == "open":
            self._arm()
        else:
            if self.workload.duration is not None:
                end = self._started_at + self.workload.duration
                self._timer = self._loop.call_at(end, self._finish)
            self._settle_users()
            self._let_users_go(self._idle_users - self._beginners - len(self._thinking))
            self._done_if_over()
        self._shell.after_this_turn()

    def stop(self) -> None:
        """Start no more requests, for good."""
        if self.state != "done":
            self.state = "stopped"
        self._cancel_timers()

    def options_changed(self) -> None:
        """Prepare the requests again: the Connection header depends on the agent's options."""
        self._classes = prepare_classes(self.workload, self._agent)

    @property
    def is_at_work(self) -> bool:
        """Whether it starts requests, or will when it is resumed."""
        return self.state in ("running", "paused")

    @property
    def users(self) -> int:
        """Users that are there, at a request or not: more than asked for while some leave."""
        return self.in_flight + self._idle_users

    def put_in_force(self, edited: Workload) -> None:
        """Go on with another rate, or other users: see ``edits.apply_workload_edit``.

        Nothing is made up for, and nothing under way is given up. New users begin at once; those
        that are too many leave: who thinks now, the others when their request is over.
        """
        self.workload = edited
        if not self.is_at_work:
            return
        now = self._shell.touch()
        if self._is_closed:
            self._settle_users()
        else:
            since = now if self.state == "running" else self._paused_at
            self._arrivals.change_rate(edited.rate, at=since - self._started_at)
            if self.state == "running":
                self._cancel_timers()
                self._arm()
        self._shell.after_this_turn()

    def snapshot(self) -> WorkloadSnapshot:
        """Give the picture of now."""
        return WorkloadSnapshot(
            name=self.workload.name,
            agent=self.workload.agent,
            target=self._classes[0].origin.authority,
            state=self.state,
            pattern=pattern_words(self.workload),
            model=self.workload.model,
            rate=None if self._is_closed else self.workload.rate,
            users=self.workload.users if self._is_closed else None,
            initial_rate=None if self._is_closed else self._initial.rate,
            initial_users=self._initial.users if self._is_closed else None,
            offered=self.offered,
            sent=self.sent,
            dropped=self.dropped,
            late=self.late,
            in_flight=self.in_flight,
            completed=self.completed,
            failed=self.failed,
            lateness=self._lateness.freeze(),
            latency=self.latency.freeze(),
        )

    def shot_over(self, *, failed: bool) -> None:
        """One of its requests is settled."""
        self.in_flight -= 1
        if failed:
            self.failed += 1
        else:
            self.completed += 1
        if self._is_closed:
            self._idle_users += 1
            if self.state == "running":
                if failed or self._rests:
                    self._let_one_rest(failed=failed)
                else:
                    self._let_one_go()
        if not self.in_flight:
            self._done_if_over()

    # Open model

    def _arm(self) -> None:
        next_at, duration = self._arrivals.due, self.workload.duration
        if next_at is not None:
            self._timer = self._loop.call_at(self._started_at + next_at, self._fire_due)
        elif duration is None or self._arrivals.is_spent:
            self._done_if_over()
        else:
            # None more at this rate; it may be another one before the time is over.
            self._timer = self._loop.call_at(self._started_at + duration, self._finish)

    def _fire_due(self) -> None:
        now = self._shell.touch()
        fired = 0
        arrivals = self._arrivals
        while (next_at := arrivals.due) is not None and fired < MOST_AT_ONCE:
            due = self._started_at + next_at
            if due > now:
                break
            self._arrive(due, now)
            fired += 1
            arrivals.advance()
        self._shell.after()
        if self.state == "running":
            self._arm()

    def _arrive(self, due: float, now: float) -> None:
        self.offered += 1
        lateness = now - due
        self._lateness.record(lateness)
        if lateness > LATE_S:
            self.late += 1
        if self.in_flight >= self.workload.max_in_flight:
            self.dropped += 1
            return
        self._shoot(due)

    # Closed model

    def _let_users_go(self, count: int) -> None:
        """Let so many idle users begin: the first of them now."""
        self._beginners += count
        if self._beginning is None:
            self._begin_some()

    def _begin_some(self) -> None:
        batch = min(self._beginners, MOST_AT_ONCE)
        self._beginners -= batch
        for _ in range(batch):
            self._let_one_go()
        self._beginning = self._loop.call_soon(self._begin_more) if self._beginners else None

    def _begin_more(self) -> None:
        self._shell.touch()
        self._begin_some()
        self._shell.after()

    @property
    def _too_many(self) -> int:
        """Users that are to leave; below 0, those that are missing."""
        return self.users - self.workload.users

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
            self._let_one_go()

    def _pause_user(self, *, failed: bool) -> None:
        think = pause(self.workload.think, self._random)
        if failed:
            # A server that refuses at once must not turn a user into a busy loop.
            think = max(think, 0.1)
        if think > 0:
            user = _Thinking(self)
            user.handle = self._loop.call_later(think, user)
            self._thinking.add(user.handle)
        else:
            self._let_one_go()

    def _let_one_go(self) -> None:
        """Go on with one user: the other idle ones may be thinking."""
        if self._most is None or self.sent < self._most:
            self.offered += 1
            self._shoot(self._shell.now)

    def thought(self, handle: asyncio.TimerHandle) -> None:
        """One user's pause is over."""
        self._thinking.discard(handle)
        self._shell.touch()
        self._let_one_go()
        self._shell.after()

    # Both

    @property
    def _is_spent(self) -> bool:
        return self._most is not None and self.sent >= self._most

    def _shoot(self, intended_at: float) -> None:
        classes = self._classes
        chosen = classes[0] if len(classes) == 1 else classes[self._mix.draw()]
        self.sent += 1
        self.in_flight += 1
        if self._is_closed:
            self._idle_users -= 1
        shot = Shot(
            chosen.prepared,
            chosen.origin,
            self._timeouts,
            intended_at=intended_at,
            label=chosen.label,
            key=chosen.key,
        )
        shot.runner = self
        self._shell.submit(shot)

    def _finish(self) -> None:
        if self.state == "running":
            self.state = "done"
            self._cancel_timers()
            if self.in_flight == 0:
                self._on_done(self)

    def _done_if_over(self) -> None:
        if self.in_flight:
            return
        if self.state == "done":
            self._on_done(self)
        elif self.state == "running" and self._is_over:
            self.state = "done"
            self._cancel_timers()
            self._on_done(self)

    @property
    def _is_over(self) -> bool:
        if self.workload.model == "open":
            return self._arrivals.is_spent
        return self._is_spent

    def _cancel_timers(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._beginning is not None:
            self._beginning.cancel()
            self._beginning = None
        self._beginners = 0
        for handle in self._thinking:
            handle.cancel()
        self._thinking.clear()


def pattern_words(workload: Workload) -> str:
    """Say a workload's shape in a few words."""
    if workload.model == "open":
        return f"open {workload.arrival} {workload.rate:g}/s"
    think = workload.think
    rest = f", think {think.min_s:g} to {think.max_s:g} s" if think.max_s else ""
    return f"closed {workload.users} {'user' if workload.users == 1 else 'users'}{rest}"
