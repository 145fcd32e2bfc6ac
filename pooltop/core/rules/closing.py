"""How a socket's close begins, and how a request is settled: what every end comes down to.

A socket that is destroyed stays in its list and counts until its close is seen (removal.py). A
request that is on it is settled then, with the error that is kept for it here.
"""

from __future__ import annotations

from pooltop.core.commands import Destroy, Settle
from pooltop.core.events import RequestFailed, RequestWithdrawn, SocketClosing
from pooltop.core.ledger import Ledger
from pooltop.core.records import Failure, RequestRecord, SocketRecord
from pooltop.core.states import CloseReason, RequestState, SocketState

_IDLE = (SocketState.FREE, SocketState.FREE_CONNECTING)
# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_DYING_FREE = SocketState.DYING_FREE
_DYING = SocketState.DYING
_DONE = RequestState.DONE

HANG_UP = Failure("ECONNRESET", "socket hang up")


def begin_closing(pool: Ledger, socket: SocketRecord, reason: CloseReason, now: float) -> None:
    """Mark a socket as dying. Which command closes it is the caller's to say."""
    idle = socket.state in _IDLE
    socket.close_reason = reason
    socket.closing_at = now
    if socket.state is SocketState.FREE:
        socket.idle_s += now - socket.since
    socket.expires_at = None
    socket.origin.move(socket, _DYING_FREE if idle else _DYING, now)
    pool.events.append(SocketClosing(now, socket.origin.key, socket.id, reason, socket.carried))


def destroy(
    pool: Ledger,
    socket: SocketRecord,
    reason: CloseReason,
    now: float,
    *,
    error: Failure | None = None,
) -> None:
    """Close a socket without waiting for anything (Node's socket.destroy()). Dying: nothing.

    Args:
        pool: whose socket.
        socket: in one of its lists.
        reason: why.
        now: monotonic seconds.
        error: for the request that is on it; None for the one that comes of the close itself.
    """
    if socket.is_dying:
        if socket.again and error is not None:
            # Given up, or out of time, before it could be admitted once more.
            socket.error = error
            socket.again = False
        return
    socket.error = error
    begin_closing(pool, socket, reason, now)
    pool.commands.append(Destroy(socket.id, reason))


def settle(pool: Ledger, request: RequestRecord) -> None:
    """Be done with a request."""
    request.move(_DONE)
    del pool.requests[request.id]


def fail(pool: Ledger, request: RequestRecord, failure: Failure, now: float) -> None:
    """Settle a request with an error; its caller is told once."""
    socket = None if request.socket is None else request.socket.id
    settle(pool, request)
    if request.was_told:
        return
    pool.events.append(RequestFailed(now, request.origin.key, request.id, socket, *failure))
    pool.commands.append(Settle(request.id, failure.code, failure.message))


def withdraw(pool: Ledger, request: RequestRecord, failure: Failure, now: float) -> None:
    """Take a request out of the queue at once, and fail it: Node has nothing like it."""
    origin = request.origin
    del origin.queue[request.id]
    if request.aborted is not None:
        origin.given_up -= 1
        origin.told -= request.was_told
    if not origin.queue:
        del pool.waiting[origin.key]
    pool.events.append(RequestWithdrawn(now, origin.key, request.id))
    fail(pool, request, failure, now)
