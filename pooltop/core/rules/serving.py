"""A request on its socket: attached a tick after it was assigned, sent, answered.

Source: Node v24 lib/_http_client.js (onSocketNT, requestOnFinish, responseOnEnd,
responseKeepAlive, emitFreeNT), lib/_http_agent.js setRequestSocket.
"""

from __future__ import annotations

from pooltop.core.commands import Finish, Send
from pooltop.core.events import RequestEnded, SocketConnected, TimeoutRaised
from pooltop.core.ledger import Ledger
from pooltop.core.model import RequestId, SocketId
from pooltop.core.records import RequestRecord
from pooltop.core.rules import uncounted
from pooltop.core.rules.closing import begin_closing, fail, settle
from pooltop.core.rules.idle import arm
from pooltop.core.rules.release import release
from pooltop.core.states import CloseReason, RequestState, SocketState

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_ASSIGNED = RequestState.ASSIGNED
_RUNNING = RequestState.RUNNING
_ENDED = RequestState.ENDED


def tick(pool: Ledger, *, now: float) -> None:
    """Do what Node does in process.nextTick, until nothing is left of it."""
    ticks = pool.ticks
    while ticks:
        due = ticks.popleft()
        if isinstance(due, RequestRecord):
            if due.state is _ASSIGNED:
                _attach(pool, due, now)
            elif due.state is _RUNNING:
                _tell_broken(pool, due, now)
        else:
            release(pool, due, now)


def _attach(pool: Ledger, request: RequestRecord, now: float) -> None:
    socket = request.socket
    assert socket is not None
    if request.aborted:
        if not socket.is_dying:
            socket.carried -= 1
            release(pool, socket, now)
            request.socket = None
        fail(pool, request, request.aborted, now)
        return
    request.move(_RUNNING)
    pool.commands.append(Send(socket.id, request.id))


def _tell_broken(pool: Ledger, request: RequestRecord, now: float) -> None:
    """Fail a request whose socket broke, before the close is seen.

    A client that asks again at once is in the queue by then, and its own origin gets the place.
    """
    socket = request.socket
    if socket is not None and socket.error is not None and not socket.again:
        fail(pool, request, socket.error, now)


def connected(pool: Ledger, socket: SocketId, *, now: float) -> None:
    """The socket can carry bytes, for https after its handshake. Late: nothing."""
    if socket in pool.tunnelling:
        uncounted.enter(pool, socket, now)
    record = pool.sockets.get(socket)
    if record is not None and not record.is_dying:
        record.connected_at = now
        idle = record.state is SocketState.FREE_CONNECTING
        record.origin.move(record, SocketState.FREE if idle else SocketState.ACTIVE, now)
        if idle:
            # It was parked while it connected. Its first activity is the connect, and an idle
            # time counts from the last. Source: Node v24 lib/net.js afterConnect (_unrefTimer).
            arm(pool, record, now)
        pool.events.append(SocketConnected(now, record.origin.key, socket))


def request_sent(pool: Ledger, request: RequestId, *, now: float) -> None:
    """All of the request is with the kernel. Releases the socket if the response is over."""
    del now  # every input has it
    record = pool.requests.get(request)
    if record is not None and not record.sent:
        record.sent = True
        if record.state is _ENDED:
            assert record.socket is not None
            pool.ticks.append(record.socket)


def response_ended(
    pool: Ledger,
    request: RequestId,
    *,
    now: float,
    reason: CloseReason | None,
    hint_s: int | None = None,
    sent: bool = True,
) -> None:
    """The response is complete.

    Args:
        pool: the agent's.
        request: whose response it is.
        now: monotonic seconds.
        reason: why the connection cannot be kept; None if it can.
        hint_s: the server's Keep-Alive timeout in seconds (hints.py); None for no hint.
        sent: all of the request is with the kernel; else ``request_sent`` follows.
    """
    record = pool.requests.get(request)
    if record is None or record.state is not _RUNNING:
        return
    socket = record.socket
    assert socket is not None
    record.move(_ENDED)
    pool.events.append(RequestEnded(now, record.origin.key, request, socket.id))
    if reason is not None:
        record.keep_alive = False
        settle(pool, record)
        if not socket.is_dying:
            begin_closing(pool, socket, reason, now)
            pool.commands.append(Finish(socket.id, reason))
        return
    record.hint_s = hint_s
    if sent or record.sent:
        record.sent = True
        pool.ticks.append(socket)


def set_timeout(pool: Ledger, request: RequestId, *, timeout_ms: float) -> None:
    """The request, which has its socket, brings a timeout of its own; 0 for none.

    One that is equal to the agent's is ignored, and what the socket has stays: less after a
    hint, nothing after a hand-over.  Source: Node v24 lib/_http_agent.js setRequestSocket.
    """
    record = pool.requests.get(request)
    if timeout_ms != pool.options.timeout and record is not None and record.socket is not None:
        record.socket.timeout_ms = timeout_ms


def raise_timeout(
    pool: Ledger,
    request: RequestId,
    socket: SocketId,
    *,
    now: float,
    silent_s: float,
    ends_tunnel: bool = False,
) -> None:
    """Tell that a request's socket is silent: Node's 'timeout' event. Late: nothing.

    Args:
        pool: the agent's.
        request: which hears it; it may be queued yet, where its tunnel is on the way.
        socket: the silent one.
        now: monotonic seconds.
        silent_s: for so long.
        ends_tunnel: the attempt at its tunnel ends with it.
    """
    record = pool.requests.get(request)
    if record is not None:
        key = record.origin.key
        pool.events.append(TimeoutRaised(now, key, request, socket, silent_s, ends_tunnel))
