"""How often is drawn: every update, or fewer where a frame would take too much of the machine.

The engine's process is another one, but the machine may be the same: a dashboard that takes a core
disturbs what it shows. Judged is all the CPU between two frames, with decoding, the keys and what
paints; three frames in a row make drawing rarer. Most of it may be what comes with every update,
drawn or not: what the updates that are not drawn take tells how much twice as many frames would.
"""

from __future__ import annotations

DEAR = 0.4
"""Share of the time between two frames from which on they are too dear."""
ROOM = 0.9
"""Twice as many are drawn when they would take no more than this share of DEAR."""
RAREST = 8
"""At the least every so many-th update is drawn."""
_DEAR_FRAMES = 3
_CHEAP_FRAMES = 12


class Pace:
    """Told of every update; says which ones to draw."""

    def __init__(self) -> None:
        """Begin with every one."""
        self.every = 1
        """One of so many updates is drawn."""
        self._skipped = 0
        self._last: tuple[float, float] | None = None
        # Since the update that was drawn: its own cost first, those of the others behind it.
        self._costs: list[tuple[float, float]] = []
        self._dear = self._cheap = 0

    def take(self, at: float, spent_s: float) -> bool:
        """Note an update in turn; tells whether to draw it.

        Args:
            at: now, in monotonic seconds.
            spent_s: CPU seconds that were spent until now.
        """
        if self._last is not None and at > self._last[0]:
            self._costs.append((spent_s - self._last[1], at - self._last[0]))
        self._last = (at, spent_s)
        self._skipped += 1
        if self._skipped < self.every:
            return False
        self._skipped = 0
        if self._costs:
            whole = _share(self._costs)
            others = self._costs[1:]
            self._judge(whole, twice=2 * whole - _share(others) if others else whole)
            self._costs = []
        return True

    def _judge(self, share: float, twice: float) -> None:
        """Look at what was spent, and at what twice as many frames would."""
        self._dear = self._dear + 1 if share > DEAR else 0
        self._cheap = self._cheap + 1 if twice < DEAR * ROOM else 0
        if self._dear >= _DEAR_FRAMES and self.every < RAREST:
            self.every *= 2
        elif self._cheap >= _CHEAP_FRAMES and self.every > 1:
            self.every //= 2
        else:
            return
        self._dear = self._cheap = 0


def _share(costs: list[tuple[float, float]]) -> float:
    return sum(spent for spent, _ in costs) / sum(seconds for _, seconds in costs)


def rate_words(interval_s: float, every: int) -> str:
    """Give how often is drawn: ``4/s``, or ``4/s -> 2/s`` where updates come more often."""
    updates = f"{1 / interval_s:.2g}/s"
    return updates if every == 1 else f"{updates} -> {1 / interval_s / every:.2g}/s"
