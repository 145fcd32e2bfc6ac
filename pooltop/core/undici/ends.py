"""Requests that are given up: by their caller, by an operator, or by a clock of pooltop's own.

The functions are inputs of ``UndiciCore``, which has them as its methods.

Source: undici 8.12.4 lib/core/request.js, lib/api/api-request.js, writeH1 of client-h1.js for
``abort``; the others are pooltop's own.
"""

from __future__ import annotations

from pooltop.core.events import RequestAborted
from pooltop.core.model import OriginKey, RequestId
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.core.undici.books import Books
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.failures import ABORTED


def abort(
    books: Books,
    request: RequestId,
    *,
    now: float,
    code: str = ABORTED.code,
    message: str = ABORTED.message,
) -> None:
    """The caller gives a request up. Late, or a second time: nothing.

    One that waits is told at its turn, and costs the connection that it would have been sent on;
    HTTP/2 costs it nothing. One that runs is told at once, and its connection goes, or its stream.
    One that ran and waits again is told at once as well, and costs nothing: it keeps its place
    until its turn.

    But if a GOAWAY left its stream out and nothing runs, undici fails all that wait in its client
    with it: it closes the stream once more, takes the abort for an error of that, and finds nobody
    else to blame (abort of writeH2, onError). Not so in kind "h2".
    """
    books.now = now
    record = books.requests.get(request)
    if record is None or record.aborted is not None:
        return
    failure = Failure(code, message)
    if record.conn is not None:
        record.conn.client.give_up(record, failure, CloseReason.ABORTED)
    elif record.was_requeued:
        books.fail(record, failure)
        client = record.place
        if record.holds_old_stream and isinstance(client, ClientRecord) and not client.is_h2_alone:
            client.on_error(failure)
            client.resume()
    else:
        record.aborted = failure
        books.events.append(RequestAborted(now, record.key, request))


def cancel(
    books: Books, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """An operator gives a request up: it fails and gives its place up at once."""
    _end(books, request, CloseReason.ABORTED, Failure(code, message, outcome), now)


def time_out(
    books: Books, request: RequestId, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """One of pooltop's own clocks ran out: likewise."""
    _end(books, request, CloseReason.TIMED_OUT, Failure(code, message, outcome), now)


def clear_queue(
    books: Books, key: OriginKey, *, now: float, code: str, message: str, outcome: str = ""
) -> None:
    """An operator gives up every request that waits for an origin."""
    books.now = now
    failure = Failure(code, message, outcome)
    # The last first: one at the head that goes would let the next run.
    for record in reversed(list(books.waiting.get(key, {}).values())):
        if record.waited_at is not None:
            books.withdraw(record, failure)


def _end(
    books: Books, request: RequestId, reason: CloseReason, failure: Failure, now: float
) -> None:
    books.now = now
    record = books.requests.get(request)
    if record is None:
        return
    if record.conn is not None:
        record.conn.client.give_up(record, failure, reason)
    else:
        books.withdraw(record, failure)
