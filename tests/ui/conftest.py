"""A dashboard over a scripted source, in a terminal that is not there."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from textual.pilot import Pilot

sys.path.insert(0, str(Path(__file__).parent))

from scripted_source import ScriptedSource, demo_agents

from pooltop.lessons.player import LessonPlayer
from pooltop.profiles.saving import Saving
from pooltop.ui.app import PoolTopApp
from pooltop.ui.lesson import LessonApp


class HandClock:
    """Monotonic seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Desk:
    """What a test has in its hands."""

    app: PoolTopApp
    source: ScriptedSource
    pilot: Pilot[None]
    clock: HandClock

    async def step(self, seconds: float = 0.5, times: int = 1) -> None:
        """Let the engine run, and wait until it is drawn."""
        for _ in range(times):
            self.source.step(seconds)
            await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys and wait until they have acted."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    def screen(self) -> list[str]:
        """Give the text of every line on the screen."""
        width, height = self.app.size
        compositor = self.app.screen._compositor
        strips = compositor.render_strips()
        assert len(strips) <= height
        return [strip.text.ljust(width) for strip in strips]

    def text(self) -> str:
        """Give the whole screen as text."""
        return "\n".join(self.screen())

    def hosts(self) -> list[str]:
        """Give the hosts shown, top to bottom, without their ports."""
        return [row.label.split(".")[0] for row in self.app.board.pools.rows]

    def cursor(self) -> str:
        """Give the agent under the cursor."""
        host = self.app.board.pools.host
        return host.agent if host else ""


OpenDesk = Callable[..., AbstractAsyncContextManager[Desk]]


@pytest.fixture
def desk() -> OpenDesk:
    @asynccontextmanager
    async def open_desk(
        source: ScriptedSource | None = None,
        *,
        size: tuple[int, int] = (120, 40),
        steps: int = 8,
        read_only: bool = False,
        live: str = "node",
        ascii_only: bool = False,
        saving: Saving | None = None,
        lesson: LessonPlayer | None = None,
        judged: Callable[[LessonPlayer], str] = lambda _: "",
    ) -> AsyncIterator[Desk]:
        source = source or ScriptedSource(demo_agents(live))
        clock = HandClock()
        make = PoolTopApp if lesson is None else partial(LessonApp, lesson=lesson, judged=judged)
        app = make(
            source,
            read_only=read_only,
            clock=clock,
            spent=lambda: 0.0,  # its clock stands still, the machine's does not
            ascii_only=ascii_only,
            saving=saving,
        )
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            one = Desk(app, source, pilot, clock)
            await one.step(times=steps)
            yield one

    return open_desk
