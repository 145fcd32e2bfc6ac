"""The table of keys, the names of keys, and the key line that is made of both."""

from __future__ import annotations

import pytest

from pooltop.present.key_line import HINTS, PageName, hints_on, key_line, typing_line
from pooltop.present.key_names import NAMED, key_named, shown_key, why_no_key
from pooltop.present.keys import BY_ID, KEYS, STANDARD, Keymap
from pooltop.present.line import text_of


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("G", "G"),
        ("ä", "ä"),
        ("[", "left_square_bracket"),
        ("left_square_bracket", "left_square_bracket"),
        ("§", "section_sign"),
        ("/", "slash"),
        (" ", "space"),
        ("spc", "space"),
        ("ret", "enter"),
        ("PgUp", "pageup"),
        ("^x", "ctrl+x"),
        ("ctrl+X", "ctrl+x"),
        ("shift+g", "G"),
        ("shift+tab", "shift+tab"),
        ("ctrl+pgup", None),
        ("ctrl+i", None),
        ("hyper+x", None),
        ("", None),
        ("\x1b", None),
        ("f13", None),
        ("gg", None),
    ],
)
def test_a_key_has_one_name_however_it_is_written(written: str, name: str | None) -> None:
    assert name == key_named(written)


def test_what_is_shown_of_a_key_is_a_way_to_write_it() -> None:
    names = (*NAMED, *(name for key in KEYS for name in key.keys))
    assert list(names) == [key_named(shown_key(name)) for name in names]


def test_what_is_no_key_is_told_why_and_what_was_meant() -> None:
    assert "a terminal sends backspace for it." == why_no_key("ctrl+h")
    assert "a terminal sends escape for it." == why_no_key("^[")
    assert 'Did you mean "space"?' in why_no_key("spaec")


def test_every_key_of_the_table_is_one_that_a_terminal_sends() -> None:
    names = [name for key in KEYS for name in key.keys]
    assert names == [key_named(name) for name in names]
    assert len(set(names)) == len(names)
    assert len(BY_ID) == len(KEYS)


@pytest.mark.parametrize("page", list(HINTS))
@pytest.mark.parametrize("width", [0, 1, 40, 80, 120, 200])
def test_help_and_quit_have_a_place_in_every_line_that_has_one(page: PageName, width: int) -> None:
    for held in (False, True):
        hints = hints_on(page, frozen=held, replayed=False, inspecting=held)
        line = text_of(key_line(width, STANDARD, hints, locked=False))
        assert len(line) <= width
        assert ("? help" in line and "q quit" in line) is (width >= 40)


def test_each_page_begins_with_what_matters_there() -> None:
    lines = {page: text_of(key_line(80, STANDARD, hints_on(page), locked=False)) for page in HINTS}
    assert "e edit" in lines["Pools"]
    assert "g its request" in lines["Sockets"]
    assert "v running" in lines["Queue"]
    assert "p pause" in lines["Workloads"]
    assert "v which" in lines["Events"]
    assert "[ ] rate  { } limit  y copy card" in lines["Compare"]


def test_a_held_screen_says_how_to_be_live_and_no_key_stands_twice() -> None:
    hints = hints_on("Pools", frozen=True, inspecting=True)
    ids = [each for one in hints for each in one.ids]
    assert len(set(ids)) == len(ids)
    assert text_of(key_line(80, STANDARD, hints, locked=False)).startswith(" esc back  end live")


def test_the_key_line_has_the_keys_of_the_reader() -> None:
    keys = Keymap({"edit": ("f4",), "sort": (), "stop_anywhere": ("ctrl+k",)})
    line = text_of(key_line(200, keys, hints_on("Pools"), locked=False))
    assert "f4 edit" in line
    assert "sort" not in line
    assert "^k stop everything" in text_of(typing_line(80, keys, "filter"))
    assert frozenset({"ctrl+k", "ctrl+c"}) == keys.from_anywhere
    assert ": sort" == keys.first("sort")


def test_what_the_lock_refuses_is_faint() -> None:
    line = key_line(80, STANDARD, hints_on("Pools"), locked=True)
    assert ("e", "faint") in line
    assert ("/", "key") in line
    assert ("P", "key") in key_line(200, STANDARD, hints_on("Pools"), locked=True)


def test_a_recording_has_nothing_to_stop() -> None:
    assert "P stop" in text_of(key_line(200, STANDARD, hints_on("Pools"), locked=True))
    hints = hints_on("Pools", replayed=True)
    assert "P stop" not in text_of(key_line(200, STANDARD, hints, locked=True))
