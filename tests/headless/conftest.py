"""Snapshots by hand, and a source that plays a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.model import AgentOptions, OriginKey, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    JournalEntry,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import SocketState
from pooltop.sources.base import OwnLock, Update


def durations(*values: float) -> Histogram:
    """Give a histogram of a few durations."""
    recorder = Recorder()
    for value in values:
        recorder.record(value)
    return recorder.freeze()


@pytest.fixture
def durations_of() -> Callable[..., Histogram]:
    """Give a function that makes a histogram of a few durations."""
    return durations


@pytest.fixture
def snapshot_at() -> Callable[..., Snapshot]:
    """Give a snapshot of one host and one workload, ``at`` seconds after the start."""

    def make(
        at: float,
        *,
        completed: int = 0,
        host: str = "kept.localhost",
        name: str = "kept",
        state: str = "running",
        counters: dict[str, object] | None = None,
        **workload: int,
    ) -> Snapshot:
        sockets = tuple(
            SocketInfo(id=SocketId(i), state=SocketState.ACTIVE, opened_at=0.0, since=0.0)
            for i in range(2)
        )
        numbers: dict[str, object] = {
            "submitted": completed,
            "completed": completed,
            "assigned": completed,
            "reused": completed // 2,
            **(counters or {}),
        }
        origin = OriginSnapshot(
            key=OriginKey("k"),
            scheme="http",
            host=host,
            port=80,
            sockets=sockets,
            queued=3,
            oldest_queued_at=100.0 + at - 0.5,
            active=2,
            free=1,
            total=3,
            counters=OriginCounters(**numbers),  # type: ignore[arg-type]
            latency=OriginLatency(
                queue=durations(*[0.2] * completed), total=durations(*[0.03] * completed)
            ),
        )
        agent = AgentSnapshot(
            name=name,
            options=AgentOptions(max_sockets=2.0),
            initial_options=AgentOptions(max_sockets=2.0),
            origins=(origin,),
        )
        load = WorkloadSnapshot(
            name="w",
            agent=name,
            target=f"{host}:80",
            state=state,
            pattern="open constant 50/s",
            **workload,
        )
        return Snapshot(
            seq=int(at) + 1,
            at=100.0 + at,
            wall_at=1700000000.0 + at,
            profile="p.toml",
            agents=(agent,),
            workloads=(load,),
        )

    return make


class ScriptedSource:
    """Plays what it was given, one callback a turn of the loop."""

    title = "script"
    fixed = ""
    lock = OwnLock()
    watched: Watch | None = None

    def __init__(self, *steps: Snapshot | str | Callable[[], object]) -> None:
        """Play snapshots as updates, text as the end, and call the rest."""
        self.steps = list(steps)
        self.controls: list[str] = []
        self.is_closed = False
        self.fails_with: Exception | None = None
        self._player: asyncio.Task[None] | None = None

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Begin to play."""
        if self.fails_with is not None:
            raise self.fails_with
        self._player = asyncio.ensure_future(self._play(on_update, on_end))

    async def _play(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        for step in self.steps:
            await asyncio.sleep(0)
            if isinstance(step, Snapshot):
                entry = JournalEntry(seq=1, at=0.0, wall_at=0.0, kind="INFO", text="\x1b[2J")
                on_update(Update(snapshot=step, entries=(entry,)))
            elif isinstance(step, str):
                on_end(step)
            else:
                step()

    async def submit(self, edit: Edit) -> EditOutcome:
        """Refuse."""
        return EditOutcome(id=edit.id, accepted=False)

    def watch(self, watch: Watch | None) -> None:
        """Note who is looked at."""
        self.watched = watch

    async def control(self, control: Control) -> None:
        """Keep what was asked."""
        self.controls.append(control.action)

    async def close(self) -> None:
        """Note it."""
        self.is_closed = True
        if self._player is not None:
            await self._player


@pytest.fixture
def scripted() -> type[ScriptedSource]:
    """Give the class: it plays its arguments."""
    return ScriptedSource
