"""What a request waits for that is in a client's queue, in the order in which undici asks."""

from __future__ import annotations

from pooltop.core.states import QueueReason
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import RequestRecord
from pooltop.core.undici.states import IdleCheck


def why(client: ClientRecord, request: RequestRecord) -> QueueReason:
    """Say what stands before a request that waits in a client.

    One that is not at the head waits for what the head waits for.
    """
    conn = client.conn
    if conn is None:
        return QueueReason.CONNECTING
    if conn.is_going or conn.reset is not None:
        return QueueReason.CLOSING
    if len(client.running) >= client.ceiling:
        return QueueReason.PIPELINING
    if conn.is_writing:
        return QueueReason.STREAMED_BODY
    if conn.is_blocking:
        return QueueReason.BLOCKING
    if conn.check is IdleCheck.UNDER_WAY or not client.running:
        return QueueReason.IDLE_CHECK
    head = next(iter(client.pending.values()), request)
    if head.ask.switches:
        return QueueReason.SWITCHES
    if head.ask.body == "streamed":
        return QueueReason.STREAMED_BODY
    return QueueReason.NOT_IDEMPOTENT
