"""A recording in the screens of a live engine: read-only, at any moment, at any speed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from conftest import Desk, HandClock
from scripted_source import WALL, ScriptedSource, demo_agents

from pooltop.sources.base import Update
from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import Player
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile
from pooltop.ui.app import PoolTopApp

Replay = Callable[[], AbstractAsyncContextManager[Desk]]


def _recorded(path: Path) -> None:
    source = ScriptedSource(demo_agents())
    file = RecordingFile(str(path))
    file.begin(Meta(title="demo", wall_started=WALL + 100))
    updates: list[Update] = []
    for step in range(120):
        if step == 60:
            source.say("EDIT", "starved", "edit 1 maxSockets 4 > 40 by operator")
        updates.append(source.step(0.5, send=False))
    for update in updates:
        file.append(update)
    file.finish()


@pytest.fixture
def replay(tmp_path) -> Replay:
    @asynccontextmanager
    async def open_desk() -> AsyncIterator[Desk]:
        path = tmp_path / "r.ptr"
        _recorded(path)
        clock = HandClock()
        player = Player(Recording(str(path)), clock=clock)
        player.pause()
        source = PlayerSource(player)
        app = PoolTopApp(source, clock=clock)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            yield Desk(app, source, pilot, clock)
        await source.close()

    return open_desk


async def _until(one: Desk, words: str) -> None:
    for _ in range(400):
        if words in one.text():
            return
        await one.pilot.pause()
    raise AssertionError(f"{words!r} is not on the screen:\n{one.text()}")


async def test_it_stands_at_its_start_and_says_that_it_is_a_recording(replay) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        assert "REPLAY" in one.screen()[0]
        assert "of 60s" in one.text() or "of 59s" in one.text() or "of 1m" in one.text()
        assert "paused" in one.text()


async def test_a_full_stop_goes_on_by_an_instant_and_a_comma_back(replay) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        first = one.app.history.latest.at
        await one.press("full_stop")
        for _ in range(400):
            if one.app.history.latest.at > first:
                break
            await one.pilot.pause()
        assert pytest.approx(first + 0.5) == one.app.history.latest.at
        await one.press("comma")
        for _ in range(400):
            if one.app.history.latest.at == first:
                break
            await one.pilot.pause()
        assert first == one.app.history.latest.at


async def test_end_goes_to_the_last_instant_with_its_past_behind_it(replay) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        await one.press("end")
        await _until(one, "at the end")
        await _until(one, "saturated")
        assert 120 == one.app.history.latest.seq
        host = one.app.board.pools.host
        assert len(one.app.history.track(host).at) > 20


async def test_b_goes_to_the_edit_and_names_it(replay) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        for _ in range(8):
            await one.press("b")
            if "edit 1 maxSockets" in one.text():
                break
        await _until(one, "edit 1 maxSockets 4 > 40")


@pytest.mark.parametrize("key", ["e", "u", "p", "P", "C", "K"])
async def test_nothing_in_it_can_be_changed_and_that_is_said(replay, key) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        await one.press(key)
        assert not one.app.board.asking
        assert "recording" in one.text() or "no edit is about" in one.text()


async def test_space_plays_and_plus_doubles_the_speed(replay) -> None:
    async with replay() as one:
        await _until(one, "HOSTS 4")
        await one.press("space")
        assert one.app.player.playing
        await one.press("plus")
        assert 2.0 == one.app.player.speed
        await one.press("minus", "minus")
        assert 0.5 == one.app.player.speed
        await one.press("space")
        assert not one.app.player.playing
