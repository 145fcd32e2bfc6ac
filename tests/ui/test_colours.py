"""Colours on every terminal: legible where there are many, few where there are few, none if asked."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rich.style import Style
from support.pseudo_terminal import ROOT, PseudoTerminal, tokens
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from pooltop.errors import UsageError
from pooltop.ui.contrast import contrast, legible
from pooltop.ui.few_colours import few_colours
from pooltop.ui.first_theme import check_theme, first_theme
from pooltop.ui.theme import (
    CONTRAST,
    GLYPH_RATIO,
    STRONG_RATIO,
    TEXT_RATIO,
    THEMES,
    Palette,
    palette,
)

ALL = {**BUILTIN_THEMES, **{theme.name: theme for theme in THEMES}}
MANY = sorted(name for name, theme in ALL.items() if not theme.ansi)
GROUNDS = ("row", "row.cursor", "row.hot", "row.hot.cursor")
GLYPHS = ("bar.", "sock.", "plot.", "faint")


def colours(style: Style) -> tuple[Color, Color | None]:
    assert style.color is not None
    back = style.bgcolor and Color.from_rich_color(style.bgcolor)
    return Color.from_rich_color(style.color), back


def too_faint(inks: Palette, text_ratio: float) -> list[str]:
    """Give every ink that has too little contrast with something that it stands on."""
    wrong = []
    for name, style in inks.items():
        if name in GROUNDS:
            continue
        front, back = colours(style)
        least = GLYPH_RATIO if name.startswith(GLYPHS) else text_ratio
        for ground in GROUNDS:
            under = back or Color.from_rich_color(inks[ground].bgcolor)
            found = contrast(front, under)
            if found < least - 0.05:  # a colour is rounded to 8 bits
                wrong.append(f"{name} on {ground}: {found:.2f} of {least}")
    return wrong


@pytest.mark.parametrize("name", MANY)
def test_every_ink_of_every_theme_can_be_read_on_every_row(name: str) -> None:
    theme = ALL[name]
    ratio = STRONG_RATIO if theme is CONTRAST else TEXT_RATIO
    inks = palette(theme.to_color_system().generate(), dark=theme.dark, text_ratio=ratio)
    assert [] == too_faint(inks, ratio)


@pytest.mark.parametrize(("one", "other", "ratio"), [("#fff", "#000", 21), ("#777", "#fff", 4.48)])
def test_contrast_is_what_the_guidelines_say(one: str, other: str, ratio: float) -> None:
    assert ratio == pytest.approx(contrast(Color.parse(one), Color.parse(other)), abs=0.005)


def test_a_colour_that_can_be_read_is_left_as_it_is() -> None:
    grey, white = Color.parse("#555555"), Color.parse("#ffffff")
    assert grey == legible(grey, [white], 4.5)


def test_what_nothing_can_mend_is_as_good_as_it_can_be() -> None:
    grey = Color.parse("#777777")
    assert Color.parse("#000000") == legible(grey, [grey], 21)


def test_few_colours_have_every_ink_and_a_cursor_without_colour() -> None:
    theme = THEMES[0]
    for dark in (True, False):
        inks = few_colours(dark=dark)
        assert set(palette(theme.to_color_system().generate(), dark=True)) == set(inks)
        for name in ("row.cursor", "row.hot.cursor"):
            assert (True, True, None) == (inks[name].reverse, inks[name].bold, inks[name].color)


@pytest.mark.parametrize(
    ("environment", "colour_system", "theme"),
    [
        ({}, "truecolor", "pooltop"),
        ({}, "256", "pooltop"),
        ({}, "standard", "ansi-dark"),
        ({}, None, "ansi-dark"),
        ({"COLORFGBG": "15;0"}, "truecolor", "pooltop"),
        ({"COLORFGBG": "0;15"}, "truecolor", "pooltop-light"),
        ({"COLORFGBG": "0;default;15"}, "256", "pooltop-light"),
        ({"COLORFGBG": "0;7"}, "standard", "ansi-light"),
        ({"COLORFGBG": "\x1b[31m"}, "truecolor", "pooltop"),
        ({"NO_COLOR": "1"}, "truecolor", "ansi-dark"),
        ({"NO_COLOR": "1", "COLORFGBG": "0;15"}, "truecolor", "ansi-light"),
    ],
)
def test_the_first_theme_is_what_the_terminal_says(environment, colour_system, theme) -> None:
    assert theme == first_theme(environment, colour_system)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_theme_that_there_is_can_be_named(name: str) -> None:
    check_theme(name)


def test_a_theme_that_there_is_not_is_told_with_those_that_there_are() -> None:
    with pytest.raises(
        UsageError, match=r"--theme dark: there is none; there are pooltop, pooltop-"
    ):
        check_theme("dark")


# --- on a terminal ---------------------------------------------------------------------------

ATTRIBUTES = {"", "0", "1", "2", "4", "7"}
DEFAULT = {"39", "49"}
EIGHT = {str(number) for number in (*range(30, 38), *range(40, 48))}
Seen = Callable[..., tuple[PseudoTerminal, set[str]]]


@pytest.fixture
def seen(tmp_path: Path) -> Iterator[Seen]:
    """Look at every page in a terminal; gives it, and every parameter of an SGR it was sent."""
    made: list[PseudoTerminal] = []

    def look(*words: str, **environment: str) -> tuple[PseudoTerminal, set[str]]:
        program = str(ROOT / "tests/support/scripted_dashboard.py")
        terminal = PseudoTerminal(
            [sys.executable, program, *words], environment=environment, folder=tmp_path
        )
        made.append(terminal)
        terminal.wait_for("m>")  # the cursor's row
        for page in "2345":
            terminal.type(page)
            terminal.read()
        place = len(terminal.seen)
        terminal.type("1?")
        terminal.wait_for("HELP", after=place)
        terminal.type("q")
        assert 0 == terminal.end()
        found = [
            t.text[2:-1] for t in tokens(terminal.seen) if re.fullmatch(r"\x1b\[[\d;]*m", t.text)
        ]
        return terminal, {part for each in found for part in each.split(";")}

    yield look
    for each in made:
        each.close()


def test_no_color_leaves_attributes_alone_and_shows_the_cursor(seen: Seen) -> None:
    terminal, parameters = seen(NO_COLOR="1")
    assert parameters <= ATTRIBUTES | DEFAULT
    assert re.search(rb"\x1b\[1;7[;\d]*m>", terminal.seen), "the cursor's row is reversed"
    for word in (b"LIVE", b"NODE", b"saturated", b"##"):
        assert word in terminal.seen


@pytest.mark.parametrize("kind", ["xterm", "linux"])
def test_a_terminal_of_few_colours_gets_eight(seen: Seen, kind: str) -> None:
    _, parameters = seen(TERM=kind, COLORTERM="")
    assert parameters <= ATTRIBUTES | DEFAULT | EIGHT
    assert parameters & EIGHT


def test_256_colours_are_no_more(seen: Seen) -> None:
    terminal, parameters = seen(TERM="xterm-256color", COLORTERM="")
    assert "38" in parameters
    assert b"[38;2;" not in terminal.seen
    assert b";48;2;" not in terminal.seen


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        ((), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
        ((), {"LC_ALL": "POSIX"}),
        (("--ascii",), {}),
    ],
)
def test_in_a_locale_without_utf8_and_when_asked_nothing_is_beyond_ascii(
    seen: Seen, options, environment
) -> None:
    terminal, _ = seen(*options, **environment)
    assert "" == "".join(char for char in terminal.seen.decode() if not char.isascii())
    assert b"-----" in terminal.seen
    assert b"?????" not in terminal.seen


def test_without_the_mouse_it_is_never_asked_for(seen: Seen) -> None:
    terminal, _ = seen("--no-mouse")
    for mode in (1000, 1003, 1006, 1015, 1016):
        assert f"\x1b[?{mode}h".encode() not in terminal.seen
