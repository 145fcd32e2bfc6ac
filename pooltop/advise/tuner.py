"""Finding a target's knee by trying limits, and stopping before it hurts: a pure state machine.

Whoever drives it sets the limit that it says, measures for as long as it says, and hands in what
was measured (``Trial``). It goes up step by step from a low limit. After six levels the shapes of
``usl`` are fitted, and the knee is that of the one that is nearest to what was measured. It goes no
further when that knee is well passed, when the target is slowing (its breaker: twice the service
time of the lowest level is never stood for longer than a trial), when requests fail, when the load
does not use what it is given, or when a bound is met.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pooltop.advise.sizing import SLOWING, advised_limit, gradient
from pooltop.advise.usl import LEAST_LEVELS, Level, Shape, fit_law, fit_station, fit_wall

HURTS = 1.85
"""Times its base that the target's service time may take: it has to stay under twice."""
SLOWS = 1.5
"""Times its base from which on enough is known."""
PASSED = 1.25
"""Times the fitted knee beyond which no level tells anything new."""
FAR = 3.0
"""Times the highest level beyond which a fit says nothing of a knee."""
NEAR = 1.5
"""Likewise of a station, which bends well before its knee."""
PLAIN = 0.8
"""Times the error of a shape of two numbers: the law, which has three, has to be below that."""
GROWTH = 1.35
"""From level to level, and at least by one: between the knee and what hurts there are some."""
CAREFUL = 1.15
"""From level to level once the target has begun to slow."""
JUMP = 1.5
"""Times the level before that the service time may take: beyond it the limit is tried once more,
for a machine that was away for a moment looks like a target that slows."""
FAILS = 0.02
"""Share of failed requests that ends it."""
UNUSED = 0.75
"""Share of the limit that is in use below which the load is too small for it."""
LEAST_ANSWERS = 30
"""Of a trial, below which it is told to go on."""

Stop = Literal["knee", "slowing", "errors", "load", "bound"]


@dataclass(frozen=True, slots=True)
class Trial:
    """What was measured at one limit."""

    limit: int
    in_use: float
    """Sockets in use on average, of those whose requests the target was working on."""
    throughput: float
    """Responses per second."""
    service_s: float
    """Mean seconds until the answer, the queue left out."""
    answers: int
    failed: int
    arrivals_per_s: float
    """Requests that came to the pool, per second."""
    queued: bool
    """Requests waited for a socket: the load would have used more."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the search came to."""

    stop: Stop
    why: str
    """In words."""
    base_s: float
    """Service time at the lowest level, in seconds."""
    knee: float
    """Requests at a time beyond which the target serves no more; inf where none was met."""
    shape: Shape | None
    """What the knee is of; None before anything was answered."""
    proposal: int | None
    """The limit that is proposed; None where nothing can be."""


