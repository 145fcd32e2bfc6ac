"""A prepared engine whose every picture is known beforehand: what the golden screens are of.

The scripted pools, with all that the inspectors, cards and marks tell besides: TLS, past requests,
fates, outlooks, an edit that will be put back, a closed-model workload that is over.
"""

from __future__ import annotations

from msgspec.structs import replace
from scripted_source import WALL, ScriptedSource, SimAgent, SimHost, demo_agents

from pooltop.core.advising import AdvisorOptions
from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.detail import (
    Fate,
    FateKind,
    HostDetail,
    Outlook,
    PastRequest,
    RequestDetail,
    SocketDetail,
)
from pooltop.core.edits import Edit, EditOutcome, EditRecord
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, RequestId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginSnapshot,
    PeerCertificate,
    RequestInfo,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import QueueReason, SocketState

STEP_S = 0.5
LENGTH_S = 50.0
EDIT_AFTER_S = 30.0
RAISED = 6.0

TOOK_S = {"late": 0.0008, "queue": 0.004, "wait": 0.03, "receive": 0.006, "total": 0.0408}
"""Of each request of the load."""
CERTIFICATE = PeerCertificate(
    subject="secure.localhost",
    issuer="Prepared CA",
    names=("DNS:secure.localhost",),
    wall_not_before=WALL - 86_400,
    wall_not_after=WALL + 9 * 86_400,
)
HEADERS = (("Host", "starved.localhost"), ("Authorization", "(hidden)"), ("Accept", "*/*"))


def prepared_agents() -> list[SimAgent]:
    """Give the demo's hosts, and one that nothing was sent to yet."""
    return [
        *demo_agents("drain"),
        SimAgent(
            "quiet",
            AgentOptions(keep_alive=True, max_total_sockets=8),
            [SimHost("quiet.localhost", 8084, rate=0)],
        ),
    ]


class PreparedSource(ScriptedSource):
    """Tells everything; ``play`` goes to the prepared instant."""

    def __init__(self) -> None:
        super().__init__(prepared_agents(), title="prepared.toml", seed=7)
        self.bounds = {"max_sockets": (1.0, 64.0)}
        self._began = self._at
        self._took = {name: Recorder() for name in TOOK_S}
        next(one for one in self.agents if one.name == "secure").hosts[0].verified = False

    def play(self) -> None:
        """Hand over every instant up to the prepared one."""
        while self._at < self._began + LENGTH_S - STEP_S / 2:
            self.step(STEP_S)
            if not self.records and self._at >= self._began + EDIT_AFTER_S:
                self._raise()
        self.say("ERROR", "secure.localhost:8443", "r1204 ECONNRESET after 2 bytes")
        self.step(STEP_S)

    def _raise(self) -> None:
        starved = next(one for one in self.agents if one.name == "starved")
        before = starved.options.max_sockets
        starved.options = replace(starved.options, max_sockets=RAISED)
        self.records = (
            EditRecord(
                number=1,
                at=self._at,
                wall_at=WALL + self._at,
                agent="starved",
                option="max_sockets",
                before=before,
                after=RAISED,
                by="operator",
                opened=2,
                queued=len(starved.hosts[0].queue),
                live="drain",
                revert_at=self._at + 60.0,
            ),
        )
        self.say("EDIT", "starved", "1 maxSockets 4 > 6 by operator, 2 dialled, DRAIN")

    async def submit(self, edit: Edit) -> EditOutcome:
        """Say that this is what raised it."""
        return EditOutcome(id=edit.id, accepted=True, before=4.0, after=edit.value, number=1)

    def snapshot(self) -> Snapshot:
        plain = super().snapshot()
        agents = tuple(_told(agent, self._at) for agent in plain.agents)
        return replace(
            plain,
            agents=agents,
            auto_revert_s=60.0,
            advisor=AdvisorOptions(window_s=4.0, min_samples=100),
            workloads=(self._load(plain.workloads[0]), self._warm_up()),
            details=self._details(agents),
        )

    def _load(self, plain: WorkloadSnapshot) -> WorkloadSnapshot:
        kept = self.agents[0].hosts[0]
        for name, recorder in self._took.items():
            while recorder.count < kept.completed:
                recorder.record(TOOK_S[name])
        took = {name: recorder.freeze() for name, recorder in self._took.items()}
        return replace(
            plain,
            offered=kept.submitted + 3,
            sent=kept.submitted,
            dropped=3,
            in_flight=kept.submitted - kept.completed,
            completed=kept.completed,
            latency=kept.service.freeze(),
            lateness=took.pop("late"),
            classes=(
                ClassSnapshot(
                    name="list",
                    sent=kept.submitted,
                    completed=kept.completed,
                    phases=PhaseDurations(**took),
                ),
                ClassSnapshot(
                    name="order",
                    sent=12,
                    completed=9,
                    failed={"ECONNRESET": 2, "QueueTimeout": 1},
                    unexpected={"status 503": 1},
                ),
            ),
        )

    def _warm_up(self) -> WorkloadSnapshot:
        return WorkloadSnapshot(
            name="warm-up",
            agent="secure",
            target="secure.localhost:8443",
            state="done",
            pattern="closed, 5 users",
            model="closed",
            users=5,
            initial_users=8,
            sent=40,
            completed=39,
            failed=1,
        )

    def _details(self, agents: tuple[AgentSnapshot, ...]) -> tuple[HostDetail, ...]:
        watch = self.watched
        if watch is None:
            return ()
        return tuple(
            HostDetail(
                agent=agent.name,
                origin=origin.key,
                sockets=tuple(
                    _socket_detail(one, origin, self._at)
                    for one in (*origin.sockets, *origin.free_sockets)
                ),
                requests=tuple(
                    _request_detail(one, place, agent, watch.request)
                    for place, one in enumerate((*origin.running, *origin.requests))
                ),
            )
            for agent in agents
            for origin in agent.origins
            if (agent.name, origin.key) == (watch.agent, watch.origin)
        )


