"""How a host's numbers look in its row."""

from __future__ import annotations

import math

from pooltop.present import units
from pooltop.present.hosts import HostRow
from pooltop.present.kernel import ports_ink
from pooltop.present.line import Ink, Line, Span
from pooltop.present.marks import Mark


def marks(row: HostRow, width: int) -> Line:
    """Give the glyphs of its marks."""
    return tuple((mark.glyph, mark.ink) for mark in row.marks[:width])


def host(row: HostRow, width: int) -> Line:
    """Give its name, which stands out while it is saturated."""
    ink: Ink = "strong" if Mark.SATURATED in row.marks else "text"
    return ((row.name.fitted(width), ink),)


def use_ink(row: HostRow) -> Ink:
    """Give the ink of the in-use number: plain, near the limit, at it."""
    if row.in_use == 0:
        return "faint"
    if math.isinf(row.limit):
        return "text"
    if row.in_use > row.limit or Mark.SATURATED in row.marks:
        return "bad"
    return "warn" if row.in_use >= row.limit else "text"


def use(row: HostRow, _width: int) -> Line:
    """Give sockets in use and the limit."""
    return ((units.count(row.in_use), use_ink(row)), (f"/{units.count(row.limit)}", "dim"))


def bar(row: HostRow, width: int) -> Line:
    """Give ``####==....``: in use, free, room; the axis is 0..limit, or what there is without one.

    One cell at least for anything that is not 0, and room is never shown where there is none.
    """
    top = row.limit if not math.isinf(row.limit) else max(10, row.in_use + row.free)
    used = _cells(row.in_use, top, width)
    free = min(_cells(row.free, top, width), width - used)
    hot = Mark.SATURATED in row.marks or row.in_use > row.limit
    spans: list[Span] = [("#" * used, "bar.hot" if hot else "bar.use")]
    if free:
        spans.append(("=" * free, "bar.free"))
    if width - used - free:
        spans.append(("." * (width - used - free), "bar.room"))
    return tuple(span for span in spans if span[0])


def _cells(number: float, top: float, width: int) -> int:
    if number <= 0 or top <= 0:
        return 0
    if number >= top:
        return width
    return max(1, min(width - 1, round(number / top * width)))


def free(row: HostRow, _width: int) -> Line:
    """Give idle sockets and how many are kept."""
    return (
        (units.count(row.free), "text" if row.free else "faint"),
        (f"/{units.count(row.max_free)}", "dim"),
    )


def queue(row: HostRow, _width: int) -> Line:
    """Give how many wait, and whether more and more do."""
    if not row.queued:
        return (("0", "faint"), (" ", "text"))
    ink: Ink = "bad" if Mark.SATURATED in row.marks else "warn"
    return ((units.count(row.queued), ink), (row.trend, ink))


def streams(row: HostRow, _width: int) -> Line:
    """Give the streams that run on its sessions, and how many may."""
    load = row.streams
    if load is None:
        return ((units.NONE, "faint"),)
    number, _, cap = load.words.partition("/")
    ink: Ink = "faint" if not load.running else "warn" if load.is_full else "text"
    return ((number, ink), (f"/{cap}", "dim"))


def wait_ink(value: float | None) -> Ink:
    """Give the ink of a time spent waiting."""
    return "faint" if not value or value < 0.00005 else "warn" if value > 1 else "text"


def errors_ink(row: HostRow) -> Ink:
    """Give the ink of its share of errors."""
    return "bad" if row.rates.errors else "faint"


def reuse_ink(row: HostRow) -> Ink:
    """Give the ink of its share of reuse."""
    reuse = row.rates.reuse
    if reuse is None:
        return "faint"
    return "good" if reuse >= 0.9 else "warn" if reuse < 0.5 else "text"


def time_wait_ink(row: HostRow) -> Ink:
    """Give the ink of its connections in TIME_WAIT."""
    share = row.ports_held
    if not row.time_wait:
        return "faint"
    return "text" if share is None else ports_ink(share)
