"""Make the pictures in this folder from real runs of ``pooltop demo``.

    python screenshots/make.py

Each picture is the dashboard over the embedded servers and the real engine, after a while of
traffic; the second and the third are taken right after an edit. Nothing in them is drawn by hand.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

import msgspec  # noqa: E402 - the path comes first

import pooltop  # noqa: E402
from pooltop import profiles  # noqa: E402
from pooltop.sources.launch import LaunchedSource  # noqa: E402
from pooltop.ui.app import PoolTopApp  # noqa: E402

BUILTIN = Path(pooltop.__file__).with_name("demo") / "builtin.toml"
Act = Callable[[object], Awaitable[None]]


async def shoot(name: str, path: Path, size: tuple[int, int], seconds: float, act: Act) -> None:
    """Run a profile for ``seconds`` on a screen of ``size``, act, and save the picture."""
    profile = msgspec.structs.replace(profiles.load_profile(str(path)), path=path.stem)
    if path == BUILTIN:
        profile = msgspec.structs.replace(profile, path="demo")
    source = LaunchedSource(profile, interval_s=0.5, own_process=True)
    app = PoolTopApp(source)
    try:
        async with app.run_test(size=size) as pilot:
            await asyncio.sleep(seconds)
            await act(pilot)
            await pilot.pause()
            (HERE / f"{name}.svg").write_text(app.export_screenshot(), encoding="utf-8")
            print(name)
    finally:
        await source.close()


async def nothing(pilot: object) -> None:
    """Leave the screen as it is."""
    del pilot


async def raise_the_limit(pilot: object) -> None:
    """Set the starved host's maxSockets to 40 and wait for the effect."""
    await pilot.press("e", "4", "0", "enter")
    await asyncio.sleep(2.5)


async def begin_an_edit(pilot: object) -> None:
    """Open the form and type a limit, not applied."""
    await pilot.press("e", "4", "0")


async def main() -> None:
    """Make them all."""
    pair = HERE.parent / "profiles" / "keepalive-vs-close.toml"
    await shoot("demo-120x40", BUILTIN, (120, 40), 20, nothing)
    await shoot("demo-80x24", BUILTIN, (80, 24), 15, begin_an_edit)
    await shoot("after-a-raise-120x40", BUILTIN, (120, 40), 20, raise_the_limit)
    await shoot("keepalive-vs-close-120x40", pair, (120, 40), 15, nothing)


if __name__ == "__main__":
    asyncio.run(main())
