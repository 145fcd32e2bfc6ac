"""A small pool simulation that is a Source: numbers move, edits act, time is stepped by hand."""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditError, EditOutcome, EditRecord, apply_edit
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    RequestInfo,
    Snapshot,
    SocketInfo,
    TCPInfo,
    TimeWait,
    WorkloadSnapshot,
)
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.core.thresholds import ThresholdState
from pooltop.sources.base import JournalEntry, OwnLock, Update, WriteLock

TICK_S = 0.01
WALL = 1_900_000_000.0


@dataclass
class SimSocket:
    """One simulated socket."""

    id: int
    opened_at: float
    since: float
    state: SocketState
    requests: int = 0
    until: float = math.inf
    request: tuple[int, float] | None = None


@dataclass
class SimHost:
    """One simulated host with its agent's pool."""

    host: str
    port: int
    scheme: str = "http"
    rate: float = 50.0
    service_s: float = 0.03
    dial_s: float = 0.004
    error_share: float = 0.0
    label: str = "load/get"
    target: str = "/items?page=1"
    sockets: list[SimSocket] = field(default_factory=list)
    queue: deque[tuple[int, float]] = field(default_factory=deque)
    submitted: int = 0
    completed: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    opened: int = 0
    reused: int = 0
    assigned: int = 0
    closed: int = 0
    verified: bool = True
    wait: Recorder = field(default_factory=Recorder)
    service: Recorder = field(default_factory=Recorder)


@dataclass
class SimAgent:
    """One simulated agent."""

    name: str
    options: AgentOptions
    hosts: list[SimHost]
    initial: AgentOptions = field(init=False)

    def __post_init__(self) -> None:
        self.initial = self.options


def demo_agents(live: str = "node") -> list[SimAgent]:
    """Give four hosts that differ to the eye, as the demo has them."""
    return [
        SimAgent(
            "kept",
            AgentOptions(keep_alive=True, max_sockets=10, live=live),
            [SimHost("kept.localhost", 8080, rate=120, service_s=0.04)],
        ),
        SimAgent(
            "closed",
            AgentOptions(keep_alive=False, max_sockets=10, live=live),
            [SimHost("closed.localhost", 8082, rate=110, service_s=0.04, dial_s=0.012)],
        ),
        SimAgent(
            "starved",
            AgentOptions(keep_alive=True, max_sockets=4, live=live, timeout=30000),
            [SimHost("starved.localhost", 8081, rate=70, service_s=0.07, label="checkout/pay")],
        ),
        SimAgent(
            "secure",
            AgentOptions(keep_alive=True, max_sockets=50, max_free_sockets=16, live=live),
            [
                SimHost(
                    "secure.localhost",
                    8443,
                    "https",
                    rate=160,
                    service_s=0.1,
                    dial_s=0.05,
                    error_share=0.012,
                )
            ],
        ),
    ]


