"""The dashboard over the scripted engine, as a program; ``--no-mouse`` and ``--ascii`` as the command has them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS / "ui")]

from scripted_source import ScriptedSource, demo_agents

from pooltop.sources.base import Update
from pooltop.ui import run_dashboard


class LiveSource(ScriptedSource):
    """A scripted engine that goes on by itself."""

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        await super().start(on_update, on_end)
        self._task = asyncio.create_task(self._go())

    async def _go(self) -> None:
        while True:
            self.step(0.1)
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        self._task.cancel()


if __name__ == "__main__":
    sys.exit(
        run_dashboard(
            LiveSource(demo_agents()),
            mouse="--no-mouse" not in sys.argv,
            ascii_only="--ascii" in sys.argv or None,
        )
    )
