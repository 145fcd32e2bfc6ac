"""Durations drawn at random from what was measured."""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate

from pooltop.core.histogram import Histogram, value_of
from pooltop.core.schedule import Randomness

SLOTS = 1024
"""Pieces of equal probability that a histogram is cut into."""


class Samples:
    """A measured distribution to draw from: its shape is the histogram's, its mean exactly so.

    Each slot holds the mean of its piece of the distribution, and so the long tail, which decides
    how long others wait, loses nothing of its weight.
    """

    def __init__(self, durations: Histogram, otherwise_s: float = 0.0) -> None:
        """Prepare to draw.

        Args:
            durations: what was measured.
            otherwise_s: what each draw gives where nothing was, in seconds.
        """
        slots = _slots(durations) or [otherwise_s] * SLOTS
        self._slots = slots
        self.mean_s = sum(slots) / SLOTS
        """In seconds."""
        self._lengths = list(accumulate(slots))
        square = sum(value * value for value in slots) / SLOTS
        spread = math.sqrt(max(0.0, square - self.mean_s**2))
        counted = max(1, durations.count)
        self.error = spread / self.mean_s / math.sqrt(counted) if self.mean_s > 0 else 0.0
        """Relative standard error of the mean: of few samples more is not known."""

    def draw(self, source: Randomness) -> float:
        """Give one duration in seconds."""
        return self._slots[int(source.random() * SLOTS)]

    def rest(self, source: Randomness) -> float:
        """Give what is left of a duration that is under way at an instant, in seconds.

        Long ones are met more often, and anywhere along their way.
        """
        place = bisect_left(self._lengths, source.random() * self._lengths[-1])
        return self._slots[min(place, SLOTS - 1)] * source.random()


def _slots(durations: Histogram) -> list[float]:
    count = durations.count
    if count <= 0:
        return []
    slots: list[float] = []
    size = count / SLOTS
    filled = total = 0.0
    for index, number in sorted(durations.buckets.items()):
        left = float(number)
        value = value_of(index)
        while left > 0:
            part = min(left, size - filled)
            filled += part
            left -= part
            total += part * value
            if filled >= size * (1 - 1e-9):
                slots.append(total / filled)
                filled = total = 0.0
    # Rounding may have left the last slot short of its size.
    slots += [slots[-1]] * (SLOTS - len(slots))
    slots = slots[:SLOTS]
    # A histogram that was unpacked has no sum: its buckets are right to one in a hundred.
    scale = durations.sum_s / count / (sum(slots) / SLOTS) if durations.sum_s > 0 else 1.0
    return [value * scale for value in slots]
