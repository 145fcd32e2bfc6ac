"""A dashboard over an engine whose every word is hostile; SIGUSR1 is a turn, SIGUSR2 its end."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "ui")]

from scripted_source import ScriptedSource, demo_agents
from support.poison import HOSTILE, poison, poisoned
from support.scenes import scene

from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.snapshot import JournalEntry, Snapshot, WorkloadSnapshot
from pooltop.errors import PooltopError
from pooltop.sources.base import Update
from pooltop.ui import run_dashboard

WORKLOAD = WorkloadSnapshot(
    name="checkout",
    agent="main",
    target="https://api.pay/charge",
    state="running",
    pattern="open loop, 180/s",
)


class PoisonedSource(ScriptedSource):
    """The scripted engine and the inspectors' scene, with hostile text in every field."""

    def __init__(self) -> None:
        super().__init__(demo_agents(), title=HOSTILE[0])
        self.turn = 0
        self._task: asyncio.Task[None] | None = None

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        await super().start(on_update, on_end)
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, self._next)
        loop.add_signal_handler(signal.SIGUSR2, lambda: on_end("".join(HOSTILE)))
        self._task = loop.create_task(self._go())

    def _next(self) -> None:
        self.turn += 1
        self.title = HOSTILE[self.turn % len(HOSTILE)]

    async def _go(self) -> None:
        while True:
            update = self.step(0.1, send=False)
            self.send(
                msgspec.structs.replace(
                    update,
                    snapshot=self._hostile(update.snapshot),
                    entries=tuple(poisoned(each, self.turn) for each in update.entries[:20])
                    + tuple(self._said(text, update.snapshot) for text in HOSTILE),
                )
            )
            await asyncio.sleep(0.4)

    def _hostile(self, snapshot: Snapshot) -> Snapshot:
        shown = scene(at=snapshot.at, failures={"ECONNRESET": "socket hang up"})
        whole = msgspec.structs.replace(
            snapshot,
            profile="prod.toml",
            agents=(*shown.agents, *snapshot.agents),
            details=shown.details,
            workloads=(WORKLOAD, *snapshot.workloads),
        )
        return poisoned(whole, self.turn)

    def _said(self, text: str, snapshot: Snapshot) -> JournalEntry:
        return JournalEntry(
            seq=0, at=snapshot.at, wall_at=snapshot.wall_at, kind=text, host=text, text=text
        )

    async def submit(self, edit: Edit) -> EditOutcome:
        return EditOutcome(id=edit.id, accepted=False, error=poison("refused", self.turn))

    async def control(self, control: Control) -> None:
        raise PooltopError(poison("refused", self.turn))

    async def close(self) -> None:
        if self._task is not None:
            self._task.cancel()


if __name__ == "__main__":
    sys.exit(run_dashboard(PoisonedSource()))
