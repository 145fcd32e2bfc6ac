"""The key that writes what was tuned as a profile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from scripted_source import ScriptedSource, demo_agents

from pooltop.core.edits import EditRecord
from pooltop.profiles import load
from pooltop.profiles.saving import Saving
from pooltop.profiles.tuned_file import MARK

PROFILE = """\
[agents.starved]
keep_alive = true
max_sockets = 4
timeout = "30s"
[workloads.load]
agent = "starved"
base_url = "http://127.0.0.1:1"
rate = "120/s"
"""
TUNED = 11


@pytest.fixture
def saving(tmp_path: Path) -> Saving:
    path = tmp_path / "prod.toml"
    path.write_text(PROFILE)
    return Saving("", path=str(path), loaded=load(path))


@pytest.fixture
def tuned() -> Callable[..., ScriptedSource]:
    """Give a source whose starved agent was tuned."""

    def make(**more: object) -> ScriptedSource:
        source = ScriptedSource(demo_agents())
        starved = source.agents[2]
        before = starved.options
        starved.options = type(before)(
            **{
                name: getattr(before, name)
                for name in before.__struct_fields__
                if name != "max_sockets"
            },
            max_sockets=TUNED,
        )
        record = EditRecord(
            **{
                "number": 7,
                "at": 90.0,
                "wall_at": 0.0,
                "agent": "starved",
                "option": "max_sockets",
                "before": 4.0,
                "after": float(TUNED),
                "by": "operator",
                **more,
            }
        )
        source.records = (record,)
        return source

    return make


def sockets(path: Path) -> float:
    return load(path).profile.agents[0].options.max_sockets


@pytest.mark.parametrize("locked", [False, True])
async def test_w_shows_what_was_tuned_and_enter_writes_it_locked_or_not(
    desk, saving, tuned, tmp_path, locked
) -> None:
    async with desk(tuned(), saving=saving, size=(160, 40)) as one:
        if locked:
            await one.press("L")
        await one.press("w")
        assert "agents.starved.max_sockets  4 -> 11  edit 7" in one.text()
        assert "prod-tuned.toml_]" in one.text()
        assert ["prod.toml"] == [each.name for each in tmp_path.iterdir()]
        await one.press("enter")
        assert "written: " in one.text()
        assert [] == one.source.edits
        assert [] == one.source.controls
    assert TUNED == sockets(tmp_path / "prod-tuned.toml")


async def test_esc_writes_nothing(desk, saving, tuned, tmp_path) -> None:
    async with desk(tuned(), saving=saving) as one:
        await one.press("w", "escape")
        assert "SAVE" not in one.text()
    assert ["prod.toml"] == [each.name for each in tmp_path.iterdir()]


async def test_nothing_tuned_is_said_and_what_nobody_kept_too(desk, saving, tuned) -> None:
    async with desk(saving=saving) as one:
        await one.press("w")
        assert "not saved: nothing that stays was tuned" in one.text()
    async with desk(tuned(revert_at=200.0), saving=saving, size=(200, 50)) as one:
        await one.press("w")
        assert "agents.starved.max_sockets 11 of edit 7: nobody kept it" in one.text()


async def test_without_a_profile_it_says_why(desk, tuned, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    source = tuned()
    source.title = "elsewhere.toml"
    async with desk(source, saving=Saving("")) as one:
        await one.press("w")
        assert "not saved: its profile cannot be had here" in one.text()
    async with desk(source) as one:
        await one.press("w")
        assert "there is no profile to save yet" in one.text()


async def test_what_pooltop_wrote_is_replaced_when_that_is_typed(
    desk, saving, tuned, tmp_path
) -> None:
    ours, mine = tmp_path / "ours.toml", tmp_path / "mine.toml"
    ours.write_text(f"{MARK}\n")
    mine.write_text("mine")
    async with desk(tuned(), saving=saving, size=(200, 50)) as one:
        await one.press("w", "ctrl+u", *str(mine), "enter")
        assert "is there already: give another name" in one.text()
        await one.press("w", "ctrl+u", *str(ours), "enter")
        assert "type replace then ret" in one.text()
        await one.press("enter")
        assert f"{MARK}\n" == ours.read_text()
        await one.press(*"replace", "enter")
        assert "written: " in one.text()
    assert (TUNED, "mine") == (sockets(ours), mine.read_text())


@pytest.mark.parametrize("size", [(40, 10), (60, 16), (80, 24)])
async def test_on_a_small_screen_it_shows_what_has_room(desk, saving, tuned, size) -> None:
    source = tuned()
    starved = source.agents[2]
    starved.options = type(starved.options)(
        keep_alive=False, max_sockets=9, max_free_sockets=3, max_total_sockets=20, timeout=1.0
    )
    async with desk(source, saving=saving, size=size) as one:
        await one.press("w")
        text = one.text()
        assert "max_sockets" in text
        assert ("more" in text) is (size[1] < 24)
        assert "ret does it" in text or size[0] < 60
