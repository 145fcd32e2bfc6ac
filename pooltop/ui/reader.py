"""What the reader has chosen to see: kept apart from what there is to see."""

from __future__ import annotations

from pooltop.core.snapshot import Snapshot
from pooltop.present.history import HostId, next_window
from pooltop.present.hosts import SORTS, SortOrder
from pooltop.ui.board import PLOT_KINDS

HOLD_S = 3.0
"""Rows keep their order for so long after the cursor moved."""


class Reader:
    """Window, order, filter, plot and the frozen instant; every method answers one key."""

    def __init__(self, window_s: float) -> None:
        """Begin live, with all hosts, the longest queue first."""
        self.window_s = window_s
        self.needle = ""
        self.plot: int | None = None
        """Which plot is maximised; None for none."""
        self.frozen: Snapshot | None = None
        """The instant that all panes are held at; None while they follow."""
        self._sort = 0
        self._held: tuple[HostId, ...] | None = None
        self._held_until = 0.0

    @property
    def order(self) -> SortOrder:
        """By what the hosts are sorted."""
        return SORTS[self._sort]

    def sort(self, by: int) -> None:
        """Sort by a following or previous column."""
        self._sort = (self._sort + by) % len(SORTS)
        self._held = None

    def hold(self, hosts: tuple[HostId, ...], now: float) -> None:
        """Keep this order for a while: the reader is moving through it."""
        self._held = hosts
        self._held_until = now + HOLD_S

    def held(self, now: float) -> tuple[HostId, ...] | None:
        """Give the order to keep; None when rows may be sorted."""
        return self._held if now < self._held_until else None

    def window(self, step: int) -> None:
        """Choose a longer or shorter window."""
        self.window_s = next_window(self.window_s, step)

    def next_plot(self) -> None:
        """Maximise the first plot, the next, and after the last none."""
        following = 0 if self.plot is None else self.plot + 1
        self.plot = following if following < len(PLOT_KINDS) else None

    def toggle_freeze(self, latest: Snapshot | None) -> None:
        """Hold this instant, or follow again."""
        self.frozen = latest if self.frozen is None else None
