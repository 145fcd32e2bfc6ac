"""Finds a host's limit under load without a screen: steps, measures, stops, puts all back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import signal
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from pooltop.advise.samples import Samples
from pooltop.advise.tuner import Trial, Tuner, Verdict
from pooltop.core.capacity import options_of
from pooltop.core.edits import Control, Edit, Value
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.errors import EngineError, PooltopError, UsageError
from pooltop.present import tuning
from pooltop.sources.base import Source, Update

SETTLE_S = 0.4
"""After a new limit, before anything is measured."""
LEAST_S, MOST_S = 1.0, 6.0
"""How long a limit is measured: until there are ENOUGH answers, and their mean is SURE."""
ENOUGH = 200
SURE = 0.03
"""Relative standard error of the mean service time."""
MOMENT_S = 1.5
"""A target that hurts for so long is spared the rest of a trial."""
LATE_S = 0.02
"""A picture that the engine took so much too late tells of a busy machine."""
_FEW = 8
"""Answers of a moment that say nothing yet."""
_OURS = ("queue clock", "total clock")
"""Failures of requests that waited too long in our own queue: a low limit makes them."""
_MOST_QUEUED = 1000
_OVER, _NOTHING = 0, 1
_SIGNALS = ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129))


@dataclass(frozen=True, slots=True)
class Asked:
    """Whose limit is looked for."""

    host: str
    """``host:port``, or the host alone where that is enough."""
    agent: str | None = None
    """None where only one agent has the host."""
    most: int = 256
    """No higher limit is tried."""


class Told(Protocol):
    """Hears what is found, as it is found."""

    def begun(self, agent: str, host: str, limit: float) -> None:
        """The search begins, the limit being what it is."""

    def tried(self, trial: Trial, base_s: float) -> None:
        """A limit was measured."""

    def over(self, verdict: Verdict, trials: list[Trial]) -> None:
        """It is over, and everything is as it was."""


class _Lines:
    """Tells people, line by line."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write

    def begun(self, agent: str, host: str, limit: float) -> None:
        self._say(tuning.opening(agent, host, limit))

    def tried(self, trial: Trial, base_s: float) -> None:
        self._say([tuning.trial_line(trial, base_s)])

    def over(self, verdict: Verdict, trials: list[Trial]) -> None:
        self._say(tuning.verdict_lines(verdict, trials))

    def _say(self, lines: list[str]) -> None:
        self._write("".join(f"{line}\n" for line in lines))


