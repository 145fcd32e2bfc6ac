"""What front ends are shown of one connection, whichever core stands behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import PeerCertificate, SocketInfo
from pooltop.core.states import SocketState

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.tally import OriginTally


class Certificates:
    """The different certificates of one origin: a thousand sockets that show the same carry one."""

    def __init__(self) -> None:
        """Begin with none."""
        self._places: dict[int, int] = {}
        self.all: list[PeerCertificate] = []

    def place(self, certificate: PeerCertificate) -> int:
        """Give its index in ``all``, where it is put if it is new."""
        # By identity: connections share the decoded one, and hashing its names would cost more.
        place = self._places.setdefault(id(certificate), len(self.all))
        if place == len(self.all):
            self.all.append(certificate)
        return place


class Standing(NamedTuple):
    """What its core knows of a socket: the fields of SocketInfo that have these names."""

    id: SocketId
    state: SocketState
    opened_at: float
    since: float
    connected_at: float | None
    requests: int
    busy_s: float
    request: RequestId | None
    free_timeout_ms: float


def socket_picture(
    connection: Connection, standing: Standing, certificates: Certificates | None
) -> SocketInfo:
    """Give one socket.

    Args:
        connection: it.
        standing: what its core knows.
        certificates: where its server's is noted; None notes it nowhere.
    """
    facts = connection.tls_facts
    exchange = connection.exchange
    place = None
    if certificates is not None and facts is not None and facts.certificate is not None:
        place = certificates.place(facts.certificate)
    return SocketInfo(
        id=standing.id,
        state=standing.state,
        opened_at=standing.opened_at,
        since=standing.since,
        connected_at=standing.connected_at,
        requests=standing.requests,
        busy_s=standing.busy_s,
        request=standing.request,
        local=connection.local,
        remote=connection.remote,
        via=connection.via,
        tls="" if facts is None else f"{facts.protocol} {facts.cipher}",
        tls_resumed=None if facts is None else facts.resumed,
        verified=None if facts is None else facts.verified,
        alpn=None if facts is None else facts.alpn,
        certificate=place,
        attempts=connection.attempts,
        dns=connection.dns_s,
        tcp=connection.tcp_s,
        tunnel=connection.tunnel_s,
        handshake=connection.tls_s,
        bytes_in=connection.bytes_in,
        bytes_out=connection.bytes_out,
        free_timeout_ms=standing.free_timeout_ms,
        hint=connection.hint.decode("latin-1"),
        kernel=connection.kernel,
        unread_since=None if exchange is None else exchange.unread_since,
    )


def uses_by_peer(tally: OriginTally, pictures: Iterable[SocketInfo]) -> dict[str, int]:
    """Give the requests that each peer's sockets carried, closed ones too; {} for a single peer."""
    if len(tally.peers) < 2:
        return {}
    found = Counter(tally.uses)
    for picture in pictures:
        if picture.remote:
            found[picture.remote] += picture.requests
    return dict(found) if len(found) > 1 else {}


def without_query(target: bytes) -> str:
    """Give a request's target, its query only marked: it may hold a token.

    Snapshots go to screens, files and pipes.
    """
    path, mark, _ = target.decode("latin-1").partition("?")
    return f"{path}?..." if mark else path
