"""Which instant is shown: the newest, or one that all panes are held at."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from typing import Literal

from pooltop.core.snapshot import Snapshot
from pooltop.present.rewind import Rewind

Way = Literal["there", "none", "gone"]
"""Whether a landmark was gone to, there is none that way, or none whose time is kept."""
_EARLY_S = 1.0
"""What happened so long before the oldest instant is to be seen in it."""


class Timeline:
    """The kept past, and a place in it."""

    def __init__(self) -> None:
        """Begin without a past, following."""
        self.rewind = Rewind()
        """The last ten minutes."""
        self.frozen: Snapshot | None = None
        """The instant that all panes are held at; None while they follow."""

    def toggle(self, latest: Snapshot | None) -> None:
        """Hold this instant, or follow again."""
        self.frozen = latest if self.frozen is None else None

    def step(self, by: int, latest: Snapshot | None) -> bool:
        """Go so many instants back (negative) or on; False, and nothing, where there is none."""
        if latest is None:
            return False
        if by > 0 and self.frozen is None:
            return False
        here = self.frozen or latest
        moved = False
        for _ in range(abs(by)):
            there = self.rewind.before(here.at) if by < 0 else self.rewind.after(here.at)
            if there is None:
                break
            here, moved = there, True
        if moved:
            self.frozen = here
        return moved

    def go_to(self, landmarks: Iterable[float], by: int) -> Way:
        """Hold the instant in which the next (1) landmark is first to be seen, or (-1) the last.

        Seen from the instant that is held: one that leads back to that is passed over.
        """
        instants = self.rewind.instants
        if not instants:
            return "none"
        gone, places = False, set()
        for at in landmarks:
            if at < instants[0] - _EARLY_S:
                gone = True
            else:
                places.add(min(bisect_left(instants, at), len(instants) - 1))
        # While the screen follows, what is in the newest instant lies behind it too.
        here = float("inf") if self.frozen is None else self.frozen.at
        if by > 0:
            there = min((place for place in places if instants[place] > here), default=None)
        else:
            there = max((place for place in places if instants[place] < here), default=None)
        if there is None:
            return "gone" if gone and by < 0 else "none"
        self.frozen = self.rewind.at(there)
        return "there"
