"""The columns that only connections of undici's fill: what they speak, carry and are capped by."""

from __future__ import annotations

from pooltop.present import units
from pooltop.present.line import Ink, Line
from pooltop.present.sessions import DEFINITIONS, is_late
from pooltop.present.socket_rows import SocketRow
from pooltop.present.table import HIDDEN, Column, number_column, text_column


def _streams(row: SocketRow, _width: int) -> Line:
    load = row.load
    if load is None:
        return ((units.NONE, "faint"),)
    ink: Ink = "faint" if not load.running else "warn" if load.is_full else "text"
    number, _, cap = load.words.partition("/")
    return ((number, ink), (f"/{cap}", "dim"))


def _ping(row: SocketRow, _width: int) -> Line:
    session = row.socket.session
    if session is None:
        return ((units.NONE, "faint"),)
    late = is_late(session, row.at)
    text = units.round_trip(session.ping_rtt) + ("!" if late else "")
    return ((text, "warn" if late else "text"),)


def _ping_s(row: SocketRow) -> float | None:
    return None if row.socket.session is None else row.socket.session.ping_rtt


SESSION_COLUMNS: tuple[Column[SocketRow], ...] = (
    text_column(
        "proto",
        "PROTO",
        5,
        lambda row: row.protocol,
        DEFINITIONS["PROTO"],
        from_width=HIDDEN,
    ),
    Column(
        "streams",
        "STREAMS",
        7,
        "right",
        DEFINITIONS["STREAMS"],
        _streams,
        lambda row: None if row.load is None else row.load.running,
        "count",
        HIDDEN,
    ),
    text_column(
        "cap",
        "CAP",
        10,
        lambda row: None if row.load is None else row.load.capped_by,
        DEFINITIONS["CAP"],
        ink="dim",
        from_width=HIDDEN,
    ),
    Column(
        "ping",
        "PING",
        6,
        "right",
        DEFINITIONS["PING"],
        _ping,
        _ping_s,
        "s",
        HIDDEN,
    ),
    number_column(
        "client",
        "CLIENT",
        6,
        lambda row: row.socket.client,
        "id",
        "The client of undici's whose connection it is.",
        written=lambda number: units.NONE if number is None else f"c{number:.0f}",
        from_width=HIDDEN,
    ),
    number_column(
        "stream",
        "STREAM",
        6,
        lambda row: row.id.stream or None,
        "id",
        "The id of the stream that the row is of; in an HTTP/1.1 pipeline, the request's number; "
        "- of a connection as a whole.",
        from_width=HIDDEN,
    ),
)
"""Shown where there are such connections (``sharing_columns``), and hidden elsewhere."""
