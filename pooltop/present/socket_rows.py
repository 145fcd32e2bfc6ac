"""A row for each open socket, of one host or of all: light, for there may be thousands a frame.

Beneath one that carries several requests at a time stands a row for each of them: the streams of an
HTTP/2 session, or what is in an HTTP/1.1 pipeline.

A row holds the snapshot's own records; text is cleaned by the columns, of the rows that are shown.
"""

from __future__ import annotations

import math

import msgspec

from pooltop.core.detail import RequestDetail
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import OriginSnapshot, RequestInfo, Snapshot, SocketInfo
from pooltop.core.states import SocketState
from pooltop.present.carried import carried
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.hosts import names_of
from pooltop.present.phases import UNKNOWN, Phase, phase_of, request_details
from pooltop.present.sessions import Load, session_load


class SocketKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """What tells a socket, or a request on one that carries several, from all others."""

    agent: str
    socket: SocketId
    stream: int = 0
    """0 for the socket itself; else the id of a stream, in a pipeline that of the request."""


class SocketRow(msgspec.Struct, frozen=True, gc=False):
    """A socket at one instant; the texts of ``socket`` and ``request`` are raw."""

    id: SocketKey
    socket: SocketInfo
    scheme: str
    at: float
    host: HostId | None = None
    name: str = ""
    """The host's, clean, with the agent's where two agents use the same host."""
    request: RequestInfo | None = None
    """What it carries, or is being opened for."""
    detail: RequestDetail | None = None
    """Of that; None where nobody watches the host."""
    running: int = 0
    """How many requests a connection of undici's carries now."""
    pipelining: float | None = None
    """How many it may carry over HTTP/1.1; None of an http.Agent, whose sockets carry one."""

    @property
    def is_stream(self) -> bool:
        """It is of one of several requests on a socket, and stands beneath that."""
        return self.id.stream > 0

    @property
    def protocol(self) -> str:
        """What its connection speaks, ``h2`` or ``h1``; empty until that is known."""
        if self.socket.session is not None:
            return "h2"
        return "" if self.socket.connected_at is None else "h1"

    @property
    def load(self) -> Load | None:
        """What its connection carries and what caps that; None of an http.Agent."""
        if self.socket.session is not None:
            return session_load(self.socket.session)
        if self.pipelining is None or self.socket.connected_at is None:
            return None
        cap = int(self.pipelining) or 1 if math.isfinite(self.pipelining) else None
        return Load(self.running, cap, "pipelining")

    @property
    def phase(self) -> Phase:
        """What its request waits for."""
        if self.request is None:
            return UNKNOWN
        return phase_of(self.socket, self.scheme, self.detail, self.at)

    @property
    def busy(self) -> float | None:
        """Share of its time since it was connected in which it carried requests, 0..1."""
        began = self.socket.connected_at
        if began is None or self.at <= began:
            return None
        return min(1.0, self.socket.busy_s / (self.at - began))

    @property
    def idle_left_s(self) -> float | None:
        """Until its idle time ends it; None while it is in use, or kept for good."""
        socket = self.socket
        if socket.state is not SocketState.FREE or socket.free_timeout_ms <= 0:
            return None
        return max(0.0, socket.free_timeout_ms / 1000 - (self.at - socket.since))

    @property
    def cost_s(self) -> float | None:
        """What all of opening it took, as far as it is done; None where nothing was measured."""
        socket = self.socket
        steps = [socket.dns, socket.tcp, socket.tunnel, socket.handshake]
        known = [step for step in steps if step is not None]
        return sum(known) if known else None

    @property
    def now(self) -> str:
        """Its request in words, clean, and how many more there are; empty without one."""
        if self.request is None:
            return ""
        method, target = clean(self.request.method, 12), clean(self.request.target)
        more = f" and {self.running - 1} more" if self.running > 1 and not self.is_stream else ""
        return f"r{self.request.id} {method} {target}{more}"

    @property
    def checked(self) -> str:
        """Whether anybody checked the certificate, in words; empty for plain http."""
        if self.socket.verified is None:
            return ""
        return "verified" if self.socket.verified else "NOT VERIFIED"


def build_socket_rows(snapshot: Snapshot, host: HostId | None = None) -> list[SocketRow]:
    """Give a row per socket in the order of Node's lists, beneath it those of what it carries.

    Args:
        snapshot: the instant.
        host: whose; None for all hosts.
    """
    names = {each: str(name) for each, name in names_of(snapshot).items()}
    details = request_details(snapshot)
    rows: list[SocketRow] = []
    for agent in snapshot.agents:
        for origin in agent.origins:
            key = HostId(agent.name, origin.key)
            if host in (None, key):
                told = details.get(key, {})
                if agent.dispatcher is None:
                    rows += _rows_of(origin, key, names[key], told, snapshot.at)
                else:
                    pipelining = agent.dispatcher.pipelining
                    rows += _shared(origin, key, names[key], told, snapshot.at, pipelining)
    return rows


def are_shared(snapshot: Snapshot, host: HostId | None) -> bool:
    """Tell whether sockets may carry several requests: those of a host, or of any for None."""
    return any(
        agent.dispatcher is not None
        for agent in snapshot.agents
        if host is None or agent.name == host.agent
    )


def _rows_of(
    origin: OriginSnapshot,
    host: HostId,
    name: str,
    details: dict[RequestId, RequestDetail],
    at: float,
) -> list[SocketRow]:
    running = {request.id: request for request in origin.running}
    rows = []
    for socket in (*origin.sockets, *origin.free_sockets):
        number = socket.request
        rows.append(
            SocketRow(
                SocketKey(host.agent, socket.id),
                socket,
                origin.scheme,
                at,
                host,
                name,
                None if number is None else running.get(number),
                None if number is None else details.get(number),
            )
        )
    return rows


def _shared(
    origin: OriginSnapshot,
    host: HostId,
    name: str,
    details: dict[RequestId, RequestDetail],
    at: float,
    pipelining: float,
) -> list[SocketRow]:
    """Give the rows of connections that may carry several requests, and of those requests."""
    running = carried(origin)
    rows = []
    for socket in (*origin.sockets, *origin.free_sockets):
        its = running.get(socket.id, [])
        oldest = its[0] if its else None
        row = SocketRow(
            SocketKey(host.agent, socket.id),
            socket,
            origin.scheme,
            at,
            host,
            name,
            oldest,
            None if oldest is None else details.get(oldest.id),
            len(its),
            pipelining,
        )
        rows.append(row)
        if socket.session is not None or len(its) > 1:
            rows += [_beneath(row, each, details.get(each.id)) for each in its]
    return rows


def _beneath(row: SocketRow, request: RequestInfo, detail: RequestDetail | None) -> SocketRow:
    key = SocketKey(row.id.agent, row.id.socket, request.stream or request.id)
    return msgspec.structs.replace(row, id=key, request=request, detail=detail)
