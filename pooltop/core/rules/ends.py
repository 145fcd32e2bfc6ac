"""Ends that come from outside: the caller gives up, a clock runs out, the peer or network fails.

Here it is only said that a request or a socket is to end. A request whose socket the network or
the peer broke is told a tick later (serving.py), any other one when the close is seen (removal.py).

Source: Node v24 lib/_http_client.js ClientRequest.destroy, onSocketNT, socketOnEnd,
socketErrorListener. ``time_out``, ``cancel``, ``clear_queue`` and ``judge`` are pooltop's own.
"""

from __future__ import annotations

from pooltop.core.events import RequestAborted
from pooltop.core.ledger import Ledger
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.records import Failure, RequestRecord
from pooltop.core.rules import uncounted
from pooltop.core.rules.closing import HANG_UP, destroy, withdraw
from pooltop.core.states import CloseReason, RequestState


def abort(
    pool: Ledger,
    request: RequestId,
    *,
    now: float,
    code: str = HANG_UP.code,
    message: str = HANG_UP.message,
) -> None:
    """The caller gives the request up (req.destroy()).

    A queued one stays in the queue and fails at its turn; a running one takes its socket
    with it, and one that waits for its tunnel the attempt at that. One whose response is complete
    is left alone.
    """
    record = pool.requests.get(request)
    if record is None or record.aborted:
        return
    if record.state is RequestState.QUEUED:
        record.aborted = Failure(code, message)
        record.origin.given_up += 1
        pool.events.append(RequestAborted(now, record.origin.key, request))
    elif record.state is RequestState.ASSIGNED:
        record.aborted = Failure(code, message)
    elif record.state is RequestState.TUNNELLING:
        assert record.socket is not None
        uncounted.fail(pool, record.socket, CloseReason.ABORTED, Failure(code, message), now)
    elif record.state is RequestState.RUNNING:
        assert record.socket is not None
        destroy(pool, record.socket, CloseReason.ABORTED, now, error=Failure(code, message))


def time_out(
    pool: Ledger, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """One of pooltop's own clocks ran out: the request fails and gives its place up at once."""
    record = pool.requests.get(request)
    if record is not None:
        _end(pool, record, CloseReason.TIMED_OUT, Failure(code, message, outcome), now)


def cancel(
    pool: Ledger, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """An operator gives the request up: it fails and gives its place up at once.

    That is what tells it from ``abort``, by which a queued one keeps its place, as in Node.
    """
    record = pool.requests.get(request)
    if record is not None:
        _end(pool, record, CloseReason.ABORTED, Failure(code, message, outcome), now)


def clear_queue(
    pool: Ledger, key: OriginKey, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """An operator gives up every request that is queued for an origin."""
    origin = pool.waiting.get(key)
    if origin is None:
        return
    failure = Failure(code, message, outcome)
    for request in list(origin.queue.values()):
        withdraw(pool, request, failure, now)
    uncounted.end_unwanted(pool, origin, now)


def _end(
    pool: Ledger, record: RequestRecord, reason: CloseReason, failure: Failure, now: float
) -> None:
    if record.state is RequestState.QUEUED:
        withdraw(pool, record, failure, now)
        if pool.tunnelling:
            uncounted.end_unwanted(pool, record.origin, now)
    elif record.state is RequestState.TUNNELLING:
        assert record.socket is not None
        uncounted.fail(pool, record.socket, reason, failure, now)
    elif record.state in (RequestState.ASSIGNED, RequestState.RUNNING):
        assert record.socket is not None
        destroy(pool, record.socket, reason, now, error=failure)


def lost(
    pool: Ledger,
    socket: SocketId,
    *,
    now: float,
    reason: CloseReason,
    code: str = HANG_UP.code,
    message: str = HANG_UP.message,
    outcome: str = "",
    told_at_once: bool = True,
) -> None:
    """The socket is of no further use: the peer, the network, the parser or a clock said so.

    Args:
        pool: whose.
        socket: which.
        now: monotonic seconds.
        reason: for the books.
        code: of the error of the request that is on it.
        message: likewise.
        outcome: likewise.
        told_at_once: the request fails one tick later, as Node's 'error' of a request comes before
            its socket's 'close'; False when the close is seen, as Node's response is 'aborted'.
            Source: Node v24 lib/_http_client.js socketErrorListener, socketOnEnd, socketOnData;
            socketCloseListener.
    """
    record = pool.sockets.get(socket)
    if record is not None:
        if told_at_once and not record.is_dying and record.request is not None:
            pool.ticks.append(record.request)
        destroy(pool, record, reason, now, error=Failure(code, message, outcome))
    elif socket in pool.tunnelling:
        failure = Failure(code, message, outcome)
        uncounted.fail(pool, pool.tunnelling[socket], reason, failure, now)


def peer_ended(pool: Ledger, socket: SocketId, *, now: float) -> None:
    """The peer began to close, no response being under way.

    An idle socket goes at once, and so does one that a request was assigned and is not yet
    attached to: sent now, it would never be answered. One whose response is over but that was
    not yet released goes at its release.
    """
    record = pool.sockets.get(socket)
    if record is not None:
        request = record.request
        if request is None or request.state is RequestState.ASSIGNED:
            destroy(pool, record, CloseReason.PEER_FIN, now)
        else:
            record.writable = False


def judge(pool: Ledger, socket: SocketId, failure: Failure, *, again: bool) -> None:
    """Say what becomes of the request on a dying socket when its close is seen.

    Args:
        pool: the agent's.
        socket: dying; it may have been so before the request was given it.
        failure: what the request fails with.
        again: it does not fail, but is admitted once more, as a new request is.
    """
    record = pool.sockets.get(socket)
    if record is not None and record.is_dying:
        record.error = failure
        record.again = again
