"""Which instant is shown: the newest, or one that all panes are held at."""

from __future__ import annotations

from pooltop.core.snapshot import Snapshot
from pooltop.present.rewind import Rewind


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
        """Go so many instants back (negative) or on; False where there is none that way."""
        if latest is None:
            return False
        here = self.frozen or latest
        moved = False
        for _ in range(abs(by)):
            there = self.rewind.before(here.at) if by < 0 else self.rewind.after(here.at)
            if there is None:
                break
            here, moved = there, True
        self.frozen = here
        return moved

    def go_to(self, at: float) -> None:
        """Hold the instant nearest to a time."""
        found = self.rewind.nearest(at)
        if found is not None:
            self.frozen = found
