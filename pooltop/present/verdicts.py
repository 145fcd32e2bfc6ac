"""What two windows carry: better, worse, or no more than their noise.

How it is decided, of each number by itself:

- req/s: the difference is three standard errors or more, and 5 % or more. The error is that of
  counting (Poisson), or what slices of 3 s differ by among themselves where that is more.
- errors: the shares of what ended differ by three standard errors or more (two proportions), and
  20 requests or more ended in either window.
- wait95, p95: the ranges in which the two quantiles lie in 99 of 100 cases do not meet, and they
  are 10 % and 1 ms apart.
- queue, in flight: every second of the last 10 s of one window lies above every one of the other.

Nothing is said of windows of less than 10 s.
"""

from __future__ import annotations

import math
from typing import Literal

from pooltop.present.sides import SLICE_S, Side, Spread

Word = Literal["better", "worse", "same"]
LEAST_S = 10.0
"""Seconds that a window must have."""
MEANING = (
    "better, worse: some number changed by more than chance allows, req/s and errors by three "
    "standard errors (counted, or as much as slices of 3 s vary), wait95 and p95 beyond their "
    "99 % ranges, queue and in flight when the last 10 s of both windows do not overlap; "
    "mixed: some one way, some the other"
)
"""The words of a card, for the help page."""
_ERRORS = 3.0
_LEAST_ENDED = 20
_LEAST_RATE = 0.05
_LEAST_RATIO = 1.1
_LEAST_DURATION_S = 0.001


def rate_word(before: Side, after: Side) -> Word:
    """Judge requests completed per second: more is better."""
    old, new = before.completed / before.span_s, after.completed / after.span_s
    error = math.sqrt(_variance(before) + _variance(after))
    if abs(new - old) < max(_ERRORS * error, _LEAST_RATE * max(old, new)) or old == new:
        return "same"
    return "better" if new > old else "worse"


def _variance(side: Side) -> float:
    """Give the square of a rate's standard error."""
    counted = side.completed / side.span_s**2
    slices = side.slices
    if len(slices) < 3:
        return counted
    mean = sum(slices) / len(slices)
    varied = sum((each - mean) ** 2 for each in slices) / (len(slices) - 1)
    return max(counted, varied / SLICE_S**2 / len(slices))


def errors_word(before: Side, after: Side) -> Word:
    """Judge the share of errors: less is better."""
    if min(before.ended, after.ended) < _LEAST_ENDED:
        return "same"
    old, new = before.errors / before.ended, after.errors / after.ended
    pooled = min(1.0, (before.errors + after.errors) / (before.ended + after.ended))
    error = math.sqrt(pooled * (1 - pooled) * (1 / before.ended + 1 / after.ended))
    if old == new or abs(new - old) < _ERRORS * error:
        return "same"
    return "better" if new < old else "worse"


def took_word(before: Spread | None, after: Spread | None) -> Word:
    """Judge a quantile of durations: less is better."""
    if before is None or after is None:
        return "same"
    least, most = sorted((before, after), key=lambda one: one.value)
    apart = most.value - least.value
    ratio = most.value / least.value
    if least.high >= most.low or apart < _LEAST_DURATION_S or ratio < _LEAST_RATIO:
        return "same"
    return "better" if least is after else "worse"


def level_word(before: Side, after: Side) -> Word:
    """Judge how many wait, or are in flight: less is better."""
    if after.level_high < before.level_low:
        return "better"
    return "worse" if after.level_low > before.level_high else "same"


def falls_behind(before: Side, after: Side) -> bool:
    """Tell whether less than was offered came out in the second window.

    What was left over grew by more than three times the root of what was offered, and 5 % of it.
    """
    left = after.dropped + after.level - before.level
    return left > max(_ERRORS * math.sqrt(after.offered), _LEAST_RATE * after.offered)
