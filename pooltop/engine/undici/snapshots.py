"""From a dispatcher's shell to the pictures that front ends see: one instant, everything copied.

In the words of http.Agent's lists: ``sockets`` are those that are dialled, carry something or
close, ``free_sockets`` those that are connected and carry nothing; ``requests`` are all that wait,
in the pool's queue and in those of its clients, the one that was told first at the head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pooltop.core.model import OriginKey, RequestId
from pooltop.core.snapshot import OriginSnapshot, RequestInfo
from pooltop.core.states import RequestState, SocketState
from pooltop.core.undici.client_record import ClientRecord
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.states import ConnState
from pooltop.engine.levels import Levels
from pooltop.engine.nesting import parent_of
from pooltop.engine.pictures import (
    Certificates,
    Standing,
    socket_picture,
    uses_by_peer,
    without_query,
)
from pooltop.engine.undici.client_connection import ClientConnection
from pooltop.engine.undici.session_pictures import client_pictures, session_picture

if TYPE_CHECKING:
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.undici.shell import DispatcherShell

_OPEN = {
    ConnState.DIALLING: SocketState.CONNECTING,
    ConnState.LEAVING: SocketState.ACTIVE,
    ConnState.GOING: SocketState.DYING,
}


def origin_snapshots(
    shell: DispatcherShell, at: float, heads: Mapping[OriginKey, int], head: int
) -> tuple[OriginSnapshot, ...]:
    """Give every origin, in the order in which they were first used: see ``ShellBase.origins``."""
    conns = _by_origin(shell)
    return tuple(
        _origin(shell, key, conns.get(key, []), at, max(head, heads.get(key, 0)))
        for key in shell.targets
    )


def levels_of(shell: DispatcherShell) -> Iterator[tuple[OriginKey, Levels]]:
    """Give how full the pool of each origin is."""
    conns = _by_origin(shell)
    for key in shell.targets:
        states = [state_of(conn) for conn in conns.get(key, ())]
        free = states.count(SocketState.FREE)
        sessions = [conn for conn in conns.get(key, ()) if conn.session is not None]
        yield (
            key,
            Levels(
                queued=len(shell.core.waiting.get(key, ())),
                oldest_queued_at=_oldest(shell, key),
                in_use=len(states) - free,
                free=free,
                total=len(states),
                streams=sum(map(_streams, sessions)),
                streams_cap=sum(_cap(shell, conn) for conn in sessions),
            ),
        )


def state_of(conn: ConnRecord) -> SocketState:
    """Give a connection's state in the words of a socket's."""
    found = _OPEN.get(conn.state)
    if found is not None:
        return found
    carries = any(request.conn is conn for request in conn.client.running.values())
    return SocketState.ACTIVE if carries else SocketState.FREE


def waiting_info(exchange: Exchange, record: RequestRecord) -> RequestInfo:
    """Give one request that waits."""
    return _info(exchange, RequestState.QUEUED, record)


def _by_origin(shell: DispatcherShell) -> dict[OriginKey, list[ConnRecord]]:
    found: dict[OriginKey, list[ConnRecord]] = {}
    for conn in shell.core.conns.values():
        found.setdefault(conn.key, []).append(conn)
    return found


def _oldest(shell: DispatcherShell, key: OriginKey) -> float | None:
    oldest = next(iter(shell.core.waiting.get(key, ())), None)
    return None if oldest is None else shell.exchanges[oldest].queued_at


def _streams(conn: ConnRecord) -> int:
    return sum(request.conn is conn for request in conn.client.running.values())


def _cap(shell: DispatcherShell, conn: ConnRecord) -> float:
    """Give how many streams a session may have: see ``SessionInfo.cap``."""
    assert conn.session is not None
    if conn.state is not ConnState.UP:
        return 0
    if not conn.session.has_settings:
        return 1
    own, peer = shell.core.options.max_concurrent_streams, conn.session.peer_streams
    return own if peer is None else min(own, peer)


def _origin(
    shell: DispatcherShell, key: OriginKey, conns: list[ConnRecord], at: float, head: int
) -> OriginSnapshot:
    target, tally = shell.targets[key], shell.tally.origins[key]
    certificates = Certificates()
    pictures = []
    for conn in conns:
        connection = shell.connections[conn.id]
        assert isinstance(connection, ClientConnection)
        front = connection.oldest
        picture = socket_picture(connection, _standing(conn, connection, at), certificates)
        pictures.append(
            replace(
                picture,
                client=conn.client.id,
                session=session_picture(shell, conn, connection),
                unread_since=None if front is None else front.unread_since,
            )
        )
    states = [picture.state for picture in pictures]
    waiting: Mapping[RequestId, RequestRecord] = shell.core.waiting.get(key, {})
    return OriginSnapshot(
        key=key,
        scheme=target.scheme,
        host=target.host,
        port=target.port,
        apart=target.apart,
        sockets=tuple(each for each in pictures if each.state is not SocketState.FREE),
        free_sockets=tuple(each for each in pictures if each.state is SocketState.FREE),
        requests=tuple(
            waiting_info(shell.exchanges[id_], record)
            for id_, record in islice(waiting.items(), head)
        ),
        running=tuple(_running(shell, conns)),
        queued=len(waiting),
        oldest_queued_at=_oldest(shell, key),
        connecting=states.count(SocketState.CONNECTING),
        active=states.count(SocketState.ACTIVE),
        free=states.count(SocketState.FREE),
        closing=states.count(SocketState.DYING),
        total=len(states),
        counters=tally.counters(
            sum(each.bytes_in for each in pictures),
            sum(each.bytes_out for each in pictures),
            uses_by_peer(tally, pictures),
        ),
        latency=tally.latency(),
        failures=dict(tally.failures),
        verified=target.scheme != "https" or shell.verifies(target),
        certificates=tuple(certificates.all),
        time_wait=tally.time_wait,
        timeouts=shell.own_timeouts(target),
        stats=shell.core.stats(key),
        clients=client_pictures(shell, key),
        probing=shell.core.is_probing(key),
        protocol=shell.core.protocol_of(key),
        weight=shell.core.weight_of(key),
        moved=tally.moved,
    )


def _standing(conn: ConnRecord, connection: ClientConnection, at: float) -> Standing:
    state = state_of(conn)
    front = connection.oldest
    return Standing(
        id=conn.id,
        state=state,
        opened_at=conn.opened_at,
        since=connection.since if conn.closing_at is None else conn.closing_at,
        connected_at=conn.connected_at,
        requests=conn.carried,
        busy_s=connection.busy_s(at if conn.closing_at is None else conn.closing_at),
        request=None if front is None else front.id,
        free_timeout_ms=(conn.timer_ms or 0.0) if state is SocketState.FREE else 0.0,
    )


def _running(shell: DispatcherShell, conns: Iterable[ConnRecord]) -> Iterator[RequestInfo]:
    for conn in conns:
        for id_, record in conn.client.running.items():
            exchange = shell.exchanges.get(id_)
            if exchange is not None and record.conn is conn:
                yield _info(exchange, RequestState.RUNNING, record)


def _info(exchange: Exchange, state: RequestState, record: RequestRecord) -> RequestInfo:
    prepared = exchange.prepared
    return RequestInfo(
        id=exchange.id,
        state=state,
        method=prepared.method.decode("latin-1"),
        target=without_query(prepared.target),
        label=exchange.label,
        submitted_at=exchange.intended_at,
        why=record.why,
        socket=None if record.conn is None else record.conn.id,
        aborted=record.aborted is not None,
        client=record.place.id if isinstance(record.place, ClientRecord) else None,
        stream=record.stream or None if record.conn is not None else None,
        parent=parent_of(exchange),
    )
