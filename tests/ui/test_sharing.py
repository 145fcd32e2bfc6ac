"""Copy, export, pictures and the palette."""

from __future__ import annotations

import csv
import json
import re
import stat
import sys

import pytest

from pooltop.present.keys import KEYS
from pooltop.ui.files import default_name


async def test_y_copies_the_details_of_the_host_without_control_characters(desk) -> None:
    async with desk() as one:
        await one.press("y")
        copied = one.app.clipboard
        assert "starved.localhost:8081" in copied
        assert all(char.isprintable() or char == "\n" for char in copied)
        assert "copied the details" in one.text()


async def test_y_on_a_request_copies_a_curl_command(desk) -> None:
    async with desk() as one:
        await one.press("3", "y")
        assert one.app.clipboard.startswith("curl ")
        assert "/items?page=1" in one.app.clipboard


async def test_x_writes_the_table_as_it_is_filtered_for_its_owner_alone(desk, tmp_path) -> None:
    path = tmp_path / "hosts.csv"
    async with desk() as one:
        await one.press("slash", *"closed", "enter")
        await _answer(one, "x", str(path))
        assert "written:" in one.text()
    rows = list(csv.DictReader(path.read_text().splitlines()))
    assert ["closed.localhost:8082"] == [row["host"] for row in rows]
    assert 0o600 == stat.S_IMODE(path.stat().st_mode)


async def test_a_name_that_ends_in_json_writes_json(desk, tmp_path) -> None:
    path = tmp_path / "sockets.json"
    async with desk() as one:
        await one.press("2")
        await _answer(one, "x", str(path))
    assert 4 == len(json.loads(path.read_text())["rows"])


async def test_a_file_that_is_there_is_never_written_over(desk, tmp_path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("mine")
    async with desk() as one:
        await _answer(one, "x", str(path))
        assert "is there already" in one.text()
    assert "mine" == path.read_text()


async def test_a_picture_is_of_the_screen_before_the_question(desk, tmp_path) -> None:
    path = tmp_path / "screen.svg"
    async with desk() as one:
        await _answer(one, "ctrl+s", str(path))
    svg = path.read_text()
    assert svg.startswith("<svg")
    assert "LIMITS" in svg
    assert "PICTURE" not in svg


async def test_a_png_without_its_library_says_what_to_install(desk, tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    async with desk() as one:
        await _answer(one, "ctrl+s", str(tmp_path / "screen.png"))
        assert 'pip install "pooltop[png]"' in one.text()
    assert [] == list(tmp_path.iterdir())


async def test_a_png_is_drawn_where_the_library_is_there(desk, tmp_path) -> None:
    pytest.importorskip("cairosvg", exc_type=ImportError)
    path = tmp_path / "screen.png"
    async with desk() as one:
        await _answer(one, "ctrl+s", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


async def test_the_palette_finds_a_command_by_name_and_runs_it(desk) -> None:
    async with desk() as one:
        await one.press("colon")
        await one.pilot.pause()
        assert len(one.app.screen_stack) == 2
        await one.press(*"longer window")
        await one.app.workers.wait_for_complete()
        await one.pilot.pause()
        await one.press("enter")
        await one.pilot.pause()
        assert 1 == len(one.app.screen_stack)
        assert "win 2m" in one.text()


@pytest.mark.parametrize("name", ["quit", "export", "screenshot", "help"])
async def test_the_palette_finds_a_command_by_what_it_is_called(desk, name) -> None:
    async with desk() as one:
        titles = [command.title for command in one.app.get_system_commands(one.app.screen)]
        assert 1 <= len([title for title in titles if name in title]) <= 2


async def test_letters_typed_into_the_palette_are_no_commands(desk) -> None:
    async with desk() as one:
        await one.press("colon", "q", "P", "p")
        assert one.app.is_running
        assert [] == one.source.controls
        await one.press("escape")
        assert 1 == len(one.app.screen_stack)


async def test_the_palette_has_every_key(desk) -> None:
    async with desk() as one:
        listed = {
            command.title.partition(":")[0]
            for command in one.app.get_system_commands(one.app.screen)
        }
        assert {key.id for key in KEYS} - {"palette", "up", "down"} == listed


def test_no_key_is_bound_twice() -> None:
    bound = [name for key in KEYS for name in key.keys]
    assert len(set(bound)) == len(bound)


async def test_an_export_is_of_the_instant_of_its_key(desk, tmp_path) -> None:
    path = tmp_path / "then.json"
    async with desk() as one:
        queued = [row.queued for row in one.app.board.pools.rows]
        await one.press("x")
        await one.step(times=30)
        assert queued != [row.queued for row in one.app.board.pools.rows]
        await _type(one, str(path))
    assert queued == [row["queue"] for row in json.loads(path.read_text())["rows"]]


async def test_a_home_that_is_nobodys_is_said(desk) -> None:
    async with desk() as one:
        await _answer(one, "x", "~nosuchuser/a.csv")
        assert "not written: ~nosuchuser/a.csv: " in one.text()


def test_a_time_that_no_calendar_has_is_left_out_of_a_name() -> None:
    assert "pooltop-hosts.csv" == default_name("hosts", "csv", 1e18)
    assert re.fullmatch(r"pooltop-hosts-\d{8}-\d{6}\.csv", default_name("hosts", "csv", 1.9e9))


async def test_where_no_row_matches_there_is_nothing_to_copy(desk) -> None:
    async with desk() as one:
        await one.press("5", "slash", *"nothing", "enter", "y")
        assert "there is nothing to copy" in one.text()


async def test_an_event_is_copied_whole_however_narrow_the_screen(desk) -> None:
    async with desk(size=(60, 20)) as one:
        words = "one two three four five six seven eight nine ten eleven twelve thirteen"
        one.app.logbook.note(1e6, 4e9, "INFO", words)
        await one.step()
        await one.press("5", "home", "y")
        assert one.app.clipboard.endswith(words)


async def _answer(one, key: str, text: str) -> None:
    await one.press(key)
    await _type(one, text)


async def _type(one, text: str) -> None:
    one.app.board.prompt._typed = ""
    for char in text:
        one.app.board.prompt.take_key(char, char)
    await one.press("enter")
    one.source.step(0.5)
    await one.pilot.pause()
