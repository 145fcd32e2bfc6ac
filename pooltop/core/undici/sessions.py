"""What a peer says of an HTTP/2 session, and of a stream other than its response.

The functions are inputs of ``UndiciCore``, which has them as its methods. What comes late, of a
connection that is closing or of a request that does not run, is nothing.

Source: undici 8.12.4 lib/dispatcher/client-h2.js.
"""

from __future__ import annotations

from typing import NamedTuple

from pooltop.core.model import RequestId, SocketId
from pooltop.core.records import Failure
from pooltop.core.undici import goaway, h2, session_clocks, streams
from pooltop.core.undici.books import Books
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.session import Session


class _Found(NamedTuple):
    client: ClientRecord
    conn: ConnRecord
    session: Session


def settings(books: Books, socket: SocketId, *, now: float, max_streams: int | None) -> None:
    """The peer's SETTINGS came: at first, and whenever it says so again.

    Args:
        books: the core.
        socket: whose.
        now: monotonic seconds.
        max_streams: what it allows from now on (SETTINGS_MAX_CONCURRENT_STREAMS, which stays as it
            was where a later frame does not name it); None if it never said.
    """
    books.now = now
    found = _session(books, socket)
    if found is not None:
        h2.on_settings(*found, max_streams)


def goaway_received(
    books: Books, socket: SocketId, *, now: float, code: int, last_stream: int
) -> None:
    """The peer takes no more streams.

    Args:
        books: the core.
        socket: whose.
        now: monotonic seconds.
        code: RFC 9113, 7; 0 is no error.
        last_stream: the highest stream that it takes. Those above are over: the shell says no
            RST_STREAM of them, and hears here what becomes of their requests.
    """
    books.now = now
    found = _session(books, socket)
    if found is not None:
        goaway.came(*found, code=code, last_stream=last_stream)


def stream_reset(books: Books, request: RequestId, *, now: float, code: int) -> None:
    """The peer reset a request's stream before its response was complete.

    Args:
        books: the core.
        request: whose.
        now: monotonic seconds.
        code: RFC 9113, 7.
    """
    books.now = now
    running = _running(books, request)
    if running is not None:
        streams.was_reset(*running, code)


def stream_failed(
    books: Books, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """A request's stream is over, for the peer broke a rule on it: RST_STREAM was said already."""
    books.now = now
    running = _running(books, request)
    if running is not None:
        streams.fail(*running, Failure(code, message, outcome))


def stream_unsent(books: Books, request: RequestId, *, now: float) -> None:
    """The head of a request never left, for a GOAWAY came before it."""
    books.now = now
    running = _running(books, request)
    if running is not None:
        goaway.unsent(*running)


def ping_acked(books: Books, socket: SocketId, *, now: float, rtt_s: float) -> None:
    """The peer answered the oldest PING that was not answered yet."""
    books.now = now
    found = _session(books, socket)
    if found is not None:
        session_clocks.answered(*found, rtt_s)


def _session(books: Books, socket: SocketId) -> _Found | None:
    """Give a session on which something that comes counts."""
    conn = books.conns.get(socket)
    if conn is None or conn.session is None or not streams.is_alive(conn, conn.session):
        return None
    assert isinstance(conn.client, ClientRecord)
    return _Found(conn.client, conn, conn.session)


def _running(books: Books, request: RequestId) -> tuple[ClientRecord, RequestRecord] | None:
    record = books.requests.get(request)
    if record is None or record.conn is None:
        return None
    found = _session(books, record.conn.id)
    return None if found is None else (found.client, record)
