"""A workload at work: started, paused, stopped, and every outcome counted; each model adds when.

The hot path allocates one exchange per request and nothing else; requests are prepared once per
class. Latency counts from the intended start of an arrival, so a late start is not forgotten
(no coordinated omission). When requests start is the model's: open_workload.py, closed_workload.py.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import reduce
from typing import Protocol

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.climb import climb, climb_onto
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.model import Origin, Timeouts
from pooltop.core.pace import Pace
from pooltop.core.rows import Rows
from pooltop.core.schedule import Mix
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.core.stages import Plan, Route
from pooltop.core.throttle import Throttle
from pooltop.core.traffic import Workload
from pooltop.engine.agent import Agent
from pooltop.engine.class_tally import ClassTally
from pooltop.engine.codecs.base import PreparedRequest, ResponseHead
from pooltop.engine.exchange import Exchange
from pooltop.engine.redirects import Redirects, Trail
from pooltop.engine.request_classes import PreparedClass, prepare_classes
from pooltop.engine.row_requests import RowRequest
from pooltop.engine.shell import PoolShell
from pooltop.engine.shots import CarefulShot, CheckedShot, FollowingShot, Shot
from pooltop.errors import AbortError, HeldBackError

MOST_AT_ONCE = 1000
"""Arrivals fired in one callback when the loop fell behind, and users that begin in one: the rest
follow in the next, so that whatever was asked for, a pause or a stop is heard in between."""

_now = time.monotonic


class Guard(Protocol):
    """What a breaker is to its workload."""

    throttle: Throttle
    """Asked for every start."""

    def pushed_back(self, head: ResponseHead) -> None:
        """Take a 429 or a 503."""

    def snapshot(self) -> BreakerSnapshot:
        """Give the picture of now."""


class WorkloadRunner(ABC):
    """One workload on one agent, from start to stop; its model starts the requests."""

    __slots__ = (
        "_agent",
        "_classes",
        "_climbs_until",
        "_counts",
        "_latency",
        "_lateness",
        "_left_from",
        "_loop",
        "_mix",
        "_on_done",
        "_pace",
        "_plan",
        "_random",
        "_route",
        "_rows",
        "_shell",
        "_started_at",
        "_still_at",
        "_timeouts",
        "_timer",
        "dropped",
        "guard",
        "held",
        "in_flight",
        "initial",
        "is_on_stages",
        "late",
        "offered",
        "on_unexpected",
        "paced",
        "redirects",
        "sent",
        "state",
        "waiting",
        "workload",
    )

    def __init__(
        self,
        workload: Workload,
        agent: Agent,
        *,
        on_done: Callable[[WorkloadRunner], None] = lambda _: None,
        on_unexpected: Callable[[Exchange, str], None] = lambda _, __: None,
        pace: Pace | None = None,
    ) -> None:
        """Prepare every request class.

        Args:
            workload: with a base_url of http or https (a ``demo:`` one is resolved before).
            agent: who carries it.
            on_done: called once when its duration or its requests are over.
            on_unexpected: called with each response that is not as expected, and the reason.
            pace: of all workloads together, where there is a ceiling; users wait for their turns.

        Raises:
            UsageError: a request cannot be sent as given.
        """
        self.workload = workload
        """As it is now: its rate or users can be edited."""
        self.initial = workload
        """As the profile had it."""
        self._agent = agent
        self._shell: PoolShell = agent.shell
        self._on_done = on_done
        self.on_unexpected = on_unexpected
        self._pace = pace
        self._loop = asyncio.get_running_loop()
        self._random = random.Random(workload.seed)  # noqa: S311 - a schedule, not a secret
        data = workload.data
        draws = random.Random(f"rows {workload.seed}")  # noqa: S311 - apart from the schedule's
        self._rows = None if data is None else Rows(data, draws)
        self._mix = Mix(workload.requests, self._random)
        self._classes: tuple[PreparedClass, ...] = prepare_classes(workload, agent)
        self._timeouts = agent.timeouts_for(self._classes[0].origin)
        self._counts = tuple(ClassTally(each.name) for each in workload.requests)
        self._plan = Plan(workload) if workload.stages else None
        self._route: Route | None = self._plan
        """What it follows now: its stages, or the way to what an edit asked for; None for neither.
        After its end it is where it leads to."""
        self._climbs_until = -math.inf
        """When it has come where the latest edit led, in seconds from the start."""
        self.is_on_stages = self._plan is not None
        """It does what its stages say: no edit holds it."""
        self._left_from: float | None = None
        """What was asked for as it last left them."""
        self._started_at = 0.0
        """Pauses are left out by putting it later."""
        self._still_at = 0.0
        """When it was paused, or came to its end."""
        self._timer: asyncio.TimerHandle | None = None
        self._lateness = Recorder()
        self._latency = Histogram()
        """As it was last told."""
        self.state = "stopped"
        self.offered = self.sent = self.dropped = self.late = self.in_flight = 0
        self.paced = self.waiting = self.held = 0
        self.redirects = Redirects(agent, ())
        """Who follows those of its classes that are to be; the engine has who was consented to."""
        self.guard: Guard | None = None
        """Its breaker's; None for none."""

    @abstractmethod
    def _begin(self) -> None:
        """Start the first requests."""

    @abstractmethod
    def _go_on(self) -> None:
        """Start requests again, after a pause that ``_started_at`` leaves out."""

    @abstractmethod
    def _put_in_force(self) -> str:
        """Go on with what ``asked`` is now, from now on; give what that did, in words.

        Nothing is made up for, and nothing under way is given up.
        """

    @abstractmethod
    def _level(self, route: Route) -> float:
        """Give what a route asks for now."""

    @abstractmethod
    def _end_with_this(self) -> None:
        """Have no request left to send after the one that is being made."""

    @property
    @abstractmethod
    def pattern(self) -> str:
        """Its shape as it is now, in a few words."""

    @property
    @abstractmethod
    def _is_spent(self) -> bool:
        """Whether it has no request left to send."""

    def start(self) -> None:
        """Begin now."""
        self.state = "running"
        self._started_at = self._shell.touch()
        self._begin()
        self._shell.after_this_turn()

    def pause(self) -> None:
        """Start no more requests until ``resume``; those under way go on."""
        if self.state == "running":
            self._end_in("paused")

    def resume(self) -> None:
        """Go on: what was due during the pause is not made up for."""
        if self.state != "paused":
            return
        self.state = "running"
        self._started_at += self._shell.touch() - self._still_at
        self._go_on()
        self._shell.after_this_turn()

    def stop(self) -> None:
        """Start no more requests, for good."""
        if self.state != "done":
            self._end_in("stopped")

    def put_in_force(self, edited: Workload, *, by: str = "operator") -> str:
        """Go on with another rate, or other users, off any stages; give what that did, in words.

        Args:
            edited: see ``edits.apply_workload_edit``.
            by: an asker, or "revert": who puts back what there was before it left its stages puts
                it on them again, where they are by now.
        """
        returns = self.returns_to_stages(by, edited)
        leaves = self.is_on_stages and not returns
        if leaves:
            self._left_from = self.in_force
        level, at = self.asked, self.elapsed
        self.workload = edited
        self.is_on_stages = returns
        self._route, self._climbs_until = self._way(level, at)
        words = self._put_in_force()
        if returns and self._plan is not None:
            return f"back on its stages, {self._plan.words(self.elapsed)}: {words}"
        return f"it leaves its stages; {words}" if leaves else words

    def _way(self, level: float, at: float) -> tuple[Route | None, float]:
        """Give the way from a level to what is in force now, and when it is there."""
        if self.is_on_stages and self._plan is not None:
            segments, met = climb_onto(self._plan.segments, level, at=at)
            # Over with its last stage, nothing is left of the plan: it stays where that led.
            return (Route(segments) if segments else self._plan), (met if met > at else -math.inf)
        way = climb(level, _asked_of(self.workload), at=at)
        return (Route(way), way[-1].until) if way else (None, -math.inf)

    @property
    def climbs_to(self) -> tuple[float, float] | None:
        """Where it is led by an edit, and in how many seconds it is there; None where it is."""
        left = self._climbs_until - self.elapsed
        if left <= 0 or self._route is None:
            return None
        return self._route.level(self._climbs_until), left

    def returns_to_stages(self, by: str, edited: Workload) -> bool:
        """Say whether an edit puts it back on its stages: a restore, or the reverse of leaving."""
        if self._plan is None or by not in ("undo", "restore", "revert"):
            return False
        return by == "restore" or _asked_of(edited) == self._left_from

    @abstractmethod
    def throttle_changed(self) -> None:
        """Its breaker lets another part through from now on."""

    def options_changed(self) -> None:
        """Prepare the requests again: the Connection header depends on the agent's options."""
        self._classes = prepare_classes(self.workload, self._agent)

    @property
    def is_at_work(self) -> bool:
        """Whether it starts requests, or will when it is resumed."""
        return self.state in ("running", "paused")

    @property
    def end_words(self) -> str:
        """Why it is done, where that is not seen from its numbers."""
        over = self._rows is not None and self._rows.is_over
        return "every row of its data was sent, " if over else ""

    @property
    def elapsed(self) -> float:
        """Seconds since the start, pauses left out; those of its end where it is over."""
        return (_now() if self.state == "running" else self._still_at) - self._started_at

    @property
    def asked(self) -> float:
        """Arrivals per second, or users, that are asked for now: also on the way to more."""
        return _asked_of(self.workload) if self._route is None else self._level(self._route)

    @property
    def in_force(self) -> float:
        """What an edit put in force, be it on its way there; with stages, what they ask for now."""
        if self.is_on_stages and self._plan is not None:
            return self._level(self._plan)
        return _asked_of(self.workload)

    @property
    def _asked_at_first(self) -> float:
        """What the profile asks for now."""
        return _asked_of(self.initial) if self._plan is None else self._level(self._plan)

    @property
    def most_rate(self) -> float:
        """The most arrivals per second that it asks for from now on; 0 of users."""
        if not self.is_at_work:
            return 0.0
        return self.most_rate_after(self.workload, returns=self.is_on_stages)

    def most_rate_after(self, edited: Workload, *, returns: bool) -> float:
        """Give the most that it would ask for after an edit.

        Args:
            edited: as ``put_in_force`` is given it.
            returns: the edit puts it on its stages.
        """
        if edited.model == "closed":
            return 0.0
        if returns and self._plan is not None:
            return self._plan.most_from(self.elapsed)
        return edited.rate

    @property
    def completed(self) -> int:
        """Responses received whole."""
        return sum(counts.completed for counts in self._counts)

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return sum(counts.failed.total() for counts in self._counts)

    @property
    def target(self) -> str:
        """Where it goes: ``host:port``."""
        return self._classes[0].origin.authority

    @property
    def shell(self) -> PoolShell:
        """Of the agent that carries it."""
        return self._shell

    def class_snapshots(self) -> tuple[ClassSnapshot, ...]:
        """Give the picture of each of its request classes, now."""
        return tuple(counts.snapshot() for counts in self._counts)

    def snapshot(self) -> WorkloadSnapshot:
        """Give the picture of now."""
        classes = self.class_snapshots()
        completed = sum(each.completed for each in classes)
        if completed != self._latency.count:
            self._latency = reduce(Histogram.plus, (each.phases.total for each in classes))
        asked, leads = self.asked, self.climbs_to
        # Not worked out twice where it is one: between two looks at the clock a ramp goes on.
        initial = asked if self.is_on_stages else self._asked_at_first
        is_open = self.workload.model == "open"
        return WorkloadSnapshot(
            name=self.workload.name,
            agent=self.workload.agent,
            target=self.target,
            state=self.state,
            pattern=self.pattern,
            model=self.workload.model,
            rate=asked if is_open else None,
            users=None if is_open else int(asked),
            initial_rate=initial if is_open else None,
            initial_users=None if is_open else int(initial),
            offered=self.offered,
            sent=self.sent,
            dropped=self.dropped,
            late=self.late,
            in_flight=self.in_flight,
            completed=completed,
            failed=self.failed,
            lateness=self._lateness.freeze(),
            latency=self._latency,
            classes=classes,
            unexpected=sum(sum(each.unexpected.values()) for each in classes),
            paced=self.paced,
            waiting=self.waiting,
            heading_for=None if leads is None else leads[0],
            held=self.held,
            breaker=None if self.guard is None else self.guard.snapshot(),
        )

    def shot_over(self, *, failed: bool) -> None:
        """One of its requests is settled."""
        del failed  # counted with its class
        self.in_flight -= 1
        if not self.in_flight:
            self._done_if_over()

    def _shoot(self, intended_at: float) -> None:
        classes = self._classes
        place = 0 if len(classes) == 1 else self._mix.draw()
        chosen = classes[place]
        counts = self._counts[place]
        self.sent += 1
        self.in_flight += 1
        counts.sent += 1
        prepared = chosen.prepared
        if chosen.by_row is not None:
            prepared = self._next_of(chosen.by_row)
        kind = Shot if chosen.expect is None else CheckedShot
        if self.guard is not None or chosen.follows:
            kind = FollowingShot if chosen.follows else CarefulShot
        shot = kind(
            prepared,
            chosen.origin,
            self._timeouts,
            intended_at=intended_at,
            label=chosen.label,
            key=chosen.key,
        )
        shot.runner = self
        shot.counts = counts
        if chosen.expect is not None:
            shot.expect = chosen.expect
        if isinstance(shot, FollowingShot):
            shot.trail = self._trail(chosen, prepared)
        self._shell.submit(shot)

    def _trail(self, chosen: PreparedClass, prepared: PreparedRequest) -> Trail:
        scheme, _, rest = self.workload.base_url.partition("://")
        # In absolute form where a proxy has to have it so.
        target = prepared.target.decode("ascii").partition("://")[2] or prepared.target.decode()
        path = target if target.startswith("/") else f"/{target.partition('/')[2]}"
        url = f"{scheme}://{rest.partition('/')[0]}{path}"
        return Trail(url, chosen.follows, chosen.closes)

    def timeouts_to(self, origin: Origin) -> Timeouts:
        """Give the clocks of a redirected request."""
        return self._agent.timeouts_for(origin)

    def submit_hop(self, shot: Shot) -> None:
        """Send the next request of one that is under way: it takes a turn, and waits for none."""
        now = self._shell.now
        if self.state == "stopped":
            shot.on_failed(AbortError("the load was stopped"))
            return
        is_held = self.guard is not None and now < self.guard.throttle.until
        if is_held and shot.origin.authority == self.target:
            shot.on_failed(HeldBackError(f"{self.target} is left alone for a time"))
            return
        if self._pace is not None:
            self._pace.take(now)
        self._shell.submit(shot)

    def _next_of(self, by_row: RowRequest) -> PreparedRequest:
        """Give the next row's request; after the last there is no other of any class."""
        assert self._rows is not None, "the profile's reader asks for data where a row is wanted"
        prepared = by_row.prepared(self._rows.take())
        if self._rows.is_over:
            self._end_with_this()
        return prepared

    def _finish(self) -> None:
        if self.state == "running":
            self._end_in("done")
            if self.in_flight == 0:
                self._on_done(self)

    def _done_if_over(self) -> None:
        if self.in_flight:
            return
        if self.state == "done":
            self._on_done(self)
        elif self.state == "running" and self._is_spent:
            self._end_in("done")
            self._on_done(self)

    def _end_in(self, state: str) -> None:
        """Start nothing more, and be in another state."""
        if self.state == "running":
            self._still_at = _now()
        self.state = state
        self._cancel_timers()

    def _cancel_timers(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _asked_of(workload: Workload) -> float:
    return workload.rate if workload.model == "open" else workload.users
