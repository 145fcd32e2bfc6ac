"""What comes to a host and what it makes of it: how many sockets that needs, by Little's law."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.snapshot import OriginSnapshot
from pooltop.present.marks import in_use
from pooltop.present.track import Track


@dataclass(frozen=True, slots=True)
class Demand:
    """Rates within a window, and what follows from them: estimates."""

    arriving_s: float
    """Requests that came, per second."""
    served_s: float
    """Requests that ended, per second, whether completed or failed."""
    in_use: int
    """Sockets in use now."""

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


def demand_of(track: Track, origin: OriginSnapshot, at: float, window_s: float) -> Demand | None:
    """Give the demand within the window that ends at ``at``; None where that is too young."""
    came = track.slope("submitted", at, window_s)
    completed = track.slope("completed", at, window_s)
    failed = track.slope("failed", at, window_s)
    if came is None or completed is None or failed is None:
        return None
    return Demand(max(0.0, came), max(0.0, completed + failed), in_use(origin))
