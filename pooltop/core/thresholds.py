"""What a run must hold: a threshold as the profile has it, and how it stands at an instant.

Rules of this file: as in ``model``, and for ThresholdState as in ``snapshot``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from pooltop.core.metrics import METRICS, Unit

EXIT_FAILED = 99
"""The exit status of a run that did not hold what it must; k6 has the same."""
State = Literal["holds", "failed", "unknown"]
Operator = Literal["<", "<=", ">", ">="]


class Expectation(msgspec.Struct, frozen=True, kw_only=True):
    """A number, and the limit that it has to keep to."""

    metric: str
    """One of ``metrics.METRICS``."""
    aggregate: str
    """"p99", "mean", "max", "count", "share" or "rate"."""
    operator: Operator
    limit: float
    """In the unit of what is compared: seconds, a share of 1, a number, or a number a second."""

    @property
    def unit(self) -> Unit:
        """Name the unit of the number and of its limit."""
        return METRICS[self.metric].aggregates["p" if self.quantile else self.aggregate]

    @property
    def quantile(self) -> float | None:
        """Give the quantile (0 to 1) that is asked for; None for anything else."""
        digits = self.aggregate.removeprefix("p")
        return float(digits) / 100 if digits != self.aggregate else None

    @property
    def text(self) -> str:
        """Give it as it can be written in a profile."""
        limit = written(self.limit, self.unit, digits=15)
        return f"{self.metric} {self.aggregate} {self.operator} {limit}"

    def is_kept(self, value: float) -> bool:
        """Tell whether a number keeps to the limit."""
        match self.operator:
            case "<":
                return value < self.limit
            case "<=":
                return value <= self.limit
            case ">":
                return value > self.limit
            case ">=":
                return value >= self.limit


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Of what a threshold is; None takes all there are, put together."""

    workload: str | None = None
    request: str | None = None
    """A request class, of whatever workload."""
    agent: str | None = None
    host: str | None = None
    """``name`` or ``name:port``."""

    @property
    def text(self) -> str:
        """Give it in words, raw; "" for everything."""
        named = ((name, getattr(self, name)) for name in self.__struct_fields__)
        return ", ".join(f"{name} {value}" for name, value in named if value is not None)

    def takes_host(self, host: str, port: int) -> bool:
        """Tell whether it is of this host."""
        bracketed = f"[{host}]" if ":" in host else host
        return self.host in (None, host, bracketed, f"{bracketed}:{port}")


class Threshold(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a run must hold."""

    expect: Expectation
    where: Where = Where()
    after_s: float = 0.0
    """Seconds from the load's start that are left out, and in which nothing is said."""
    abort: bool = False
    """Stop the load at once when it fails."""


class ThresholdState(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a threshold stands."""

    text: str
    """As ``Expectation.text``."""
    where: Where = Where()
    state: State = "unknown"
    """"failed" is said of what fails now, and at the load's end of what has no value."""
    why: str = ""
    """Why there is no value; "" where there is one."""
    value: float | None = None
    """Since ``after``, as last looked at; None without anything recorded."""
    limit: float = 0.0
    unit: Unit = "s"
    since: float | None = None
    """When it began to fail, in monotonic seconds; None while it does not."""
    aborted: bool = False
    """The load was stopped because of it."""
    after_s: float = 0.0
    """As in Threshold; so is ``abort``."""
    abort: bool = False


Verdict = Literal["held", "failed", "unknown"]
"""Of all of a run's thresholds together; "unknown" while one that is not judged yet may fail."""


def overall(states: Iterable[ThresholdState], *, is_over: bool) -> Verdict | None:
    """Give what a run came to; None where nothing had to hold.

    A threshold that could not be judged was not held: a load that never came to the requests in
    question, or a misspelt host, must not look like success.

    Args:
        states: as last told.
        is_over: whether nothing more comes, so that what is not known will not be.
    """
    stand = {"failed" if each.aborted else each.state for each in states}
    if not stand:
        return None
    if "failed" in stand or (is_over and "unknown" in stand):
        return "failed"
    return "unknown" if "unknown" in stand else "held"


def has_failed(states: Iterable[ThresholdState], *, is_over: bool) -> bool:
    """Tell whether a run did not hold what it must, as ``overall`` judges it."""
    return overall(states, is_over=is_over) == "failed"


def written(value: float, unit: Unit, *, digits: int = 4) -> str:
    """Give a number with its unit, as a profile can have it; to so many digits."""
    match unit:
        case "s":
            in_ms = value * 1000
            short = f"{_digits(value, digits)}s"
            return short if in_ms >= 1000 else f"{_digits(in_ms, digits)}ms"
        case "share":
            return f"{_digits(value * 100, digits)}%"
        case "/s":
            return f"{_digits(value, digits)}/s"
        case "count":
            return _digits(value, digits)


def _digits(value: float, digits: int) -> str:
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:.0f}"
