"""The clocks of an HTTP/2 session. They are Node's own, and exact; those of HTTP/1.1 are coarse.

- A stream may be silent for ``headers_timeout``, or ``body_timeout`` once its response has begun,
  from its own last sign of life. If it is for longer, it fails alone; but it may be that the whole
  connection is dead, so a PING asks, and nothing is sent until it is answered. If it is not, within
  the same time and a second at least, the session is dropped.
- A session on which nothing runs, and for which nothing waits, is closed after
  ``keep_alive_timeout``; no hint of the server's changes that.
- If the peer allows no streams, those who wait fail after ``headers_timeout``.
- A PING goes out every ``ping_interval``, whether or not anything runs. undici does nothing about
  one that is not answered; ``ping_timeout`` is pooltop's own, and drops the session.

Source: undici 8.12.4 lib/dispatcher/client-h2.js: onTimeout, probeHttp2Session,
setHttp2IdleTimeout, setNoStreamsTimeout, onHttp2SendPing.
"""

from __future__ import annotations

import math
from typing import Final

from pooltop.core.commands import Ping
from pooltop.core.events import SessionPinged
from pooltop.core.states import CloseReason
from pooltop.core.undici import failures, streams
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.session import MOST_PINGS, Asked, Session
from pooltop.core.undici.states import ConnState

LEAST_PROBE_MS: Final = 1000
"""A live peer may take so long to answer on a busy loop (MIN_PROBE_TIMEOUT)."""


def begin(client: ClientRecord, session: Session) -> None:
    """Have a new session pinged from now on."""
    interval_ms = client.options.ping_interval
    if interval_ms:
        session.ping_at = client.books.now + interval_ms / 1000
        client.books.wake(session.ping_at)


def watch(client: ClientRecord, session: Session, request: RequestRecord) -> None:
    """Set the clock of a stream: of heads, or of bodies once the head has come."""
    now = request.clock_at = client.books.now
    limit_ms = _limit_ms(client, request)
    if limit_ms and now + limit_ms / 1000 < session.streams_at:
        session.streams_at = now + limit_ms / 1000
        client.books.wake(session.streams_at)


def _limit_ms(client: ClientRecord, request: RequestRecord) -> float:
    ask, options = request.ask, client.options
    if request.has_begun:
        return options.body_timeout if ask.body_ms is None else ask.body_ms
    return options.headers_timeout if ask.headers_ms is None else ask.headers_ms


def look(client: ClientRecord, conn: ConnRecord, session: Session) -> None:
    """Set or clear what depends on whether anything runs or waits (resumeH2)."""
    books = client.books
    if client.running or client.pending:
        conn.idle_until = None
    elif conn.idle_until is None:
        conn.idle_until = books.now + client.options.keep_alive_timeout / 1000
        books.wake(conn.idle_until)
    if client.max_streams != 0 or client.running or not client.pending:
        session.no_streams_until = math.inf
    elif session.no_streams_until == math.inf and client.options.headers_timeout:
        session.no_streams_until = books.now + client.options.headers_timeout / 1000
        books.wake(session.no_streams_until)


def next_due(conn: ConnRecord, session: Session, options: DispatcherOptions) -> float:
    """Give when ``expire`` is to be called for a session, or earlier; inf for never."""
    if conn.is_going or session.is_broken:
        return math.inf
    idle_until = math.inf if conn.idle_until is None else conn.idle_until
    return min(
        idle_until,
        session.streams_at,
        session.probe_until,
        session.no_streams_until,
        session.ping_at,
        _answer_due(session, options),
    )


def _answer_due(session: Session, options: DispatcherOptions) -> float:
    """Give when the oldest PING of the interval should have been answered."""
    oldest = next((asked.at for asked in session.pings if not asked.is_probe), math.inf)
    return oldest + options.ping_timeout / 1000


def expire(client: ClientRecord, conn: ConnRecord, session: Session) -> None:
    """Do what is due on a session. Early: nothing."""
    now = client.books.now
    if min(session.probe_until, _answer_due(session, client.options)) <= now:
        streams.drop(client, conn, failures.UNRESPONSIVE, CloseReason.UNRESPONSIVE)
    elif session.no_streams_until <= now:
        _allows_none(client, conn)
    elif conn.idle_until is not None and conn.idle_until <= now:
        streams.close(client, conn, failures.IDLE_TIMEOUT, CloseReason.IDLE_TIMEOUT)
    else:
        if session.streams_at <= now:
            _look_at_streams(client, conn, session)
        if session.ping_at <= now and conn.state is ConnState.UP:
            session.ping_at = now + client.options.ping_interval / 1000
            _ask(client, conn, session, is_probe=False)


def _allows_none(client: ClientRecord, conn: ConnRecord) -> None:
    failure = failures.no_streams(client.options.headers_timeout)
    for request in list(client.pending.values()):
        client.refuse(request, failure)
    streams.drop(client, conn, failure, CloseReason.NO_STREAMS)


def _look_at_streams(client: ClientRecord, conn: ConnRecord, session: Session) -> None:
    """End the streams that were silent for too long, and find out when the next may have been."""
    now, quiet_since = client.books.now, client.books.quiet_since
    session.streams_at = math.inf
    for request in streams.running_on(client, conn):
        limit_ms = _limit_ms(client, request)
        if not limit_ms or request.conn is not conn:
            continue
        due = max(request.clock_at, quiet_since(conn.id, request.id)) + limit_ms / 1000
        if due > now:
            session.streams_at = min(session.streams_at, due)
            continue
        if conn.state is ConnState.UP:
            # First: what the failing one makes room for is not to be sent before the answer.
            _probe(client, conn, session, limit_ms)
        failure = failures.stream_timeout(limit_ms, has_begun=request.has_begun)
        streams.give_up(client, request, failure)


def _probe(client: ClientRecord, conn: ConnRecord, session: Session, timeout_ms: float) -> None:
    if session.probe_until == math.inf:
        session.probe_until = client.books.now + max(timeout_ms, LEAST_PROBE_MS) / 1000
        _ask(client, conn, session, is_probe=True)


def _ask(client: ClientRecord, conn: ConnRecord, session: Session, *, is_probe: bool) -> None:
    if len(session.pings) < MOST_PINGS:
        session.pings.append(Asked(client.books.now, is_probe))
        client.books.commands.append(Ping(conn.id))


def answered(client: ClientRecord, conn: ConnRecord, session: Session, rtt_s: float) -> None:
    """The oldest PING was answered."""
    if not session.pings:
        return
    asked = session.pings.popleft()
    books = client.books
    books.events.append(SessionPinged(books.now, client.key, conn.id, rtt_s))
    if asked.is_probe and session.probe_until != math.inf:
        session.probe_until = math.inf
        client.resume()
