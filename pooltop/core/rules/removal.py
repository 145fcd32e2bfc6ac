"""A socket leaves its list, and one may be opened in its place.

A destroyed socket leaves when its close is seen. One that its caller keeps (an upgrade) leaves
while it is open. Parking one opens another just as well: release.py asks for that here.

Source: Node v24 lib/_http_agent.js installListeners (onClose, onRemove), removeSocket.
"""

from __future__ import annotations

from pooltop.core.events import RequestEnded, SocketClosed
from pooltop.core.ledger import Ledger
from pooltop.core.model import RequestId, SocketId
from pooltop.core.records import OriginRecord
from pooltop.core.rules import drain
from pooltop.core.rules.admission import readmit
from pooltop.core.rules.closing import HANG_UP, fail, settle
from pooltop.core.rules.opening import open_for_head
from pooltop.core.states import AssignReason, CloseReason, OpenReason, RequestState, SocketState


def replace(pool: Ledger, origin: OriginRecord, now: float) -> None:
    """Open at most one socket for the queue after one went away; there is a queue somewhere.

    No limit is checked. Another origin is only served if it is the first that has a queue and has
    no socket in use: if it has one, the search stops there.
    """
    if pool.options.live == "drain":
        drain.fill(pool, now)
    elif origin.queue:
        open_for_head(pool, origin, OpenReason.REPLACEMENT, AssignReason.REPLACEMENT, now)
    else:
        first = next(iter(pool.waiting.values()))
        if not first.sockets:
            why = OpenReason.REPLACEMENT_OTHER_ORIGIN
            open_for_head(pool, first, why, AssignReason.REPLACEMENT, now)


def closed(pool: Ledger, socket: SocketId, *, now: float) -> None:
    """The close of a destroyed socket is seen: it leaves its list, and may be replaced."""
    record = pool.sockets.pop(socket, None)
    if record is None:
        return
    assert record.is_dying, f"socket {socket} closed while {record.state}"
    origin = record.origin
    in_use = record.state is SocketState.DYING
    origin.move(record, SocketState.CLOSED, now)
    if in_use and not origin.sockets:
        pool.turns = origin.turn = pool.turns + 1
    assert record.close_reason is not None
    pool.events.append(SocketClosed(now, origin.key, socket, record.close_reason, record.carried))
    request = record.request
    record.request = None
    if request is not None and request.state is not RequestState.DONE:
        if request.state is RequestState.ENDED:
            settle(pool, request)
        elif not record.again or request.aborted:
            fail(pool, request, request.aborted or record.error or HANG_UP, now)
    if pool.waiting:
        replace(pool, origin, now)
    if request is not None and request.state in (RequestState.ASSIGNED, RequestState.RUNNING):
        # Not Node's, which retries nothing: who waits already goes first.
        readmit(pool, request, record, now)


def detach(pool: Ledger, request: RequestId, *, now: float) -> None:
    """Give the request's socket to its caller: the server switched protocols. Late: nothing.

    It leaves its list and the count at once, still open, and is replaced as one that closed.

    Source: Node v24 lib/_http_client.js socketOnData ('agentRemove'), lib/_http_agent.js
    onRemove.
    """
    record = pool.requests.get(request)
    if record is None or record.state is not RequestState.RUNNING:
        return
    socket = record.socket
    assert socket is not None
    if socket.state is not SocketState.ACTIVE:
        return
    origin = record.origin
    record.move(RequestState.ENDED)
    pool.events.append(RequestEnded(now, origin.key, request, socket.id))
    settle(pool, record)
    del pool.sockets[socket.id]
    socket.request = None
    origin.move(socket, SocketState.CLOSED, now)
    if not origin.sockets:
        pool.turns = origin.turn = pool.turns + 1
    pool.events.append(
        SocketClosed(now, origin.key, socket.id, CloseReason.DETACHED, socket.carried)
    )
    if pool.waiting:
        replace(pool, origin, now)
