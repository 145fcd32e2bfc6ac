"""The host table's columns: how each number is written, and what exactly it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from pooltop.present import units
from pooltop.present.hosts import HostRow
from pooltop.present.kernel import ports_ink
from pooltop.present.line import Ink, Line, Span, pad
from pooltop.present.marks import Mark
from pooltop.present.table import Column, filled

GAP = 1
SPARK = 10
"""Columns of time in a row's sparkline."""
_CURSOR = 1
_MIN_HOST = 12
_MAX_HOST = 44


def _plain(
    text: Callable[[HostRow], str], ink: Callable[[HostRow], Ink]
) -> Callable[[HostRow, int], Line]:
    return lambda row, _width: ((text(row), ink(row)),)


def _marks(row: HostRow, width: int) -> Line:
    return tuple((mark.glyph, mark.ink) for mark in row.marks[:width])


def _host(row: HostRow, width: int) -> Line:
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


def _use(row: HostRow, _width: int) -> Line:
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


def _free(row: HostRow, _width: int) -> Line:
    return (
        (units.count(row.free), "text" if row.free else "faint"),
        (f"/{units.count(row.max_free)}", "dim"),
    )


def _queue(row: HostRow, _width: int) -> Line:
    if not row.queued:
        return (("0", "faint"), (" ", "text"))
    ink: Ink = "bad" if Mark.SATURATED in row.marks else "warn"
    return ((units.count(row.queued), ink), (row.trend, ink))


def _wait_ink(value: float | None) -> Ink:
    return "faint" if not value or value < 0.00005 else "warn" if value > 1 else "text"


def _errors_ink(row: HostRow) -> Ink:
    return "bad" if row.rates.errors else "faint"


def _number_ink(value: float | None) -> Ink:
    return "text" if value else "faint"


def _reuse_ink(row: HostRow) -> Ink:
    reuse = row.rates.reuse
    return (
        "faint"
        if reuse is None
        else "good"
        if reuse >= 0.9
        else "warn"
        if reuse < 0.5
        else ("text")
    )


def _time_wait_ink(row: HostRow) -> Ink:
    share = row.ports_held
    if not row.time_wait or share is None:
        return _number_ink(row.time_wait)
    return ports_ink(share)


COLUMNS: tuple[Column[HostRow], ...] = (
    Column(
        "marks",
        "",
        3,
        "left",
        "The host's state, the gravest mark first.",
        _marks,
    ),
    Column(
        "host",
        "HOST",
        _MIN_HOST,
        "left",
        "Host and port of the origin, and what tells it "
        "from others of the same: where its sockets come from or lead to.",
        _host,
    ),
    Column(
        "agent",
        "AGENT",
        9,
        "left",
        "The agent whose pool it is. An agent's limits apply to each of its hosts.",
        _plain(lambda row: row.agent, lambda _: "dim"),
        from_width=136,
    ),
    Column(
        "use",
        "USE/MAX",
        7,
        "right",
        "Sockets in Node's sockets list now (connecting, active, closing) / maxSockets, or "
        "maxTotalSockets where that is lower; - is no limit.",
        _use,
    ),
    Column(
        "bar",
        "",
        10,
        "left",
        "# in use, = free, . room up to the limit; without a limit up to 10 or what is open.",
        bar,
        from_width=78,
    ),
    Column(
        "free",
        "FREE",
        6,
        "right",
        "Idle sockets kept alive now / maxFreeSockets.",
        _free,
        from_width=66,
    ),
    Column(
        "queue",
        "QUEUE",
        6,
        "right",
        "Requests waiting for a socket now; ^ growing, v shrinking over the last 5 s.",
        _queue,
    ),
    Column(
        "oldest",
        "OLDEST",
        6,
        "right",
        "How long the request at the head of the queue has waited.",
        _plain(lambda row: units.duration(row.oldest_s), lambda row: _wait_ink(row.oldest_s)),
        from_width=100,
    ),
    Column(
        "wait95",
        "WAIT95",
        6,
        "right",
        "95 % of the requests given a socket in the window had queued at most this long.",
        _plain(
            lambda row: units.duration(row.rates.wait_p95),
            lambda row: _wait_ink(row.rates.wait_p95),
        ),
    ),
    Column(
        "svc95",
        "SVC95",
        6,
        "right",
        "95 % of the answers in the window began at most this long after the request was sent.",
        _plain(
            lambda row: units.duration(row.rates.service_p95),
            lambda row: _number_ink(row.rates.service_p95),
        ),
        from_width=112,
    ),
    Column(
        "rate",
        "REQ/S",
        5,
        "right",
        "Responses received whole per second of the window, whatever their status.",
        _plain(lambda row: units.rate(row.rates.req_s), lambda row: _number_ink(row.rates.req_s)),
    ),
    Column(
        "dials",
        "DIAL/S",
        6,
        "right",
        "Sockets opened per second of the window: each costs a handshake.",
        _plain(lambda row: units.rate(row.rates.dial_s), lambda row: _number_ink(row.rates.dial_s)),
        from_width=100,
    ),
    Column(
        "time_wait",
        "TWAIT",
        5,
        "right",
        "Connections that this side closed first, which the kernel keeps in TIME_WAIT for a "
        "minute, each with the local port that it had.",
        _plain(lambda row: units.count(row.time_wait), _time_wait_ink),
        from_width=150,
    ),
    Column(
        "reuse",
        "REUSE",
        5,
        "right",
        "Share of the requests in the window that got a socket which had carried one before.",
        _plain(lambda row: units.share(row.rates.reuse), _reuse_ink),
        from_width=60,
    ),
    Column(
        "errors",
        "ERR",
        4,
        "right",
        "Share of the requests ended in the window that failed or were answered 5xx.",
        _plain(lambda row: units.share(row.rates.errors), _errors_ink),
    ),
    Column(
        "spark",
        "IN USE",
        SPARK,
        "left",
        "In use over the window, on an axis from 0 to the limit; blank where nothing is known.",
        lambda row, _width: row.spark,
        from_width=120,
    ),
)
"""All of them, left to right."""


def columns_for(width: int) -> tuple[Column[HostRow], ...]:
    """Give the columns that a screen of this width shows."""
    return tuple(column for column in COLUMNS if width >= column.from_width)


def host_width(columns: Sequence[Column[HostRow]], width: int) -> int:
    """Give the cells that are left for the host's name; 0 when there is no room at all."""
    fixed = _CURSOR + sum(column.width + GAP for column in columns if column.id != "host")
    return max(0, min(_MAX_HOST, width - fixed - 1))


def title_line(columns: Sequence[Column[HostRow]], width: int, *, sorted_by: str = "") -> Line:
    """Give the table's heading; the column that it is sorted by is accented."""
    name_width = host_width(columns, width)
    spans: list[Span] = [(" " * _CURSOR, "title")]
    for column in columns:
        size = name_width if column.id == "host" else column.width
        ink: Ink = (
            "accent" if column.title and column.title.startswith(sorted_by or "\0") else ("title")
        )
        spans.append((pad(column.title, size, column.align) + " " * GAP, ink))
    return tuple(spans)


def row_line(
    row: HostRow, columns: Sequence[Column[HostRow]], width: int, *, cursor: bool = False
) -> Line:
    """Give one host's line, every column at its place."""
    name_width = host_width(columns, width)
    spans: list[Span] = [(">" if cursor else " ", "accent")]
    for column in columns:
        size = name_width if column.id == "host" else column.width
        spans.extend((*filled(column, row, size), (" " * GAP, "text")))
    return tuple(spans)
