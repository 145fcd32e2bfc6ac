"""Keys that the reader has changed: what they do, and that every screen says so."""

from __future__ import annotations

import pytest
from scripted_source import ScriptedSource, demo_agents
from textual import events
from textual._xterm_parser import XTermParser
from textual.keys import _character_to_key

from pooltop.present.header import HeaderFacts, header_line
from pooltop.present.key_names import NAMED, name_of_character
from pooltop.present.keys import Keymap
from pooltop.present.line import text_of
from pooltop.ui.app import PoolTopApp


@pytest.fixture
def app() -> PoolTopApp:
    keys = Keymap(
        {
            "freeze": ("f",),
            "edit": ("E", "f4"),
            "lock": (),
            "quit": ("ctrl+q",),
            "stop_anywhere": ("ctrl+k",),
        }
    )
    return PoolTopApp(ScriptedSource(demo_agents("node")), keys=keys)


async def test_a_changed_key_does_it_and_the_old_one_no_more(app: PoolTopApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app._source.step(0.5)
        await pilot.pause()
        await pilot.press("space")
        assert app.timeline.frozen is None
        await pilot.press("f")
        assert app.timeline.frozen is not None
        await pilot.press("f4")
        assert app.board.limits.editing
        await pilot.press("escape", "q", "ctrl+x", "ctrl+p", "escape")
        assert app.is_running
        assert [] == app._source.controls


def test_the_header_says_the_changed_key() -> None:
    facts = HeaderFacts("demo", "LIVE", 60.0, reverts_in_s=40.0)
    shown = text_of(header_line(facts, 120, Keymap({"keep": ("F",)})))
    assert "F keep 40s" in shown


async def test_the_screen_says_the_changed_keys(app: PoolTopApp) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app._source.step(0.5)
        await pilot.pause()
        line = app.board.keys.lines[0]
        text = "".join(part for part, _ in line)
        assert "E edit" in text
        assert "f freeze" in text
        assert "^q quit" in text
        assert "lock" not in text
        await pilot.press("slash")
        text = "".join(part for part, _ in app.board.keys.lines[0])
        assert "^k stop everything" in text


async def test_the_changed_key_that_stops_is_taken_while_something_is_typed(
    app: PoolTopApp,
) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        app._source.step(0.5)
        await pilot.pause()
        await pilot.press("slash", "a", "ctrl+k")
        await pilot.pause()
        assert ["stop"] == [control.action for control in app._source.controls]


def test_names_of_keys_are_those_of_textual() -> None:
    signs = [chr(code) for code in range(0x20, 0x250) if chr(code).isprintable()]
    assert [_character_to_key(sign) for sign in signs] == [
        name_of_character(sign) for sign in signs
    ]


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        *((chr(ord(letter) - 96), f"ctrl+{letter}") for letter in "abcdefgjklnopqrstuvwxyz"),
        *(
            (f"\x1b[1;{code}{end}", f"{held}+{move}")
            for code, held in ((2, "shift"), (5, "ctrl"), (6, "ctrl+shift"))
            for end, move in zip(
                "ABCDHF", ("up", "down", "right", "left", "home", "end"), strict=True
            )
        ),
        ("\x1b[Z", "shift+tab"),
        ("\x1bx", "alt+x"),
        ("\x1bOP", "f1"),
        ("\x1b[24~", "f12"),
        ("\r", "enter"),
        ("\t", "tab"),
        ("\x7f", "backspace"),
        ("\x1b[3~", "delete"),
        ("\x1b[5~", "pageup"),
    ],
)
def test_what_a_terminal_sends_comes_as_a_key_that_can_be_given(sent: str, name: str) -> None:
    parser = XTermParser()
    told = [*parser.feed(sent), *parser.feed("")]
    assert [name] == [event.key for event in told if isinstance(event, events.Key)]
    assert name in NAMED
