"""A workload at work: started, paused, stopped, and every outcome counted; each model adds when.

The hot path allocates one exchange per request and nothing else; requests are prepared once per
class. Latency counts from the intended start of an arrival, so a late start is not forgotten
(no coordinated omission). When requests start is the model's: open_workload.py, closed_workload.py.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Protocol

import msgspec

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.course import Course, Turn
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.holds import Holds
from pooltop.core.pace import Pace
from pooltop.core.rows import Rows
from pooltop.core.schedule import Mix
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.core.throttle import Throttle
from pooltop.core.traffic import Workload
from pooltop.engine.carrier import Carrier
from pooltop.engine.chance import stream
from pooltop.engine.class_tally import ClassTally
from pooltop.engine.codecs.base import PreparedRequest, ResponseHead
from pooltop.engine.exchange import Exchange
from pooltop.engine.hops import Hops
from pooltop.engine.redirects import Redirects, Trail, url_of
from pooltop.engine.request_classes import PreparedClass, prepare_classes
from pooltop.engine.row_requests import RowRequest
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.shots import CarefulShot, CheckedShot, FollowingShot, Shot
from pooltop.engine.stage_teller import StageTeller
from pooltop.errors import AbortError

MOST_AT_ONCE = 1000
"""Arrivals fired in one callback when the loop fell behind, and users that begin in one: the rest
follow in the next, so that whatever was asked for, a pause or a stop is heard in between."""

_now = time.monotonic


class Guard(Protocol):
    """What a breaker is to its workload."""

    throttle: Throttle
    """Asked for every start."""

    def pushed_back(self, head: ResponseHead, host: str) -> None:
        """Take a 429 or a 503 of a host, which may be one that it was redirected to."""

    def snapshot(self) -> BreakerSnapshot:
        """Give the picture of now."""


class Around(msgspec.Struct, frozen=True, kw_only=True):
    """What a workload has to do with besides its agent; each of it may be left out."""

    on_done: Callable[[WorkloadRunner], None] = lambda _: None
    """Called once when its duration or its requests are over."""
    on_unexpected: Callable[[Exchange, str], None] = lambda _, __: None
    """Called with each response that is not as expected, and the reason."""
    on_paced: Callable[[WorkloadRunner], None] = lambda _: None
    """Called the first time that a user has to wait for the pace."""
    on_dropped: Callable[[WorkloadRunner], None] = lambda _: None
    """Called the first time that an arrival is dropped."""
    on_stage: Callable[[WorkloadRunner, str], None] = lambda _, __: None
    """Called as each stage after the first begins, with that stage in words."""
    pace: Pace | None = None
    """Of all workloads together, where there is a ceiling; users wait for their turns."""
    holds: Holds | None = None
    """The hosts that asked to be left alone; None where nobody listens to them."""


NOTHING_AROUND = Around()


class WorkloadRunner(ABC):
    """One workload on one agent, from start to stop; its model starts the requests."""

    __slots__ = (
        "_agent",
        "_classes",
        "_counts",
        "_hops",
        "_latency",
        "_lateness",
        "_loop",
        "_mix",
        "_pace",
        "_rows",
        "_shell",
        "_stages",
        "_started_at",
        "_still_at",
        "_timer",
        "around",
        "course",
        "dropped",
        "guard",
        "held",
        "in_flight",
        "late",
        "offered",
        "paced",
        "redirects",
        "sent",
        "state",
        "waiting",
        "workload",
    )

    def __init__(self, workload: Workload, agent: Carrier, around: Around = NOTHING_AROUND) -> None:
        """Prepare every request class.

        Args:
            workload: with a base_url of http or https (a ``demo:`` one is resolved before).
            agent: who carries it.
            around: whom it tells, and whose pace it keeps.

        Raises:
            UsageError: a request cannot be sent as given.
        """
        self.workload = workload
        """As it is now: its rate or users can be edited."""
        self.course = Course(workload)
        """What it is asked for, and on which way."""
        self._stages = StageTeller(self.course, lambda words: around.on_stage(self, words))
        self._agent = agent
        self._shell: ShellBase = agent.shell
        self.around = around
        self._pace = around.pace
        self._loop = asyncio.get_running_loop()
        data = workload.data
        self._rows = None if data is None else Rows(data, stream("rows", workload))
        self._mix = Mix(workload.requests, stream("classes", workload))
        self._classes: tuple[PreparedClass, ...] = prepare_classes(workload, agent)
        self._counts = tuple(ClassTally(each.name) for each in workload.requests)
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
        self._hops = Hops(self._shell, around.pace, around.holds or Holds())
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
        self._stages.go_on(self._started_at, 0.0)
        self._shell.after_this_turn()

    def hold(self) -> None:
        """Be paused from the start: ``resume`` begins."""
        self.state = "paused"
        self._started_at = self._still_at = self._shell.touch()

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
        self._stages.go_on(self._started_at, self.elapsed)
        self._shell.after_this_turn()

    def stop(self) -> None:
        """Start no more requests, for good."""
        if self.state != "done":
            self._end_in("stopped")
        self._hops.give_up()

    def put_in_force(self, edited: Workload, *, returns: bool = False) -> str:
        """Go on with another rate, or other users; give what that did, in words.

        Args:
            edited: see ``edits.apply_workload_edit``.
            returns: back on its stages, where they are by now; else off them.
        """
        at = self.elapsed
        turn = self.course.turn(self.workload, edited, returns=returns, at=at)
        self.workload = edited
        words = self._put_in_force()
        if self.state == "running":
            self._stages.go_on(self._started_at, at)
        if turn is Turn.RETURNS and self.course.plan is not None:
            return f"back on its stages, {self.course.plan.words(self.elapsed)}: {words}"
        return f"it leaves its stages; {words}" if turn is Turn.LEAVES else words

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
        return self.course.asked(self.workload, self.elapsed)

    @property
    def in_force(self) -> float:
        """What an edit put in force, be it on its way there; with stages, what they ask for now."""
        return self.course.in_force(self.workload, self.elapsed)

    @property
    def most_rate(self) -> float:
        """The most arrivals per second that it asks for from now on; 0 of users."""
        if not self.is_at_work:
            return 0.0
        return self.most_rate_after(self.workload, returns=self.course.on_stages)

    def most_rate_after(self, edited: Workload, *, returns: bool) -> float:
        """Give the most that it would ask for after an edit.

        Args:
            edited: as ``put_in_force`` is given it.
            returns: the edit puts it on its stages.
        """
        is_open = edited.model == "open"
        return self.course.most(edited, self.elapsed, returns=returns) if is_open else 0.0

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
    def shell(self) -> ShellBase:
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
            self._latency = Histogram.total(each.phases.total for each in classes)
        at = self.elapsed
        asked = self.course.asked(self.workload, at)
        initial = asked if self.course.on_stages else self.course.asked_at_first(at)
        leads = self.course.leads(at)
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
            data=None if self._rows is None else self._rows.snapshot(),
            arrival=self.workload.arrival if is_open else None,
            think_s=(self.workload.think.min_s, self.workload.think.max_s),
            max_in_flight=self.workload.max_in_flight if is_open else None,
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
            chosen.timeouts,
            intended_at=intended_at,
            label=chosen.label,
            key=chosen.key,
        )
        shot.runner = self
        shot.counts = counts
        if chosen.expect is not None:
            shot.expect = chosen.expect
        if isinstance(shot, FollowingShot):
            shot.trail = Trail(
                url_of(self.workload.base_url, prepared),
                chosen.follows,
                chosen.closes,
                chosen.own_clocks,
                intended_at,
                self._shell.now,
            )
        self._shell.submit(shot)

    def send_hop(self, shot: FollowingShot) -> None:
        """Send the next request of one that is under way, at its turn."""
        if self.state == "stopped":
            shot.on_failed(AbortError("the load was stopped"))
        else:
            self._hops.send(shot)

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
                self.around.on_done(self)

    def _done_if_over(self) -> None:
        if self.in_flight:
            return
        if self.state == "done":
            self.around.on_done(self)
        elif self.state == "running" and self._is_spent:
            self._end_in("done")
            self.around.on_done(self)

    def _end_in(self, state: str) -> None:
        """Start nothing more, and be in another state."""
        if self.state == "running":
            self._still_at = _now()
        self.state = state
        self._cancel_timers()
        self._stages.stop()

    def _cancel_timers(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
