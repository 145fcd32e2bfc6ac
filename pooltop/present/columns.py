"""The host table's columns: how each number is written, and what exactly it is."""

from __future__ import annotations

import math

from pooltop.present import units
from pooltop.present.hosts import HostRow
from pooltop.present.kernel import ports_ink
from pooltop.present.line import Ink, Line, Span
from pooltop.present.marks import Mark
from pooltop.present.table import HIDDEN, Column, number_column, text_column

SPARK = 10
"""Columns of time in a row's sparkline."""


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


def _full(row: HostRow) -> float | None:
    """Give in use as a share of the limit; None without one."""
    return None if math.isinf(row.limit) or row.limit <= 0 else row.in_use / row.limit


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
        return "text" if row.time_wait else "faint"
    return ports_ink(share)


COLUMNS: tuple[Column[HostRow], ...] = (
    Column(
        "state",
        "",
        3,
        "left",
        "The host's state, the gravest mark first; to a filter, in words.",
        _marks,
        lambda row: row.words,
    ),
    Column(
        "host",
        "HOST",
        12,
        "left",
        "Host and port of the origin, and what tells it "
        "from others of the same: where its sockets come from or lead to.",
        _host,
        lambda row: row.label,
        most=44,
    ),
    text_column(
        "agent",
        "AGENT",
        9,
        lambda row: row.agent,
        "The agent whose pool it is. An agent's limits apply to each of its hosts.",
        ink="dim",
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
        lambda row: row.in_use,
        "count",
    ),
    Column(
        "bar",
        "",
        10,
        "left",
        "# in use, = free, . room up to the limit; without a limit up to 10 or what is open.",
        bar,
        _full,
        "share",
        from_width=78,
        picture=True,
    ),
    Column(
        "free",
        "FREE",
        6,
        "right",
        "Idle sockets kept alive now / maxFreeSockets.",
        _free,
        lambda row: row.free,
        "count",
        from_width=66,
    ),
    Column(
        "queue",
        "QUEUE",
        6,
        "right",
        "Requests waiting for a socket now; ^ growing, v shrinking over the last 5 s.",
        _queue,
        lambda row: row.queued,
        "count",
    ),
    number_column(
        "oldest",
        "OLDEST",
        6,
        lambda row: row.oldest_s,
        "s",
        "How long the request at the head of the queue has waited.",
        ink=lambda row: _wait_ink(row.oldest_s),
        from_width=100,
    ),
    number_column(
        "wait95",
        "WAIT95",
        6,
        lambda row: row.rates.wait_p95,
        "s",
        "95 % of the requests given a socket in the window had queued at most this long.",
        ink=lambda row: _wait_ink(row.rates.wait_p95),
    ),
    number_column(
        "svc95",
        "SVC95",
        6,
        lambda row: row.rates.service_p95,
        "s",
        "95 % of the answers in the window began at most this long after the request was sent.",
        from_width=112,
    ),
    number_column(
        "rate",
        "REQ/S",
        5,
        lambda row: row.rates.req_s,
        "/s",
        "Responses received whole per second of the window, whatever their status.",
    ),
    number_column(
        "dials",
        "DIAL/S",
        6,
        lambda row: row.rates.dial_s,
        "/s",
        "Sockets opened per second of the window: each costs a handshake.",
        from_width=100,
    ),
    number_column(
        "dns",
        "DNS95",
        5,
        lambda row: row.dials.dns,
        "s",
        "Of 95 % of the sockets that are open the look-up took at most this long.",
        from_width=172,
    ),
    number_column(
        "tcp",
        "TCP95",
        5,
        lambda row: row.dials.tcp,
        "s",
        "Of 95 % of the sockets that are open connecting took at most this long.",
        from_width=172,
    ),
    number_column(
        "tls",
        "TLS95",
        5,
        lambda row: row.dials.tls,
        "s",
        "Of 95 % of the sockets that are open the TLS handshake took at most this long.",
        from_width=172,
    ),
    number_column(
        "in",
        "IN/S",
        6,
        lambda row: row.rates.in_s,
        "B/s",
        "Bytes received per second of the window.",
        from_width=180,
    ),
    number_column(
        "out",
        "OUT/S",
        6,
        lambda row: row.rates.out_s,
        "B/s",
        "Bytes sent per second of the window.",
        from_width=180,
    ),
    number_column(
        "time_wait",
        "TWAIT",
        5,
        lambda row: row.time_wait,
        "count",
        "Connections that this side closed first, which the kernel keeps in TIME_WAIT for a "
        "minute, each with the local port that it had.",
        ink=_time_wait_ink,
        from_width=150,
    ),
    number_column(
        "reuse",
        "REUSE",
        5,
        lambda row: row.rates.reuse,
        "share",
        "Share of the requests in the window that got a socket which had carried one before.",
        ink=_reuse_ink,
        from_width=60,
    ),
    number_column(
        "errors",
        "ERR",
        4,
        lambda row: row.rates.errors,
        "share",
        "Share of the requests ended in the window that failed or were answered 5xx.",
        ink=_errors_ink,
    ),
    Column(
        "spark",
        "IN USE",
        SPARK,
        "left",
        "In use over the window, on an axis from 0 to the limit; blank where nothing is known.",
        lambda row, _width: row.spark,
        lambda row: row.in_use,
        "count",
        from_width=120,
        picture=True,
    ),
    text_column(
        "why_closed",
        "CLOSED OF",
        20,
        lambda row: row.closed_of,
        "What sockets were closed of since the start and how many, the most frequent first.",
        ink="dim",
        from_width=196,
        most=60,
    ),
    number_column(
        "full",
        "FULL",
        5,
        _full,
        "share",
        "In use as a share of the limit.",
        from_width=HIDDEN,
    ),
    number_column(
        "max",
        "MAX",
        5,
        lambda row: row.limit,
        "count",
        "Most sockets that can be in use: maxSockets, or maxTotalSockets where that is lower.",
        from_width=HIDDEN,
    ),
    number_column(
        "max_free",
        "MAXFREE",
        7,
        lambda row: row.max_free,
        "count",
        "Most idle sockets that are kept: maxFreeSockets.",
        from_width=HIDDEN,
    ),
    number_column(
        "growth",
        "GROWTH",
        6,
        lambda row: row.slope,
        "/s",
        "By how many requests per second the queue has grown over the last 5 s.",
        written=lambda value: units.NONE if value is None else units.signed(value),
        from_width=HIDDEN,
    ),
    number_column(
        "saturated",
        "SATURATED",
        9,
        lambda row: row.saturated_s,
        "s",
        "Since how long requests wait and there is no room for a socket.",
        from_width=HIDDEN,
    ),
    number_column(
        "connecting",
        "CONNECTING",
        10,
        lambda row: row.connecting,
        "count",
        "Sockets that are being connected.",
        from_width=HIDDEN,
    ),
    number_column(
        "closing",
        "CLOSING",
        7,
        lambda row: row.closing,
        "count",
        "Sockets that are destroyed and still counted, until their close is seen.",
        from_width=HIDDEN,
    ),
    number_column(
        "open",
        "OPEN",
        5,
        lambda row: row.sockets,
        "count",
        "Sockets in use or idle.",
        from_width=HIDDEN,
    ),
    number_column(
        "tunnels",
        "TUNNELS",
        7,
        lambda row: row.tunnels,
        "count",
        "Tunnels through a proxy that are not up: Node does not count these sockets yet.",
        from_width=HIDDEN,
    ),
    number_column(
        "ports",
        "PORTS",
        5,
        lambda row: row.ports_held,
        "share",
        "Share of the local ports that TIME_WAIT keeps from the peer that has the most.",
        from_width=HIDDEN,
    ),
    number_column(
        "closed",
        "CLOSED",
        6,
        lambda row: row.closed,
        "count",
        "Sockets closed since the start.",
        from_width=HIDDEN,
    ),
    text_column(
        "failed",
        "FAILED OF",
        14,
        lambda row: row.faults,
        "What requests failed of since the start and how many, the most frequent first.",
        ink="bad",
        from_width=HIDDEN,
    ),
)
"""All of them, left to right."""
