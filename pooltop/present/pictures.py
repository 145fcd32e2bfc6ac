"""One host, socket or request with everything that a snapshot knows about it."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.detail import FateKind, HostDetail, RequestDetail, SocketDetail
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, RequestInfo, Snapshot, SocketInfo
from pooltop.core.states import RequestState
from pooltop.present.carried import carried_by
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.hosts import names_of


@dataclass(frozen=True, slots=True)
class HostPicture:
    """A host at one instant."""

    snapshot: Snapshot
    agent: AgentSnapshot
    origin: OriginSnapshot
    detail: HostDetail | None
    """None for one that nobody looks at."""

    @property
    def at(self) -> float:
        """The instant, in monotonic seconds."""
        return self.snapshot.at

    @property
    def id(self) -> HostId:
        """What tells it from all others."""
        return HostId(self.agent.name, self.origin.key)

    @property
    def name(self) -> str:
        """``host:port`` and what tells it apart, with its agent's where two use it; clean."""
        return str(names_of(self.snapshot)[self.id])

    def socket(self, wanted: SocketId | None) -> SocketInfo | None:
        """Give one of its sockets, in use or idle; None if it is not there."""
        every = (*self.origin.sockets, *self.origin.free_sockets)
        return next((one for one in every if one.id == wanted), None)

    def request(self, wanted: RequestId | None) -> RequestInfo | None:
        """Give one of its requests, running or among the told ones of the queue; None if not."""
        every = (*self.origin.running, *self.origin.requests)
        return next((one for one in every if one.id == wanted), None)

    def of_socket(self, wanted: SocketId | None) -> SocketDetail | None:
        """Give what is told of a socket beside its SocketInfo; None where nothing is."""
        sockets = () if self.detail is None else self.detail.sockets
        return next((one for one in sockets if one.id == wanted), None)

    def of_request(self, wanted: RequestId | None) -> RequestDetail | None:
        """Give what is told of a request beside its RequestInfo; None where nothing is."""
        requests = () if self.detail is None else self.detail.requests
        return next((one for one in requests if one.id == wanted), None)


@dataclass(frozen=True, slots=True)
class SocketPicture:
    """A socket at one instant."""

    host: HostPicture
    socket: SocketInfo
    detail: SocketDetail | None
    request: RequestInfo | None
    """The one that it carries, or is opened for; the oldest where it carries several."""

    @property
    def requests(self) -> tuple[RequestInfo, ...]:
        """All that it carries, in the order in which they were sent."""
        return carried_by(self.host.origin, self.socket.id)


@dataclass(frozen=True, slots=True)
class RequestPicture:
    """A request at one instant."""

    host: HostPicture
    request: RequestInfo
    detail: RequestDetail | None
    socket: SocketInfo | None
    """The one that it is on."""

    @property
    def is_queued(self) -> bool:
        """It waits for a socket."""
        return self.request.state is RequestState.QUEUED

    @property
    def place(self) -> int | None:
        """Its place in the queue, 1 for the head; None if it is not queued."""
        if not self.is_queued:
            return None
        if self.detail is not None and self.detail.outlook is not None:
            return self.detail.outlook.ahead + 1
        queue = self.host.origin.requests
        return next((i for i, one in enumerate(queue, 1) if one.id == self.request.id), None)

    @property
    def gets(self) -> list[tuple[SocketId, FateKind]]:
        """The sockets whose end would start it now, by their Fates, and what becomes of each.

        Each Fate is that of one socket alone: where several name it, the first to end counts.
        """
        sockets = () if self.host.detail is None else self.host.detail.sockets
        return [
            (one.id, one.fate.kind)
            for one in sockets
            if one.fate is not None and one.fate.request == self.request.id
        ]


def host_picture(snapshot: Snapshot, host: HostId) -> HostPicture | None:
    """Give a host as the snapshot has it; None if it is gone."""
    for agent in snapshot.agents:
        if agent.name != host.agent:
            continue
        for origin in agent.origins:
            if origin.key == host.origin:
                told = (d for d in snapshot.details if (d.agent, d.origin) == host)
                return HostPicture(snapshot, agent, origin, next(told, None))
    return None


def socket_picture(snapshot: Snapshot, host: HostId, socket: SocketId) -> SocketPicture | None:
    """Give a socket as the snapshot has it; None if it is gone."""
    of = host_picture(snapshot, host)
    one = None if of is None else of.socket(socket)
    if of is None or one is None:
        return None
    if one.request is not None:
        request = of.request(one.request)
    else:
        request = next(iter(carried_by(of.origin, one.id)), None)
    return SocketPicture(of, one, of.of_socket(socket), request)


def request_picture(snapshot: Snapshot, host: HostId, request: RequestId) -> RequestPicture | None:
    """Give a request as the snapshot has it; None if it is settled, or too far back in a queue."""
    of = host_picture(snapshot, host)
    one = None if of is None else of.request(request)
    if of is None or one is None:
        return None
    return RequestPicture(of, one, of.of_request(request), of.socket(one.socket))


def what(request: RequestInfo, width: int = 60) -> str:
    """Give method and path, ``POST /charge``; clean, and the path in at most so many cells."""
    return f"{clean(request.method, 12)} {clean(request.target, width)}".strip()
