"""Requests that ran, and are to be sent again: they go before all that wait, in their order.

Source: undici 8.12.4: onHttpSocketClose of client-h1.js; onHttp2SessionGoAway and
requeueStreamRequest of client-h2.js.
"""

from __future__ import annotations

from collections.abc import Sequence

from pooltop.core.events import RequestRequeued
from pooltop.core.states import CloseReason
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.states import ReqState


def put_back(
    client: ClientRecord, requests: Sequence[RequestRecord], conn: ConnRecord, reason: CloseReason
) -> None:
    """Have requests wait in the client that ran on a connection.

    One that was given up meanwhile keeps its place until its turn, and is dropped then.
    """
    books = client.books
    for request in reversed(requests):
        del client.running[request.id]
        client.pending[request.id] = request
        client.pending.move_to_end(request.id, last=False)
    for request in requests:
        request.was_requeued = True
        request.conn = None
        if not request.is_done:
            request.move(ReqState.PENDING)
            request.place = client
            books.events.append(RequestRequeued(books.now, client.key, request.id, conn.id, reason))
    for request in reversed(requests):
        if not request.is_done:
            books.wait_again(request)
