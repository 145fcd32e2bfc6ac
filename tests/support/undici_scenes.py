"""Dispatchers of undici's, told in full: clients, a pipeline, and a session full of streams."""

from __future__ import annotations

from msgspec.structs import replace

from pooltop.core.dispatcher_snapshot import ClientInfo, GoAway, SessionInfo, SessionSettings
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    RequestInfo,
    Snapshot,
    SocketInfo,
)
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.projection import projected
from pooltop.core.undici.records import Stats
from pooltop.present.history import HostId

AT = 1000.0
WALL = 1_900_000_000.0
KEY = OriginKey("http://api.pay:80")
POOL = HostId("pool", KEY)
CLIENT = HostId("client", OriginKey("http://slow.erp:80"))
STREAMS = HostId("streams", OriginKey("https://h2.pay:443"))
SOCKETS = HostId("sockets", OriginKey("h1.pay:443:"))
OF_STREAMS = 100
"""Streams of the session, and sockets of the agent beside it."""

PEER = SessionSettings(
    max_concurrent_streams=128, initial_window_size=65_536, max_header_list_size=16_384
)
OURS = SessionSettings(initial_window_size=262_144)
SESSION = SessionInfo(
    streams=OF_STREAMS,
    own=100,
    ours=OURS,
    peer=PEER,
    window_in=524_288,
    window_out=61_000,
    ping_rtt=0.0123,
    ping_at=992.0,
    codec="nghttp2",
)
GONE = replace(
    SESSION, streams=3, goaway=GoAway(at=998.0, code=11, last_stream=205), ping_since=996.5
)


def socket(number: int, state: SocketState = SocketState.ACTIVE, **more: object) -> SocketInfo:
    """Give a connection that was made 50 s ago."""
    values: dict[str, object] = {
        "id": SocketId(number),
        "state": state,
        "opened_at": AT - 50,
        "since": AT - 20,
        "connected_at": AT - 49.99,
        "requests": 40,
        "busy_s": 20.0,
        "remote": "203.0.113.9:443",
        "dns": 0.002,
        "tcp": 0.008,
    }
    return SocketInfo(**(values | more))


def request(number: int, on: int | None = None, **more: object) -> RequestInfo:
    """Give a request; without a socket it waits."""
    values: dict[str, object] = {
        "id": RequestId(number),
        "state": RequestState.QUEUED if on is None else RequestState.RUNNING,
        "method": "GET",
        "target": f"/{number}",
        "label": "load/get",
        "submitted_at": AT - 3 + number / 1000,
        "socket": None if on is None else SocketId(on),
    }
    return RequestInfo(**(values | more))


def agent(name: str, options: DispatcherOptions, origin: OriginSnapshot) -> AgentSnapshot:
    """Give a dispatcher with one origin."""
    return AgentSnapshot(
        name=name,
        options=projected(options),
        initial_options=projected(options),
        dispatcher=options,
        initial_dispatcher=options,
        origins=(origin,),
        total_socket_count=origin.total,
    )


def of(host: HostId, scheme: str, name: str, port: int, **more: object) -> OriginSnapshot:
    """Give an origin whose counts are those of what it holds."""
    sockets: tuple[SocketInfo, ...] = more.get("sockets", ())  # type: ignore[assignment]
    free: tuple[SocketInfo, ...] = more.get("free_sockets", ())  # type: ignore[assignment]
    requests: tuple[RequestInfo, ...] = more.get("requests", ())  # type: ignore[assignment]
    values: dict[str, object] = {
        "key": host.origin,
        "scheme": scheme,
        "host": name,
        "port": port,
        "queued": len(requests),
        "oldest_queued_at": requests[0].submitted_at if requests else None,
        "active": len(sockets),
        "free": len(free),
        "total": len(sockets) + len(free),
        "counters": OriginCounters(submitted=9000, completed=8000, assigned=8100, reused=8000),
        "latency": OriginLatency(queue=Histogram.of({300: 8000}, 4.0)),
    }
    return OriginSnapshot(**(values | more))


def pool() -> AgentSnapshot:
    """Give a Pool of at most 2 connections, and one client that leaves it."""
    running = (request(1, 1), request(2, 2))
    origin = of(
        POOL,
        "http",
        "api.pay",
        80,
        sockets=tuple(socket(n, request=RequestId(n), client=n) for n in (1, 2)),
        free_sockets=(socket(3, SocketState.FREE, client=3, free_timeout_ms=4000),),
        running=running,
        requests=(
            request(4, client=1, why=QueueReason.BLOCKING),
            request(5, why=QueueReason.CONNECTIONS),
            request(6, why=QueueReason.CONNECTIONS),
        ),
        stats=Stats(connected=2, free=0, pending=3, queued=2, running=2, size=5),
        clients=(
            ClientInfo(id=1, socket=SocketId(1), full=True, pending=1, running=1, since=950.0),
            ClientInfo(id=2, socket=SocketId(2), full=True, running=1, ttl_at=AT + 2.5),
            ClientInfo(id=3, socket=SocketId(3), retiring=True),
        ),
        protocol="h1",
    )
    return agent("pool", DispatcherOptions(connections=2, client_ttl=60_000), origin)


def client() -> AgentSnapshot:
    """Give a bare Client with three requests in its pipeline and one that waits."""
    origin = of(
        CLIENT,
        "http",
        "slow.erp",
        80,
        sockets=(socket(1, request=RequestId(1), client=1),),
        running=tuple(request(n, 1) for n in (1, 2, 3)),
        requests=(request(4, client=1, why=QueueReason.PIPELINING),),
        stats=Stats(connected=1, pending=1, running=3, size=4),
        clients=(ClientInfo(id=1, socket=SocketId(1), full=True, pending=1, running=3),),
        protocol="h1",
    )
    return agent("client", DispatcherOptions(kind="undici-client", pipelining=3), origin)


def streams(session: SessionInfo = SESSION) -> AgentSnapshot:
    """Give a Pool with one session, as full of streams as it is said to be."""
    count = session.streams
    origin = of(
        STREAMS,
        "https",
        "h2.pay",
        443,
        sockets=(socket(1, request=RequestId(1), client=1, alpn="h2", session=session),),
        running=tuple(request(n, 1, stream=2 * n - 1) for n in range(1, count + 1)),
        stats=Stats(connected=1, free=1, pending=0, queued=0, running=count, size=count),
        clients=(ClientInfo(id=1, socket=SocketId(1), running=count),),
        counters=OriginCounters(
            submitted=9000, completed=8000, assigned=8100, goaways=2, refused=3, requeued=4, pings=9
        ),
        protocol="h2",
    )
    return agent("streams", DispatcherOptions(connections=1), origin)


def sockets() -> AgentSnapshot:
    """Give an http.Agent that carries as many requests on as many sockets."""
    origin = of(
        SOCKETS,
        "https",
        "h1.pay",
        443,
        sockets=tuple(socket(n, request=RequestId(n)) for n in range(1, OF_STREAMS + 1)),
        running=tuple(request(n, n) for n in range(1, OF_STREAMS + 1)),
    )
    options = AgentOptions(keep_alive=True, max_sockets=OF_STREAMS)
    return AgentSnapshot(
        name="sockets", options=options, initial_options=options, origins=(origin,)
    )


def picture(*agents: AgentSnapshot) -> Snapshot:
    """Give an instant."""
    return Snapshot(seq=1, at=AT, wall_at=WALL, profile="undici.toml", agents=agents)


def side_by_side() -> Snapshot:
    """Give one session of OF_STREAMS streams beside as many sockets."""
    return picture(streams(), sockets())
