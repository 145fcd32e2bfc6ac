"""Which request has which socket: into the queue, out of it, and onto a socket.

Source: Node v24 lib/_http_agent.js addRequest, setRequestSocket.
"""

from __future__ import annotations

from pooltop.core.events import RequestAssigned, RequestQueued
from pooltop.core.ledger import Ledger
from pooltop.core.records import OriginRecord, RequestRecord, SocketRecord
from pooltop.core.states import AssignReason, QueueReason, RequestState, SocketState

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_CONNECTING = SocketState.CONNECTING
_ACTIVE = SocketState.ACTIVE
_FREE = SocketState.FREE
_DYING = SocketState.DYING
_ASSIGNED = RequestState.ASSIGNED
_REUSED = AssignReason.REUSED


def enqueue(pool: Ledger, request: RequestRecord, why: QueueReason, now: float) -> None:
    """Let a request wait at the tail of its origin's queue."""
    origin = request.origin
    request.why = why
    if why is QueueReason.MAX_SOCKETS:
        request.counted, request.limit = origin.count, origin.max_sockets
    else:
        request.counted, request.limit = len(pool.sockets), pool.options.max_total_sockets
    request.queued_at = now
    request.overtakes_before = origin.overtakes
    origin.queue[request.id] = request
    pool.waiting[origin.key] = origin
    pool.events.append(RequestQueued(now, origin.key, request.id, why))


def dequeue(pool: Ledger, origin: OriginRecord) -> RequestRecord:
    """Take the oldest request of a queue that is not empty."""
    _, request = origin.queue.popitem(last=False)
    if request.aborted is not None:
        origin.given_up -= 1
        origin.told -= request.was_told
    if not origin.queue:
        del pool.waiting[origin.key]
    return request


def assign(
    pool: Ledger, request: RequestRecord, socket: SocketRecord, reason: AssignReason, now: float
) -> None:
    """Give a socket to a request; it is attached one tick later."""
    origin = socket.origin
    request.move(_ASSIGNED)
    request.socket = socket
    socket.request = request
    socket.carried += 1
    if reason is _REUSED:
        socket.expires_at = None
        if socket.state is _FREE:
            socket.idle_s += now - socket.since
            origin.move(socket, _ACTIVE, now)
        else:
            origin.move(socket, _DYING if socket.is_dying else _CONNECTING, now)
    else:
        socket.since = now
    waited = 0.0
    overtook = 0
    if request.queued_at is not None:
        waited = now - request.queued_at
    elif origin.queue:
        overtook = len(origin.queue)
        origin.overtakes += 1
    pool.events.append(
        RequestAssigned(
            now, origin.key, request.id, socket.id, reason, socket.carried, waited, overtook
        )
    )
    pool.ticks.append(request)
