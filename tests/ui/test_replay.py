"""A recording in the dashboard: the same screens, keys that play it, and nothing to be changed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from scripted_source import ScriptedSource, demo_agents

from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import Player
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile
from pooltop.ui.app import PoolTopApp


@pytest.fixture
def replay(tmp_path, desk):
    """Give what opens 30 s of the demo, standing still at the start."""
    path = str(tmp_path / "r.ptr")
    engine = ScriptedSource(demo_agents("node"))
    file = RecordingFile(path)
    file.begin(Meta(title="demo", pooltop="1"))
    for _ in range(60):
        file.append(engine.step(0.5, send=False))
    file.finish()

    @asynccontextmanager
    async def opened(size=(120, 40)) -> AsyncIterator[Viewer]:
        clock = Clock()
        source = PlayerSource(Player(Recording(path), clock=clock))
        app = PoolTopApp(source, read_only=True, clock=clock)
        async with app.run_test(size=size) as pilot:
            one = Viewer(app, pilot, clock)
            await one.press("space")
            yield one
        await source.close()

    return opened


class Clock:
    """Stands still until it is told otherwise."""

    now = 50.0

    def __call__(self) -> float:
        return self.now


class Viewer:
    """A reader of a recording."""

    def __init__(self, app, pilot, clock) -> None:
        self.app, self.pilot, self.clock = app, pilot, clock

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        for _ in range(3):
            await self.pilot.pause()

    def lines(self) -> list[str]:
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def text(self) -> str:
        return "\n".join(self.lines())


async def test_it_is_stepped_through_and_says_where_it_stands(replay) -> None:
    async with replay() as one:
        first = one.app.player.position_s
        await one.press("full_stop", "full_stop", "full_stop")
        assert pytest.approx(first + 1.5) == one.app.player.position_s
        assert one.app.history.latest.at == one.app.player.at
        await one.press("comma")
        assert pytest.approx(first + 1.0) == one.app.player.position_s
        assert one.app.history.latest.at == one.app.player.at
        assert "REPLAY" in one.lines()[0]


async def test_the_keys_of_an_edit_are_refused(replay) -> None:
    async with replay() as one:
        await one.press("e")
        assert not one.app.board.asking
        assert "recording" in one.text()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])
async def test_the_key_line_is_on_the_screen_beside_the_help_page_too(replay, size) -> None:
    async with replay(size) as one:
        await one.press("question_mark")
        assert "HELP" in one.text()
        assert size[1] - 1 == one.app.board.keys.region.y
        assert "leave" in one.lines()[-1]


async def test_where_it_does_not_fit_it_is_said_what_would(replay) -> None:
    async with replay((40, 10)) as one:
        assert "pooltop needs 40x11" in one.text()
        assert "this is 40x10" in one.text()
    async with replay((40, 11)) as one:
        assert "pooltop needs" not in one.text()


async def test_what_is_wrong_with_the_file_stands_on_the_screen_wherever_it_is_played(
    replay, tmp_path
) -> None:
    path = tmp_path / "r.ptr"
    path.write_bytes(path.read_bytes()[:-2000])
    async with replay((200, 60)) as one:
        assert "! the recording ends in the middle of a frame" in one.text()
        await one.press("full_stop", "comma")
        assert "! the recording ends in the middle of a frame" in one.text()
