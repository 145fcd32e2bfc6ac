"""What becomes of a socket that its request has done with: to the queue, closed, or parked.

Source: Node v24 lib/_http_agent.js ('free' listener, keepSocketAlive).
"""

from __future__ import annotations

import math

from pooltop.core.events import SocketFreed
from pooltop.core.ledger import Ledger
from pooltop.core.model import AgentOptions
from pooltop.core.records import RequestRecord, SocketRecord
from pooltop.core.rules import drain
from pooltop.core.rules.assignment import assign, dequeue
from pooltop.core.rules.closing import destroy, settle
from pooltop.core.rules.idle import allowed_ms, arm
from pooltop.core.rules.removal import replace
from pooltop.core.states import AssignReason, CloseReason, RequestState, SocketState

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_FREE_CONNECTING = SocketState.FREE_CONNECTING
_ACTIVE = SocketState.ACTIVE
_FREE = SocketState.FREE
_ENDED = RequestState.ENDED
_DONE = RequestState.DONE


def release(pool: Ledger, socket: SocketRecord, now: float) -> None:
    """Node's 'free' listener, in its order."""
    if socket.close_reason is not None:
        return
    request = socket.request
    assert request is not None
    if request.state is _ENDED:
        settle(pool, request)
    if not socket.writable:
        destroy(pool, socket, CloseReason.NOT_WRITABLE, now)
        return
    origin = socket.origin
    options = pool.options
    if options.per_request:
        _release_alone(pool, socket, request, now)
        return
    if options.live == "drain" and (over := drain.surplus_reason(pool, origin)):
        destroy(pool, socket, over, now)
        return
    if origin.queue:
        if request.state is _DONE:
            # Node's responseKeepAlive clears the socket's timeout; only parking sets it again.
            socket.timeout_ms = 0.0
        assign(pool, dequeue(pool, origin), socket, AssignReason.HANDED_OVER, now)
        return
    if not options.keep_alive or not request.keep_alive:
        destroy(pool, socket, CloseReason.KEEP_ALIVE_OFF, now)
    elif len(pool.sockets) > options.max_total_sockets:
        destroy(pool, socket, CloseReason.OVER_MAX_TOTAL_SOCKETS, now)
    elif origin.count > origin.max_sockets:
        destroy(pool, socket, CloseReason.OVER_MAX_SOCKETS, now)
    elif len(origin.free) >= origin.max_free_sockets:
        destroy(pool, socket, CloseReason.OVER_MAX_FREE_SOCKETS, now)
    else:
        _park(pool, socket, request.hint_s, options, now)


def _release_alone(pool: Ledger, socket: SocketRecord, request: RequestRecord, now: float) -> None:
    """Release the only socket of an agent that was made for one request.

    It has no queue, and no limit of the agent's can be reached: each is 1 or more. So the socket
    is kept, and nobody will ever ask for it: it is open until a timeout or its server closes it.

    Source: tried with Node v24: ten requests, each with ``new http.Agent({ keepAlive: true })``,
    leave ten connections open, also after a collection of garbage (tests/node).
    """
    if socket.options.keep_alive and request.keep_alive:
        _park(pool, socket, request.hint_s, socket.options, now)
    else:
        destroy(pool, socket, CloseReason.KEEP_ALIVE_OFF, now)


def _park(
    pool: Ledger, socket: SocketRecord, hint_s: int | None, options: AgentOptions, now: float
) -> None:
    # Node's own keepSocketAlive: a hint within the buffer refuses; else it only lowers a
    # timeout that is set, so without one the socket idles for ever.
    timeout = options.timeout
    hint_ms: float | None = math.inf
    if hint_s is not None:
        hint_ms = hint_s * 1000 - options.agent_keep_alive_timeout_buffer
        if hint_ms <= 0:
            destroy(pool, socket, CloseReason.HINT_TOO_SHORT, now)
            return
        timeout = min(timeout, hint_ms)
    if pool.keep_socket_alive is not None:
        kept = pool.keep_socket_alive(socket.id)
        if kept is False:
            destroy(pool, socket, CloseReason.KEEP_SOCKET_ALIVE_REFUSED, now)
            return
        if kept is not None and kept is not True:
            timeout = kept
            hint_ms = None
    socket.hint_ms = hint_ms
    origin = socket.origin
    socket.timeout_ms = timeout
    if origin.idle_limit_ms < math.inf:
        timeout = allowed_ms(origin, timeout, hint_ms)
    socket.free_timeout_ms = timeout
    socket.request = None
    origin.move(socket, _FREE if socket.state is _ACTIVE else _FREE_CONNECTING, now)
    if timeout > 0:
        arm(pool, socket, now)
    pool.events.append(SocketFreed(now, origin.key, socket.id, timeout, socket.carried))
    if pool.waiting:
        replace(pool, origin, now)
