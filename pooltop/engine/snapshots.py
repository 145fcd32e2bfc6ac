"""From a pool shell to the pictures that front ends see: one instant, everything copied."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from types import MappingProxyType
from typing import TYPE_CHECKING

from pooltop.core.model import OriginKey
from pooltop.core.records import OriginRecord, RequestRecord, SocketRecord
from pooltop.core.snapshot import (
    OriginSnapshot,
    RequestInfo,
    SocketInfo,
)
from pooltop.core.states import RequestState, SocketState
from pooltop.engine.nesting import parent_of
from pooltop.engine.pictures import (
    Certificates,
    Standing,
    socket_picture,
    uses_by_peer,
    without_query,
)

if TYPE_CHECKING:
    from pooltop.engine.shell import PoolShell

QUEUE_HEAD = 20
"""Queued requests told of each origin, oldest first; ``queued`` counts them all."""
LEAST_HEAD = 5
"""Likewise, where very many origins have a queue."""
_HEADS = 1_000
"""Queued requests told of all origins together, as long as it is LEAST_HEAD of each: to read and to
free more of them is most of what a picture of 200 hosts costs whoever looks at it."""
NO_HEADS: Mapping[OriginKey, int] = MappingProxyType({})
"""No origin of which more are shown."""

_now = time.monotonic


def told_of_each(queues: int) -> int:
    """Give how many queued requests are told of each origin, where so many have a queue."""
    return max(LEAST_HEAD, min(QUEUE_HEAD, _HEADS // max(1, queues)))


def origin_snapshots(
    shell: PoolShell,
    at: float,
    heads: Mapping[OriginKey, int] = NO_HEADS,
    queue_head: int = QUEUE_HEAD,
) -> tuple[OriginSnapshot, ...]:
    """Give every origin of the pool, in the order in which they were first used.

    Args:
        shell: whose.
        at: the present instant, in monotonic seconds.
        heads: of these origins so many queued requests, if it is more than ``queue_head``.
        queue_head: so many queued requests of each origin.
    """
    everything: dict[OriginKey, list[SocketRecord]] = {key: [] for key in shell.core.origins}
    for socket in shell.core.sockets.values():
        everything[socket.origin.key].append(socket)
    return tuple(
        _origin(shell, origin, everything[key], at, max(queue_head, heads.get(key, 0)))
        for key, origin in shell.core.origins.items()
    )


def sockets_in_use(shell: PoolShell) -> dict[OriginKey, tuple[SocketInfo, ...]]:
    """Give Node's ``agent.sockets``: by origin key, connecting ones included."""
    at = _now()
    return {
        key: tuple(_socket_info(shell, s, at) for s in origin.sockets.values())
        for key, origin in shell.core.origins.items()
        if origin.sockets
    }


def free_sockets(shell: PoolShell) -> dict[OriginKey, tuple[SocketInfo, ...]]:
    """Give Node's ``agent.freeSockets``: by origin key, the longest idle first."""
    at = _now()
    return {
        key: tuple(_socket_info(shell, s, at) for s in origin.free.values())
        for key, origin in shell.core.origins.items()
        if origin.free
    }


def queued_requests(shell: PoolShell) -> dict[OriginKey, tuple[RequestInfo, ...]]:
    """Give Node's ``agent.requests``: by origin key, the oldest first."""
    return {
        key: tuple(request_info(shell, r) for r in origin.queue.values())
        for key, origin in shell.core.origins.items()
        if origin.queue
    }


def _socket_info(
    shell: PoolShell, record: SocketRecord, at: float, certificates: Certificates | None = None
) -> SocketInfo:
    """Give one socket: the pool's knowledge and the connection's.

    Args:
        shell: whose.
        record: the socket.
        at: the present instant.
        certificates: where its server's is noted; None notes it nowhere.
    """
    request = request_on(record)
    standing = Standing(
        id=record.id,
        state=record.state,
        opened_at=record.opened_at,
        since=record.since,
        connected_at=record.connected_at,
        requests=record.carried,
        busy_s=record.busy_s(at),
        request=None if request is None else request.id,
        free_timeout_ms=record.free_timeout_ms,
    )
    return socket_picture(shell.connections[record.id], standing, certificates)


