"""What the reader has chosen to see: kept apart from what there is to see."""

from __future__ import annotations

from pooltop.present.alerts import AlertId
from pooltop.present.history import next_window
from pooltop.ui.pages.pools import PLOT_KINDS


class Reader:
    """Window, plot and scope; every method answers one key."""

    def __init__(self, window_s: float) -> None:
        """Begin live."""
        self.window_s = window_s
        self.plot: int | None = None
        """Which plot is maximised; None for none."""
        self.all_hosts = False
        """Whether sockets and requests are those of every host."""
        self.acknowledged: set[AlertId] = set()
        """Alerts that were seen and put aside."""
        self.alert: AlertId | None = None
        """The alert that is shown; None for the gravest that was not put aside."""
        self.inspecting = False
        """Whether what the cursor is on is looked at closely."""

    def window(self, step: int) -> None:
        """Choose a longer or shorter window."""
        self.window_s = next_window(self.window_s, step)

    def next_plot(self) -> None:
        """Maximise the first plot, the next, and after the last none."""
        following = 0 if self.plot is None else self.plot + 1
        self.plot = following if following < len(PLOT_KINDS) else None
