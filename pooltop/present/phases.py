"""What a request that has a socket is waiting for at this instant: a cell of the tables."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.core.detail import HostDetail, RequestDetail
from pooltop.core.model import RequestId
from pooltop.core.snapshot import Snapshot, SocketInfo
from pooltop.present.history import HostId
from pooltop.present.life import latest_stretch


class Phase(NamedTuple):
    """The word of a ``life.Phase`` and how long it has lasted."""

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
    now = latest_stretch(socket, scheme, detail)
    return UNKNOWN if now is None else Phase(now.phase.word, now.lasts(at))


def request_details(snapshot: Snapshot) -> dict[HostId, dict[RequestId, RequestDetail]]:
    """Give what is told of the requests of each host that is watched."""
    return {HostId(one.agent, one.origin): _by_id(one) for one in snapshot.details}


def _by_id(detail: HostDetail) -> dict[RequestId, RequestDetail]:
    return {request.id: request for request in detail.requests}
