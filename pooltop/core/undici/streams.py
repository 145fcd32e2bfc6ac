"""How a request ends on HTTP/2 other than with its response, and how a session does.

A request has its stream to itself, so it fails alone: its neighbours go on. When the connection
goes, all that run on it fail, and nothing is sent again: what waits, waits for the next one. Once
they have failed nothing runs, and so an error that is not of the connection alone is of all who
wait, too: those whom the failing ones made room for with them (see ``Client.on_error``). In kind
"h2" it is so only where nothing ran: else those who wait go on in another session.

Source: undici 8.12.4 lib/dispatcher/client-h2.js: abort of writeH2, onError, retryRefusedStream,
resetHttp2Session, onHttp2SessionError, onHttp2SocketClose; Node 24 lib/internal/http2/core.js:
Http2Stream._destroy, closeSession, socketOnError.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from pooltop.core.commands import Reset
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.requeue import put_back
from pooltop.core.undici.session import CANCEL, NO_ERROR, REFUSED_STREAM, Session
from pooltop.core.undici.states import ConnState


def running_on(client: ClientRecord, conn: ConnRecord) -> list[RequestRecord]:
    """Give what runs on a connection, in the order of its streams."""
    return [request for request in client.running.values() if request.conn is conn]


def can_be_replayed(request: RequestRecord) -> bool:
    """Say whether a request whose stream was refused may be sent again at all."""
    return not request.has_begun and request.ask.body != "streamed"


# One stream


def fail(client: ClientRecord, request: RequestRecord, failure: Failure) -> None:
    """Tell a request that runs how it ended, and let others go on."""
    conn = request.conn
    del client.running[request.id]
    client.books.fail(request, failure)
    if conn is not None:
        left(client, conn)
    client.resume()


def give_up(client: ClientRecord, request: RequestRecord, failure: Failure) -> None:
    """Reset the stream of a request that is not wanted any more, and tell it.

    undici says NO_ERROR, which is what its ``stream.close()`` comes to. Of an upload that is under
    way it says nothing at all, for Node waits for an end of the body that undici keeps from coming:
    the server's stream stays open for good. That is not imitated: CANCEL is said, as in kind "h2".
    """
    conn = request.conn
    if conn is not None and conn.session is not None and is_alive(conn, conn.session):
        is_plain = request.is_sent and client.options.kind != "h2"
        reset(client, request, NO_ERROR if is_plain else CANCEL)
    fail(client, request, failure)


def reset(client: ClientRecord, request: RequestRecord, code: int) -> None:
    """Have a stream reset by us."""
    assert request.conn is not None, "a request without a stream"
    client.books.commands.append(Reset(request.conn.id, request.id, request.stream, code))


def is_alive(conn: ConnRecord, session: Session) -> bool:
    """Say whether anything that comes on it, or is said on it, counts."""
    return not (conn.is_going or session.is_broken)


def was_reset(client: ClientRecord, request: RequestRecord, code: int) -> None:
    """The peer reset a stream: a refusal has one retry, in the same session."""
    conn = request.conn
    if (
        code == REFUSED_STREAM
        and conn is not None
        and not request.was_refused
        and can_be_replayed(request)
    ):
        request.was_refused = True
        put_back(client, [request], conn, CloseReason.REFUSED)
        left(client, conn)
        client.resume()
    else:
        fail(client, request, _failure_of(request, code))


def _failure_of(request: RequestRecord, code: int) -> Failure:
    """Give the error of a stream that the peer reset.

    undici takes a response for complete that NO_ERROR ends inside a body of unknown length. That is
    not imitated: nobody can tell it from one that is cut off.
    """
    if not request.is_sent:
        return failures.PREMATURE_CLOSE
    if code == NO_ERROR and not request.has_begun:
        return failures.HALF_CLOSED
    if request.has_length:
        return failures.LENGTH_MISMATCH
    if code in (NO_ERROR, CANCEL):
        return failures.CLOSED_EARLY
    return failures.stream_error(code)


# All of a session


def left(client: ClientRecord, conn: ConnRecord) -> None:
    """A stream is over: a session that is only finished is closed with its last one."""
    if conn.state is ConnState.LEAVING and client.front(conn) is None:
        assert conn.close_reason is not None, "a session leaves without a reason"
        client.books.begin_closing(conn, failures.SOCKET_CLOSED, conn.close_reason)


def leave(client: ClientRecord, conn: ConnRecord, reason: CloseReason) -> None:
    """Have a session finish what runs on it, and be the client's no more."""
    conn.move(ConnState.LEAVING)
    conn.close_reason = reason
    assert conn.session is not None, "only a session leaves"
    conn.session.has_left = True
    conn.session.stop()
    client.conn = None


def drop(client: ClientRecord, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
    """End a session that is of no use, and look for another before its close is seen."""
    if client.conn is conn:
        client.conn = None
    close(client, conn, failure, reason)


def close(client: ClientRecord, conn: ConnRecord, failure: Failure, reason: CloseReason) -> None:
    """End a session's connection; what runs on it fails a tick later.

    After a GOAWAY a RST is no error to Node, and the streams merely end.
    """
    breaks = reason is CloseReason.PROTOCOL_ERROR and conn.state is ConnState.UP
    if breaks and not client.is_h2_alone:
        _break(client, conn, failure)
        return
    is_leaving = conn.state is ConnState.LEAVING
    if is_leaving and failure.code == "ECONNRESET":
        failure = failures.CLOSED_EARLY
    client.books.begin_closing(conn, failure, reason)
    client.books.ticks.append(partial(_lost, client, conn, failure))


def _lost(client: ClientRecord, conn: ConnRecord, failure: Failure) -> None:
    """Tell those that ran, then the client; who asks from now on has another session dialled."""
    spares = client.is_h2_alone and client.front(conn) is not None
    _fail_running(client, conn, failure)
    if conn.session is not None and not (conn.session.has_left or spares):
        client.on_error(failure)
    if client.conn is conn:
        client.conn = None


def _fail_running(client: ClientRecord, conn: ConnRecord, failure: Failure) -> None:
    fail_all(client, running_on(client, conn), failure)


def fail_all(client: ClientRecord, requests: Sequence[RequestRecord], failure: Failure) -> None:
    """Fail requests that run, one after the other: what one leads to may end another.

    A body whose length was said is cut short before it is anything else, and an upload that merely
    ends has ended too early.
    """
    for request in requests:
        if request.id not in client.running:
            continue
        if request.has_length:
            fail(client, request, failures.LENGTH_MISMATCH)
        elif failure is failures.CLOSED_EARLY and not request.is_sent:
            fail(client, request, failures.PREMATURE_CLOSE)
        else:
            fail(client, request, failure)


def _break(client: ClientRecord, conn: ConnRecord, failure: Failure) -> None:
    """The peer broke the protocol: all that run fail, and all that wait with them.

    Node writes its GOAWAY before it closes. Until then undici takes the session for one that can
    be written to, and each request that it is given fails: the queue is burnt to its end.
    """
    assert conn.session is not None, "only a session speaks HTTP/2"
    if conn.session.is_broken:
        return
    conn.session.is_broken = True
    conn.session.stop()
    conn.idle_until = None
    client.books.ticks.append(partial(_fail_running, client, conn, failure))
    client.books.immediates.append(partial(_end_broken, client, conn, failure))


def _end_broken(client: ClientRecord, conn: ConnRecord, failure: Failure) -> None:
    if conn.state is ConnState.UP:
        client.books.begin_closing(conn, failure, CloseReason.PROTOCOL_ERROR)
        client.books.ticks.append(partial(client.on_error, failure))
