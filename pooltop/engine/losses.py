"""A socket that is of no further use: who hears of it, and what it takes with it.

The core says what becomes of its request and of the queue. What is said to the caller is found
here, where more is known than a code: the network's own error, or stale reuse. An error on a
socket with a request also costs its origin the TLS session.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.states import CloseReason
from pooltop.engine import stale_reuse
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from pooltop.core.records import SocketRecord
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell import PoolShell
    from pooltop.errors import RequestError

_SPOILS_THE_REQUEST = (CloseReason.CONNECT_FAILED, CloseReason.PROTOCOL_ERROR)
"""In Node these are the request's 'error', even after its response began."""


def lose(
    shell: PoolShell, connection: Connection, reason: CloseReason, error: RequestError | None
) -> None:
    """Take a socket from the pool, and give its request what it failed with.

    Args:
        shell: whose.
        connection: whose dial failed, or that broke, closed or was given up.
        reason: for the pool's books.
        error: what the network said; None for Node's "socket hang up".
    """
    error = error or PeerError("socket hang up")
    record = record_of(shell, connection)
    had_request = record is not None and record.request is not None
    exchange = asking(shell, connection)
    shell.core.lost(
        connection.id,
        now=shell.now,
        reason=reason,
        code=error.code,
        message=str(error),
        outcome=error.outcome,
        told_at_once=exchange is None or not exchange.status or reason in _SPOILS_THE_REQUEST,
    )
    stale_reuse.judge(shell, connection.id, error)
    if had_request and connection.tls is not None:
        shell.tls.lost(connection.origin, connection.tls, reason)
    if exchange is not None and exchange.cause is None:
        exchange.cause = error
    shell.perform()


def asking(shell: PoolShell, connection: Connection) -> Exchange | None:
    """Give the exchange that hears of what happens to a connection; None for none."""
    record = record_of(shell, connection)
    if record is None:
        return None
    request = record.request or record.waits_for_it
    return None if request is None else shell.exchanges.get(request.id)


def record_of(shell: PoolShell, connection: Connection) -> SocketRecord | None:
    """Give the pool's side of a connection; None when the pool has done with it."""
    core = shell.core
    return core.sockets.get(connection.id) or core.tunnelling.get(connection.id)
