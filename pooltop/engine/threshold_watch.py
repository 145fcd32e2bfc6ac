"""Judges what a run must hold, while it runs and at its end.

Once a second, on a timer of its own: what is recorded for everybody is looked at, nothing is done
for it on the path of a request. Levels, which nothing records, are looked at LOOKS_A_SECOND times a
second; what comes and goes in between is not seen. The time of a pause counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from pooltop.core.metrics import METRICS
from pooltop.core.threshold_values import Level, PoolTotals, Totals, WorkloadTotals, value_of
from pooltop.core.thresholds import Threshold, ThresholdState, Where, written
from pooltop.engine.carrier import Carrier
from pooltop.engine.journal import Journal
from pooltop.engine.levels import Levels
from pooltop.engine.workload import WorkloadRunner

LOOKS_A_SECOND = 4
_now = time.monotonic


class ThresholdWatch:
    """The thresholds of a profile. Make it inside the event loop; ``close`` ends its timer."""

    def __init__(
        self,
        thresholds: Sequence[Threshold],
        agents: Mapping[str, Carrier],
        workloads: Sequence[WorkloadRunner],
        journal: Journal,
        on_abort: Callable[[str], None],
    ) -> None:
        """Prepare.

        Args:
            thresholds: what must hold.
            agents: whose pools are looked at, by name.
            workloads: whose requests are.
            journal: where it is told that one begins to fail, or holds again.
            on_abort: stops the load, because of what is said; called at most once.
        """
        self._agents = agents
        self._workloads = workloads
        self._journal = journal
        self._on_abort = on_abort
        self._judged = [_Judged(each) for each in thresholds]
        scopes = {METRICS[each.expect.metric].scope for each in thresholds}
        self._has_pools, self._has_loads = "pool" in scopes, bool(scopes - {"pool"})
        self._timer: asyncio.TimerHandle | None = None
        self._looks = 0
        self._began = 0.0
        self._is_over = False

    @property
    def states(self) -> tuple[ThresholdState, ...]:
        """How each stands, as last judged."""
        return tuple(each.state for each in self._judged)

    def start(self) -> None:
        """Begin with the load."""
        self._began = _now()
        if self._judged:
            self._look()

    def judge(self) -> None:
        """Judge now."""
        if self._began and not self._is_over:
            self._judge(_now(), is_last=False)

    def finish(self) -> None:
        """Judge for the last time: the load is over, and what has no value has failed."""
        if self._began and not self._is_over:
            self._judge(_now(), is_last=True)
        self.close()

    def close(self) -> None:
        """Judge no more; safe to call twice."""
        self._is_over = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        at = _now()
        self._timer = asyncio.get_running_loop().call_later(1 / LOOKS_A_SECOND, self._look)
        for each in self._judged:
            if each.level is not None and at - self._began >= each.threshold.after_s:
                each.level.note(at, self._level(each.threshold))
        if any(each.is_due(at - self._began) for each in self._judged):
            totals = self._totals(at)
            for each in self._judged:
                if each.is_due(at - self._began):
                    each.before = totals
        self._looks += 1
        if self._looks % LOOKS_A_SECOND == 0:
            self._judge(at, is_last=False)

    def _judge(self, at: float, *, is_last: bool) -> None:
        totals = self._totals(at)
        why = ""
        for each in self._judged:
            said = each.judge(totals, is_last=is_last)
            if said:
                self._journal.write("ALERT", said)
            if each.threshold.abort and each.state.state == "failed" and not (is_last or why):
                why = each.words
                each.state = replace(each.state, aborted=True)
        if why:
            self._on_abort(why)

    def _totals(self, at: float) -> Totals:
        """Give what is counted by now of all that some threshold is about."""
        loads, pools = {}, {}
        if self._has_loads:
            for runner in self._workloads:
                snapshot = runner.snapshot()
                host, _, port = snapshot.target.rpartition(":")
                judging = frozenset(
                    each.name
                    for each in runner.workload.requests
                    if each.expect is not None and each.expect.statuses
                )
                loads[snapshot.name] = WorkloadTotals(
                    host.strip("[]"), int(port), snapshot, judging
                )
        if self._has_pools:
            for name, agent in self._agents.items():
                for key, tally in agent.shell.tally.origins.items():
                    target = agent.shell.targets[key]
                    pools[name, key] = PoolTotals(
                        target.host, target.port, tally.counters(0, 0), tally.latency()
                    )
        return Totals(at, loads, pools)

    def _level(self, threshold: Threshold) -> float:
        """Give what there is now, of all pools in question together."""
        origins = list(self._origins(threshold.where))
        match threshold.expect.metric:
            case "pool.queue.depth":
                return sum(origin.queued for origin in origins)
            case "pool.queue.oldest":
                since = (origin.oldest_queued_at for origin in origins)
                return max((_now() - at for at in since if at is not None), default=0.0)
            case "pool.sockets.in_use":
                return sum(origin.in_use for origin in origins)
            case "pool.sockets.free":
                return sum(origin.free for origin in origins)
            case "pool.streams.open":
                return sum(origin.streams for origin in origins)
            case "pool.streams.cap":
                return sum(origin.streams_cap for origin in origins)
            case _:
                return sum(origin.total for origin in origins)

    def _origins(self, where: Where) -> Iterator[Levels]:
        for name, agent in self._agents.items():
            if where.agent in (None, name):
                for key, levels in agent.shell.levels():
                    target = agent.shell.targets[key]
                    if where.takes_host(target.host, target.port):
                        yield levels


class _Judged:
    """One threshold and how it stands."""

    def __init__(self, threshold: Threshold) -> None:
        expect = threshold.expect
        self.threshold = threshold
        self.before: Totals | None = None
        """What had been counted when ``after`` was over; None until then."""
        self.level = Level() if METRICS[expect.metric].sort in ("level", "age") else None
        self.state = ThresholdState(
            text=expect.text,
            where=threshold.where,
            why=self._not_yet,
            limit=expect.limit,
            unit=expect.unit,
            after_s=threshold.after_s,
            abort=threshold.abort,
        )

    @property
    def _not_yet(self) -> str:
        after = self.threshold.after_s
        return f"begins after {written(after, 's')}" if after else "nothing is recorded yet"

    def is_due(self, passed: float) -> bool:
        """Tell whether what was counted by now is what it begins with."""
        return self.before is None and passed >= self.threshold.after_s

    @property
    def words(self) -> str:
        """Give what it says and how it stands, raw."""
        state = self.state
        where = f" ({state.where.text})" if state.where.text else ""
        value = state.why if state.value is None else written(state.value, state.unit)
        return f"{state.text}{where}: {value}"

    def judge(self, now: Totals, *, is_last: bool) -> str:
        """Compare; gives what there is to tell: that it began to fail, or holds again."""
        expect, old, value = self.threshold.expect, self.state, None
        if self.before is not None:
            value = value_of(
                expect, self.threshold.where, now=now, before=self.before, level=self.level
            )
        if value is None:
            why = "nothing was recorded" if self.before is not None else self._not_yet
            if is_last and self.before is None:
                why = f"the load ended before {written(self.threshold.after_s, 's')} were over"
            state = replace(old, value=None, why=why, state="failed" if is_last else "unknown")
        else:
            verdict = "holds" if expect.is_kept(value) else "failed"
            state = replace(old, value=value, why="", state=verdict)
        fails = state.state == "failed"
        since = (now.at if old.since is None else old.since) if fails else None
        self.state = replace(state, since=since)
        if fails and old.since is None:
            return f"threshold failed: {self.words}"
        if old.state == "failed" and state.state == "holds":
            return f"threshold holds again: {self.words}"
        return ""
