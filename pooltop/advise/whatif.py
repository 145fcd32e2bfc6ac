"""What if: how long requests would wait, and how full the pool would be, under other limits.

Each limit is simulated several times with other chance (``simulate``): the middle of the runs is
the prediction, and between the second lowest and the second highest of them is the band. It is what
chance alone does to one window of this length; that the load and the target stay as they are is
assumed, and said.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pooltop.advise.beyond import quantile, waits_by
from pooltop.advise.simulate import Run, Simulation
from pooltop.advise.traffic import Traffic
from pooltop.core.edits import apply_edit
from pooltop.core.schedule import Randomness

HORIZON_S = 30.0
"""As long as an edit's card measures."""
MOST_REQUESTS = 200_000
"""Simulated requests of a whole curve: some two seconds of work."""
LEAST_REQUESTS = 400
"""Of one run, however many limits there are."""
MOST_LIMITS = 11
"""Limits of a curve, besides the present and the proposed one."""
_MOST_RUNS = 7
"""Of each limit ..."""
_LEAST_RUNS = 3
"""... and so few where they would be cut short."""
_MARKED = 4
"""A limit that is marked gets so many times the work of another."""
_PIECE = 500
"""Simulated requests between two rests: some milliseconds."""
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
    """Simulated, all runs together, as far as they went."""


class _Seen(NamedTuple):
    """What is kept of one run."""

    p50: float
    p95: float
    p99: float
    utilisation: float
    waited: int
    failed: int


class Sweep:
    """The work of a curve, in pieces: one run of each limit, then another, to be shown early."""

    def __init__(
        self,
        traffic: Traffic,
        chance: Chance,
        limits: Sequence[float],
        *,
        marked: Container[float | None] = (),
        most: int = MOST_REQUESTS,
        horizon_s: float = HORIZON_S,
    ) -> None:
        """Plan it.

        Args:
            traffic: what the host is sent.
            chance: randomness by seed; all limits get the same, so that they differ by no more
                than what the limit does.
            limits: those of maxSockets.
            marked: of them those that matter most: they get more of the work.
            most: simulated requests, all together, if each limit's runs can do with so few.
            horizon_s: virtual seconds of each run; one that is cut short is taken on (``beyond``).
        """
        self._traffic = traffic
        self._chance = chance
        self._horizon_s = horizon_s
        limits = tuple(dict.fromkeys(limits))
        weights = {limit: _MARKED if limit in marked else 1 for limit in limits}
        whole = traffic.begin.queued + math.ceil(traffic.rate * horizon_s)
        self._plans = {
            limit: _plan(most * weight / sum(weights.values()), whole)
            for limit, weight in weights.items()
        }
        self._seen: dict[float, list[_Seen]] = {limit: [] for limit in limits}

    def work(self) -> Iterator[bool]:
        """Do it, a piece for each step; tells whether each limit has had a run more.

        Between the pieces the caller may rest, or give up.
        """
        for seed in range(_MOST_RUNS):
            planned = [(limit, most) for limit, (runs, most) in self._plans.items() if seed < runs]
            for limit, most in planned:
                options = apply_edit(self._traffic.options, "max_sockets", _value(limit))
                simulation = Simulation(self._traffic, self._chance(seed))
                simulation.edit(options)
                for so_far in range(_PIECE, most, _PIECE):
                    if simulation.go_on(self._horizon_s, so_far):
                        break
                    yield False
                simulation.go_on(self._horizon_s, most)
                self._seen[limit].append(self._look(simulation.outcome()))
                yield limit == planned[-1][0]

    def curve(self) -> tuple[Prediction, ...]:
        """Give what is known so far, by limit, the lowest first."""
        return tuple(_prediction(limit, seen) for limit, seen in sorted(self._seen.items()) if seen)

    def _look(self, run: Run) -> _Seen:
        ordered = waits_by(run, self._traffic, self._horizon_s)
        p50, p95, p99 = (quantile(ordered, q) for q in (0.5, 0.95, 0.99))
        return _Seen(p50, p95, p99, run.utilisation, len(run.waits), run.failed)


def _prediction(limit: float, seen: Sequence[_Seen]) -> Prediction:
    waited = sum(one.waited for one in seen)
    failed = sum(one.failed for one in seen)
    return Prediction(
        limit=limit,
        p50=_band([one.p50 for one in seen]),
        p95=_band([one.p95 for one in seen]),
        p99=_band([one.p99 for one in seen]),
        utilisation=_band([one.utilisation for one in seen]),
        failed=failed / (failed + waited) if failed else 0.0,
        requests=waited,
    )


def _plan(requests: float, whole: int) -> tuple[int, int]:
    """Give how many runs a limit gets, and of how many requests each is at most.

    Args:
        requests: that there are for it.
        whole: of a run that reaches its horizon.
    """
    runs = max(_LEAST_RUNS, min(_MOST_RUNS, int(requests / max(1, whole))))
    return runs, max(LEAST_REQUESTS, math.ceil(requests / runs))


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


def _band(values: Sequence[float]) -> Band:
    ordered = sorted(values)
    middle = len(ordered) // 2
    value = ordered[middle] if len(ordered) % 2 else sum(ordered[middle - 1 : middle + 1]) / 2
    outer = _OUTER if len(ordered) > 4 * _OUTER else 0
    return Band(value, ordered[outer], ordered[-1 - outer])
