"""What it means that a connection ends: to its dial, to the request on it, and to the pool.

The peer ends its side, the network breaks the connection, or what comes makes no sense. Each is
told to the shell as a failed dial, a loss with its reason, or an end that spoils nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pooltop.core.states import CloseReason
from pooltop.engine.oserror import code_of
from pooltop.errors import PeerError, RequestError

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection

_REST_BYTES = 1024 * 1024
"""Read at most of what the kernel still holds when a write has failed."""


def peer_ended(connection: Connection) -> bool:
    """Take the end of the peer's side; say whether ours is still of use.

    It is where a response is here whole and not yet read.
    """
    tls, codec, exchange = connection.tls, connection.codec, connection.exchange
    is_over = exchange is None or exchange.is_whole or codec.is_idle
    try:
        if tls is not None and not (is_over and tls.is_connected):
            tls.receive_eof(delimits=codec.ends_at_eof)
        if connection.connected_at is None:
            raise PeerError(
                "Client network socket disconnected before secure TLS connection was established"
            )
        if connection.waits_to_send:
            raise PeerError("socket hang up: the peer had closed before the request was sent")
        if is_over:
            connection.shell.peer_ended(connection)
        else:
            codec.receive_eof()
    except RequestError as error:
        if connection.connected_at is None:
            connection.shell.dial_failed(connection, error)
        else:
            connection.shell.lost(connection, CloseReason.PEER_FIN, error)
        return False
    return not connection.dead


def network_lost(connection: Connection, exc: Exception | None) -> None:
    """Take the close of a transport that nobody here has closed.

    Args:
        connection: whose.
        exc: as asyncio tells it; None for an end without an error.
    """
    if connection.connected_at is None:
        connection.shell.dial_failed(connection, _reset(exc))
    elif _is_sending_after_answer(connection):
        connection.shell.lost(connection, CloseReason.NOT_WRITABLE, None)
    else:
        connection.shell.lost(connection, CloseReason.PEER_RESET, _reset(exc))


def broken(connection: Connection, error: RequestError) -> None:
    """Take what makes the connection useless: bytes that are no TLS or no HTTP."""
    if connection.connected_at is None:
        connection.shell.dial_failed(connection, error)
    elif connection.exchange is None or connection.exchange.is_settled:
        connection.shell.lost(connection, CloseReason.DIRTY_IDLE, error)
    else:
        connection.shell.lost(connection, CloseReason.PROTOCOL_ERROR, error)


def receive_the_rest(connection: Connection) -> None:
    """Take what the peer said before our write failed: a refusal of the body, as a rule.

    The transport no longer reads, and closes its socket only after ``connection_lost``.
    Source: Go net/http TestTransportPrefersResponseOverWriteError.
    """
    left = _REST_BYTES
    buffer = connection.shell.buffer
    while left > 0 and not connection.dead and connection.connected_at is not None:
        exchange, sock = connection.exchange, connection.sock
        if exchange is None or exchange.is_whole or sock is None:
            return
        try:
            data = os.read(sock.fileno(), len(buffer))
        except OSError:
            return
        if not data:
            return
        left -= len(data)
        buffer[: len(data)] = data
        connection.buffer_updated(len(data))


def _is_sending_after_answer(connection: Connection) -> bool:
    """The response is over, and the request's body is not."""
    exchange = connection.exchange
    return exchange is not None and exchange.is_settled and exchange.sent_at is None


def _reset(exc: Exception | None) -> RequestError:
    if isinstance(exc, OSError) and exc.errno is not None:
        code = code_of(exc.errno)
        return PeerError(f"read {code}", code=code)
    return PeerError("socket hang up")
