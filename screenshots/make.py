"""Make the pictures in this folder from real runs of ``pooltop demo`` and of the profiles.

    python screenshots/make.py            # all of them
    python screenshots/make.py http2 pair # those of some runs: see RUNS

Each picture is the dashboard over the embedded servers and the real engine, after a while of
traffic; nothing in them is drawn by hand. There are three runs: dark, light and NO_COLOR. Each
shows every page at 80x24, 120x40 and 200x60; the dark one also what opens over a page, at 120x40,
and is recorded and replayed. A name says page or view, size and look.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import msgspec  # noqa: E402 - the path comes first
from textual.pilot import Pilot  # noqa: E402

import pooltop  # noqa: E402
from pooltop import profiles  # noqa: E402
from pooltop.core.model import Profile  # noqa: E402
from pooltop.demo.policies import AFAR, Traffic, comparison  # noqa: E402
from pooltop.lessons.catalogue import find_lesson  # noqa: E402
from pooltop.lessons.player import LessonPlayer  # noqa: E402
from pooltop.sources.launch import LaunchedSource  # noqa: E402
from pooltop.sources.playback import PlayerSource  # noqa: E402
from pooltop.sources.player import Player  # noqa: E402
from pooltop.sources.recording import RecordingTee  # noqa: E402
from pooltop.sources.recording_reader import Recording  # noqa: E402
from pooltop.ui.app import PoolTopApp  # noqa: E402
from pooltop.ui.lesson import LessonApp  # noqa: E402

BUILTIN = Path(pooltop.__file__).with_name("demo") / "builtin.toml"
PAIR = HERE.parent / "profiles" / "keepalive-vs-close.toml"
HTTP2 = HERE.parent / "profiles" / "http2.toml"
SIZES = [(80, 24), (120, 40), (200, 60)]
USUAL = (120, 40)
PAGES = {"pools": "1", "sockets": "2", "queue": "3", "workloads": "4", "events": "5"}
FONTS = "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace"
WARM_UP_S = 20.0
CARD_S = 33.0
"""A card is measured for 30 s."""
ADVISED_S = 4.0
"""Seconds of a window that is judged, where it is 30 as a rule."""


def profile_of(path: Path, name: str) -> Profile:
    """Give a profile that has this name on the screen."""
    return msgspec.structs.replace(profiles.load_profile(str(path)), path=name)


async def keep(pilot: Pilot[None], view: str, look: str) -> None:
    """Save what is on the screen, of an engine that is there."""
    await pilot.pause()
    assert not pilot.app.operator.ended, pilot.app.export_screenshot(simplify=True)
    width, height = pilot.app.size
    name = f"{view}-{width}x{height}-{look}"
    (HERE / f"{name}.svg").write_text(small(pilot.app.export_screenshot()), encoding="utf-8")
    print(name)


def small(svg: str) -> str:
    """Leave out of a picture what is not seen: web fonts, and a clip path for each line."""
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<clipPath id="[^"]*-line-\d+">.*?</clipPath>', "", svg, flags=re.DOTALL)
    svg = re.sub(r' clip-path="url\(#[^"]*-line-\d+\)"', "", svg)
    svg = re.sub(r"terminal-\d+", "t", svg)
    # Of places and sizes, not of what is written there.
    svg = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d+\.\d)\d+", r"\1", tag[0]), svg)
    svg = re.sub(r"font-family: ?Fira Code[^;]*;", f"font-family: {FONTS};", svg)
    return re.sub(r"[ \t]*\n\s*", "\n", svg)


async def resize(pilot: Pilot[None], size: tuple[int, int]) -> None:
    """Give the screen another size, and a picture of the engine to fill it."""
    await pilot.resize_terminal(*size)
    await asyncio.sleep(0.7)


async def pages(pilot: Pilot[None], look: str) -> None:
    """Save every page at every size."""
    for size in SIZES:
        await resize(pilot, size)
        for name, key in PAGES.items():
            await pilot.press(key)
            # The engine tells in its next picture what the cursor has come to.
            await asyncio.sleep(0.7)
            await keep(pilot, name, look)
    await pilot.press("1")
    await resize(pilot, USUAL)


async def views(pilot: Pilot[None]) -> None:
    """Save what opens over a page, and an edit with its effect."""
    for name, keys in {
        "edit": ("e", "4", "0"),
        "filter": ("slash", *"queue>1"),
        "host": ("enter",),
        "socket": ("2", "enter"),
        "request": ("3", "G", "enter"),
        "running": ("3", "v"),
        "question": ("3", "G", "X"),
        "help": ("question_mark",),
        "palette": ("ctrl+p",),
    }.items():
        await pilot.press("1", *keys)
        await asyncio.sleep(0.7)
        await keep(pilot, name, "dark")
        await pilot.press("escape", *(("v",) if name == "running" else ()))
        await asyncio.sleep(0.3)
    await pilot.press("1", "e", "4", "0", "enter")
    await asyncio.sleep(CARD_S)
    for size in SIZES:
        await resize(pilot, size)
        await keep(pilot, "card", "dark")
    await resize(pilot, USUAL)
    await pilot.press(*["comma"] * 12)
    await asyncio.sleep(0.5)
    await keep(pilot, "frozen", "dark")
    await pilot.press("escape")


async def run(look: str, recording: Path | None = None) -> None:
    """Save a run of the demo in one look."""
    os.environ.pop("NO_COLOR", None)
    if look == "no-color":
        os.environ["NO_COLOR"] = "1"
    engine = LaunchedSource(profile_of(BUILTIN, "demo"), interval_s=0.5, own_process=True)
    source = engine if recording is None else RecordingTee(engine, recording, interval_s=0.5)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=USUAL) as pilot:
            if look == "light":
                app.theme = "pooltop-light"
            await asyncio.sleep(WARM_UP_S)
            await pages(pilot, look)
            if recording is not None:
                await views(pilot)
    finally:
        await source.close()


async def replay(path: Path) -> None:
    """Save a recording that is being replayed, at the edit in it."""
    with Recording(path.name) as recording:
        source = PlayerSource(Player(recording))
        app = PoolTopApp(source, read_only=True)
        try:
            async with app.run_test(size=USUAL) as pilot:
                await pilot.pause()
                await pilot.press("end", "B", *["full_stop"] * 8)
                await asyncio.sleep(0.5)
                await keep(pilot, "replay", "dark")
        finally:
            await source.close()


async def dark() -> None:
    """Save the dark run of the demo, and its recording as it is replayed."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "demo.ptr"
        with contextlib.chdir(folder):
            await run("dark", path)
            await replay(path)


