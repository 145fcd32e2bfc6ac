"""Values to present: small snapshots, made in one line."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram, Recorder
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


class Make:
    """Makes snapshots of one agent and its hosts."""

    def socket(
        self, number: int, state: SocketState = SocketState.ACTIVE, **more: object
    ) -> SocketInfo:
        return SocketInfo(id=SocketId(number), state=state, opened_at=0.0, since=0.0, **more)

    def histogram(self, durations: Iterable[float]) -> Histogram:
        recorder = Recorder()
        for duration in durations:
            recorder.record(duration)
        return recorder.freeze()

    def origin(
        self,
        host: str = "a",
        *,
        use: int = 0,
        free: int = 0,
        queued: int = 0,
        waits: Iterable[float] = (),
        **counters: object,
    ) -> OriginSnapshot:
        return OriginSnapshot(
            key=OriginKey(f"{host}:80:"),
            scheme="http",
            host=host,
            port=80,
            sockets=tuple(self.socket(n) for n in range(1, use + 1)),
            free_sockets=tuple(
                self.socket(n, SocketState.FREE) for n in range(use + 1, use + free + 1)
            ),
            queued=queued,
            oldest_queued_at=0.0 if queued else None,
            active=use,
            free=free,
            total=use + free,
            counters=OriginCounters(**({"submitted": 1} | counters)),
            latency=OriginLatency(queue=self.histogram(waits)),
        )

    def agent(
        self,
        *origins: OriginSnapshot,
        name: str = "one",
        total: int | None = None,
        initial: AgentOptions | None = None,
        **options: object,
    ) -> AgentSnapshot:
        values = AgentOptions(**options)
        return AgentSnapshot(
            name=name,
            options=values,
            initial_options=initial or values,
            origins=origins,
            total_socket_count=sum(o.total for o in origins) if total is None else total,
        )

    def workload(
        self, name: str = "load", *, took: Iterable[float] = (), **values: object
    ) -> WorkloadSnapshot:
        return WorkloadSnapshot(
            **{
                "name": name,
                "agent": "one",
                "target": "a:80",
                "state": "running",
                "pattern": "open 10/s",
                "latency": self.histogram(took),
            }
            | values
        )

    def snapshot(
        self,
        at: float,
        *agents: AgentSnapshot,
        workloads: tuple[WorkloadSnapshot, ...] = (),
        edits: tuple[EditRecord, ...] = (),
    ) -> Snapshot:
        return Snapshot(
            seq=1,
            at=at,
            wall_at=1_900_000_000 + at,
            agents=agents,
            workloads=workloads,
            edits=edits,
        )

    inf = math.inf


@pytest.fixture
def make() -> Make:
    return Make()
