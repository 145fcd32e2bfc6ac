"""What if: how long requests would wait, and how full the pool would be, under other limits.

Each limit is simulated several times with other chance (``simulate``): the middle of the runs is
the prediction, and between the second lowest and the second highest of them is the band. It is what
chance alone does to one window of this length; that the load and the target stay as they are is
assumed, and said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from pooltop.advise.simulate import Run, Simulation
from pooltop.advise.traffic import Traffic
from pooltop.core.edits import Value, apply_edit
from pooltop.core.model import AgentOptions
from pooltop.core.schedule import Randomness

HORIZON_S = 30.0
"""As long as an edit's card measures."""
SEEDS = 7
"""Runs of each limit."""
MOST_REQUESTS = 60_000
"""Simulated requests of a whole curve: under a second of work; twice that with a backlog."""
LEAST_REQUESTS = 400
"""Of one run, however many limits there are."""
MOST_LIMITS = 11
"""Limits of a curve, besides the present and the proposed one."""
_BACKLOG = 0.1
"""Requests in the queue, as a share of a run's, that are a backlog to be worked off first ..."""
_FEW_SEEDS = 3
"""... with so many runs ..."""
_MORE = 2
"""... and this many times the work."""
_OUTER = 1
"""Runs at either end that the band leaves out."""

Chance = Callable[[int], Randomness]
"""Gives the randomness of a seed: the same for the same."""


@dataclass(frozen=True, slots=True)
class Band:
    """A number that chance has a part in."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What one limit would come to."""

    limit: float
    """inf for no limit."""
    p50: Band
    """Queue wait in seconds that half of the requests do not exceed."""
    p95: Band
    p99: Band
    utilisation: Band
    """Sockets in use over the limit; 0 without a limit."""
    failed: float
    """The share of requests that would wait longer than they may."""
    requests: int
    """Simulated, all runs together."""


class Sweep:
    """The work of a curve, in pieces: one run each, best first, so that it can be shown early."""

    def __init__(
        self,
        traffic: Traffic,
        chance: Chance,
        limits: Sequence[float],
        *,
        most: int = MOST_REQUESTS,
        horizon_s: float = HORIZON_S,
        seeds: int = SEEDS,
    ) -> None:
        """Plan it.

        Args:
            traffic: what the host is sent.
            chance: randomness by seed; all limits get the same, so that they differ by no more
                than what the limit does.
            limits: those of maxSockets.
            most: simulated requests, all together.
            horizon_s: virtual seconds of each run, fewer where ``most`` ends it.
            seeds: runs of each limit.
        """
        self._traffic = traffic
        self._chance = chance
        self._limits = tuple(dict.fromkeys(limits))
        number = max(1, len(self._limits))
        each = max(LEAST_REQUESTS, most // (seeds * number))
        queued = traffic.begin.queued
        if queued > _BACKLOG * each:
            # Cut short, a run would tell of little but those who wait already: fewer, then, and
            # longer ones.
            seeds = min(seeds, _FEW_SEEDS)
            whole = queued + math.ceil(traffic.rate * horizon_s)
            each = max(each, min(whole, _MORE * most // (seeds * number)))
        self._each = each
        self._horizon_s = horizon_s
        self._seeds = seeds
        self._runs: dict[float, list[Run]] = {limit: [] for limit in self._limits}

    @property
    def limits(self) -> int:
        """How many limits there are: after so many pieces each has had a run more."""
        return len(self._limits)

    def work(self) -> Iterator[None]:
        """Do it, a run for each step; between them the caller may rest, or give up."""
        for seed in range(self._seeds):
            for limit in self._limits:
                options = apply_edit(self._traffic.options, "max_sockets", _value(limit))
                self._runs[limit].append(self._run(options, seed))
                yield

    def _run(self, options: AgentOptions, seed: int) -> Run:
        simulation = Simulation(self._traffic, self._chance(seed))
        return simulation.run(options, self._horizon_s, self._each)

    def curve(self) -> tuple[Prediction, ...]:
        """Give what is known so far, by limit, the lowest first."""
        return tuple(_prediction(limit, runs) for limit, runs in sorted(self._runs.items()) if runs)


def predict(
    traffic: Traffic,
    chance: Chance,
    option: str,
    value: Value | None,
    *,
    most: int = MOST_REQUESTS,
    horizon_s: float = HORIZON_S,
    seeds: int = SEEDS,
) -> Prediction:
    """Give what an edit of an agent's option would come to.

    Args:
        traffic: what the host is sent.
        chance: randomness by seed.
        option: one of EDITABLE.
        value: as an Edit has it: None for no limit.
        most: simulated requests, all runs together.
        horizon_s: seconds after the edit that are looked at.
        seeds: runs.

    Raises:
        EditError: the option cannot be edited so.
    """
    options = apply_edit(traffic.options, option, value)
    each = max(LEAST_REQUESTS, most // seeds)
    runs = [
        Simulation(traffic, chance(seed)).run(options, horizon_s, each) for seed in range(seeds)
    ]
    return _prediction(min(options.max_sockets, options.max_total_sockets), runs)


def limits_around(load: float, *marked: float, most: int = MOST_LIMITS) -> tuple[float, ...]:
    """Give the limits that are worth a look: around the load, and those that are marked.

    The nearer to the load, the closer they are: that is where the wait turns.

    Args:
        load: sockets that would be in use if nobody had to wait.
        marked: the present limit and the proposed one; inf for none.
        most: others besides.
    """
    known = [int(each) for each in marked if 1 <= each < math.inf]
    low = max(1, min([math.floor(load * 0.7), *known]))
    high = max([math.ceil(load + 3 * math.sqrt(load)) + 2, *known])
    if high - low < most:
        return tuple(map(float, range(low, high + 1)))
    middle = min(max(round(load), low), high)
    down, up = math.sqrt(middle - low), math.sqrt(high - middle)
    below = min(most - 2, math.ceil((most - 1) * down / (down + up)))
    limits = {middle, *known}
    for end, steps in ((low, below), (high, most - 1 - below)):
        limits |= {
            middle + round((end - middle) * (step / steps) ** 2) for step in range(1, steps + 1)
        }
    return tuple(map(float, sorted(limits)))


def _value(limit: float) -> float | None:
    return None if limit == math.inf else limit


def _prediction(limit: float, runs: Sequence[Run]) -> Prediction:
    waited = sum(len(run.waits) for run in runs)
    failed = sum(run.failed for run in runs)
    ordered = [sorted(run.waits) for run in runs]
    return Prediction(
        limit=limit,
        p50=_band([_quantile(waits, 0.5) for waits in ordered]),
        p95=_band([_quantile(waits, 0.95) for waits in ordered]),
        p99=_band([_quantile(waits, 0.99) for waits in ordered]),
        utilisation=_band([run.utilisation for run in runs]),
        failed=failed / (failed + waited) if failed else 0.0,
        requests=waited,
    )


def _quantile(ordered: Sequence[float], q: float) -> float:
    return ordered[max(0, math.ceil(q * len(ordered)) - 1)] if ordered else 0.0


def _band(values: Sequence[float]) -> Band:
    ordered = sorted(values)
    middle = len(ordered) // 2
    value = ordered[middle] if len(ordered) % 2 else sum(ordered[middle - 1 : middle + 1]) / 2
    outer = _OUTER if len(ordered) > 4 * _OUTER else 0
    return Band(value, ordered[outer], ordered[-1 - outer])
