"""A pool in trouble, told in full: what the inspectors are shown in tests."""

from __future__ import annotations

import msgspec

from pooltop.core.detail import (
    Fate,
    FateKind,
    HostDetail,
    Outlook,
    PastRequest,
    RequestDetail,
    SocketDetail,
)
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginSnapshot,
    PeerCertificate,
    RequestInfo,
    Snapshot,
    SocketInfo,
    TCPInfo,
)
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.present.history import HostId

AT = 1000.0
KEY = OriginKey("api.pay:443:" + ":" * 20)
HOST = HostId("main", KEY)
OPTIONS = AgentOptions(max_sockets=4, max_free_sockets=16, keep_alive=True)

CERTIFICATE = PeerCertificate(
    subject="api.pay",
    issuer="Example CA",
    names=("DNS:api.pay", "DNS:www.api.pay"),
    wall_not_before=1_890_000_000,
    wall_not_after=1_910_000_000,
)
ACTIVE = SocketInfo(
    id=SocketId(17),
    state=SocketState.ACTIVE,
    opened_at=448.0,
    since=997.9,
    connected_at=448.05,
    requests=1204,
    busy_s=400.0,
    request=RequestId(8380),
    local="10.0.0.7:51344",
    remote="203.0.113.9:443",
    tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
    tls_resumed=True,
    verified=True,
    alpn="http/1.1",
    certificate=0,
    attempts=1,
    dns=0.002,
    tcp=0.015,
    handshake=0.031,
    bytes_in=1_900_000,
    bytes_out=310_000,
    hint="timeout=5, max=100",
    kernel=TCPInfo(
        at=999.5, rtt=0.0151, rtt_var=0.002, retransmits=0, retransmitted=2, unacked=1, cwnd=10
    ),
)
IDLE = msgspec.structs.replace(
    ACTIVE, id=SocketId(3), state=SocketState.FREE, since=998.2, request=None, free_timeout_ms=5000
)
RUNNING = RequestInfo(
    id=RequestId(8380),
    state=RequestState.RUNNING,
    method="POST",
    target="/charge",
    label="checkout/charge",
    submitted_at=997.0,
    why=QueueReason.MAX_SOCKETS,
    socket=SocketId(17),
)


def queued(number: int, **more: object) -> RequestInfo:
    """Give the request r8716 + number, waiting since 1.3 s and a little less each."""
    values = {
        "id": RequestId(8716 + number),
        "state": RequestState.QUEUED,
        "method": "POST",
        "target": "/charge",
        "label": "checkout/charge",
        "submitted_at": 998.7 + number * 0.01,
        "why": QueueReason.MAX_SOCKETS,
    }
    return RequestInfo(**(values | more))


PAST = (
    PastRequest(
        id=RequestId(8330), method="POST", target="/charge", status=200, took=0.31, ended_at=997.9
    ),
    PastRequest(
        id=RequestId(8281), method="POST", target="/charge", status=503, took=0.298, ended_at=996
    ),
    PastRequest(
        id=RequestId(8233), method="GET", target="/", outcome="ECONNRESET", took=0.1, ended_at=900
    ),
)
SOCKET_DETAIL = SocketDetail(
    id=SocketId(17),
    past=PAST,
    descriptor=23,
    fate=Fate(kind=FateKind.HAND_OVER, request=RequestId(8716)),
)
RUNNING_DETAIL = RequestDetail(
    id=RequestId(8380),
    counted=4,
    limit=4,
    assigned_at=997.9,
    sent_at=997.901,
    deadline_at=1027.0,
    body_bytes=412,
    headers=(("Host", "api.pay"), ("Authorization", "(hidden)"), ("Accept", "*/*")),
)


def waiting(number: int, **more: object) -> RequestDetail:
    """Give what is told of ``queued(number)``."""
    outlook = Outlook(
        ahead=number, held_by=QueueReason.MAX_SOCKETS, in_s=0.6, at_once_from=5 + number
    )
    values = {
        "id": RequestId(8716 + number),
        "counted": 4,
        "limit": 4.0,
        "outlook": outlook,
        "deadline_at": 1029.4,
        "body_bytes": 412,
    }
    return RequestDetail(**(values | more))


def scene(
    *,
    sockets: tuple[SocketInfo, ...] = (ACTIVE,),
    free: tuple[SocketInfo, ...] = (),
    running: tuple[RequestInfo, ...] = (RUNNING,),
    requests: tuple[RequestInfo, ...] = (queued(0), queued(1), queued(2)),
    details: tuple[SocketDetail, ...] = (SOCKET_DETAIL,),
    told: tuple[RequestDetail, ...] = (RUNNING_DETAIL, waiting(0), waiting(1), waiting(2)),
    options: AgentOptions = OPTIONS,
    watched: bool = True,
    total: int | None = None,
    at: float = AT,
    **origin: object,
) -> Snapshot:
    """Give an instant of one agent with one host."""
    values = {
        "key": KEY,
        "scheme": "https",
        "host": "api.pay",
        "port": 443,
        "sockets": sockets,
        "free_sockets": free,
        "requests": requests,
        "running": running,
        "queued": len(requests),
        "oldest_queued_at": requests[0].submitted_at if requests else None,
        "active": len(sockets),
        "free": len(free),
        "total": len(sockets) + len(free),
        "counters": OriginCounters(submitted=9000),
        "certificates": (CERTIFICATE,),
    }
    agent = AgentSnapshot(
        name="main",
        options=options,
        initial_options=OPTIONS,
        origins=(OriginSnapshot(**(values | origin)),),
        total_socket_count=len(sockets) + len(free) if total is None else total,
    )
    detail = HostDetail(agent="main", origin=KEY, sockets=details, requests=told)
    return Snapshot(
        seq=1,
        at=at,
        wall_at=1_900_000_000,
        agents=(agent,),
        details=(detail,) if watched else (),
    )
