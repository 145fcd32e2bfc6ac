"""The load that the budget of a frame is stated for: 200 hosts, 2,000 sockets, 5,000 queued.

Not a simulation of a pool: instants that are as full as an engine's, each a little later than the
one before, made quickly. Every socket is in use; of each host 10 requests end between two instants
a quarter of a second apart, and as many leave its queue.
"""

from __future__ import annotations

import random

from pooltop.core.detail import (
    Fate,
    FateKind,
    HostDetail,
    Outlook,
    PastRequest,
    RequestDetail,
    SocketDetail,
    Watch,
)
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    JournalEntry,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    PeerCertificate,
    ProcessFacts,
    RequestInfo,
    Snapshot,
    SocketInfo,
    TCPInfo,
    TimeWait,
    WorkloadSnapshot,
)
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.engine.snapshots import told_of_each
from pooltop.sources.base import Update

HOSTS = 200
SOCKETS = 10
QUEUED = 25
WALL = 1_900_000_000.0
_HOSTS_AN_AGENT = 10
_PER_S = 40
"""Requests of a host that end in a second."""
_OPTIONS = AgentOptions(keep_alive=True, max_sockets=SOCKETS)


class Host:
    """One host that is always busy."""

    def __init__(self, number: int, random_: random.Random) -> None:
        self.number = number
        self.name = f"api-{number:03}.pay.example"
        self.key = OriginKey(f"{self.name}:443:")
        self._random = random_
        self._queue, self._connect = Recorder(), Recorder()
        self._wait, self._total = Recorder(), Recorder()
        self.done = 0
        for _ in range(SOCKETS):
            self._connect.record(0.03)
        self.certificate = PeerCertificate(
            subject=self.name,
            issuer="Example CA",
            names=(f"DNS:{self.name}",),
            wall_not_before=WALL - 1e6,
            wall_not_after=WALL + 1e6,
        )

    def _id(self, of_done: int) -> RequestId:
        return RequestId(self.number * 1_000_000 + of_done)

    def step(self, at: float, seconds: float, *, shown: int) -> OriginSnapshot:
        """Give it a little later."""
        ended = round(_PER_S * seconds)
        for _ in range(ended):
            waited, served = self._random.expovariate(2), self._random.lognormvariate(-3, 0.7)
            self._queue.record(waited)
            self._wait.record(served)
            self._total.record(waited + served)
        self.done += ended
        # Whoever was served last has been given to the socket of this turn.
        first = max(0, self.done - SOCKETS)
        running = [self._request(first + n, at, n) for n in range(SOCKETS)]
        return OriginSnapshot(
            key=self.key,
            scheme="https",
            host=self.name,
            port=443,
            sockets=tuple(self._socket(n, first + n, at) for n in range(SOCKETS)),
            requests=tuple(self._request(first + SOCKETS + n, at) for n in range(shown)),
            running=tuple(running),
            queued=QUEUED,
            oldest_queued_at=at - 0.6,
            active=SOCKETS,
            total=SOCKETS,
            counters=OriginCounters(
                submitted=self.done + SOCKETS + QUEUED,
                completed=self.done - self.done // 100,
                queued=self.done,
                assigned=self.done + SOCKETS,
                reused=self.done,
                opened=SOCKETS,
                connected=SOCKETS,
                handshakes=SOCKETS,
                failed={"ECONNRESET": self.done // 100},
                statuses={200: self.done - self.done // 50, 503: self.done // 100},
                bytes_in=self.done * 900,
                bytes_out=self.done * 300,
            ),
            latency=OriginLatency(
                queue=self._queue.freeze(),
                connect=self._connect.freeze(),
                wait=self._wait.freeze(),
                total=self._total.freeze(),
            ),
            failures={"ECONNRESET": "the peer reset the connection before a response came"},
            certificates=(self.certificate,),
            time_wait=TimeWait(at=at, ours=3, fullest=3),
        )

    def _socket(self, place: int, of_done: int, at: float) -> SocketInfo:
        number = self.number * SOCKETS + place
        return SocketInfo(
            id=SocketId(number),
            state=SocketState.ACTIVE,
            opened_at=100.0,
            since=at - 0.02 * (place + 1),
            connected_at=100.03,
            requests=self.done // SOCKETS,
            busy_s=(at - 100.03) * 0.97,
            request=self._id(of_done),
            local=f"10.0.0.7:{30000 + number}",
            remote=f"203.0.113.{self.number % 250}:443",
            tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
            tls_resumed=place > 0,
            verified=True,
            alpn="http/1.1",
            certificate=0,
            attempts=1,
            dns=0.002,
            tcp=0.011,
            handshake=0.017,
            bytes_in=self.done * 90,
            bytes_out=self.done * 30,
            hint="timeout=60",
            kernel=TCPInfo(
                at=at,
                rtt=0.011 + place / 1e4,
                rtt_var=0.002,
                min_rtt=0.010,
                retransmits=0,
                retransmitted=place,
                unacked=1,
                cwnd=10,
                mss=1448,
                delivery_rate=1_000_000,
            ),
        )

    def _request(self, of_done: int, at: float, place: int | None = None) -> RequestInfo:
        is_queued = place is None
        return RequestInfo(
            id=self._id(of_done),
            state=RequestState.QUEUED if is_queued else RequestState.RUNNING,
            method="POST" if of_done % 3 else "GET",
            target="/v2/charge/items?...",
            label="checkout/charge",
            submitted_at=at - 0.6 + 0.6 * (of_done % QUEUED) / QUEUED,
            why=QueueReason.MAX_SOCKETS,
            socket=None if place is None else SocketId(self.number * SOCKETS + place),
        )

    def detail(self, agent: str, origin: OriginSnapshot, at: float) -> HostDetail:
        """Give what is told of it while it is looked at."""
        ahead = {request.id: n for n, request in enumerate(origin.requests)}
        return HostDetail(
            agent=agent,
            origin=origin.key,
            sockets=tuple(
                SocketDetail(
                    id=socket.id,
                    past=tuple(self._past(n, at) for n in range(20)),
                    fate=Fate(kind=FateKind.HAND_OVER, request=origin.requests[0].id),
                    descriptor=20 + place,
                )
                for place, socket in enumerate(origin.sockets)
            ),
            requests=tuple(
                RequestDetail(
                    id=request.id,
                    counted=SOCKETS,
                    limit=SOCKETS,
                    assigned_at=None if request.id in ahead else at - 0.02,
                    sent_at=None if request.id in ahead else at - 0.019,
                    outlook=None
                    if request.id not in ahead
                    else Outlook(
                        ahead=ahead[request.id],
                        held_by=QueueReason.MAX_SOCKETS,
                        in_s=ahead[request.id] / _PER_S,
                        at_once_from=SOCKETS + 1 + ahead[request.id],
                    ),
                )
                for request in (*origin.running, *origin.requests)
            ),
        )

    def _past(self, place: int, at: float) -> PastRequest:
        return PastRequest(
            id=self._id(max(0, self.done - SOCKETS - place)),
            method="POST",
            target="/v2/charge/items?...",
            status=200,
            took=0.05,
            ended_at=at - place * 0.1,
        )


class BusyEngine:
    """Agents of ten hosts each, and a workload for each agent."""

    def __init__(self, hosts: int = HOSTS) -> None:
        """Begin at second 1000 of the engine's clock."""
        random_ = random.Random(7)
        self.hosts = [Host(number, random_) for number in range(hosts)]
        self._seq = 0
        self._at = 1000.0

    def step(self, seconds: float, watch: Watch | None = None) -> Update:
        """Give the next instant, and what its journal tells."""
        self._seq += 1
        self._at += seconds
        at = self._at
        told = told_of_each(len(self.hosts))
        details: list[HostDetail] = []
        origins: list[OriginSnapshot] = []
        for host in self.hosts:
            is_watched = watch is not None and watch.origin == host.key
            origin = host.step(at, seconds, shown=QUEUED if is_watched else told)
            origins.append(origin)
            if is_watched:
                details.append(host.detail(_agent(host.number), origin, at))
        snapshot = Snapshot(
            seq=self._seq,
            at=at,
            wall_at=WALL + at,
            profile="busy",
            agents=tuple(
                AgentSnapshot(
                    name=_agent(first),
                    options=_OPTIONS,
                    initial_options=_OPTIONS,
                    origins=tuple(origins[first : first + _HOSTS_AN_AGENT]),
                    total_socket_count=_HOSTS_AN_AGENT * SOCKETS,
                )
                for first in range(0, len(origins), _HOSTS_AN_AGENT)
            ),
            workloads=tuple(
                WorkloadSnapshot(
                    name=f"load-{host.number:03}",
                    agent=_agent(host.number),
                    target=f"{host.name}:443",
                    state="running",
                    pattern=f"open poisson {_PER_S}/s",
                    rate=float(_PER_S),
                    initial_rate=float(_PER_S),
                    offered=host.done + SOCKETS + QUEUED,
                    sent=host.done + SOCKETS + QUEUED,
                    in_flight=SOCKETS + QUEUED,
                    completed=host.done,
                    latency=origin.latency.total,
                )
                for host, origin in zip(
                    self.hosts[::_HOSTS_AN_AGENT], origins[::_HOSTS_AN_AGENT], strict=True
                )
            ),
            process=ProcessFacts(pid=1, rss_bytes=1 << 27, cpu_s=at, open_fds=2100, max_fds=20000),
            details=tuple(details),
        )
        return Update(snapshot=snapshot, entries=tuple(self._entries(at)))

    def _entries(self, at: float) -> list[JournalEntry]:
        """Tell what a busy engine tells in a quarter of a second."""
        return [
            JournalEntry(
                seq=self._seq * 20 + n,
                at=at,
                wall_at=WALL + at,
                kind=("OPEN", "CLOSE", "CLOSE", "ERROR")[n % 4],
                agent=_agent(n * 10),
                host=f"{self.hosts[n * 10 % len(self.hosts)].name}:443",
                text=f"s{self._seq}{n} closed by peer, Connection: close, {n} requests",
            )
            for n in range(20)
        ]


def _agent(number: int) -> str:
    return f"agent-{number // _HOSTS_AN_AGENT:02}"
