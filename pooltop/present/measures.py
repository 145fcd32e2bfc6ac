"""Two measured numbers side by side, and whether they can be said to differ.

Two numbers differ if chance alone does not explain it: each has an interval in which it would lie
had the run been repeated, and the two do not touch. And if it is worth a word: by more than LEAST,
durations by more than LEAST_S and by more than one bucket of a histogram, which knows no better.
Where a quantile has not FEW durations beyond it, nothing is said.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

from pooltop.core.histogram import GROWTH, Histogram

FEW = 10
"""Durations that must lie beyond a quantile to trust it."""
_FEW_OF = 100
"""Requests that a share must be of."""
LEAST = 0.01
"""A relative difference up to this is none."""
LEAST_S = 0.0001
"""Nor is one of so many seconds: the event loop's own."""
_CHANCE = 1.5
"""Standard deviations to either side that make an interval: two of them that do not touch are some
2.1 apart, which chance does in 4 of 100."""
_BUCKET = 1.01 * math.log(GROWTH)
"""Values of one bucket, or of two beside each other, may be one duration."""

Unit = Literal["s", "/s", "share"]
Wanted = Literal["less", "more", "neither"]
Verdict = Literal["same", "changed", "better", "worse", "too few", "only old", "only new"]


class Measure(NamedTuple):
    """A number, and how well it is known."""

    value: float | None
    """None where there is nothing to make it of."""
    unit: Unit
    of: int
    """Of how many it was made."""
    low: float = 0.0
    """From here ..."""
    high: float = 0.0
    """... to here it may be by chance."""
    enough: bool = True
    """Whether there is enough to judge it by."""
    wanted: Wanted = "neither"
    """Which way is better."""


class Row(NamedTuple):
    """One number of both runs."""

    section: str
    """"all hosts", or the host, workload or class; clean."""
    name: str
    unit: Unit
    old: float | None
    """None where there is none; likewise ``new``."""
    new: float | None
    old_count: int
    """Of how many requests, sockets or durations it was made; likewise ``new_count``."""
    new_count: int
    verdict: Verdict

    @property
    def difference(self) -> float | None:
        """New minus old; None where one of them is not there."""
        return None if self.old is None or self.new is None else self.new - self.old

    @property
    def ratio(self) -> float | None:
        """New by old; None where that is 0, or one is not there."""
        return self.new / self.old if self.old and self.new is not None else None


def rate(events: int, elapsed_s: float) -> Measure:
    """Give how many there were a second."""
    if elapsed_s <= 0:
        return Measure(None, "/s", events)
    value, apart = events / elapsed_s, _CHANCE * math.sqrt(events) / elapsed_s
    return Measure(value, "/s", events, value - apart, value + apart)


def share(events: int, of: int, *, wanted: Wanted = "less") -> Measure:
    """Give what share of all there were."""
    if of <= 0:
        return Measure(None, "share", 0, wanted=wanted)
    value = min(1.0, max(0.0, events / of))
    apart = _CHANCE * math.sqrt(value * (1 - value) / of)
    return Measure(value, "share", of, value - apart, value + apart, of >= _FEW_OF, wanted)


def quantile(durations: Histogram, q: float) -> Measure:
    """Give a quantile (0..1) of durations."""
    count = durations.count
    if not count:
        return Measure(None, "s", 0, wanted="less")
    apart = _CHANCE * math.sqrt(q * (1 - q) / count)
    value, low, high = (
        durations.quantile(min(1.0, max(0.0, at))) for at in (q, q - apart, q + apart)
    )
    assert low is not None and high is not None  # noqa: PT018 - there are durations
    enough = count * (1 - q) >= FEW - 1e-9
    return Measure(value, "s", count, low, high, enough, "less")


def row_of(section: str, name: str, old: Measure | None, new: Measure | None) -> Row | None:
    """Give both side by side; None where neither has a value.

    Args:
        section: what it is of; clean.
        name: of the number.
        old: None where it was not there; a share that is named in one run alone was 0 of as many.
        new: likewise.
    """
    some = old or new
    if some is None or ((old is None or old.value is None) and (new is None or new.value is None)):
        return None
    one, other = old or Measure(None, some.unit, 0), new or Measure(None, some.unit, 0)
    return Row(
        section=section,
        name=name,
        unit=some.unit,
        old=one.value,
        new=other.value,
        old_count=one.of,
        new_count=other.of,
        verdict=_verdict(one, other, some.wanted),
    )


def _verdict(old: Measure, new: Measure, wanted: Wanted) -> Verdict:
    if old.value is None:
        return "only new"
    if new.value is None:
        return "only old"
    if old.value == new.value or _is_same(old, new, old.value, new.value):
        return "same"
    if not (old.enough and new.enough):
        return "too few"
    if wanted == "neither":
        return "changed"
    return "better" if (new.value < old.value) == (wanted == "less") else "worse"


def _is_same(one: Measure, other: Measure, old: float, new: float) -> bool:
    apart = abs(new - old)
    if apart <= LEAST * max(abs(old), abs(new)):
        return True
    if one.unit == "s" and (apart <= LEAST_S or abs(math.log(new / old)) <= _BUCKET):
        return True
    return one.enough and other.enough and one.low <= other.high and other.low <= one.high