async def pair() -> None:
    """Save the pair that is there to teach with."""
    source = LaunchedSource(profile_of(PAIR, PAIR.name), interval_s=0.5, own_process=True)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=USUAL) as pilot:
            await asyncio.sleep(WARM_UP_S)
            await pilot.press("1")  # what is there to compare opens on its page
            await asyncio.sleep(0.7)
            await keep(pilot, "keepalive-vs-close", "dark")
    finally:
        await source.close()


async def http2() -> None:
    """Save one session of 100 streams against 100 sockets."""
    source = LaunchedSource(profile_of(HTTP2, HTTP2.name), interval_s=0.5, own_process=True)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=USUAL) as pilot:
            await asyncio.sleep(WARM_UP_S)
            await pilot.press("1", "down")
            await asyncio.sleep(0.7)
            await keep(pilot, "http2", "dark")
            await resize(pilot, SIZES[-1])
            await keep(pilot, "http2", "dark")
            await pilot.press("2")
            await resize(pilot, USUAL)
            await keep(pilot, "http2-streams", "dark")
            await pilot.press("enter")
            await asyncio.sleep(0.7)
            await keep(pilot, "http2-session", "dark")
    finally:
        await source.close()


async def versus() -> None:
    """Save two sides on one screen: keep-alive and close, 100 sockets and one session."""
    text = comparison("keep-alive", "close", Traffic(round_trip=AFAR))
    profile = profiles.load_profile_text(text, "demo compare")
    for name, compared in (("compare", profile), ("compare-h2", profile_of(HTTP2, HTTP2.name))):
        source = LaunchedSource(compared, interval_s=0.5, own_process=True)
        app = PoolTopApp(source)
        try:
            async with app.run_test(size=USUAL) as pilot:
                await asyncio.sleep(WARM_UP_S)
                await pilot.press("6")
                for size in SIZES:
                    await resize(pilot, size)
                    await keep(pilot, name, "dark")
        finally:
            await source.close()


async def lesson() -> None:
    """Save a step of a lesson that was judged, and its numbers in large digits."""
    taught = find_lesson("queue")
    assert taught is not None
    held = msgspec.structs.replace(
        profiles.load_profile_text(taught.profile, f"lesson {taught.name}"), held=True
    )
    source = LaunchedSource(held, interval_s=0.25, own_process=True)
    player = LessonPlayer(taught)
    app = LessonApp(source, lesson=player)
    try:
        async with app.run_test(size=USUAL) as pilot:
            await asyncio.sleep(3.0)
            await pilot.press("b", "enter")
            await asyncio.sleep(8.0)
            await pilot.press("n", "c", "enter")
            await asyncio.sleep(8.0)
            await keep(pilot, "lesson", "dark")
            await pilot.press("F")
            await keep(pilot, "lesson-digits", "contrast")
    finally:
        await source.close()


async def advice() -> None:
    """Save what the advisor says of the demo: all cards, and one with its numbers."""
    demo = profile_of(BUILTIN, "demo")
    judged = msgspec.structs.replace(demo.advisor, window_s=ADVISED_S)
    profile = msgspec.structs.replace(demo, advisor=judged)
    source = LaunchedSource(profile, interval_s=0.5, own_process=True)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=USUAL) as pilot:
            await asyncio.sleep(WARM_UP_S)
            await pilot.press("7")
            for size in SIZES:
                await resize(pilot, size)
                await keep(pilot, "advice", "dark")
            await resize(pilot, USUAL)
            await pilot.press("enter")
            await asyncio.sleep(0.7)
            await keep(pilot, "advice-card", "dark")
    finally:
        await source.close()


async def whatif() -> None:
    """Save the demo's starved host under other limits, the proposed one moved up."""
    source = LaunchedSource(profile_of(BUILTIN, "demo"), interval_s=0.5, own_process=True)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=USUAL) as pilot:
            await asyncio.sleep(WARM_UP_S)
            for size in SIZES:
                await resize(pilot, size)
                await pilot.press("1", "W")
                await asyncio.sleep(6.0)
                await pilot.press("right_square_bracket", "right_square_bracket")
                await asyncio.sleep(3.0)
                await keep(pilot, "whatif", "dark")
                await pilot.press("escape")
    finally:
        await source.close()


RUNS = {
    "lesson": lesson,
    "whatif": whatif,
    "advice": advice,
    "dark": dark,
    "pair": pair,
    "http2": http2,
    "versus": versus,
    "light": partial(run, "light"),
    "no-color": partial(run, "no-color"),
}


async def main(names: list[str]) -> None:
    """Make those of some runs, or all."""
    if not names:
        for old in HERE.glob("*.svg"):
            old.unlink()
    for name in names or RUNS:
        await RUNS[name]()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
