"""A GOAWAY: the streams that it takes are finished, the others are sent again, and nothing is new.

The session is no longer the client's at once, and the client has told its ``disconnect``, while
streams go on in it. What is to be sent again waits for the next session; and as the client has none
then, its ceiling is ``pipelining``: normally nothing is dialled before the last stream is over.
With more than 1 there may be two sessions at a time; undici then takes the streams of both for
those of the newer one, where it loses that or gets a GOAWAY there. Here each has its own.

Each request is sent again once (RFC 9113, 8.7), and only if its response has not begun and its body
is in hand; in kind "h2" only sessions that took nothing count. A second GOAWAY is not looked at by
undici; but nghttp2 refuses the streams that it leaves out, one by one, so they have the retry of a
refusal, and come back in turned order.

A GOAWAY with an error ends the session at once, be it the first or a later one: the streams that it
takes fail, too.

Source: undici 8.12.4 lib/dispatcher/client-h2.js: onHttp2SessionGoAway, retryUnsentStream; Node 24
lib/internal/http2/core.js: onGoawayData; nghttp2: nghttp2_session_close_stream_on_goaway.
"""

from __future__ import annotations

from pooltop.core.events import SessionGoingAway
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures, streams
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.requeue import put_back
from pooltop.core.undici.session import LAST_STREAM, NO_ERROR, REFUSED_STREAM, Session


def came(
    client: ClientRecord, conn: ConnRecord, session: Session, *, code: int, last_stream: int
) -> None:
    """The peer takes no stream above one; those are over, and no RST_STREAM is said of them."""
    running = streams.running_on(client, conn)
    _tell(client, conn, code, last_stream, len(running))
    left_out = [request for request in running if request.stream > last_stream]
    if session.has_goaway:
        if code != NO_ERROR:
            streams.close(client, conn, failures.session_error(code), CloseReason.GOAWAY)
            return
        for request in left_out:
            streams.was_reset(client, request, REFUSED_STREAM)
        return
    session.has_goaway = True
    failure = failures.left_out(code)
    replayed = []
    for request in left_out:
        if _takes_retry(client, request, took_some=last_stream > 0):
            request.holds_old_stream = True
            replayed.append(request)
        else:
            del client.running[request.id]
            client.books.fail(request, failure)
    put_back(client, replayed, conn, CloseReason.GOAWAY)
    streams.leave(client, conn, CloseReason.GOAWAY)
    client.owner.on_disconnect(client, failure)
    client.resume()
    if code != NO_ERROR:
        streams.close(client, conn, failures.session_error(code), CloseReason.GOAWAY)
    else:
        streams.left(client, conn)


def _tell(
    client: ClientRecord, conn: ConnRecord, code: int, last_stream: int, running: int
) -> None:
    books = client.books
    books.events.append(
        SessionGoingAway(books.now, client.key, conn.id, code, last_stream, running)
    )


def _takes_retry(client: ClientRecord, request: RequestRecord, *, took_some: bool) -> bool:
    """Use up the one retry of a request that a GOAWAY leaves out, if it may be sent again.

    In kind "h2" what a server has not looked at can be sent again as often as it takes, and no
    retry is used up as long as each session takes some streams: one that takes none could have us
    dial for ever.
    """
    if not streams.can_be_replayed(request):
        return False
    if client.is_h2_alone and took_some:
        return True
    may_retry = not request.was_left_out
    request.was_left_out = True
    return may_retry


def unsent(client: ClientRecord, request: RequestRecord) -> None:
    """The head of a request never left: a GOAWAY came before it."""
    conn = request.conn
    assert conn is not None, "a request without a stream"
    assert conn.session is not None, "only a session has streams"
    if conn.session.has_goaway and _takes_retry(client, request, took_some=False):
        put_back(client, [request], conn, CloseReason.GOAWAY)
        streams.left(client, conn)
        client.resume()
    else:
        streams.fail(client, request, failures.NEVER_SENT)


def used_up(client: ClientRecord, conn: ConnRecord) -> None:
    """The last number for a stream is given: finish what runs, and go on in another session.

    undici does not: there each further request fails with ERR_HTTP2_OUT_OF_STREAMS, for as long as
    the session is in use.
    """
    _tell(client, conn, NO_ERROR, LAST_STREAM, len(streams.running_on(client, conn)))
    streams.leave(client, conn, CloseReason.STREAM_IDS)
    client.owner.on_disconnect(client, failures.left_out(NO_ERROR))
    streams.left(client, conn)
