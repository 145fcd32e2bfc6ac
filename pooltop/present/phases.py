"""What a request that has a socket is waiting for at this instant."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.core.detail import HostDetail, RequestDetail
from pooltop.core.model import RequestId
from pooltop.core.snapshot import Snapshot, SocketInfo
from pooltop.core.states import SocketState
from pooltop.present.history import HostId

WORDS = {
    "connect": "name look-up or TCP connect of the socket opened for it",
    "tunnel": "the proxy's answer to CONNECT",
    "TLS": "the TLS handshake",
    "send": "it is being sent",
    "wait": "sent whole; the first byte of the response has not come",
    "receive": "the response is coming in",
}
"""Each phase and its meaning, in their order: for the help page."""

_DIALLING = (SocketState.CONNECTING, SocketState.FREE_CONNECTING)


class Phase(NamedTuple):
    """One of ``WORDS`` and how long it has lasted."""

    word: str
    """Empty where it is not known: of a host that nobody watches only dialling is."""
    lasted_s: float | None = None
    """None where its beginning is not known."""


UNKNOWN = Phase("")


def phase_of(socket: SocketInfo, scheme: str, detail: RequestDetail | None, at: float) -> Phase:
    """Give the phase of the request that a socket is for.

    Args:
        socket: whose.
        scheme: of its origin.
        detail: of its request; None where nobody watches the host.
        at: the instant.
    """
    if socket.state in _DIALLING:
        # Beginnings of the later steps are in no record: only what the steps before them took.
        if socket.tcp is None:
            return Phase("connect", max(0.0, at - socket.opened_at))
        spent = sum(s for s in (socket.dns, socket.tcp, socket.tunnel) if s is not None)
        lasted = max(0.0, at - socket.opened_at - spent)
        if socket.via and socket.tunnel is None and scheme == "https":
            return Phase("tunnel", lasted)
        return Phase("TLS" if scheme == "https" else "connect", lasted)
    if detail is None or detail.assigned_at is None or socket.request is None:
        return UNKNOWN
    if detail.first_byte_at is not None:
        return Phase("receive", max(0.0, at - detail.first_byte_at))
    if detail.sent_at is not None:
        return Phase("wait", max(0.0, at - detail.sent_at))
    began = max(detail.assigned_at, socket.connected_at or detail.assigned_at)
    return Phase("send", max(0.0, at - began))


def request_details(snapshot: Snapshot) -> dict[HostId, dict[RequestId, RequestDetail]]:
    """Give what is told of the requests of each host that is watched."""
    return {HostId(one.agent, one.origin): _by_id(one) for one in snapshot.details}


def _by_id(detail: HostDetail) -> dict[RequestId, RequestDetail]:
    return {request.id: request for request in detail.requests}
