"""How a screen of any size is divided: heights and widths of panes, as plain numbers.

Six modes, from ``screens.md``: all panes at once (200x50 and more), everything of one page
(120x34), incident (an 80x24 terminal over ssh), one line a host (under 60x16), and a message
where nothing can be shown (under 40x10).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Mode = Literal["wide", "full", "incident", "line", "message"]

LEAST = (40, 10)
_LINE = (60, 16)
_FULL = (120, 34)
_WIDE = (184, 48)
_BARS = 3
"""Header, alert and key line."""
_LEAST_ROWS = 3
"""Of a table, while the strip below it wants more than it has: its title and two rows."""
_BESIDE = 66
"""The narrowest inspector beside a table."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Heights in lines, borders included, and widths in cells; 0 hides a pane."""

    mode: Mode
    tabs: int = 0
    """The line that names the pages."""
    body: int = 0
    """All that belongs to the page."""
    table: int = 0
    """The page's table, and the inspector where it stands beside it."""
    plots: int = 0
    cells: int = 0
    """What each of two sides holds open, above the table."""
    request: int = 0
    """One request of each side, below the plots."""
    thresholds: int = 0
    """What the run must hold, below the table of the workloads."""
    sockets: int = 0
    """The row of the socket strip, and of the queue's head where that is shown."""
    limits: int = 0
    card: int = 0
    log: int = 0
    """The event log, and the workloads where they stand beside it."""
    plot_count: int = 0
    """How many plots stand side by side."""
    queue: bool = False
    """Whether the queue's head is shown beside the sockets."""
    inspector: int = 0
    """Width of the inspector beside the table; 0 where it has to be opened."""
    workloads: int = 0
    """Width of the workloads beside the log."""

    @property
    def frame(self) -> int:
        """Lines and cells that a pane's border takes of its content."""
        return {"wide": 2, "full": 2, "incident": 1}.get(self.mode, 0)

    @property
    def sides(self) -> int:
        """Cells that a pane's border takes of its width."""
        return 2 if self.mode in ("wide", "full") else 0


def plan(
    width: int,
    height: int,
    *,
    hosts: int,
    editing: bool = False,
    more: int = 0,
    card: int = 0,
    pools: bool = True,
    plots: bool = False,
    inspecting: bool = False,
    cells: int = 0,
    thresholds: int = 0,
) -> Plan:
    """Divide a screen.

    Args:
        width: Cells.
        height: Lines.
        hosts: How many there are; the table takes no more than it needs.
        editing: Whether the limits strip must be there even when there is hardly room.
        more: Lines that the strip wants beside its own two.
        card: Lines that the card of the latest edit wants; 0 for none.
        pools: Whether it is the page of the pools; the others have one table.
        plots: Whether one of those has plots below its table.
        inspecting: Whether the inspector is open over the page.
        cells: Lines that the cells of two sides want above the table, on the page that compares
            them: latencies and one request of each stand below it. 0 for any other page.
        thresholds: Lines that what the run must hold wants below the page's one table.
    """
    if width < LEAST[0] or height < LEAST[1]:
        return Plan("message")
    if width < _LINE[0] or height < _LINE[1]:
        limits = 2 + min(more, height - _BARS - 2 - _LEAST_ROWS) if editing else 0
        rest = height - _BARS - limits
        return Plan("line", body=rest, table=rest, limits=limits)
    mode: Mode = "incident"
    if width >= _FULL[0] and height >= _FULL[1]:
        mode = "wide" if width >= _WIDE[0] and height >= _WIDE[1] else "full"
    if not pools or inspecting:
        one = _one_table(
            width,
            height,
            mode,
            editing=editing,
            more=more,
            plots=plots and not inspecting,
            thresholds=0 if inspecting else thresholds,
        )
        return _two_sides(one, cells) if cells and not inspecting else one
    return _pools(width, height, mode, hosts=hosts, card=card, more=more)


