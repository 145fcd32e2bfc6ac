"""No size and no order of keys and sizes is a crash, and what is shown fills the screen exactly."""

from __future__ import annotations

import random

import pytest
from textual.containers import Horizontal

from pooltop.present.keys import KEYS

NOT_PRESSED = {"quit", "interrupt", "suspend", "palette"}
EDGES = [(1, 1), (300, 100), (39, 10), (40, 9), (40, 10), (59, 16), (60, 15), (60, 16), (300, 1)]
EDGES += [(1, 100), (119, 34), (120, 33), (120, 34), (183, 48), (184, 47), (184, 48), (200, 60)]


def misfits(app) -> list[str]:
    """Give every way in which the panes do not fill the screen, line by line and cell by cell."""
    width, height = app.size
    if app.board.message.display:
        return []
    shown = [
        child
        for child in app.screen.children
        if child.display and not child.has_class("-textual-system")
    ]
    wrong = []
    lines = sum(child.outer_size.height for child in shown)
    if lines != height:
        wrong.append(f"{lines} lines of {height}")
    wrong += [
        f"{child!r} is {child.outer_size.width} wide of {width}"
        for child in shown
        if child.outer_size.width != width
    ]
    for row in app.screen.query(Horizontal):
        panes = [child for child in row.children if child.display]
        if not row.is_on_screen or not row.display or not panes:
            continue
        cells = sum(child.outer_size.width for child in panes)
        if cells != row.size.width:
            wrong.append(f"{row!r}: {cells} cells of {row.size.width}")
    return wrong


@pytest.mark.parametrize("seed", range(4))
async def test_keys_and_sizes_in_any_order_leave_whole_screens(desk, seed) -> None:
    dice = random.Random(seed)
    sizes = EDGES[seed::4] + [(dice.randint(1, 300), dice.randint(1, 100)) for _ in range(8)]
    dice.shuffle(sizes)
    keys = [name for key in KEYS if key.id not in NOT_PRESSED for name in key.keys]
    async with desk(steps=3) as one:
        for width, height in sizes:
            await one.press(*dice.choices(keys, k=6))
            await one.pilot.resize_terminal(width, height)
            await one.step(0.05)
            await one.press("escape", *dice.choices("12345", k=dice.randint(0, 1)))
            await one.step(0.05)
            assert one.app.is_running
            assert (width, height) == tuple(one.app.size)
            assert [] == misfits(one.app), (width, height, one.app.board.page.name)
