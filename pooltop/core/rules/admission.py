"""What a new request gets: an idle socket, a new one, or a place in the queue, in this order.

The queue is not asked: where a limit was raised, a new request passes those that wait.

Source: Node v24 lib/_http_agent.js addRequest.
"""

from __future__ import annotations

from pooltop.core.events import RequestRetried, SocketDropped
from pooltop.core.ledger import Ledger
from pooltop.core.model import OriginKey, RequestId
from pooltop.core.records import NO_LIMITS, OriginRecord, RequestRecord, SocketRecord
from pooltop.core.rules.assignment import assign, enqueue
from pooltop.core.rules.closing import HANG_UP
from pooltop.core.rules.opening import open_for
from pooltop.core.states import AssignReason, QueueReason, RequestState, SocketState

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_QUEUED = RequestState.QUEUED
_REUSED = AssignReason.REUSED


def submit(
    pool: Ledger, request: RequestId, key: OriginKey, *, now: float, keep_alive: bool = True
) -> bool:
    """Admit a request: an idle socket, a new one, or the queue, in this order.

    Args:
        pool: the agent's.
        request: an id that was not used before.
        key: its origin.
        now: monotonic seconds.
        keep_alive: Node's shouldKeepAlive: the agent wants its sockets used again.

    Returns:
        It has a socket; False if it waits.
    """
    origin = pool.origins.get(key)
    if origin is None:
        own = pool.own_limits.get(key, NO_LIMITS)
        origin = pool.origins[key] = OriginRecord(key, pool.options, own)
        origin.idle_limit_ms = pool.own_idle_limits.get(key, pool.idle_limit_ms)
    if not origin.sockets and not origin.queue:
        pool.turns = origin.turn = pool.turns + 1
    record = RequestRecord(request, origin, now, keep_alive=keep_alive)
    pool.requests[request] = record
    socket = _take_free(pool, origin, now)
    if socket is not None:
        assign(pool, record, socket, _REUSED, now)
    else:
        _open_or_enqueue(pool, record, now)
    return record.state is not _QUEUED


def readmit(pool: Ledger, request: RequestRecord, stale: SocketRecord, now: float) -> None:
    """Admit a request as a new one, under its own number: its socket was stale.

    Node never does it. It is pooltop's ``retry_stale``, and follows the advice that Node's
    documentation gives to callers (request.reusedSocket).
    """
    origin = request.origin
    message = stale.error.message if stale.error is not None else HANG_UP.message
    pool.events.append(RequestRetried(now, origin.key, request.id, stale.id, message))
    request.move(_QUEUED)
    request.socket = request.queued_at = request.why = None
    request.counted = request.limit = None
    request.sent = False
    socket = _take_free(pool, origin, now)
    if socket is not None:
        assign(pool, request, socket, _REUSED, now)
    else:
        _open_or_enqueue(pool, request, now)


def _take_free(pool: Ledger, origin: OriginRecord, now: float) -> SocketRecord | None:
    # Destroyed sockets are dropped from the head only: lifo can pick a destroyed tail.
    free = origin.free
    if pool.options.per_request:
        return None  # they are other agents'
    while free:
        head = next(iter(free.values()))
        if head.close_reason is None:
            return head if pool.options.scheduling == "fifo" else next(reversed(free.values()))
        origin.move(head, SocketState.DROPPED, now)
        pool.events.append(SocketDropped(now, origin.key, head.id))
    return None


def _open_or_enqueue(pool: Ledger, request: RequestRecord, now: float) -> None:
    origin = request.origin
    if pool.options.per_request:
        open_for(pool, request, now)
    elif origin.count >= origin.max_sockets:
        enqueue(pool, request, QueueReason.MAX_SOCKETS, now)
    elif len(pool.sockets) >= pool.options.max_total_sockets:
        enqueue(pool, request, QueueReason.MAX_TOTAL_SOCKETS, now)
    else:
        open_for(pool, request, now)