def _one_table(
    width: int,
    height: int,
    mode: Mode,
    *,
    editing: bool,
    more: int,
    plots: bool,
    thresholds: int,
) -> Plan:
    tabs = 0 if mode == "incident" else 1
    limits = (2 + (1 if mode == "incident" else 2)) if editing else 0
    if editing:
        limits += min(more, height - _BARS - tabs - limits - _LEAST_ROWS - 2)
    rest = height - _BARS - tabs - limits
    beside = max(_BESIDE, width * 2 // 5) if width - _BESIDE >= 100 else 0
    frame = 1 if mode == "incident" else 2
    held = min(rest // 3, thresholds + frame) if thresholds and rest // 3 > frame else 0
    half = (rest - held) // 2
    drawn = min(half, 11 + frame) if plots and half >= 5 + frame else 0
    return Plan(
        mode,
        tabs=tabs,
        body=rest,
        table=rest - drawn - held,
        plots=drawn,
        thresholds=held,
        limits=limits,
        inspector=beside,
        plot_count=_plot_count(width),
    )


def _two_sides(one: Plan, cells: int) -> Plan:
    """Take room from a table for what stands above and below it, the most telling first.

    A line of numbers stands below the cells, and where there is room their legend.
    """
    frame = one.frame
    heights = {"table": 4 + frame}
    left = one.table - heights["table"]
    wishes = (
        ("cells", 1 + min(cells, 3) + frame),
        ("plots", 3 + frame),
        ("request", 2 + frame),
        ("table", 9 + frame),
        ("request", 4 + frame),
        ("cells", 2 + min(cells, 4) + frame),
        ("plots", 6 + frame),
        ("table", 14 + frame),
        ("cells", 2 + min(cells, 8) + frame),
        ("table", 23 + frame),
        ("plots", 11 + frame),
        ("cells", 2 + min(cells, 16) + frame),
    )
    for pane, wanted in wishes:
        more = wanted - heights.get(pane, 0)
        # Bars have their legends beneath them, or no more than themselves.
        is_whole = pane == "request" or pane not in heights
        if more <= 0 or (is_whole and more > left):
            continue
        given = min(more, left)
        heights[pane] = heights.get(pane, 0) + given
        left -= given
    heights["table"] += left
    return replace(
        one,
        table=heights["table"],
        cells=heights.get("cells", 0),
        plots=heights.get("plots", 0),
        request=heights.get("request", 0),
    )


def _plot_count(width: int) -> int:
    return 3 if width >= 120 else 2 if width >= 76 else 1


def _pools(width: int, height: int, mode: Mode, *, hosts: int, card: int, more: int) -> Plan:
    full = mode != "incident"
    frame = 2 if full else 1
    tabs = 1 if full else 0
    limits = 2 + frame
    least = {"table": 4 + frame, "log": 2 + frame}
    left = height - _BARS - tabs - limits - sum(least.values())
    limits, left = limits + min(more, left), left - min(more, left)
    shown_card = card if card <= left - 1 else 0
    left -= shown_card
    heights = dict(least)
    table = max(1, hosts) + 1 + frame
    if mode == "wide":
        # The inspector stands beside the hosts: both need room, whatever the number of hosts.
        table = max(table, 20)
    wishes: tuple[tuple[str, int], ...] = (
        ("plots", 4 + frame),
        ("sockets", (4 if full else 1) + frame),
        ("table", min(table, 12)),
        ("plots", (7 if full else 6) + frame),
        ("log", 4 + frame),
        ("table", min(table, 24)),
        # With eight lines a few sockets have one each, below all that is said of them together.
        ("sockets", (8 if full else 3) + frame),
        ("log", 6 + frame),
        ("plots", 9 + frame),
        ("table", min(table, 44)),
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
    heights["log"] += left
    plots, sockets = heights.get("plots", 0), heights.get("sockets", 0)
    return Plan(
        mode,
        tabs=tabs,
        body=heights["table"] + plots + sockets,
        table=heights["table"],
        plots=plots,
        sockets=sockets,
        limits=limits,
        card=shown_card,
        log=heights["log"],
        plot_count=_plot_count(width),
        queue=width >= 100 and sockets >= 3 + frame,
        inspector=width * 2 // 5 if mode == "wide" else 0,
        workloads=width * 2 // 5 if mode == "wide" else 0,
    )
