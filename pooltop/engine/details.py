"""What is told of the hosts that somebody looks at, as of the instant of the snapshot it is in.

Of each socket its fate and its past, of each request its outlook, its clocks and, of the one that
is asked for, its header fields. What may be secret in those never leaves the engine.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pooltop.core.detail import (
    HIDDEN,
    Fate,
    HostDetail,
    PastRequest,
    RequestDetail,
    SocketDetail,
    Watch,
)
from pooltop.core.foresight import fates, outlooks
from pooltop.core.model import OriginKey
from pooltop.core.records import OriginRecord, RequestRecord
from pooltop.engine.pictures import without_query
from pooltop.engine.snapshots import request_on

if TYPE_CHECKING:
    from pooltop.core.detail import Outlook
    from pooltop.engine.connection import Connection
    from pooltop.engine.exchange import Exchange
    from pooltop.engine.shell import PoolShell
    from pooltop.engine.tally import Tally

MOST_PASTS = 64
"""Of a host with more sockets than this, the past is told of the one asked for only."""
PACE_S = 5.0
"""The pace of a queue is that of these last seconds."""
_PACE_STEP_S = 0.25
"""Seen no more often than this, however many snapshots there are."""
_TOLD = frozenset(
    (
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "content-encoding",
        "content-language",
        "content-length",
        "content-type",
        "date",
        "dnt",
        "expect",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "keep-alive",
        "max-forwards",
        "pragma",
        "proxy-connection",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "via",
    )
)
"""Fields whose values are told: those that HTTP gives a meaning which is no secret.

Anything else is somebody's own, and no list of suspicious names would know them all.
"""
_URLS = frozenset(("content-location", "origin", "referer"))
"""Fields whose value is a URL: who asks and the query are left out."""
_USER = re.compile(rb"^([^/?#]*//)[^/?#]*@")


class Paces:
    """How fast the queues of one agent were served lately, from counters that are kept anyway."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._seen: dict[OriginKey, deque[tuple[float, int]]] = {}

    def look(self, tally: Tally, at: float) -> None:
        """Note how many were served from each queue so far; with every snapshot."""
        for key in [key for key in self._seen if key not in tally.origins]:
            del self._seen[key]
        for key, origin in tally.origins.items():
            if not origin.queued:
                continue
            seen = self._seen.setdefault(key, deque())
            if seen and at - seen[-1][0] > 2 * PACE_S:
                # Nobody looked in between: an idle night would be counted in.
                seen.clear()
            if not seen or at - seen[-1][0] >= _PACE_STEP_S:
                seen.append((at, origin.queue.count))
            # The one that is older than the window is its beginning.
            while len(seen) > 1 and at - seen[1][0] >= PACE_S:
                seen.popleft()

    def of(self, key: OriginKey, tally: Tally, at: float) -> float | None:
        """Give the requests per second that were served from a queue; None where it is unknown."""
        seen = self._seen.get(key)
        if not seen or at - seen[0][0] < _PACE_STEP_S:
            return None
        since, served = seen[0]
        return (tally.origins[key].queue.count - served) / (at - since)


def queue_heads(watched: tuple[Watch, ...], agent: str) -> Mapping[OriginKey, int]:
    """Give how many queued requests are to be told of the origins of an agent that are watched."""
    heads: dict[OriginKey, int] = {}
    for watch in watched:
        if watch.agent == agent:
            heads[watch.origin] = max(watch.queue, heads.get(watch.origin, 0))
    return heads


def host_detail(shell: PoolShell, watch: Watch, pace: float | None) -> HostDetail:
    """Give what is told of one host; nothing but its name where the agent does not know it.

    Args:
        shell: the agent's.
        watch: which host, how much of its queue, and whose header fields.
        pace: requests per second that its queue was served lately; None or 0 where it was not.
    """
    origin = shell.core.origins.get(watch.origin)
    if origin is None:
        return HostDetail(agent=watch.agent, origin=watch.origin)
    return HostDetail(
        agent=watch.agent,
        origin=watch.origin,
        sockets=tuple(_sockets(shell, origin, watch)),
        requests=(*_running(shell, origin, watch), *_queued(shell, origin, watch, pace)),
    )


