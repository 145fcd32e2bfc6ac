"""HTTP/2 on a client's connection: what may be opened next, and what a response does to it.

Every request has a stream of its own, numbered 1, 3, 5 and so on. As many run at a time as we allow
ourselves and the peer does; nothing else holds one up, neither its method nor its body. Until the
peer's SETTINGS are there, one may run.

The ceiling that the SETTINGS leave is the client's, and outlives the session: the next one begins
with it. If that is 0, nothing is sent on the next session either before its own SETTINGS come.

Source: undici 8.12.4 lib/dispatcher/client-h2.js: busy, resumeH2, writeH2, onHttp2RemoteSettings,
onResponse, completeRequestStream.
"""

from __future__ import annotations

import math
from functools import partial

from pooltop.core.commands import Send
from pooltop.core.events import RequestEnded, StreamsAllowed
from pooltop.core.states import AssignReason
from pooltop.core.undici import failures, goaway, session_clocks, streams
from pooltop.core.undici.assigning import assign
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.session import LAST_STREAM, NO_ERROR, Session

_STREAM = AssignReason.STREAM
"""Not looked up through the enum's metaclass for every request."""


def is_busy(client: ClientRecord, session: Session, request: RequestRecord | None = None) -> bool:
    """Say whether no stream can be opened, or none for this request."""
    running = len(client.running)
    if running and not session.has_settings:
        return True
    if session.probe_until != math.inf:
        return True
    most = client.max_streams
    if most is not None and running >= most:
        return True
    if request is None or session.has_settings or not request.ask.switches:
        return False
    # Whether there are websockets and a CONNECT for them, only the SETTINGS say.
    return request.ask.upgrade in ("", "websocket")


def resume(client: ClientRecord, conn: ConnRecord, session: Session) -> None:
    """See to the clocks of a session, and leave one that has no numbers for streams left."""
    if conn.is_going or session.is_broken:
        return
    if session.next_stream > LAST_STREAM and client.pending:
        goaway.used_up(client, conn)
    else:
        session_clocks.look(client, conn, session)


def write(client: ClientRecord, conn: ConnRecord, session: Session, request: RequestRecord) -> bool:
    """Open a stream for a request, which may take it that it is not busy.

    Returns:
        It runs. False if it was given up while it waited, or cannot be sent over HTTP/2: it is told
        now, at its turn, and costs nothing.
    """
    books = client.books
    ask = request.ask
    if ask.switches or request.aborted is not None:
        books.fail(request, failures.of_unsent(ask.upgrade, request.aborted))
        return False
    stream = None if session.is_broken else session.next_stream
    assign(client, conn, request, beside=_STREAM, stream=stream)
    if session.is_broken:
        books.ticks.append(partial(_fail, client, request))
        return True
    request.holds_old_stream = False
    request.stream = session.next_stream
    session.next_stream += 2
    if ask.body == "streamed":
        request.is_sent = False
    session_clocks.watch(client, session, request)
    books.commands.append(Send(conn.id, request.id, stream=request.stream))
    return True


def _fail(client: ClientRecord, request: RequestRecord) -> None:
    """Fail a request that was given to a session which takes nothing any more."""
    streams.fail_all(client, [request], failures.INVALID_SESSION)


def on_settings(
    client: ClientRecord, conn: ConnRecord, session: Session, max_streams: int | None
) -> None:
    """The peer says how many streams it allows: at first, and whenever it says so again."""
    session.peer_streams = max_streams
    session.has_settings = True
    _allow(client, conn, session)
    client.resume()


def on_own_limit(client: ClientRecord) -> None:
    """Our own limit is another one: mode "drain" has it hold at once, for a session that is there.

    Without one it is what the last session had that counts, until the SETTINGS of the next.
    """
    conn = client.conn
    session = None if conn is None else conn.session
    if conn is not None and session is not None and session.has_settings:
        _allow(client, conn, session)
    elif client.max_streams is not None:
        client.max_streams = min(client.max_streams, client.options.max_concurrent_streams)


def _allow(client: ClientRecord, conn: ConnRecord, session: Session) -> None:
    """Let run what both sides allow.

    undici goes by what a session says that leaves, too. Kind "h2" does not: it has another by then.
    """
    books = client.books
    own, peer = client.options.max_concurrent_streams, session.peer_streams
    if not (session.has_left and client.is_h2_alone):
        client.max_streams = own if peer is None else min(peer, own)
    books.events.append(StreamsAllowed(books.now, client.key, conn.id, own, peer))


def on_sent(client: ClientRecord, request: RequestRecord) -> None:
    """All of a streamed body is with the kernel."""
    request.is_sent = True
    client.resume()


def on_head(
    client: ClientRecord,
    session: Session,
    request: RequestRecord,
    *,
    status: int,
    has_length: bool,
) -> None:
    """The head of a response came. An interim one is a sign of life, and nothing else."""
    if status >= 200:
        request.has_begun = True
        request.has_length = has_length
        session_clocks.watch(client, session, request)


def on_end(client: ClientRecord, conn: ConnRecord, request: RequestRecord) -> None:
    """A response is complete. What is left of its request's body is not sent."""
    books = client.books
    if not request.is_sent:
        streams.reset(client, request, NO_ERROR)
    del client.running[request.id]
    books.events.append(RequestEnded(books.now, request.key, request.id, conn.id))
    books.settle(request)
    streams.left(client, conn)
    client.resume()
