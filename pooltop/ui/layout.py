"""How a screen of any size is divided: heights of panes, as plain numbers.

Five modes, from ``screens.md``: everything (120x34 and more), incident (an 80x24 terminal over
ssh), one line a host (under 60x16), and a message where nothing can be shown (under 40x10).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mode = Literal["full", "incident", "line", "message"]

_MESSAGE = (40, 10)
_LINE = (60, 16)
_FULL = (120, 34)
_BARS = 3
"""Header, alert and key line."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Heights in lines, borders included; 0 hides a pane."""

    mode: Mode
    hosts: int = 0
    plots: int = 0
    sockets: int = 0
    """The row of the socket strip, and of the queue's head where that is shown."""
    limits: int = 0
    events: int = 0
    plot_count: int = 0
    """How many plots stand side by side."""
    queue: bool = False
    """Whether the queue's head is shown beside the sockets."""


def plan(width: int, height: int, *, hosts: int, editing: bool = False) -> Plan:
    """Divide a screen.

    Args:
        width: Cells.
        height: Lines.
        hosts: How many there are; the table takes no more than it needs.
        editing: Whether the limits strip must be there even when there is hardly room.
    """
    if width < _MESSAGE[0] or height < _MESSAGE[1]:
        return Plan("message")
    if width < _LINE[0] or height < _LINE[1]:
        limits = 2 if editing else 0
        return Plan("line", hosts=height - _BARS - limits, limits=limits)
    full = width >= _FULL[0] and height >= _FULL[1]
    frame = 2 if full else 1
    limits = 2 + frame
    least = {"hosts": 4 + frame, "events": 2 + frame}
    left = height - _BARS - limits - sum(least.values())
    heights = dict(least)
    table = max(1, hosts) + 1 + frame
    wishes: tuple[tuple[str, int], ...] = (
        ("plots", 4 + frame),
        ("sockets", (4 if full else 1) + frame),
        ("hosts", min(table, 12)),
        ("plots", (7 if full else 6) + frame),
        ("events", 5 + frame),
        ("hosts", min(table, 24)),
        # With eight lines a few sockets have one each, below all that is said of them together.
        ("sockets", (8 if full else 3) + frame),
        ("events", 6 + frame),
        ("plots", 9 + frame),
        ("hosts", min(table, 44)),
        ("plots", 11 + frame),
        ("sockets", (16 if full else 3) + frame),
    )
    for pane, wanted in wishes:
        now = heights.get(pane, 0)
        more = wanted - now
        if more <= 0:
            continue
        if now == 0 and more > left:
            continue
        given = min(more, left)
        heights[pane] = now + given
        left -= given
    heights["events"] += left
    count = 3 if width >= 120 else 2 if width >= 76 else 1
    return Plan(
        "full" if full else "incident",
        hosts=heights["hosts"],
        plots=heights.get("plots", 0),
        sockets=heights.get("sockets", 0),
        limits=limits,
        events=heights["events"],
        plot_count=count,
        queue=width >= 100 and heights.get("sockets", 0) >= 3 + frame,
    )