class Tuner:
    """Says which limit is next, until it says none."""

    def __init__(self, *, most: int, start: int = 1, queue_target_s: float = 0.02) -> None:
        """Begin at the lowest level.

        Args:
            most: no higher limit is tried, or proposed.
            start: the first one.
            queue_target_s: the wait in the queue that the proposal is to meet for 95 % of
                requests, where the target can.
        """
        self._most = most
        self._queue_target_s = queue_target_s
        self.trials: list[Trial] = []
        """What was measured, in the order in which it was."""
        self.limit: int | None = max(1, min(start, most))
        """To be tried next; None when it is over."""
        self.verdict: Verdict | None = None
        """Once it is over."""
        self._doubted: int | None = None

    @property
    def base_s(self) -> float | None:
        """Service time at the lowest level; None before that was measured."""
        return self.trials[0].service_s if self.trials else None

    def hurts(self, service_s: float) -> bool:
        """Say whether the target is so slow that a trial is broken off at once.

        Args:
            service_s: its mean over the last moment, in seconds.
        """
        return self.base_s is not None and service_s > HURTS * self.base_s

    def add(self, trial: Trial, *, broken_off: bool = False) -> None:
        """Take in what was measured at the limit, and decide what is next."""
        if self._is_doubtful(trial):
            self._doubted = trial.limit
            return
        self.trials.append(trial)
        ended = self._ended(trial, broken_off=broken_off)
        if ended is not None:
            self.limit = None
            self.verdict = self._verdict(*ended)
            return
        assert self.base_s is not None
        slows = trial.service_s > self.base_s / SLOWING
        factor = CAREFUL if slows else GROWTH
        wanted = max(trial.limit + 1, round(trial.limit * factor))
        if len(self.trials) < LEAST_LEVELS and not slows:
            # Six levels before it is far: of a small knee the first steps matter most.
            wanted = trial.limit + 1 if trial.limit < 3 else wanted
        self.limit = min(wanted, self._most)

    def _is_doubtful(self, trial: Trial) -> bool:
        """Say whether the limit is to be tried once more: the target slowed all at once."""
        if not self.trials or self._doubted == trial.limit:
            return False
        return trial.service_s > JUMP * self.trials[-1].service_s

    def _ended(self, trial: Trial, *, broken_off: bool) -> tuple[Stop, str] | None:
        base_s = self.base_s
        assert base_s is not None
        times = trial.service_s / base_s if base_s > 0 else 1.0
        if trial.failed > FAILS * (trial.answers + trial.failed) and trial.failed > 1:
            return "errors", f"{trial.failed} of {trial.answers + trial.failed} requests failed"
        if broken_off:
            return "slowing", f"the target took {times:.1f} times as long as at the lowest level"
        if times > SLOWS:
            return "slowing", f"the target took {times:.1f} times as long as at the lowest level"
        if len(self.trials) >= LEAST_LEVELS and trial.in_use > PASSED * self._fit()[0]:
            return "knee", "more at a time brought no more answers"
        if not trial.queued and trial.in_use < UNUSED * trial.limit:
            return "load", f"the load uses {trial.in_use:.1f} of {trial.limit} sockets"
        if trial.limit >= self._most:
            return "bound", f"no more than {self._most} are to be tried"
        return None

    @property
    def levels(self) -> tuple[Level, ...]:
        """What the fits are made of: by Little's law, what the target worked on at a time."""
        return tuple(
            Level(trial.throughput * trial.service_s, trial.throughput, max(1, trial.answers))
            for trial in self.trials
            if trial.throughput > 0 and trial.service_s > 0
        )

    def _fit(self) -> tuple[float, Shape | None]:
        """Give the knee, and the shape that fits best."""
        levels = self.levels
        law, wall, station = fit_law(levels), fit_wall(levels), fit_station(levels)
        if wall is None or station is None:
            return math.inf, None
        top = max(each.concurrency for each in levels)
        plain = min(wall.error, station.error)
        if law is not None and law.error < PLAIN * plain and law.sigma + law.kappa > 0:
            # Where it serves most, or where what one and what endlessly many would get meet.
            knee = min(law.knee, 1 / law.sigma if law.sigma > 0 else math.inf)
            return (knee if knee < FAR * top else math.inf), law
        if station.error < wall.error:
            return (station.knee if station.knee < NEAR * top else math.inf), station
        return wall.knee, wall

    def _verdict(self, stop: Stop, why: str) -> Verdict:
        knee, shape = self._fit()
        return Verdict(
            stop=stop,
            why=why,
            base_s=self.base_s or 0.0,
            knee=knee,
            shape=shape,
            proposal=self._proposal(knee),
        )

    def _proposal(self, knee: float) -> int | None:
        """Give the smallest limit that meets the wait, and no more than the knee (F6)."""
        healthy = [each for each in self.trials if self._is_healthy(each)]
        if not healthy or healthy[0].answers < LEAST_ANSWERS:
            return None
        load = max(each.arrivals_per_s for each in healthy) * healthy[0].service_s
        ceiling = float(self._most)
        if math.isinf(knee):
            # Beyond what was tried and found healthy nothing is known.
            ceiling = float(max(each.limit for each in healthy))
        # A knee is a whole number of sockets, measured to a few in a hundred.
        return advised_limit(
            load,
            healthy[0].service_s,
            self._queue_target_s,
            knee=max(1.0, round(knee)) if math.isfinite(knee) else knee,
            ceiling=ceiling,
        )

    def _is_healthy(self, trial: Trial) -> bool:
        assert self.base_s is not None
        slope = gradient(self.base_s, trial.service_s)
        return slope >= SLOWING and trial.failed <= FAILS * max(1, trial.answers)
