"""Hosts that asked to be left alone for a time (Retry-After), and until when. Pure."""

from __future__ import annotations

from pooltop.core.breaker import LONGEST_WAIT_S, MOST_JITTER, SHORTEST_WAIT_S

MOST_HOSTS = 1000
"""That are remembered: whoever leads requests from host to host must not fill the memory."""


class Holds:
    """The hosts that are held, by ``host:port``."""

    def __init__(self) -> None:
        """Begin with none."""
        self._until: dict[str, float] = {}

    def hold(self, host: str, now: float, wait_s: float) -> bool:
        """Hold a host for a time; gives whether that is later than it was.

        Args:
            host: which.
            now: monotonic seconds.
            wait_s: as it was told; what is not to be believed is clamped, as by a breaker, and no
                breaker's jitter is longer.
        """
        wait = min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, wait_s))
        if self.until(host) >= now + wait:
            return False
        self._until.pop(host, None)
        if len(self._until) >= MOST_HOSTS:
            del self._until[next(iter(self._until))]
        self._until[host] = now + wait * (1 + MOST_JITTER)
        return True

    def until(self, host: str) -> float:
        """Give until when a host is left alone, in monotonic seconds; 0 for one that never was."""
        return self._until.get(host, 0.0)
