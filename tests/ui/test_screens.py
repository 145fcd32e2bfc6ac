"""Every view at every size, in every theme, against what it looked like when somebody looked.

The files in ``golden`` are text with the names of the inks, so that a change of a screen is read
in a diff as words. Written anew, to be looked at and committed, with

    POOLTOP_WRITE_GOLDEN=1 python -m pytest tests/ui/test_screens.py
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
from golden_screen import GOLDEN, NamingApp, Screen, compare, look, screen_of, written
from prepared_source import RAISED, PreparedSource
from textual.filter import NoColor
from textual.pilot import Pilot

from pooltop.core.model import OriginKey
from pooltop.present.history import HostId
from pooltop.profiles import load_text
from pooltop.profiles.saving import Saving
from pooltop.ui.theme import THEMES, Palette, palette

SIZES = [(40, 10), (60, 16), (80, 24), (120, 40), (200, 60)]
STARVED = HostId("starved", OriginKey("starved.localhost:8081:"))
PROFILE = """\
[agents.starved]
keep_alive = true
max_sockets = 4
timeout = "30s"
live = "drain"
[workloads.load]
agent = "starved"
base_url = "http://127.0.0.1:1"
rate = "100/s"
"""
"""What the engine of the screens came from, as far as it was tuned."""
VIEWS: dict[str, tuple[str, ...]] = {
    "pools": (),
    "sockets": ("2",),
    "queue": ("3",),
    "running": ("3", "v"),
    "workloads": ("4",),
    "events": ("5",),
    "advice": ("7",),
    "card": ("7", "enter"),
    "host": ("enter",),
    "socket": ("2", "enter"),
    "workload": ("4", "enter"),
    "request": ("3", "j", "enter"),
    "edit": ("e", "9"),
    "refused": ("e", "x"),
    "question": ("e", "9", "9", "enter"),
    "save": ("w",),
    "filter": ("slash", *"queue>1"),
    "frozen": (*("comma",) * 6,),
    "locked": ("L",),
    "help": ("question_mark",),
}
"""What is pressed to come from the first page to each view."""
BACK = {"running": ("v",), "locked": ("L",), "help": ("question_mark",)}
"""What is pressed afterwards, beside esc."""


@asynccontextmanager
async def prepared(size: tuple[int, int], *, ascii_only: bool = False) -> AsyncIterator[Pilot]:
    source = PreparedSource()
    loaded = load_text(PROFILE, "prod.toml")
    saving = Saving("", path="prod.toml", loaded=loaded)
    app = NamingApp(source, clock=lambda: 1000.0, ascii_only=ascii_only, saving=saving)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        source.step()
        await pilot.pause()
        await app.operator.desk.apply(STARVED, (("max_sockets", RAISED),))
        source.play()
        await pilot.pause()
        yield pilot


async def screens(pilot: Pilot) -> dict[str, Screen]:
    """Give each view's screen, always in the same order."""
    found = {}
    for name, keys in VIEWS.items():
        await pilot.press("1", *keys)
        await pilot.pause()
        found[name] = screen_of(pilot.app)
        await pilot.press("escape", *BACK.get(name, ()))
    return found


@pytest.fixture(autouse=True)
def one_time_zone(monkeypatch) -> Iterator[None]:
    """Show the clock of Greenwich, whatever this machine's is."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def named(size: tuple[int, int], view: str) -> str:
    return f"{size[0]}x{size[1]}/{view}"


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_every_view_is_what_it_was(size) -> None:
    async with prepared(size) as pilot:
        found = await screens(pilot)
    assert "" == "".join(compare(named(size, view), written(s)) for view, s in found.items())


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
async def test_every_view_in_ascii_is_what_it_was_and_is_ascii(size) -> None:
    async with prepared(size, ascii_only=True) as pilot:
        found = await screens(pilot)
    plain = {view: "".join(f"|{line}|\n" for line in s.text) for view, s in found.items()}
    assert "" == "".join(compare(f"{named(size, v)}-ascii", text) for v, text in plain.items())


@pytest.mark.parametrize("size", SIZES, ids="{0[0]}x{0[1]}".format)
@pytest.mark.parametrize("theme", ["light", "NO_COLOR"])
async def test_other_colours_change_no_word_and_no_ink(size, theme, monkeypatch) -> None:
    if theme == "NO_COLOR":
        monkeypatch.setenv("NO_COLOR", "1")
    async with prepared(size) as pilot:
        if theme == "light":
            pilot.app.theme = "pooltop-light"
            await pilot.pause()
        found = await screens(pilot)
        shown = pilot.app._painter.palette
    differences = [compare(named(size, view), written(s)) for view, s in found.items()]
    assert "" == "".join(differences)
    seen = {each for s in found.values() for each in s.looks if each[0]}
    assert {(g, i, looks_like(shown, g, i, theme)) for g, i, _ in seen} == seen


def looks_like(inks: Palette, ground: str, ink: str, theme: str) -> str:
    style = inks[ground] + inks[ink] if ink else inks[ground]
    return look(style + NoColor.DEFAULT_COLORS if theme == "NO_COLOR" else style)


def test_every_ink_is_what_it_was_in_both_themes() -> None:
    lines = []
    for theme in THEMES:
        inks = palette(theme.to_color_system().generate(), dark=theme.dark)
        lines += [f"{theme.name}  {name}: {look(style)}" for name, style in inks.items()]
    assert "" == compare("inks", "".join(f"{line}\n" for line in lines))


def test_no_golden_file_is_of_a_view_that_is_no_more() -> None:
    known = {named(size, view) for size in SIZES for view in VIEWS}
    known |= {f"{each}-ascii" for each in known} | {"inks"}
    files = {str(path.relative_to(GOLDEN).with_suffix("")) for path in GOLDEN.rglob("*.txt")}
    assert known == {f for f in files if not f.startswith(("undici/", "compare/"))}
