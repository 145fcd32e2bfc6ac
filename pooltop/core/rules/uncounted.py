"""Sockets that Node does not count yet: those to https origins whose tunnel is not there.

Node's https.Agent dials a proxy, asks it for a tunnel, and only when the TLS inside that is up does
the socket enter the pool. Until then it is in no list and no count, and what follows from that is
kept here:

- A burst is held back by no limit: with maxSockets 1, ten requests at once ask for ten tunnels,
  and the pool has ten sockets when they are up. Those over the limit go at their release.
- A tunnel that is opened for a queue belongs to nobody. When it is up, whoever is then the oldest
  in the queue gets it; when there is nobody, it is closed.
- If it fails, the request that was the oldest when it was asked for is told so, and stays in the
  queue all the same. Nothing is opened in its place: the queue waits for something else to happen.
- ``agent.destroy()`` does not reach it.

One thing is not Node's: a request that is given up takes the attempt at its tunnel with it at
once. Node lets that go on and settles the request when the tunnel is up; as no limit counts it,
requests that are given up behind a silent proxy would pile sockets up without end.

Where pooltop's own clocks come in, the pool does not wait for a proxy that says nothing: a clock
that ends a dial for the queue takes the request it was opened for out of the queue, and the next
one is dialled for. A tunnel goes with the last one that a clock takes out of the queue.

In mode "drain" a socket counts from the start of its dial, tunnel or not.

Source: Node v24 lib/_http_agent.js createSocket (kWaitForProxyTunnel), addRequest, removeSocket,
handleSocketAfterProxy; lib/https.js establishTunnel; tried with a proxy that answers when told to.
"""

from __future__ import annotations

from pooltop.core.commands import Open, Settle
from pooltop.core.events import RequestAborted, RequestFailed, SocketOpened, TunnelFailed
from pooltop.core.ledger import Ledger
from pooltop.core.model import SocketId
from pooltop.core.records import Failure, OriginRecord, RequestRecord, SocketRecord
from pooltop.core.rules import closing
from pooltop.core.rules.assignment import assign, dequeue
from pooltop.core.states import (
    AssignReason,
    CloseReason,
    OpenReason,
    RequestState,
    SocketState,
)


def applies(pool: Ledger, origin: OriginRecord) -> bool:
    """Say whether a socket to this origin would not be counted from its start."""
    return origin.key in pool.tunnelled and pool.options.live == "node"


def open_for(pool: Ledger, request: RequestRecord, now: float) -> None:
    """Ask for a tunnel for a request that is admitted: it waits for that one."""
    socket = _open(pool, request, OpenReason.ADMITTED, now)
    request.move(RequestState.TUNNELLING)
    request.socket = socket
    socket.request = request


def open_for_queue(pool: Ledger, origin: OriginRecord, why: OpenReason, now: float) -> None:
    """Ask for a tunnel because a socket went away; the queue stays as it is.

    A request for which one was asked is none for which a socket of another origin asks again
    (Node's kRequestOptions are gone by then).
    """
    head = next(iter(origin.queue.values()))
    if why is OpenReason.REPLACEMENT_OTHER_ORIGIN and head.was_dialled_for:
        return
    _open_for_head(pool, head, why, now)


def enter(pool: Ledger, socket: SocketId, now: float) -> None:
    """The tunnel is up: from now on the socket counts, and has a request or goes."""
    record = pool.tunnelling.pop(socket)
    origin = record.origin
    pool.sockets[socket] = record
    origin.move(record, SocketState.CONNECTING, now)
    assert record.open_reason is not None
    pool.events.append(SocketOpened(now, origin.key, socket, record.open_reason))
    request = record.request
    if request is not None:
        assign(pool, request, record, AssignReason.NEW, now)
    elif origin.queue:
        assign(pool, dequeue(pool, origin), record, AssignReason.REPLACEMENT, now)
    else:
        closing.destroy(pool, record, CloseReason.NOBODY_WAITS, now)


def fail(
    pool: Ledger, record: SocketRecord, reason: CloseReason, failure: Failure, now: float
) -> None:
    """There is no tunnel: whoever asked is told, and nothing is opened instead.

    Except for a queue, when it was one of our own clocks (TIMED_OUT): that goes on.
    """
    _end(pool, record, reason, now)
    request, record.request = record.request, None
    head = record.waits_for_it
    if request is not None:
        closing.fail(pool, request, failure, now)
    elif reason is CloseReason.TIMED_OUT:
        if head is not None:
            closing.withdraw(pool, head, head.aborted or failure, now)
        _go_on(pool, record, now)
    elif head is not None:
        _tell(pool, head, head.aborted or failure, now)


def end_unwanted(pool: Ledger, origin: OriginRecord, now: float) -> None:
    """End the tunnels that were opened for a queue in which nobody waits any more."""
    if any(not request.was_told for request in origin.queue.values()):
        return
    for record in list(pool.tunnelling.values()):
        if record.origin is origin and record.request is None:
            _end(pool, record, CloseReason.NOBODY_WAITS, now)


def forget(pool: Ledger, failure: Failure, now: float) -> None:
    """End every attempt: for an agent that is closed for good."""
    for record in list(pool.tunnelling.values()):
        fail(pool, record, CloseReason.AGENT_DESTROYED, failure, now)


def _go_on(pool: Ledger, record: SocketRecord, now: float) -> None:
    """Dial again for the queue, or end what else was dialled when nobody waits in it."""
    origin = record.origin
    waiting = [request for request in origin.queue.values() if not request.was_told]
    if not waiting:
        end_unwanted(pool, origin, now)
    elif applies(pool, origin):
        # Not for one that was given up, if there is another: the silence would be its as well.
        head = min(waiting, key=lambda request: request.aborted is not None)
        assert record.open_reason is not None
        _open_for_head(pool, head, record.open_reason, now)


def _end(pool: Ledger, record: SocketRecord, reason: CloseReason, now: float) -> None:
    del pool.tunnelling[record.id]
    record.origin.move(record, SocketState.CLOSED, now)
    pool.events.append(TunnelFailed(now, record.origin.key, record.id, reason))


def _open_for_head(pool: Ledger, head: RequestRecord, why: OpenReason, now: float) -> None:
    head.was_dialled_for = True
    _open(pool, head, why, now).opened_for = head


def _open(pool: Ledger, request: RequestRecord, why: OpenReason, now: float) -> SocketRecord:
    socket = pool.new_socket(request.origin, now)
    socket.tunnel(why)
    pool.tunnelling[socket.id] = socket
    pool.commands.append(Open(socket.id, request.origin.key, request.id))
    return socket


def _tell(pool: Ledger, head: RequestRecord, failure: Failure, now: float) -> None:
    """Settle a request and leave it in the queue, as Node does."""
    key = head.origin.key
    if head.aborted is None:
        head.origin.given_up += 1
        pool.events.append(RequestAborted(now, key, head.id))
    head.aborted = failure
    head.was_told = True
    head.origin.told += 1
    pool.events.append(RequestFailed(now, key, head.id, None, *failure))
    pool.commands.append(Settle(head.id, failure.code, failure.message))
