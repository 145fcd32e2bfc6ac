"""What comes to a host and what it makes of it: how many sockets that needs, by Little's law."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.present.track import Track


@dataclass(frozen=True, slots=True)
class Demand:
    """Rates within a window, and what follows from them: estimates."""

    arriving_s: float
    """Requests that came, per second."""
    served_s: float
    """Requests that ended, per second, whether completed or failed."""
    in_use: float
    """Sockets in use, the mean of the window's instants: of one that is seldom in use the number at
    any instant says nothing."""

    @property
    def holds_s(self) -> float | None:
        """How long a request holds a socket, in seconds: sockets in use / served per second.

        None where nothing was served.
        """
        return self.in_use / self.served_s if self.served_s > 0 else None

    @property
    def needed(self) -> float | None:
        """How many sockets the arrivals keep in use: arriving x how long each holds one."""
        return None if self.holds_s is None else self.arriving_s * self.holds_s


def demand_of(track: Track, at: float, window_s: float) -> Demand | None:
    """Give the demand within the window that ends at ``at``; None where that is too young."""
    came = track.slope("submitted", at, window_s)
    completed = track.slope("completed", at, window_s)
    failed = track.slope("failed", at, window_s)
    if came is None or completed is None or failed is None:
        return None
    used = track.moments.mean("in_use", at, window_s)
    return Demand(max(0.0, came), max(0.0, completed + failed), used)
