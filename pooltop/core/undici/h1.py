"""HTTP/1.1 on a client's connection: what may be written next, and what a response does to it.

A connection takes a request while it is not *busy*: no streamed body is on its way, no response
holds up the rest, it is not to be closed after what runs, and, if it was idle, one turn of the loop
has shown that nothing came in meanwhile. What is lost with it is only the request at its front.

Source: undici 8.12.4 lib/dispatcher/client-h1.js.
"""

from __future__ import annotations

import math
from functools import partial

from pooltop.core.commands import Send
from pooltop.core.events import RequestEnded
from pooltop.core.states import AssignReason, CloseReason
from pooltop.core.undici import failures
from pooltop.core.undici.assigning import assign
from pooltop.core.undici.books import NO_LIFE
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.states import Clock, IdleCheck
from pooltop.core.undici.timers import FastTimer

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_HEADERS = Clock.HEADERS
_BODY = Clock.BODY
_KEEP_ALIVE = Clock.KEEP_ALIVE
_PIPELINED = AssignReason.PIPELINED
_SURPLUS = CloseReason.SURPLUS
_UNDER_WAY = IdleCheck.UNDER_WAY
_NOT_MADE = IdleCheck.NOT_MADE


def is_busy(client: ClientRecord, conn: ConnRecord, request: RequestRecord | None) -> bool:
    """Say whether nothing can be written, or this request cannot."""
    if conn.is_writing or conn.reset is not None or conn.is_blocking or conn.check is _UNDER_WAY:
        return True
    if request is None or not client.running:
        return False
    ask = request.ask
    # What may not be had twice, or could break what runs before it, waits until nothing runs.
    return not ask.idempotent or ask.switches or ask.body == "streamed"


def resume(client: ClientRecord, conn: ConnRecord) -> None:
    """See to the clocks of a connection, and have one that was idle looked at (resumeH1)."""
    if conn.is_going:
        return
    if not client.running:
        if client.pending:
            if conn.was_idle and conn.check is _NOT_MADE:
                conn.check = _UNDER_WAY
                client.books.immediates.append(partial(_checked, client, conn))
        elif conn.clock is not _KEEP_ALIVE:
            _keep_for(client, conn)
    elif not conn.has_head and conn.clock is not _HEADERS:
        front = client.front(conn)
        if front is not None:
            own = front.ask.headers_ms
            _set(client, conn, client.options.headers_timeout if own is None else own, _HEADERS)


def _checked(client: ClientRecord, conn: ConnRecord) -> None:
    """What the kernel held was read, and the connection is still there."""
    if client.conn is conn and not conn.is_going:
        conn.check = IdleCheck.MADE
        client.resume()


def write(client: ClientRecord, conn: ConnRecord, request: RequestRecord) -> bool:
    """Write a request, which may take it that it is not busy.

    Returns:
        It runs. False if it was given up while it waited: it is told now, at its turn, and takes
        the connection along.
    """
    conn.check = _NOT_MADE
    if request.aborted is not None:
        client.books.fail(request, request.aborted)
        client.end_connection(conn, failures.WAS_ABORTED, CloseReason.ABORTED)
        return False
    ask = request.ask
    options = client.options
    if ask.is_head or ask.switches:
        conn.reset = CloseReason.RESET
    if ask.reset is not None:
        conn.reset = CloseReason.RESET if ask.reset else None
    most = options.max_requests_per_client
    if most and conn.carried + 1 >= most:
        conn.reset = CloseReason.MAX_REQUESTS
    if ask.blocking:
        conn.is_blocking = True
    closes = not client.pipelining or conn.reset is not None
    if ask.body != "none":
        conn.is_writing = ask.body == "streamed"
        if not ask.expects_payload and ask.reset is not False:
            # A body that its method does not expect may be read as the next request.
            conn.reset = conn.reset or CloseReason.RESET
    assign(client, conn, request, beside=_PIPELINED)
    client.books.commands.append(Send(conn.id, request.id, close=closes))
    return True


def on_sent(client: ClientRecord, conn: ConnRecord) -> None:
    """All of a streamed body is with the kernel."""
    if not conn.is_writing:
        return
    conn.is_writing = conn.is_full = False
    if not conn.is_going:
        _refresh_headers(client, conn)
        client.resume()


def on_written(client: ClientRecord, conn: ConnRecord, *, is_full: bool) -> None:
    """The kernel takes no more of it for now, which is a sign of life, or does again."""
    conn.is_full = is_full
    if is_full:
        _refresh_headers(client, conn)


