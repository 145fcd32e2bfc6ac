"""A request that was waiting begins to run on a connection: what its books and its user hear."""

from __future__ import annotations

from pooltop.core.events import RequestAssigned
from pooltop.core.states import AssignReason
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord

# An enum's member is looked up through its metaclass (0.1 us in Python 3.11); these are not.
_NEW = AssignReason.NEW
_REPLAYED = AssignReason.REPLAYED
_REUSED = AssignReason.REUSED


def assign(
    client: ClientRecord,
    conn: ConnRecord,
    request: RequestRecord,
    *,
    beside: AssignReason,
    stream: int | None = None,
) -> None:
    """Have a request run on its client's connection, and say why on that one.

    Args:
        client: in which it waits.
        conn: that the client has.
        request: which.
        beside: what it is called where others run there.
        stream: HTTP/2: the stream that it gets; None for none.
    """
    books = client.books
    if request.was_requeued:
        why = _REPLAYED
    elif not conn.carried:
        why = _NEW
    else:
        why = beside if client.running else _REUSED
    waited = 0.0 if request.waited_at is None else books.now - request.submitted_at
    books.wait_no_more(request)
    client.run(request, conn)
    books.events.append(
        RequestAssigned(
            books.now,
            request.key,
            request.id,
            conn.id,
            why,
            conn.carried,
            waited,
            books.older_waiting(request),
            client=client.id,
            stream=stream,
        )
    )
