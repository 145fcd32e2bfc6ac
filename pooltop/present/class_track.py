"""One request class's past, in little memory: how long its requests took, and in which phase."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.present.latency_past import LatencyPast
from pooltop.present.moments import Moments

_Column = Literal[
    "completed",
    "total",
    "earlier",
    "queue",
    "dns",
    "tcp",
    "tunnel",
    "tls",
    "send",
    "wait",
    "receive",
]
"""``completed`` counts; the others are seconds, all requests together: totals since the start."""
_PHASES: tuple[_Column, ...] = (
    *("earlier", "queue", "dns", "tcp", "tunnel"),
    *("tls", "send", "wait", "receive"),
)
_COLUMNS: tuple[_Column, ...] = ("completed", "total", *_PHASES)
_PLACES: dict[_Column, int] = {name: place for place, name in enumerate(_COLUMNS)}
_LEAST_SHARE = 0.005
"""A phase that took less of the time is not told."""


@dataclass(frozen=True, slots=True)
class ClassTook:
    """How long the requests of a class took that were completed within a window, in seconds."""

    p50: float
    p95: float
    p99: float
    mean: float
    spent: tuple[tuple[str, float], ...]
    """The phases in order, by the words of ``life.Phase``, and what each took of the mean; "start"
    is how late they were begun."""


class ClassTrack:
    """The past of one class; bounded by whoever adds."""

    __slots__ = ("_moments", "_total")

    def __init__(self) -> None:
        """Begin without a past."""
        self._moments: Moments[_Column] = Moments(_PLACES)
        self._total = LatencyPast()

    def add(self, at: float, each: ClassSnapshot) -> None:
        """Keep one moment; ``at`` never goes back."""
        phases = each.phases
        spent = [getattr(phases, name).sum_s for name in _COLUMNS[1:]]
        self._moments.add(at, (phases.total.count, *spent))
        self._total.mark(at, phases.total)

    def forget_before(self, at: float) -> None:
        """Drop what is older than ``at``."""
        if self._moments.forget_before(at):
            self._total.forget_before(at)

    def took(self, at: float, window_s: float) -> ClassTook | None:
        """Give what the window that ends at ``at`` holds; None where nothing was completed."""
        moments = self._moments
        if not moments.at:
            return None
        old, new = moments.index_at(at - window_s), moments.index_at(at)
        completed = moments.gained("completed", old, new)
        p50, p95, p99 = (self._total.quantile(at - window_s, at, q) for q in (0.5, 0.95, 0.99))
        if not completed or p50 is None or p95 is None or p99 is None:
            return None
        mean = moments.gained("total", old, new) / completed
        phases = [(name, moments.gained(name, old, new) / completed) for name in _PHASES]
        late = max(0.0, mean - sum(seconds for _, seconds in phases))
        told = (("start", late), *phases)
        spent = tuple((name, seconds) for name, seconds in told if seconds > mean * _LEAST_SHARE)
        return ClassTook(p50, p95, p99, mean, spent)
