"""A row for each open socket, of one host or of all: light, for there may be thousands a frame.

A row holds the snapshot's own records; text is cleaned by the columns, of the rows that are shown.
"""

from __future__ import annotations

import msgspec

from pooltop.core.detail import RequestDetail
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import OriginSnapshot, RequestInfo, Snapshot, SocketInfo
from pooltop.core.states import SocketState
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.hosts import names_of
from pooltop.present.phases import UNKNOWN, Phase, phase_of, request_details


class SocketKey(msgspec.Struct, frozen=True, order=True, gc=False):
    """What tells a socket from all others of an engine."""

    agent: str
    socket: SocketId


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
        """Its request in words, clean; empty without one."""
        if self.request is None:
            return ""
        method, target = clean(self.request.method, 12), clean(self.request.target)
        return f"r{self.request.id} {method} {target}"

    @property
    def checked(self) -> str:
        """Whether anybody checked the certificate, in words; empty for plain http."""
        if self.socket.verified is None:
            return ""
        return "verified" if self.socket.verified else "NOT VERIFIED"


def build_socket_rows(snapshot: Snapshot, host: HostId | None = None) -> list[SocketRow]:
    """Give a row per socket in the order of Node's lists.

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
                rows += _rows_of(origin, key, names[key], details.get(key, {}), snapshot.at)
    return rows


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
