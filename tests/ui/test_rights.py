"""Who may change something is said by the header, the hints and every key alike; stop is free."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from scripted_source import ScriptedSource, demo_agents

from pooltop.core.company import Company, Standing, ViewerInfo
from pooltop.errors import UsageError

OTHER = ViewerInfo(number=2, pid=123, wall_since=0.0, wall_holds_since=0.0)
HERE = ViewerInfo(number=1, pid=101, wall_since=0.0)


class Lock:
    """Another viewer's, or nobody's."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        self.holder = OTHER if standing is Standing.THEIRS else None

    async def take(self, *, force: bool = False) -> None:
        raise AssertionError(force)

    async def release(self) -> None:
        pass


class Recorded(ScriptedSource):
    """Of which nothing can be stopped."""

    async def control(self, control) -> None:
        raise UsageError("this is a recording: nothing in it can be changed")


def done(one) -> list[str]:
    return [control.action for control in one.source.controls]


@pytest.mark.parametrize("stop", ["P", "ctrl+x"])
@pytest.mark.parametrize("read_only", [False, True])
async def test_stop_is_for_everybody_locked_and_read_only_too(desk, stop, read_only) -> None:
    async with desk(read_only=read_only) as one:
        await one.press("L", "p", stop)
        assert ["stop"] == done(one)


async def test_stop_is_for_who_is_attached_read_only_too(desk) -> None:
    async with desk() as one:
        one.source.fixed = "attached read-only"
        await one.press("p", "P")
        assert ["stop"] == done(one)


async def test_an_ended_engine_is_not_stopped(desk) -> None:
    async with desk() as one:
        one.source.end("gone")
        await one.press("P")
        assert [] == done(one)
        assert "refused: the engine has ended" in one.text()


async def test_a_recording_is_not_stopped_and_says_so(desk) -> None:
    async with desk(Recorded(demo_agents())) as one:
        one.source.fixed = "a recording"
        await one.press("P")
        assert "stop failed: this is a recording" in one.text()


SIZES = [(80, 24), (120, 40)]


def is_dimmed(one) -> bool:
    return ("e", "faint") in one.app.board.keys.lines[0]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("standing", [Standing.THEIRS, Standing.FREE])
async def test_who_has_not_the_write_lock_is_read_only(desk, size, standing) -> None:
    async with desk(size=size) as one:
        assert "UNLOCKED" in one.screen()[0]
        assert not is_dimmed(one)
        one.source.lock = Lock(standing)
        viewers = (HERE, OTHER) if standing is Standing.THEIRS else (HERE,)
        update = one.source.step(send=False)
        one.source.send(replace(update, company=Company(you=1, viewers=viewers)))
        await one.pilot.pause()
        assert "READ-ONLY" in one.screen()[0]
        assert "UNLOCKED" not in one.screen()[0]
        assert is_dimmed(one)
        await one.press("e")
        assert "writes; O takes the write lock" in one.text()
        assert not one.app.board.limits.editing


@pytest.mark.parametrize("size", SIZES)
async def test_of_an_ended_engine_nothing_is_unlocked(desk, size) -> None:
    async with desk(size=size) as one:
        one.source.end("gone")
        await one.step()
        assert "READ-ONLY" in one.screen()[0]
        assert "UNLOCKED" not in one.screen()[0]
        assert is_dimmed(one) or "ended" in one.screen()[-1]
        await one.press("L")
        assert "refused: the engine has ended" in one.text()


@pytest.mark.parametrize("fixed", ["a recording", "attached read-only"])
async def test_what_cannot_be_changed_is_not_unlocked(desk, fixed) -> None:
    async with desk() as one:
        one.source.fixed = fixed
        await one.press("L", "e")
        assert "READ-ONLY" in one.screen()[0]
        assert f"refused: this is {fixed}" in one.text()
        assert is_dimmed(one)


@pytest.mark.parametrize("standing", [Standing.THEIRS, Standing.FREE])
async def test_who_was_started_read_only_is_not_offered_the_write_lock(desk, standing) -> None:
    async with desk(read_only=True) as one:
        one.source.lock = Lock(standing)
        await one.press("O")
        assert one.app.board.prompt.question is None
        assert "started read-only" in one.text()


async def test_unlocking_what_another_viewer_writes_says_so(desk) -> None:
    async with desk() as one:
        one.source.lock = Lock(Standing.THEIRS)
        await one.press("L")
        assert "LOCKED" in one.screen()[0]
        await one.press("L")
        assert "UNLOCKED, yet read-only: viewer 2 (pid 123) writes" in one.text()
        assert "READ-ONLY" in one.screen()[0]


async def test_prod_starts_locked_although_another_viewer_writes(desk) -> None:
    source = ScriptedSource(demo_agents())
    source.environment = "prod"
    source.lock = Lock(Standing.THEIRS)
    async with desk(source) as one:
        assert " LOCKED " in one.screen()[0]
