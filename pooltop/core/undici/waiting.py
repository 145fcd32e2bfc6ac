"""What a request waits for that is in a client's queue, in the order in which undici asks."""

from __future__ import annotations

import math

from pooltop.core.states import QueueReason
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.session import Session
from pooltop.core.undici.states import IdleCheck


def why(client: ClientRecord, request: RequestRecord) -> QueueReason:
    """Say what stands before a request that waits in a client.

    One that is not at the head waits for what the head waits for.
    """
    conn = client.conn
    if conn is None:
        # Streams that run without a connection are those that a GOAWAY left to be finished.
        return QueueReason.CLOSING if client.running else QueueReason.CONNECTING
    if conn.is_going:
        return QueueReason.CLOSING
    if conn.session is not None:
        return _why_no_stream(client, conn.session)
    return _why_not_written(client, conn, request)


def _why_no_stream(client: ClientRecord, session: Session) -> QueueReason:
    if session.is_broken:
        return QueueReason.CLOSING
    if session.probe_until != math.inf:
        return QueueReason.LIVENESS_CHECK
    if client.max_streams == 0:
        return QueueReason.NO_STREAMS
    if not session.has_settings:
        return QueueReason.SETTINGS
    own, peer = client.options.max_concurrent_streams, session.peer_streams
    is_peers = peer is not None and peer < own
    return QueueReason.PEER_STREAMS if is_peers else QueueReason.OWN_STREAMS


def _why_not_written(client: ClientRecord, conn: ConnRecord, request: RequestRecord) -> QueueReason:
    if conn.reset is not None:
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
