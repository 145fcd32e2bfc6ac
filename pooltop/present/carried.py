"""Which requests run on a socket: one of an http.Agent's; of a session, or in a pipeline, many.

And what becomes of them when the socket, or one of them, is done away with.
"""

from __future__ import annotations

from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import OriginSnapshot, RequestInfo, SocketInfo
from pooltop.present import units


def carried(origin: OriginSnapshot) -> dict[SocketId, list[RequestInfo]]:
    """Give the requests on each socket that has any, in the order in which they were sent."""
    found: dict[SocketId, list[RequestInfo]] = {}
    for request in origin.running:
        if request.socket is not None:
            found.setdefault(request.socket, []).append(request)
    return found


def carried_by(origin: OriginSnapshot, socket: SocketId) -> tuple[RequestInfo, ...]:
    """Give the requests on one socket, in the order in which they were sent."""
    return tuple(request for request in origin.running if request.socket == socket)


def destroying(origin: OriginSnapshot, socket: SocketInfo) -> str:
    """Say what becomes of the requests on a socket that is destroyed."""
    its = carried_by(origin, socket.id)
    first = its[0].id if its else socket.request
    if first is None:
        return "no request is on it"
    others = len(its) - 1
    if others <= 0:
        return f"r{first} on it fails"
    if socket.session is not None:
        return f"all {units.count(others + 1)} requests on its session fail"
    return f"r{first} on it fails, the {units.count(others)} behind it are sent again"


def aborting(origin: OriginSnapshot, request: RequestId) -> str:
    """Say what becomes of a request that is aborted, and of what it is on."""
    found = next((one for one in origin.running if one.id == request), None)
    if found is not None and found.stream is not None:
        return "it fails; its stream is reset, the others of the session go on"
    return "it fails; if it is on a socket, that socket is destroyed"
