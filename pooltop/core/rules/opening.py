"""New sockets, for a request that is admitted and for the head of a queue. No limit is checked.

Source: Node v24 lib/_http_agent.js createSocket.
"""

from __future__ import annotations

from pooltop.core.commands import Open
from pooltop.core.events import SocketOpened
from pooltop.core.ledger import Ledger
from pooltop.core.model import SocketId
from pooltop.core.records import OriginRecord, RequestRecord
from pooltop.core.rules import uncounted
from pooltop.core.rules.assignment import assign, dequeue
from pooltop.core.states import AssignReason, OpenReason


def open_for(pool: Ledger, request: RequestRecord, now: float) -> None:
    """Open a socket for a request that did not have to wait."""
    if pool.tunnelled and uncounted.applies(pool, request.origin):
        uncounted.open_for(pool, request, now)
    else:
        _open(pool, request, OpenReason.ADMITTED, AssignReason.NEW, now)


def open_for_head(
    pool: Ledger, origin: OriginRecord, why: OpenReason, reason: AssignReason, now: float
) -> None:
    """Open a socket for the oldest request of a queue that is not empty."""
    if pool.tunnelled and uncounted.applies(pool, origin):
        uncounted.open_for_queue(pool, origin, why, now)
    else:
        _open(pool, dequeue(pool, origin), why, reason, now)


def set_dial_timeout(pool: Ledger, socket: SocketId, *, timeout_ms: float) -> None:
    """The request that a socket was just opened for brings a timeout of its own.

    It goes before the agent's, except for 0: only a socket that the request has is told of that
    (serving.set_timeout). So a tunnel is given up after the agent's even for a request that wants
    none. A late one: nothing.

    Source: Node v24 lib/_http_agent.js createSocket (req.timeout || this.options.timeout).
    """
    record = pool.sockets.get(socket) or pool.tunnelling.get(socket)
    if record is not None and timeout_ms:
        record.timeout_ms = timeout_ms


def _open(
    pool: Ledger, request: RequestRecord, why: OpenReason, reason: AssignReason, now: float
) -> None:
    origin = request.origin
    socket = pool.new_socket(origin, now)
    pool.sockets[socket.id] = socket
    origin.enter(socket)
    pool.commands.append(Open(socket.id, origin.key, request.id))
    pool.events.append(SocketOpened(now, origin.key, socket.id, why))
    assign(pool, request, socket, reason, now)