def _told(agent: AgentSnapshot, at: float) -> AgentSnapshot:
    return replace(agent, origins=tuple(_origin(one, at) for one in agent.origins))


def _origin(origin: OriginSnapshot, at: float) -> OriginSnapshot:
    of = {one.socket: one.id for one in origin.running}
    secure = origin.scheme == "https"
    return replace(
        origin,
        sockets=tuple(_socket(one, of.get(one.id), at, secure=secure) for one in origin.sockets),
        free_sockets=tuple(_socket(one, None, at, secure=secure) for one in origin.free_sockets),
        certificates=(CERTIFICATE,) if secure else (),
    )


def _socket(
    socket: SocketInfo, request: RequestId | None, at: float, *, secure: bool
) -> SocketInfo:
    connected = socket.state is not SocketState.CONNECTING
    told = replace(
        socket,
        request=request,
        connected_at=socket.opened_at + 0.004 if connected else None,
        busy_s=(at - socket.opened_at) * 0.75,
        local=f"127.0.0.1:{50_000 + socket.id}" if connected else "",
        dns=0.0,
        attempts=1 if connected else None,
        tcp=0.001 if connected else socket.tcp,
        bytes_in=socket.requests * 812,
        bytes_out=socket.requests * 240,
        hint="timeout=5",
    )
    if not (secure and connected):
        return told
    return replace(
        told,
        tls="TLSv1.3 TLS_AES_256_GCM_SHA384",
        tls_resumed=socket.id % 2 == 0,
        verified=False,
        alpn="http/1.1",
        certificate=0,
        handshake=0.031,
    )


def _socket_detail(socket: SocketInfo, origin: OriginSnapshot, at: float) -> SocketDetail:
    fate = None
    if socket.state is SocketState.ACTIVE:
        head = origin.requests[0].id if origin.requests else None
        fate = Fate(kind=FateKind.PARK if head is None else FateKind.HAND_OVER, request=head)
    past = tuple(
        PastRequest(
            id=RequestId(900 - 7 * back),
            method="GET",
            target="/items?...",
            status=503 if back == 2 else 200,
            took=0.07,
            ended_at=at - 0.08 * back,
        )
        for back in range(1, min(4, socket.requests))
    )
    return SocketDetail(id=socket.id, past=past, fate=fate, descriptor=20 + socket.id)


def _request_detail(
    request: RequestInfo, place: int, agent: AgentSnapshot, asked: RequestId | None
) -> RequestDetail:
    limit = agent.options.max_sockets
    told = RequestDetail(
        id=request.id,
        counted=int(limit) if limit < 1000 else None,
        limit=limit,
        deadline_at=request.submitted_at + 30.0,
        body_bytes=412,
        headers=HEADERS if request.id == asked else (),
    )
    if request.socket is not None:
        return replace(
            told,
            assigned_at=request.submitted_at + 0.2,
            sent_at=request.submitted_at + 0.201,
        )
    ahead = place - int(limit) if limit < 1000 else place
    return replace(
        told,
        outlook=Outlook(
            ahead=max(0, ahead),
            held_by=QueueReason.MAX_SOCKETS,
            in_s=0.012 * (ahead + 1),
            at_once_from=int(limit) + ahead + 1,
        ),
    )
