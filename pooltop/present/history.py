"""The last ten minutes of an engine: what deltas, plots and a frozen screen are made from."""

from __future__ import annotations

from pooltop.advise.advisor import Advisor
from pooltop.core.model import HostId as HostId  # noqa: PLC0414 - told again to those who ask for a past
from pooltop.core.model import OriginKey, SocketId
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.present.effects import Effects
from pooltop.present.latency_past import FINE_S
from pooltop.present.socket_track import SocketTrack, SocketTracks
from pooltop.present.track import Rates, Track
from pooltop.present.workload_track import WorkloadTrack

KEPT_S = 600.0
"""Seconds of past that are kept."""
WINDOWS_S: tuple[float, ...] = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Windows to choose from, ascending."""
_MANY = 100
"""With more hosts their histograms are marked every two seconds: 200 would cost 4 ms a frame."""


class History:
    """Takes every snapshot once; answers for any instant of the kept past.

    The latest snapshot is held whole, older ones only as Tracks (see there).
    """

    def __init__(self) -> None:
        """Begin without a past."""
        self.latest: Snapshot | None = None
        self._begin()

    def _begin(self) -> None:
        self._tracks: dict[HostId, Track] = {}
        self._sockets: dict[HostId, SocketTracks] = {}
        self._workloads: dict[str, WorkloadTrack] = {}
        self.advisor = Advisor()
        """What to change, judged of the same snapshots."""
        self.effects = Effects(self)
        """What edits changed."""

    def add(self, snapshot: Snapshot) -> None:
        """Keep a snapshot; one from before the latest means a new engine and clears the past."""
        previous = self.latest
        if previous is not None and snapshot.at < previous.at:
            self._begin()
            previous = None
        if previous is not None and snapshot.at == previous.at:
            self.latest = snapshot
            return
        since = None if previous is None else previous.at
        mark_s = FINE_S if len(self._tracks) <= _MANY else 2 * FINE_S
        sockets = self._sockets
        self._sockets = {}
        for agent in snapshot.agents:
            for origin in agent.origins:
                host = HostId(agent.name, origin.key)
                self._add_host(host, snapshot.at, agent, origin, since, mark_s)
                here = sockets.get(host) or SocketTracks(len(self._sockets))
                here.add(snapshot.at, origin)
                self._sockets[host] = here
        self._add_workloads(snapshot, since)
        if previous is not None:
            self.effects.note(previous, snapshot)
        self._forget(snapshot.at - KEPT_S)
        self.latest = snapshot
        self.advisor.add(snapshot)

    def _add_host(
        self,
        host: HostId,
        at: float,
        agent: AgentSnapshot,
        origin: OriginSnapshot,
        since: float | None,
        mark_s: float,
    ) -> None:
        track = self._tracks.get(host)
        if track is None or track.began_anew(origin):
            track = self._tracks[host] = Track(len(self._tracks))
            if since is not None:
                track.begin_at_zero(since)
        track.add(at, agent, origin, mark_s=mark_s)

    def _add_workloads(self, snapshot: Snapshot, since: float | None) -> None:
        for workload in snapshot.workloads:
            track = self._workloads.get(workload.name)
            if track is None:
                track = self._workloads[workload.name] = WorkloadTrack()
                if since is not None:
                    track.begin_at_zero(since)
            track.add(snapshot.at, workload)
            track.forget_before(snapshot.at - KEPT_S)

    def _forget(self, before: float) -> None:
        self.effects.forget_before(before)
        for host, track in list(self._tracks.items()):
            if track.at[-1] < before:
                del self._tracks[host]
            else:
                track.forget_before(before)

    def track(self, host: HostId) -> Track:
        """Give the host's past; an empty one when it is unknown."""
        return self._tracks.get(host) or Track()

    def host_track(self, agent: str, origin: OriginKey) -> Track:
        """Give the past of one host of an agent, as ``track`` does."""
        return self.track(HostId(agent, origin))

    def workload(self, name: str) -> WorkloadTrack:
        """Give the workload's past; an empty one when it is unknown."""
        return self._workloads.get(name) or WorkloadTrack()

    def socket(self, host: HostId, socket: SocketId) -> SocketTrack:
        """Give what is known of how busy a socket was; nothing when it is gone or unknown."""
        return (self._sockets.get(host) or SocketTracks()).socket(socket)

    def rates(self, host: HostId, at: float, window_s: float) -> Rates:
        """Give what the host did in the window that ends at ``at``."""
        return self.track(host).rates(at, window_s)

    def req_s(self, snapshot: Snapshot, window_s: float) -> float | None:
        """Give the responses per second over all hosts; None when none has a rate yet."""
        rates = [
            self.host_track(agent.name, origin.key).req_s(snapshot.at, window_s)
            for agent in snapshot.agents
            for origin in agent.origins
        ]
        known = [rate for rate in rates if rate is not None]
        return sum(known) if known else None

    def dropped_s(self, snapshot: Snapshot, window_s: float) -> float:
        """Give the arrivals per second that the workloads did not send; 0 where none is known."""
        tracks = (self.workload(workload.name).moments for workload in snapshot.workloads)
        slopes = (moments.slope("dropped", snapshot.at, window_s) for moments in tracks)
        return sum(slope for slope in slopes if slope is not None and slope > 0)


def next_window(current_s: float, step: int) -> float:
    """Give the next longer (step 1) or shorter (step -1) window, stopping at the ends."""
    nearest = min(range(len(WINDOWS_S)), key=lambda i: abs(WINDOWS_S[i] - current_s))
    return WINDOWS_S[min(len(WINDOWS_S) - 1, max(0, nearest + step))]
