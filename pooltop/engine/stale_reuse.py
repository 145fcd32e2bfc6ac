"""Stale reuse: a request was given a kept-alive socket that was closing, or closed, already.

The socket had served before, and not a byte of the response came: closed by the peer, or chosen
although it was closing (Node's lifo takes a destroyed tail). Node shows it as any other hang up.
Here it is an outcome of its own, with what tells whether the server's idle timeout or ours is at
fault, and where ``retry_stale`` asks for it the request is sent once more, as long as those that
are make no storm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pooltop.core.hints import keep_alive_timeout
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason
from pooltop.errors import StaleReuseError

if TYPE_CHECKING:
    from pooltop.core.model import SocketId
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell import PoolShell
    from pooltop.errors import RequestError

RETRIES = 10
"""Requests to an origin that are sent again in any case; beyond them, of all that were submitted at
most ..."""
RETRY_SHARE = 0.1
"""... this share: a server that closes every socket is not to get twice the load for it."""

_WORDS: dict[CloseReason | None, str] = {
    CloseReason.PEER_FIN: "the server closed a kept-alive socket as it was reused",
    CloseReason.PEER_RESET: "the server reset a kept-alive socket as it was reused",
    CloseReason.IDLE_TIMEOUT: "a kept-alive socket's idle timeout closed it as it was reused",
    CloseReason.DIRTY_IDLE: "bytes while idle closed a kept-alive socket as it was reused",
}
"""Why a socket that is given to a request can be dead already."""


def judge(shell: PoolShell, socket: SocketId, why: RequestError | None = None) -> None:
    """Give the request of a dying socket its verdict if the socket was stale; before it is closed.

    Args:
        shell: whose.
        socket: the dying one.
        why: what the network said, if it said anything.
    """
    core = shell.core
    record = core.sockets.get(socket)
    if record is None or record.request is None or record.carried <= 1:
        return
    words = _WORDS.get(record.close_reason)
    # Not the connection's own: a request that is assigned is not yet attached to it.
    exchange = shell.exchanges.get(record.request.id)
    if words is None or exchange is None or exchange.first_byte_at is not None:
        return
    if exchange.cause is not None:
        return  # judged before, given up, or out of time
    connection = shell.connections[socket]
    is_attached = exchange.connection is connection
    quiet_since = connection.quiet_since if is_attached else connection.last_activity
    error = StaleReuseError(
        words,
        idle_s=max(0.0, (exchange.assigned_at or shell.now) - quiet_since),
        hint_s=keep_alive_timeout(connection.hint),
        nth=record.carried,
    )
    error.__cause__ = why
    exchange.cause = error
    exchange.tally.stale_reuse += 1
    core.judge(
        socket,
        Failure(error.code, str(error), error.outcome),
        again=core.options.retry_stale and exchange.can_be_sent_again and _may_retry(exchange),
    )


def _may_retry(exchange: Exchange) -> bool:
    tally = exchange.tally
    return tally.retried < RETRIES + RETRY_SHARE * tally.submitted