def _sockets(shell: PoolShell, origin: OriginRecord, watch: Watch) -> Iterator[SocketDetail]:
    are_few = origin.count <= MOST_PASTS
    for record, fate in fates(shell.core, origin):
        has_past = are_few or record.id == watch.socket
        yield socket_detail(shell.connections[record.id], fate, has_past=has_past)


def socket_detail(connection: Connection, fate: Fate | None, *, has_past: bool) -> SocketDetail:
    """Give what is told of a socket beside its SocketInfo."""
    sock = connection.sock
    descriptor = -1 if sock is None else sock.fileno()
    return SocketDetail(
        id=connection.id,
        past=_past(connection) if has_past else (),
        fate=fate,
        descriptor=descriptor if descriptor >= 0 else None,
    )


def _past(connection: Connection) -> tuple[PastRequest, ...]:
    return tuple(
        PastRequest(
            id=number,
            method=method.decode("latin-1"),
            target=without_query(target),
            status=status,
            outcome=outcome,
            took=0.0 if assigned_at is None else max(0.0, ended_at - assigned_at),
            ended_at=ended_at,
        )
        for number, method, target, status, outcome, assigned_at, ended_at in reversed(
            connection.past or ()
        )
    )


def _running(shell: PoolShell, origin: OriginRecord, watch: Watch) -> Iterator[RequestDetail]:
    for socket in origin.sockets.values():
        request = request_on(socket)
        if request is not None:
            yield _request(shell, request, None, watch)


def _queued(
    shell: PoolShell, origin: OriginRecord, watch: Watch, pace: float | None
) -> Iterator[RequestDetail]:
    most = max(0, watch.queue)
    for record, outlook in outlooks(shell.core, origin, most=most, pace=pace):
        yield _request(shell, record, outlook, watch)


def _request(
    shell: PoolShell, record: RequestRecord, outlook: Outlook | None, watch: Watch
) -> RequestDetail:
    exchange = shell.exchanges.get(record.id)
    if exchange is None:  # settled: its socket has still to send the rest, or Node keeps it queued
        return RequestDetail(
            id=record.id, counted=record.counted, limit=record.limit, outlook=outlook
        )
    told = request_detail(exchange, outlook, watch)
    return replace(told, counted=record.counted, limit=record.limit)


def request_detail(exchange: Exchange, outlook: Outlook | None, watch: Watch) -> RequestDetail:
    """Give what is told of a request that is not over, but what its pool alone knows."""
    prepared = exchange.prepared
    return RequestDetail(
        id=exchange.id,
        outlook=outlook,
        assigned_at=exchange.assigned_at,
        sent_at=exchange.sent_at,
        first_byte_at=exchange.first_byte_at,
        deadline_at=_deadline(exchange),
        body_bytes=None if prepared.streamed else len(prepared.body),
        again=exchange.retried,
        headers=header_fields(prepared.headers) if exchange.id == watch.request else (),
    )


def _deadline(exchange: Exchange) -> float | None:
    timeouts = exchange.timeouts
    if timeouts.total is None or timeouts.mode == "node":
        return None
    return exchange.intended_at + timeouts.total


def header_fields(fields: tuple[tuple[bytes, bytes], ...]) -> tuple[tuple[str, str], ...]:
    """Give a request's header fields for showing: what may be secret never leaves the engine."""
    return tuple(
        (name.decode("latin-1"), _value(name.decode("latin-1").lower(), value))
        for name, value in fields
    )


def _value(name: str, value: bytes) -> str:
    if name in _TOLD:
        return value.decode("latin-1")
    if name in _URLS:
        return without_query(_USER.sub(rb"\1", value).partition(b"#")[0])
    return HIDDEN
