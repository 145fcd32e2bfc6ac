"""A row for each request that waits for a socket or is on one: the Queue page.

Light rows as those of sockets (to make dataclasses of 4,000 took a sixth of a frame); text is
cleaned by the columns.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from pooltop.core.detail import Outlook, RequestDetail
from pooltop.core.model import RequestId
from pooltop.core.snapshot import OriginSnapshot, RequestInfo, Snapshot, SocketInfo
from pooltop.present.history import HostId
from pooltop.present.hosts import names_of
from pooltop.present.phases import UNKNOWN, Phase, phase_of, request_details


class RequestKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """What tells a request from all others of an engine."""

    agent: str
    request: RequestId


class RequestRow(msgspec.Struct, frozen=True, gc=False):
    """A request at one instant; the texts of ``request`` are raw."""

    id: RequestKey
    request: RequestInfo
    at: float
    host: HostId
    name: str
    """The host's, clean, with the agent's where two agents use the same host."""
    scheme: str
    position: int | None = None
    """In its origin's queue, from 1; None where it is on a socket."""
    detail: RequestDetail | None = None
    """None where nobody watches the host."""
    socket: SocketInfo | None = None
    """That it is on; None while it is queued."""

    @property
    def since_s(self) -> float:
        """How long ago it was meant to start: of a queued one, how long it has waited."""
        return max(0.0, self.at - self.request.submitted_at)

    @property
    def waited_s(self) -> float | None:
        """How long it was queued before it was given its socket; None where that is not known."""
        if self.detail is None or self.detail.assigned_at is None:
            return None
        return max(0.0, self.detail.assigned_at - self.request.submitted_at)

    @property
    def state(self) -> str:
        """Its state in words."""
        given_up = self.request.aborted
        if self.position is None:
            return "given up" if given_up else "running"
        return "given up, queued" if given_up else "queued"

    @property
    def phase(self) -> Phase:
        """What it waits for, once it has a socket."""
        if self.socket is None:
            return UNKNOWN
        return phase_of(self.socket, self.scheme, self.detail, self.at)

    @property
    def outlook(self) -> Outlook | None:
        """When it would start; None where nobody watches the host."""
        return None if self.detail is None else self.detail.outlook


def build_queue_rows(snapshot: Snapshot, host: HostId | None = None) -> list[RequestRow]:
    """Give a row per queued request that the snapshot tells of, each host's oldest first.

    Args:
        snapshot: the instant; of long queues it holds the heads alone.
        host: whose; None for all hosts.
    """
    return _build(snapshot, host, _queued)


def build_running_rows(snapshot: Snapshot, host: HostId | None = None) -> list[RequestRow]:
    """Give a row per request that has a socket, in the order of Node's list of sockets.

    Args:
        snapshot: the instant.
        host: whose; None for all hosts.
    """
    return _build(snapshot, host, _running)


class _Host(NamedTuple):
    id: HostId
    name: str
    origin: OriginSnapshot
    details: dict[RequestId, RequestDetail]
    at: float


def _build(
    snapshot: Snapshot, host: HostId | None, rows_of: Callable[[_Host], list[RequestRow]]
) -> list[RequestRow]:
    names = names_of(snapshot)
    details = request_details(snapshot)
    rows: list[RequestRow] = []
    for agent in snapshot.agents:
        for origin in agent.origins:
            key = HostId(agent.name, origin.key)
            if host in (None, key):
                told = details.get(key, {})
                rows += rows_of(_Host(key, str(names[key]), origin, told, snapshot.at))
    return rows


def _queued(host: _Host) -> list[RequestRow]:
    return [
        _row(host, request, position=place) for place, request in enumerate(host.origin.requests, 1)
    ]


def _running(host: _Host) -> list[RequestRow]:
    sockets = {socket.id: socket for socket in host.origin.sockets}
    return [
        _row(host, request, socket=None if request.socket is None else sockets.get(request.socket))
        for request in host.origin.running
    ]


def _row(
    host: _Host,
    request: RequestInfo,
    *,
    position: int | None = None,
    socket: SocketInfo | None = None,
) -> RequestRow:
    return RequestRow(
        RequestKey(host.id.agent, request.id),
        request,
        host.at,
        host.id,
        host.name,
        host.origin.scheme,
        position,
        host.details.get(request.id),
        socket,
    )
