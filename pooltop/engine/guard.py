"""The breakers of a run at work: what they are told once a second, and what they hold back.

The runner asks its ``Throttle`` for every start; a Retry-After is heard as its head arrives, and
holds whatever is sent to the same host by any guarded workload, and whoever would be redirected to
it. What waits in the pool's queue is given up then: it would leave as soon as a socket came free.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pooltop.core.breaker import PUSHBACKS, WINDOW_S, Breaker, BreakerSnapshot, State, Vitals
from pooltop.core.histogram import Histogram
from pooltop.core.holds import Holds
from pooltop.core.retry_after import retry_after_s
from pooltop.core.threshold_values import ended_of, errors_of
from pooltop.core.throttle import Throttle
from pooltop.engine.chance import stream
from pooltop.engine.codecs.base import ResponseHead
from pooltop.engine.journal import Journal
from pooltop.engine.shell_base import ShellBase
from pooltop.engine.shots import Shot
from pooltop.engine.workload import WorkloadRunner
from pooltop.errors import HeldBackError

LOOK_S = 1.0
"""Between two looks."""

_now = time.monotonic


class _Totals(NamedTuple):
    at: float
    ended: int
    errors: int
    pushbacks: int
    wait: Histogram


class LoadGuard:
    """The guarded workloads of an engine. Make it inside the event loop; ``close`` it."""

    def __init__(self, runners: Sequence[WorkloadRunner], journal: Journal, holds: Holds) -> None:
        """Guard these.

        Args:
            runners: each asks its throttle from now on.
            journal: is told of every cut, hold and return.
            holds: the hosts that are to be left alone, for who is redirected to one.
        """
        self._journal = journal
        self._holds = holds
        self._loads = [_Guarded(runner, journal, self._hold) for runner in runners]
        for runner, load in zip(runners, self._loads, strict=True):
            runner.guard = load
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin with the load."""
        if self._loads:
            for load in self._loads:
                load.begin()
            self._arm()

    def close(self) -> None:
        """Look no more; safe to call twice."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        # A hold is over on time, not at the next look.
        untils = (load.breaker.until for load in self._loads)
        next_at = min((at for at in untils if at is not None), default=_now() + LOOK_S)
        wait = max(0.0, min(LOOK_S, next_at - _now()))
        self._timer = asyncio.get_running_loop().call_later(wait, self._look)

    def _look(self) -> None:
        for load in self._loads:
            load.look()
        self._arm()

    def _hold(self, host: str, wait_s: float, reason: str) -> None:
        """Hold a host; of many answers that say the same the first is enough."""
        now = _now()
        held = [load for load in self._loads if load.target == host]
        is_later = self._holds.hold(host, now, wait_s)
        if not any([is_later, *(load.hold(wait_s, reason) for load in held)]):
            return
        if not held:
            left = self._holds.until(host) - now
            words = f"nobody is redirected to {host} for {left:.3g} s: {reason}"
            self._journal.write("LOAD", words, host=host)
        for shell in {load.shell for load in self._loads}:
            self._give_up_unsent(shell, host, reason)

    def _give_up_unsent(self, shell: ShellBase, host: str, reason: str) -> None:
        for exchange in tuple(shell.exchanges.values()):
            if isinstance(exchange, Shot) and exchange.runner.guard is not None:
                connection = exchange.connection
                is_unsent = connection is None or connection.connected_at is None
                if is_unsent and exchange.origin.authority == host:
                    shell.abort(exchange, HeldBackError(f"{host}: {reason}"))


class _Guarded:
    """One workload and its breaker."""

    def __init__(
        self, runner: WorkloadRunner, journal: Journal, hold: Callable[[str, float, str], None]
    ) -> None:
        self._runner = runner
        self._journal = journal
        self._hold_all = hold
        self.target = runner.target
        self.shell = runner.shell
        self.throttle = Throttle()
        self.breaker = Breaker(stream("breaker", runner.workload))
        self._past: deque[_Totals] = deque()
        self._per_user = 1.0
        """Of a closed model: what each of its users sent a second, as it was cut."""

    @property
    def asked(self) -> float:
        """Requests per second that are asked for: of users, as many as they sent when uncut."""
        runner = self._runner
        return runner.asked * (1.0 if runner.workload.model == "open" else self._per_user)

    def begin(self) -> None:
        """What is counted from now on can be judged."""
        self._past.append(self._totals(_now()))

    def look(self) -> None:
        """Judge what was seen since the last change, of one window at most."""
        now = _now()
        totals = self._totals(now)
        self._note_pace(totals)
        cuts, state = self.breaker.cuts, self.breaker.state
        changed = self.breaker.look(now, self._seen(totals), asked=self.asked)
        self._past.append(totals)
        if changed or self.breaker.cuts:  # what is asked for may be another rate by now
            self._apply()
        if changed:
            self._tell(cuts, state)

    def pushed_back(self, head: ResponseHead, host: str) -> None:
        """Take a 429 or a 503 of a host as its head arrives."""
        value = next((value for name, value in head.headers if name == b"retry-after"), b"")
        wait = retry_after_s(value, time.time())
        if wait is not None:
            self._hold_all(host, wait, f"answered {head.status} with a Retry-After")
            return
        if host != self.target or self.breaker.state is not State.FULL:
            return  # counted, and judged with its window
        now = _now()
        totals = self._totals(now)
        self._note_pace(totals)
        if self.breaker.push_back(now, head.status, asked=self.asked):
            self._past.append(totals)
            self._apply()
            self._tell(0, State.FULL)

    def hold(self, wait_s: float, reason: str) -> bool:
        """Send nothing for a time; gives whether that is longer than it was to be."""
        now = _now()
        if self.breaker.state is State.FULL:
            self._note_pace(self._totals(now))
        if not self.breaker.hold(now, wait_s, reason):
            return False
        self._past.append(self._totals(now))
        assert self.breaker.until is not None
        self._journal.write(
            "LOAD",
            f"{self._runner.workload.name}: nothing is sent to {self.target} for "
            f"{self.breaker.until - now:.3g} s: {reason}",
            agent=self._runner.workload.agent,
        )
        self._apply()
        return True

    def snapshot(self) -> BreakerSnapshot:
        """Give the picture of now."""
        return self.breaker.snapshot(self.asked)

    def _note_pace(self, totals: _Totals) -> None:
        """Learn what users send as long as nothing holds them."""
        runner = self._runner
        if self.breaker.state is State.FULL and runner.workload.model == "closed" and self._past:
            first = self._past[0]
            ended = totals.ended - first.ended
            self._per_user = max(1.0, ended / max(LOOK_S, totals.at - first.at)) / max(
                1.0, runner.asked
            )

    def _apply(self) -> None:
        asked, rate = self.asked, self.breaker.rate(self.asked)
        share = 1.0 if rate is None or not asked else rate / asked
        self.throttle.set(share=share, rate=rate, until=self.breaker.until)
        self._runner.throttle_changed()

    def _tell(self, cuts: int, state: State) -> None:
        breaker, asked = self.breaker, self.asked
        rate = breaker.rate(asked)
        if rate is None:
            words = f"all of its {asked:.3g}/s is sent again"
        elif state is State.HELD:
            words = f"sends again, {rate:.3g}/s of {asked:.3g}/s"
        elif breaker.cuts > cuts:
            words = f"cut to {rate:.3g}/s of {asked:.3g}/s: {breaker.reason}"
        else:
            words = f"back to {rate:.3g}/s of {asked:.3g}/s: well for {WINDOW_S:g} s"
        name, agent = self._runner.workload.name, self._runner.workload.agent
        self._journal.write("LOAD", f"{name}: {words}", agent=agent)

    def _seen(self, totals: _Totals) -> Vitals:
        since = max(self.breaker.since, totals.at - WINDOW_S)
        while len(self._past) > 1 and self._past[0].at < since:
            self._past.popleft()
        before = self._past[0]
        return Vitals(
            ended=totals.ended - before.ended,
            errors=totals.errors - before.errors,
            pushbacks=totals.pushbacks - before.pushbacks,
            wait_p50=totals.wait.since(before.wait).quantile(0.5),
        )

    def _totals(self, at: float) -> _Totals:
        classes = self._runner.class_snapshots()
        return _Totals(
            at,
            sum(ended_of(each) for each in classes),
            sum(errors_of(each) for each in classes),
            sum(each.statuses.get(status, 0) for each in classes for status in PUSHBACKS),
            Histogram.total(each.phases.wait for each in classes),
        )
