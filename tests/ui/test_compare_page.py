"""Page 6: two sides on one screen, and the keys that act on both at once.

The golden files are written anew as those of ``test_screens`` are.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from golden_screen import GOLDEN, NamingApp, compare, screen_of, written
from scripted_source import ScriptedSource, demo_agents
from still_source import StillSource
from support.undici_scenes import sockets, streams
from versus_source import VersusSource

from pooltop.sources.playback import PlayerSource
from pooltop.sources.player import Player
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile

SIZES = [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)]
WITH_SESSIONS = [(80, 24), (120, 40)]


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Show the clock of Greenwich, whatever this machine's is."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


async def drawn(
    source: ScriptedSource, size: tuple[int, int], *keys: str, ascii_only: bool = False
) -> str:
    app = NamingApp(source, clock=lambda: 1000.0, spent=lambda: 0.0, ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for _ in range(12):
            source.step()
            await pilot.pause()
        await pilot.press("6", *keys)
        await pilot.pause()
        return written(screen_of(app))


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_two_sides_are_shown_as_they_were(size: tuple[int, int]) -> None:
    shown = await drawn(VersusSource(), size)
    assert "" == compare(f"compare/{size[0]}x{size[1]}/sides", shown)


@pytest.mark.parametrize("size", WITH_SESSIONS, ids="{0[0]}x{0[1]}".format)
async def test_a_session_of_100_streams_is_shown_beside_100_sockets(
    size: tuple[int, int],
) -> None:
    shown = await drawn(StillSource(streams(), sockets()), size)
    assert "" == compare(f"compare/{size[0]}x{size[1]}/sessions", shown)


async def test_in_ascii_nothing_is_beyond_it() -> None:
    shown = await drawn(VersusSource(), (120, 40), "enter", ascii_only=True)
    assert "" == compare("compare/120x40/number-ascii", shown)


def test_no_golden_file_is_of_a_view_that_is_no_more() -> None:
    known = {f"{width}x{height}/sides" for width, height in SIZES}
    known |= {f"{width}x{height}/sessions" for width, height in WITH_SESSIONS}
    folder = GOLDEN / "compare"
    files = {str(path.relative_to(folder).with_suffix("")) for path in folder.rglob("*.txt")}
    assert known | {"120x40/number-ascii"} == files


async def test_what_is_there_to_compare_opens_on_its_page(desk) -> None:
    async with desk(VersusSource()) as one:
        assert "Compare" == one.app.board.page.name
        await one.press("1")
        one.source.step()
        assert "Pools" == one.app.board.page.name


async def test_without_sides_the_page_says_how_to_have_some(desk) -> None:
    async with desk(ScriptedSource(demo_agents())) as one:
        await one.press("6", "right_square_bracket")
        assert "nothing is compared: pooltop demo compare, or [compare]" in one.text()
        assert [] == one.source.edits


async def test_of_two_agents_nobody_has_to_say_which_are_compared(desk) -> None:
    source = VersusSource()
    source.sides = None
    async with desk(source) as one:
        await one.press("6")
        assert "kept against close, since the start" in one.text()


async def test_y_copies_the_card_and_x_writes_it_as_json(desk, tmp_path) -> None:
    path = tmp_path / "card.json"
    async with desk(VersusSource()) as one:
        await one.press("6", "y")
        copied = one.app.clipboard
        assert "copied the result card" in one.text()
        await one.press("x", "ctrl+u", *str(path), "enter")
    assert "A  kept: keepAlive on, maxSockets 10, maxFreeSockets 256" in copied
    card = json.loads(path.read_text())
    rows = {each["id"]: each for each in card["measures"]}
    opened = rows["connections"]
    assert ("kept", "close") == (card["sides"]["A"]["agent"], card["sides"]["B"]["agent"])
    assert opened["b"] > 10 * opened["a"] > 0
    assert f"{opened['b']:,}" in copied
    assert opened["times"] == opened["b"] / opened["a"]


async def test_brackets_step_the_rate_of_both_sides_and_braces_their_limit(desk) -> None:
    async with desk(VersusSource()) as one:
        await one.press("6", "right_square_bracket")
        await one.press("left_curly_bracket")
        edits = [(e.workload or e.agent, e.option, e.value) for e in one.source.edits]
    assert [
        ("kept", "rate", 110.0),
        ("close", "rate", 110.0),
        ("kept", "max_sockets", 9.0),
        ("close", "max_sockets", 9.0),
    ] == edits


async def test_a_step_outside_of_a_profiles_bounds_asks_once_for_both(desk) -> None:
    source = VersusSource()
    source.bounds = {"max_sockets": (1.0, 10.0)}
    async with desk(source) as one:
        await one.press("6", "right_curly_bracket")
        assert ("EDIT both sides", []) == (_asked(one), source.edits)
        await one.press("enter")
        assert [("kept", 11.0, True), ("close", 11.0, True)] == [
            (e.agent, e.value, e.confirmed) for e in source.edits
        ]


async def test_what_is_locked_is_not_stepped(desk) -> None:
    async with desk(VersusSource()) as one:
        await one.press("6", "L", "right_square_bracket")
        assert [] == one.source.edits


async def test_a_frozen_screen_holds_both_sides_while_numbers_go_on(desk) -> None:
    async with desk(VersusSource()) as one:
        await one.press("6", "space")
        before = [line for line in one.screen() if "connections" in line]
        await one.step(times=4)
        assert before == [line for line in one.screen() if "connections" in line]
        await one.press("space")
        assert before != [line for line in one.screen() if "connections" in line]


async def test_a_limit_that_one_side_does_not_take_changes_neither(desk) -> None:
    async with desk(StillSource(sockets(), streams())) as one:
        await one.press("6", "right_curly_bracket")
        assert "neither side was changed: streams: connections is taken by undici" in one.text()
        assert [] == one.source.edits


async def test_a_recording_is_compared_as_the_engine_was(tmp_path) -> None:
    engine = VersusSource()
    file = RecordingFile(str(tmp_path / "r.ptr"))
    file.begin(Meta(title="versus", pooltop="1"))
    updates = [engine.step(0.5, send=False) for _ in range(12)]
    for update in updates:
        file.append(update)
    file.finish()
    source = PlayerSource(Player(Recording(str(tmp_path / "r.ptr")), clock=lambda: 50.0))
    app = NamingApp(source, read_only=True, clock=lambda: 50.0)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("space", "end", "6")
        for _ in range(3):
            await pilot.pause()
        shown = "\n".join(screen_of(app).text)
        await pilot.press("right_square_bracket")
        await pilot.pause()
        refused = "\n".join(screen_of(app).text)
    await source.close()
    (_, close) = updates[-1].snapshot.agents
    assert "kept against close, since the start" in shown
    assert f"{close.origins[0].counters.connected:,} " in shown
    assert "refused: this is" in refused


async def test_the_cells_never_make_what_is_below_jump(desk) -> None:
    async with desk(VersusSource(), size=(80, 24)) as one:
        await one.press("6")
        heights = set()
        for _ in range(6):
            await one.step()
            heights.add(next(i for i, line in enumerate(one.screen()) if "NUMBERS" in line))
    assert 1 == len(heights)


async def test_a_number_is_explained_where_it_is_opened(desk) -> None:
    async with desk(VersusSource()) as one:
        await one.press("6", *["j"] * 5, "enter")
        text = one.text()
    assert "NUMBER  handshake CPU, ours" in text
    assert "measured by the thread's clock" in text


def _asked(one) -> str:
    line = next((line for line in one.screen() if "EDIT both sides" in line), "")
    return "EDIT both sides" if line else ""