def on_head(
    client: ClientRecord,
    conn: ConnRecord,
    request: RequestRecord,
    *,
    status: int,
    keep: bool,
    hint_s: float | None,
    odd_length: bool,
) -> None:
    """The head of a response came, an interim one too: that also says how long to keep."""
    if status == 100 or (status == 101 and not request.ask.switches):
        # Nobody asked for either.
        bad = failures.BAD_RESPONSE if status == 100 else failures.BAD_UPGRADE
        client.end_connection(conn, bad, CloseReason.PROTOCOL_ERROR)
        return
    conn.keep = keep and not odd_length
    if status >= 200:
        own = request.ask.body_ms
        _set(client, conn, client.options.body_timeout if own is None else own, _BODY)
    else:
        _refresh_headers(client, conn)
    _read_hint(client, conn, hint_s)
    if status < 200:
        return
    conn.has_head = True
    if conn.is_blocking and not request.ask.is_head:
        conn.is_blocking = False
        client.resume()


def _read_hint(client: ClientRecord, conn: ConnRecord, hint_s: float | None) -> None:
    options = client.options
    if not conn.keep or not client.pipelining:
        why = CloseReason.KEEP_ALIVE_OFF if conn.keep else CloseReason.RESET
        conn.reset = conn.reset or why
    elif hint_s is None:
        client.keep_alive_ms = options.keep_alive_timeout
    else:
        most = options.keep_alive_max_timeout
        kept_ms = min(hint_s * 1000 - options.keep_alive_timeout_threshold, most)
        if kept_ms <= 0:
            conn.reset = CloseReason.HINT_TOO_SHORT
        else:
            client.keep_alive_ms = kept_ms


def on_end(
    client: ClientRecord, conn: ConnRecord, request: RequestRecord, reason: CloseReason | None
) -> None:
    """A response is complete.

    Args:
        client: whose.
        conn: on which.
        request: at its front.
        reason: why the connection cannot be kept, in the codec's words; None if it can.
    """
    books = client.books
    del client.running[request.id]
    books.events.append(RequestEnded(books.now, request.key, request.id, conn.id))
    books.settle(request)
    conn.has_head = False
    conn.was_idle = not client.pending
    if conn.is_writing or not conn.keep or (conn.reset is not None and client.front(conn) is None):
        why = reason or conn.reset or CloseReason.RESET
        client.end_connection(conn, failures.RESET, why)
    elif reason is _SURPLUS:
        # undici writes the next request first, and takes what is there for its answer.
        client.end_connection(conn, failures.BAD_RESPONSE, _SURPLUS)
    elif client.pipelining == 1:
        # A turn for servers that close although they said they would not.
        books.immediates.append(client.resume)
    else:
        client.resume()


def _keep_for(client: ClientRecord, conn: ConnRecord) -> None:
    books = client.books
    _clear(client, conn)
    conn.clock = _KEEP_ALIVE
    conn.timer_ms = client.keep_alive_ms
    conn.idle_until = books.now + client.keep_alive_ms / 1000
    books.wake(conn.idle_until)


def _set(client: ClientRecord, conn: ConnRecord, delay_ms: float, clock: Clock) -> None:
    """Run the clock of heads or of bodies; the same delay is the same timer (setTimeout)."""
    books = client.books
    conn.idle_until = None
    conn.clock = clock
    conn.timer_ms = delay_ms
    if not delay_ms:
        _clear(client, conn)
        return
    if conn.timer is None:
        conn.timer = FastTimer(partial(_run_out, client, conn), partial(_last_life, client, conn))
    books.clock.set(conn.timer, delay_ms, books.now)


def _clear(client: ClientRecord, conn: ConnRecord) -> None:
    if conn.timer is not None:
        client.books.clock.clear(conn.timer)


def _refresh_headers(client: ClientRecord, conn: ConnRecord) -> None:
    if conn.clock is _HEADERS and conn.timer_ms and conn.timer is not None:
        client.books.clock.refresh(conn.timer, client.books.now)


def _last_life(client: ClientRecord, conn: ConnRecord) -> float:
    """Say when an octet of a body last came: that clock alone is set again by what comes."""
    if conn.clock is not _BODY or not conn.has_head:
        return NO_LIFE
    front = client.front(conn)
    return client.books.quiet_since(conn.id, None if front is None else front.id)


def _run_out(client: ClientRecord, conn: ConnRecord) -> None:
    """The clock of heads or of bodies ran out."""
    if conn.is_going:
        return
    if conn.clock is _BODY:
        client.end_connection(conn, failures.BODY_TIMEOUT, CloseReason.TIMED_OUT)
    elif not conn.is_writing or conn.is_full or len(client.running) > 1:
        # One whose caller has more of the body to give is not late: it is set again at its end.
        client.end_connection(conn, failures.HEADERS_TIMEOUT, CloseReason.TIMED_OUT)


def next_idle(conn: ConnRecord) -> float:
    """Give the second at which it is closed if nothing happens; inf for never."""
    return math.inf if conn.idle_until is None else conn.idle_until
