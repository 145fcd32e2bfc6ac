"""The last ten minutes of an engine: what deltas, plots and a frozen screen are made from."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.core.model import OriginKey
from pooltop.core.snapshot import OriginSnapshot, Snapshot
from pooltop.present.track import Rates, Track

KEPT_S = 600.0
"""Seconds of past that are kept."""
WINDOWS_S: tuple[float, ...] = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Windows to choose from, ascending."""


class HostId(NamedTuple):
    """What tells one row of the host table from all others, however they are sorted."""

    agent: str
    origin: OriginKey


class History:
    """Takes every snapshot once; answers for any instant of the kept past.

    The latest snapshot is held whole, older ones only as Tracks (see there).
    """

    def __init__(self) -> None:
        """Begin without a past."""
        self.latest: Snapshot | None = None
        self._tracks: dict[HostId, Track] = {}
        self._empty = Track()

    def add(self, snapshot: Snapshot) -> None:
        """Keep a snapshot; one from before the latest means a new engine and clears the past."""
        previous = self.latest
        if previous is not None and snapshot.at < previous.at:
            self._tracks.clear()
            previous = None
        if previous is not None and snapshot.at == previous.at:
            self.latest = snapshot
            return
        seen: set[HostId] = set()
        for agent in snapshot.agents:
            for origin in agent.origins:
                host = HostId(agent.name, origin.key)
                seen.add(host)
                track = self._tracks.get(host)
                if track is None:
                    track = self._tracks[host] = Track()
                    if previous is not None:
                        track.begin_at_zero(previous.at)
                track.add(snapshot.at, agent, origin)
                track.forget_before(snapshot.at - KEPT_S)
        for host in self._tracks.keys() - seen:
            if snapshot.at - self._tracks[host].at[-1] > KEPT_S:
                del self._tracks[host]
        self.latest = snapshot

    def track(self, host: HostId) -> Track:
        """Give the host's past; an empty one when it is unknown."""
        return self._tracks.get(host, self._empty)

    def rates(self, host: HostId, origin: OriginSnapshot, at: float, window_s: float) -> Rates:
        """Give what the host did in the window that ends at ``at``, the instant of ``origin``."""
        return self.track(host).rates(at, origin, window_s)


def next_window(current_s: float, step: int) -> float:
    """Give the next longer (step 1) or shorter (step -1) window, stopping at the ends."""
    nearest = min(range(len(WINDOWS_S)), key=lambda i: abs(WINDOWS_S[i] - current_s))
    return WINDOWS_S[min(len(WINDOWS_S) - 1, max(0, nearest + step))]