def request_info(shell: PoolShell, record: RequestRecord) -> RequestInfo:
    """Give one request that is queued or on a socket."""
    exchange = shell.exchanges.get(record.id)
    if exchange is None and record.socket is not None:  # answered, and still being sent
        exchange = shell.connections[record.socket.id].exchange
    prepared = exchange.prepared if exchange is not None else None
    return RequestInfo(
        id=record.id,
        state=record.state,
        method="" if prepared is None else prepared.method.decode("latin-1"),
        target="" if prepared is None else without_query(prepared.target),
        label="" if exchange is None else exchange.label,
        submitted_at=record.submitted_at if exchange is None else exchange.intended_at,
        why=record.why,
        socket=None if record.socket is None else record.socket.id,
        overtaken_by=record.origin.overtakes - record.overtakes_before if record.why else 0,
        aborted=record.aborted is not None,
        parent=None if exchange is None else parent_of(exchange),
    )


def request_on(socket: SocketRecord) -> RequestRecord | None:
    """Give the request of a socket, unless it is settled and only the socket's close is awaited."""
    request = socket.request
    return None if request is None or request.state is RequestState.DONE else request


def _origin(
    shell: PoolShell,
    origin: OriginRecord,
    everything: list[SocketRecord],
    at: float,
    queue_head: int,
) -> OriginSnapshot:
    key = origin.key
    tally = shell.tally.origins[key]
    certificates = Certificates()
    sockets = tuple(_socket_info(shell, s, at, certificates) for s in origin.sockets.values())
    free = tuple(_socket_info(shell, s, at, certificates) for s in origin.free.values())
    states = [s.state for s in everything]
    oldest = next(iter(origin.queue.values()), None)
    running = [r for s in origin.sockets.values() if (r := request_on(s)) is not None]
    connections = [shell.connections[s.id] for s in everything]
    target = shell.targets[key]
    tunnels = [s for s in shell.core.tunnelling.values() if s.origin is origin]
    return OriginSnapshot(
        key=key,
        scheme=target.scheme,
        host=target.host,
        port=target.port,
        apart=target.apart,
        sockets=sockets,
        free_sockets=free,
        requests=tuple(request_info(shell, r) for r in islice(origin.queue.values(), queue_head)),
        running=tuple(request_info(shell, r) for r in running),
        queued=len(origin.queue),
        queued_failed=origin.told,
        oldest_queued_at=None if oldest is None else oldest.queued_at,
        connecting=states.count(SocketState.CONNECTING),
        active=states.count(SocketState.ACTIVE),
        free=states.count(SocketState.FREE) + states.count(SocketState.FREE_CONNECTING),
        closing=sum(s.is_dying for s in everything),
        total=len(everything),
        tunnelling=len(tunnels),
        tunnelling_since=min((s.opened_at for s in tunnels), default=None),
        tunnel_requests=sum(s.request is not None for s in tunnels),
        counters=tally.counters(
            sum(c.bytes_in for c in connections),
            sum(c.bytes_out for c in connections),
            uses_by_peer(tally, (*sockets, *free)),
        ),
        latency=tally.latency(),
        failures=dict(tally.failures),
        timeout_events=tally.timeout_events,
        verified=target.scheme != "https" or shell.verifies(target),
        certificates=tuple(certificates.all),
        time_wait=tally.time_wait,
        own_limits=dict(origin.own),
        timeouts=shell.own_timeouts(target),
        initial_limits=dict(shell.own_limits_at_first(target)),
        queued_given_up=origin.given_up,
        moved=tally.moved,
    )
