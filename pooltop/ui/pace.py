"""How often is drawn: every update, or fewer where a frame would take too much of the machine.

The engine's process is another one, but the machine may be the same: a dashboard that takes a core
disturbs what it shows. Judged is all the CPU between two frames, with decoding, the keys and what
paints; three frames in a row make drawing rarer, and it is tried more often again when the whole
would stay well below the bound.
"""

from __future__ import annotations

DEAR = 0.4
"""Share of the time between two frames from which on they are too dear."""
CHEAP = 0.15
"""Share below which twice as many are tried: less than half of DEAR, so that it does not swing."""
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
        self._drawn: tuple[float, float] | None = None
        self._dear = self._cheap = 0

    def take(self, at: float, spent_s: float) -> bool:
        """Note an update in turn; tells whether to draw it.

        Args:
            at: now, in monotonic seconds.
            spent_s: CPU seconds that were spent until now.
        """
        self._skipped += 1
        if self._skipped < self.every:
            return False
        self._skipped = 0
        if self._drawn is not None and at > self._drawn[0]:
            self._judge((spent_s - self._drawn[1]) / (at - self._drawn[0]))
        self._drawn = (at, spent_s)
        return True

    def _judge(self, share: float) -> None:
        self._dear = self._dear + 1 if share > DEAR else 0
        self._cheap = self._cheap + 1 if share < CHEAP else 0
        if self._dear >= _DEAR_FRAMES and self.every < RAREST:
            self.every *= 2
        elif self._cheap >= _CHEAP_FRAMES and self.every > 1:
            self.every //= 2
        else:
            return
        self._dear = self._cheap = 0


def rate_words(interval_s: float, every: int) -> str:
    """Give how often is drawn: ``4/s``, or ``4/s -> 2/s`` where updates come more often."""
    updates = f"{1 / interval_s:.2g}/s"
    return updates if every == 1 else f"{updates} -> {1 / interval_s / every:.2g}/s"
