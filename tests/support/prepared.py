"""Snapshots by hand, of hosts whose totals grow at a steady pace."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from pooltop.core.edits import EditRecord, Fate
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import SocketState


def _socket(number: int, state: SocketState, since: float) -> SocketInfo:
    return SocketInfo(id=SocketId(number), state=state, opened_at=0.0, since=since)


@dataclass
class Host:
    """One host; what it is at now may be changed between two snapshots."""

    name: str = "h"
    rate: float = 100.0
    """Requests a second, all of them completed on a used socket."""
    lease_s: float = 0.01
    queue_s: float = 0.0
    in_use: int = 1
    free: int = 0
    queued: int = 0
    counters: dict[str, object] = field(default_factory=dict)
    """What is otherwise than its pace has it."""
    _done: float = 0.0
    _waits: Recorder = field(default_factory=Recorder)
    _queues: Recorder = field(default_factory=Recorder)

    def go_on(self, span_s: float) -> None:
        """Serve for a while."""
        before = int(self._done)
        self._done += self.rate * span_s
        for _ in range(int(self._done) - before):
            self._waits.record(self.lease_s)
            self._queues.record(self.queue_s)

    def snapshot(self, at: float) -> OriginSnapshot:
        """Give it as it is."""
        done = int(self._done)
        numbers: dict[str, object] = {
            "submitted": done,
            "assigned": done,
            "completed": done,
            "reused": done,
            **self.counters,
        }
        return OriginSnapshot(
            key=OriginKey(f"{self.name}:80:"),
            scheme="http",
            host=self.name,
            port=80,
            sockets=tuple(_socket(n, SocketState.ACTIVE, at) for n in range(self.in_use)),
            free_sockets=tuple(
                _socket(self.in_use + n, SocketState.FREE, 0.0) for n in range(self.free)
            ),
            active=self.in_use,
            free=self.free,
            total=self.in_use + self.free,
            queued=self.queued,
            counters=OriginCounters(**numbers),  # type: ignore[arg-type]
            latency=OriginLatency(wait=self._waits.freeze(), queue=self._queues.freeze()),
        )


@dataclass
class Pool:
    """One agent, a workload to its first host, and a clock that ``run`` lets go on."""

    hosts: list[Host] = field(default_factory=lambda: [Host()])
    options: AgentOptions = field(
        default_factory=lambda: AgentOptions(keep_alive=True, max_sockets=10)
    )
    at: float = 100.0
    edits: tuple[EditRecord, ...] = ()
    state: str = "running"
    name: str = "a"
    seq: int = 0

    def picture(self) -> Snapshot:
        """Give the snapshot of now."""
        self.seq += 1
        origins = tuple(host.snapshot(self.at) for host in self.hosts)
        return Snapshot(
            seq=self.seq,
            at=self.at,
            wall_at=1_700_000_000 + self.at,
            agents=(
                AgentSnapshot(
                    name=self.name,
                    options=self.options,
                    initial_options=self.options,
                    origins=origins,
                    total_socket_count=sum(one.total for one in origins),
                ),
            ),
            workloads=(
                WorkloadSnapshot(
                    name="w",
                    agent=self.name,
                    target=origins[0].authority if origins else "h:80",
                    state=self.state,
                    pattern="open constant",
                ),
            ),
            edits=self.edits,
        )

    def run(self, seconds: float, *, step_s: float = 0.25) -> Iterator[Snapshot]:
        """Give the snapshots of so many seconds from now, the first one a step later."""
        for _ in range(round(seconds / step_s)):
            self.at += step_s
            for host in self.hosts:
                host.go_on(step_s)
            yield self.picture()

    def edit(
        self,
        option: str,
        *,
        number: int = 1,
        workload: str = "",
        by: str = "operator",
        after: float = 20.0,
    ) -> None:
        """Have an edit accepted."""
        record = EditRecord(
            number=number,
            at=self.at,
            wall_at=self.at,
            agent="" if workload else self.name,
            workload=workload,
            option=option,
            before=10.0,
            after=after,
            by=by,
        )
        self.edits = (*self.edits, record)

    def settle(self, fate: Fate) -> None:
        """Have something become of the newest edit."""
        *others, last = self.edits
        self.edits = (*others, replace(last, fate=fate))