class _Json:
    """Tells programs, once."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write = write
        self._of = ("", "", math.inf)

    def begun(self, agent: str, host: str, limit: float) -> None:
        self._of = (agent, host, limit)

    def tried(self, trial: Trial, base_s: float) -> None:
        pass

    def over(self, verdict: Verdict, trials: list[Trial]) -> None:
        value = tuning.tuning_value(*self._of, verdict, trials)
        self._write(f"{json.dumps(value, indent=2)}\n")


def told_as(write: Callable[[str], object], *, as_json: bool) -> Told:
    """Give what tells people, or as JSON programs, through ``write``."""
    return _Json(write) if as_json else _Lines(write)


def run_tune(source: Source, asked: Asked, told: Told) -> int:
    """Look for a host's limit, and close the source.

    Args:
        source: over a profile whose load is held; started and closed here.
        asked: whose limit.
        told: what is told of it.

    Returns:
        The exit status: 0 with a proposal, 1 without one; 130, 143 or 129 after SIGINT, SIGTERM
        or SIGHUP.

    Raises:
        PooltopError: there is no such host, or the engine is gone, or refused an edit.
    """
    return asyncio.run(_Tune(source, asked, told).run())


class _Tune:
    """One search."""

    def __init__(self, source: Source, asked: Asked, told: Told) -> None:
        self._source = source
        self._asked = asked
        self._told = told
        self._latest: Snapshot | None = None
        self._news = asyncio.Event()
        self._ended = ""
        self._status: int | None = None
        self._edits = 0

    async def run(self) -> int:
        """Give the exit status."""
        loop = asyncio.get_running_loop()
        searching = loop.create_task(self._search(), name="pooltop-tune")
        for number, status in _SIGNALS:
            loop.add_signal_handler(number, self._leave, searching, status)
        try:
            return await searching
        except asyncio.CancelledError:
            if self._status is None:
                raise
            return self._status
        finally:
            for number, _ in _SIGNALS:
                loop.remove_signal_handler(number)
            await self._source.close()

    def _leave(self, searching: asyncio.Task[int], status: int) -> None:
        self._status = status
        searching.cancel()

    async def _search(self) -> int:
        await self._source.start(self._take, self._end)
        await self._next()
        await self._source.control(Control(action="resume"))
        agent, origin = await self._host()
        if agent.dispatcher is not None:
            raise UsageError(f"tune is for http.Agent; {agent.name} is {agent.kind}")
        options = options_of(agent, origin)
        own = origin.authority if "max_sockets" in origin.initial_limits else ""
        tuner = Tuner(most=self._asked.most)
        self._told.begun(agent.name, origin.authority, options.max_sockets)
        try:
            # In Node's way a lowered limit closes nothing while requests wait.
            await self._edit(agent.name, "live", "drain")
            while tuner.limit is not None:
                limit = tuner.limit
                await self._edit(agent.name, "max_sockets", limit, host=own)
                trial, broken_off = await self._measure(tuner, agent.name, origin, limit)
                tuner.add(trial, broken_off=broken_off)
                self._told.tried(trial, tuner.base_s or 0.0)
        finally:
            await asyncio.shield(self._put_back(agent.name, origin, options.max_sockets, own))
            await asyncio.shield(self._edit(agent.name, "live", agent.options.live))
        verdict = tuner.verdict
        assert verdict is not None
        self._told.over(verdict, tuner.trials)
        return _NOTHING if verdict.proposal is None else _OVER

    async def _put_back(self, agent: str, origin: OriginSnapshot, limit: float, own: str) -> None:
        """Give the host its limit again, when nothing waits that would rush to the target."""
        await self._source.control(Control(action="pause"))
        await self._clear(agent, origin)
        await self._edit(agent, "max_sockets", None if math.isinf(limit) else limit, host=own)

    async def _clear(self, agent: str, origin: OriginSnapshot) -> None:
        clear = Control(action="clear_queue", agent=agent, origin=origin.key)
        # Of a queue that is empty by now it is an error; an engine that is gone says so again.
        with contextlib.suppress(PooltopError):
            await self._source.control(clear)

    async def _edit(self, agent: str, option: str, value: Value | None, host: str = "") -> None:
        self._edits += 1
        outcome = await self._source.submit(
            Edit(
                id=self._edits,
                agent=agent,
                host=host,
                option=option,
                value=value,
                by="tuner",
                confirmed=True,
            )
        )
        if not outcome.accepted:
            raise UsageError(f"tune cannot set {option}: {outcome.error}")

    async def _measure(
        self, tuner: Tuner, agent: str, origin: OriginSnapshot, limit: int
    ) -> tuple[Trial, bool]:
        """Give what was measured, and whether the target slowed so much that it was broken off."""
        began = now = await self._next()
        seen, moments = [began], [began]
        settled = False
        while True:
            now = await self._next()
            here = self._find(now, agent, origin)
            if here.queued > _MOST_QUEUED:
                await self._clear(agent, here)
            if not settled and now.at - began.at >= SETTLE_S:
                settled, seen = True, []
            seen.append(now)
            moments.append(now)
            while now.at - moments[1].at >= MOMENT_S:
                moments.pop(0)
            if now.at - moments[0].at >= MOMENT_S:
                last = self._trial(moments, agent, origin, limit)
                if last.answers >= _FEW and tuner.hurts(last.service_s):
                    return last, True
            trial = self._trial(seen, agent, origin, limit)
            span_s = now.at - seen[0].at
            is_enough = (
                trial.answers >= ENOUGH
                and span_s >= LEAST_S
                and self._error(seen, agent, origin) <= SURE
            )
            # Of the first level more: all others are held against it.
            patience_s = MOST_S if tuner.trials else 2 * MOST_S
            if settled and (is_enough or span_s >= patience_s):
                if not trial.answers:
                    raise EngineError(f"{origin.authority} answered nothing in {span_s:.0f} s")
                return trial, False

    def _trial(self, seen: list[Snapshot], agent: str, origin: OriginSnapshot, limit: int) -> Trial:
        """Give what happened between the pictures, but for the moments in which we were away.

        A busy machine stops engine and target alike: what was answered late by it is not of the
        target.
        """
        pairs = [*pairwise(seen)]
        steady = [pair for pair in pairs if pair[1].process.loop_lag_s < LATE_S]
        if 2 * len(steady) < len(pairs):
            steady = pairs
        span_s = lease_s = 0.0
        leased = completed = submitted = failed = 0
        for before, now in steady:
            old, new = self._find(before, agent, origin), self._find(now, agent, origin)
            span_s += now.at - before.at
            leased += _leases(new)[0] - _leases(old)[0]
            lease_s += _leases(new)[1] - _leases(old)[1]
            completed += new.counters.completed - old.counters.completed
            submitted += new.counters.submitted - old.counters.submitted
            failed += _faults(new) - _faults(old)
        service_s = lease_s / leased if leased else 0.0
        span_s = span_s or 1.0
        return Trial(
            limit=limit,
            in_use=completed / span_s * service_s,
            throughput=completed / span_s,
            service_s=service_s,
            answers=completed,
            failed=failed,
            arrivals_per_s=submitted / span_s,
            queued=self._find(seen[-1], agent, origin).queued > 0,
        )

    def _error(self, seen: list[Snapshot], agent: str, origin: OriginSnapshot) -> float:
        old, new = (self._find(each, agent, origin).latency for each in (seen[0], seen[-1]))
        return Samples(new.lease.since(old.lease)).error

    def _find(self, snapshot: Snapshot, agent: str, origin: OriginSnapshot) -> OriginSnapshot:
        for each in snapshot.agents:
            if each.name == agent:
                for one in each.origins:
                    if one.key == origin.key:
                        return one
        raise EngineError(f"{origin.authority} is gone")

    async def _host(self) -> tuple[AgentSnapshot, OriginSnapshot]:
        """Wait until the load has met the host.

        Raises:
            UsageError: no workload leads there, or several agents do.
        """
        known: list[str] = []
        for _ in range(50):
            snapshot = await self._next()
            found = [
                (agent, origin)
                for agent in snapshot.agents
                for origin in agent.origins
                if self._is_it(agent, origin)
            ]
            if len(found) == 1:
                return found[0]
            if found:
                names = ", ".join(sorted({f"{a.name} {o.authority}" for a, o in found}))
                raise UsageError(f"--host {self._asked.host} is several: {names}; say --agent too")
            known = sorted({o.authority for a in snapshot.agents for o in a.origins})
            if len(known) >= len({each.target for each in snapshot.workloads}) > 0:
                break
        names = ", ".join(known) or "none"
        raise UsageError(f"no workload leads to --host {self._asked.host}: there are {names}")

    def _is_it(self, agent: AgentSnapshot, origin: OriginSnapshot) -> bool:
        if self._asked.agent is not None and agent.name != self._asked.agent:
            return False
        return self._asked.host in (origin.authority, origin.host)

    async def _next(self) -> Snapshot:
        self._news.clear()
        await self._news.wait()
        if self._ended:
            raise EngineError(self._ended)
        assert self._latest is not None
        return self._latest

    def _take(self, update: Update) -> None:
        self._latest = update.snapshot
        self._news.set()

    def _end(self, reason: str) -> None:
        self._ended = reason
        self._news.set()


def _leases(origin: OriginSnapshot) -> tuple[int, float]:
    """Give ``latency.lease`` without its buckets: how many, and seconds together."""
    wait, without, odd = origin.latency.wait, origin.latency.odd_wait, origin.latency.odd_lease
    return wait.count - without.count + odd.count, wait.sum_s - without.sum_s + odd.sum_s


def _faults(origin: OriginSnapshot) -> int:
    counters = origin.counters
    ours = sum(counters.failed.get(outcome, 0) for outcome in _OURS)
    return counters.faults - ours