class ScriptedSource:
    """A Source whose time passes only when ``step`` is called."""

    def __init__(self, agents: list[SimAgent], *, title: str = "demo", seed: int = 1) -> None:
        self.title = title
        self.fixed = ""
        self.lock: WriteLock = OwnLock()
        self.bounds: dict[str, tuple[float, float]] = {}
        self.records: tuple[EditRecord, ...] = ()
        self.thresholds: tuple[ThresholdState, ...] = ()
        self.is_done = False
        self.watched: Watch | None = None
        self.agents = agents
        self.environment: str | None = None
        self.edits: list[Edit] = []
        self.controls: list[Control] = []
        self.closed = False
        self.paused = False
        self._random = random.Random(seed)
        self._at = 100.0
        self._seq = 0
        self._ids = 0
        self._journal: list[JournalEntry] = []
        self._on_update: Callable[[Update], None] | None = None
        self._on_end: Callable[[str], None] | None = None

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        self._on_update, self._on_end = on_update, on_end

    def send(self, update: Update) -> None:
        """Hand over an update made elsewhere."""
        assert self._on_update is not None
        self._on_update(update)

    def step(self, seconds: float = 0.5, *, send: bool = True) -> Update:
        """Let time pass, and hand over one update."""
        for _ in range(round(seconds / TICK_S)):
            self._at += TICK_S
            for agent in self.agents:
                for host in agent.hosts:
                    self._tick(agent, host)
        update = Update(snapshot=self.snapshot(), entries=tuple(self._journal))
        self._journal.clear()
        if send:
            self.send(update)
        return update

    def end(self, reason: str) -> None:
        """Say that nothing more comes."""
        assert self._on_end is not None
        self._on_end(reason)

    async def submit(self, edit: Edit) -> EditOutcome:
        self.edits.append(edit)
        if edit.workload:
            return EditOutcome(id=edit.id, accepted=True, before=120.0, after=edit.value)
        agent = next(one for one in self.agents if one.name == edit.agent)
        before = getattr(agent.options, edit.option)
        queued = sum(len(host.queue) for host in agent.hosts)
        try:
            agent.options = apply_edit(agent.options, edit.option, edit.value)
        except EditError as error:
            return EditOutcome(id=edit.id, accepted=False, error=str(error))
        opened = 0
        if agent.options.live == "drain":
            for host in agent.hosts:
                room = agent.options.max_sockets - self._used(host)
                while host.queue and room > 0:
                    self._open(host, host.queue.popleft())
                    room -= 1
                    opened += 1
        after = getattr(agent.options, edit.option)
        self.say("EDIT", agent.name, f"{edit.option} {before} > {after} by {edit.by}")
        return EditOutcome(
            id=edit.id,
            accepted=True,
            before=None if before == math.inf else before,
            after=None if after == math.inf else after,
            opened=opened,
            queued=queued,
            live=agent.options.live,
        )

    def watch(self, watch: Watch | None) -> None:
        """Note who is looked at."""
        self.watched = watch

    async def control(self, control: Control) -> None:
        self.controls.append(control)
        if control.action == "stop":
            self.paused = True
            for agent in self.agents:
                for host in agent.hosts:
                    host.queue.clear()
                    host.sockets.clear()
        elif control.action in ("pause", "resume"):
            self.paused = control.action == "pause"

    async def close(self) -> None:
        self.closed = True

    def say(self, kind: str, host: str, text: str) -> None:
        """Put a line into the journal of the next update."""
        entry = JournalEntry(
            seq=len(self._journal),
            at=self._at,
            wall_at=WALL + self._at,
            kind=kind,
            host=host,
            text=text,
        )
        self._journal.append(entry)

    def _used(self, host: SimHost) -> int:
        return sum(1 for one in host.sockets if one.state is not SocketState.FREE)

    def _open(self, host: SimHost, request: tuple[int, float]) -> None:
        self._ids += 1
        host.opened += 1
        socket = SimSocket(self._ids, self._at, self._at, SocketState.CONNECTING)
        socket.until = self._at + host.dial_s
        host.sockets.append(socket)
        self._assign(host, socket, request)
        self.say("OPEN", f"{host.host}:{host.port}", f"s{socket.id} dialled")

    def _assign(self, host: SimHost, socket: SimSocket, request: tuple[int, float]) -> None:
        host.assigned += 1
        host.reused += 1 if socket.requests else 0
        socket.requests += 1
        socket.request = request
        host.wait.record(self._at - request[1])

    def _run(self, host: SimHost, socket: SimSocket) -> None:
        socket.state, socket.since = SocketState.ACTIVE, self._at
        took = host.service_s * math.exp(self._random.gauss(0, 0.35))
        socket.until = self._at + took
        host.service.record(took)

    def _tick(self, agent: SimAgent, host: SimHost) -> None:
        for socket in list(host.sockets):
            if socket.until > self._at:
                continue
            if socket.state is SocketState.CONNECTING:
                self._run(host, socket)
            elif socket.state is SocketState.ACTIVE:
                self._done(agent, host, socket)
            elif socket.state is SocketState.DYING:
                host.sockets.remove(socket)
                host.closed += 1
                if host.queue and self._used(host) < agent.options.max_sockets:
                    self._open(host, host.queue.popleft())
        if self.paused:
            return
        due = host.rate * TICK_S
        count = int(due) + (1 if self._random.random() < due % 1 else 0)
        for _ in range(count):
            self._arrive(agent, host)

    def _done(self, agent: SimAgent, host: SimHost, socket: SimSocket) -> None:
        if self._random.random() < host.error_share:
            host.failed["ECONNRESET"] += 1
        else:
            host.completed += 1
            host.statuses[200] += 1
        over = self._used(host) > agent.options.max_sockets
        if host.queue and not over:
            self._assign(host, socket, host.queue.popleft())
            self._run(host, socket)
        elif agent.options.keep_alive and not over:
            socket.state, socket.since, socket.until = SocketState.FREE, self._at, math.inf
            socket.request = None
        else:
            socket.state, socket.since, socket.until = SocketState.DYING, self._at, self._at
            socket.request = None
            self.say("CLOSE", f"{host.host}:{host.port}", f"s{socket.id} keepAlive off")

    def _arrive(self, agent: SimAgent, host: SimHost) -> None:
        host.submitted += 1
        request = (host.submitted, self._at)
        free = next((one for one in reversed(host.sockets) if one.state is SocketState.FREE), None)
        if free is not None:
            self._assign(host, free, request)
            self._run(host, free)
        elif self._used(host) < agent.options.max_sockets:
            self._open(host, request)
        else:
            host.queue.append(request)
            if len(host.queue) == 1:
                self.say("QUEUE", f"{host.host}:{host.port}", "first request waits")

    def snapshot(self) -> Snapshot:
        """Give the instant."""
        self._seq += 1
        return Snapshot(
            seq=self._seq,
            at=self._at,
            wall_at=WALL + self._at,
            profile=self.title,
            environment=self.environment,
            edits=self.records,
            thresholds=self.thresholds,
            agents=tuple(self._agent(agent) for agent in self.agents),
            workloads=(
                WorkloadSnapshot(
                    name="load",
                    agent="kept",
                    target="kept.localhost:8080",
                    state="done" if self.is_done else "paused" if self.paused else "running",
                    pattern="open 120/s",
                    rate=120.0,
                    initial_rate=120.0,
                ),
            ),
        )

    def _agent(self, agent: SimAgent) -> AgentSnapshot:
        origins = tuple(self._origin(host) for host in agent.hosts)
        return AgentSnapshot(
            name=agent.name,
            options=agent.options,
            initial_options=agent.initial,
            bounds=self.bounds,
            origins=origins,
            total_socket_count=sum(origin.total for origin in origins),
        )

    def _origin(self, host: SimHost) -> OriginSnapshot:
        infos = [_info(socket, host.scheme, self._at) for socket in host.sockets]
        by_state = Counter(socket.state for socket in host.sockets)
        return OriginSnapshot(
            key=OriginKey(f"{host.host}:{host.port}:"),
            scheme=host.scheme,
            host=host.host,
            port=host.port,
            sockets=tuple(info for info in infos if info.state is not SocketState.FREE),
            free_sockets=tuple(info for info in infos if info.state is SocketState.FREE),
            requests=tuple(_request(host, number, at) for number, at in list(host.queue)[:20]),
            running=tuple(
                msgspec.structs.replace(
                    _request(host, *socket.request),
                    state=RequestState.RUNNING,
                    socket=SocketId(socket.id),
                )
                for socket in host.sockets
                if socket.request is not None
            ),
            queued=len(host.queue),
            oldest_queued_at=host.queue[0][1] if host.queue else None,
            connecting=by_state[SocketState.CONNECTING],
            active=by_state[SocketState.ACTIVE],
            free=by_state[SocketState.FREE],
            closing=by_state[SocketState.DYING],
            total=len(host.sockets),
            counters=OriginCounters(
                submitted=host.submitted,
                completed=host.completed,
                failed=dict(host.failed),
                statuses=dict(host.statuses),
                opened=host.opened,
                reused=host.reused,
                assigned=host.assigned,
            ),
            latency=OriginLatency(queue=host.wait.freeze(), wait=host.service.freeze()),
            time_wait=TimeWait(at=self._at, ours=host.closed, fullest=host.closed, theirs=0),
            verified=host.verified,
        )


def _info(socket: SimSocket, scheme: str, at: float) -> SocketInfo:
    shaking = scheme == "https" and socket.state is SocketState.CONNECTING and socket.id % 2
    return SocketInfo(
        id=SocketId(socket.id),
        state=socket.state,
        opened_at=socket.opened_at,
        since=socket.since,
        requests=socket.requests,
        request=None if socket.request is None else RequestId(socket.request[0]),
        tcp=0.001 if shaking else None,
        remote=f"127.0.0.1:{socket.id}",
        kernel=TCPInfo(
            at=at, rtt=0.0004, rtt_var=0.0001, retransmits=0, retransmitted=0, unacked=1, cwnd=10
        ),
    )


def _request(host: SimHost, number: int, at: float) -> RequestInfo:
    return RequestInfo(
        id=RequestId(number),
        state=RequestState.QUEUED,
        method="GET",
        target=host.target,
        label=host.label,
        submitted_at=at,
        why=QueueReason.MAX_SOCKETS,
    )
