"""The columns of sockets where a connection may carry several requests, each with a row beneath it.

A row of one of those requests shows what is its own, and is sorted and filtered as its connection
is: so it stays beneath it.
"""

from __future__ import annotations

from dataclasses import replace

from pooltop.present.line import Line
from pooltop.present.socket_columns import COLUMNS
from pooltop.present.socket_rows import SocketRow
from pooltop.present.table import Column

_OWN = frozenset(
    ("host", "agent", "state", "now", "for", "phase", "phase_for", "proto", "stream", "client")
)
"""What a request on a shared connection has for itself, or as its connection has it."""
_BLANK: Line = (("", "faint"),)


def _of_the_whole(column: Column[SocketRow], from_width: int) -> Column[SocketRow]:
    """Give a column of connections that is empty for each of the requests on one."""

    def cell(row: SocketRow, width: int) -> Line:
        return _BLANK if row.is_stream else column.cell(row, width)

    return replace(column, cell=cell, from_width=from_width)


def _number(row: SocketRow, _width: int) -> Line:
    if row.is_stream:
        return ((f"/{row.id.stream}", "dim"),)
    return ((f"s{row.socket.id}", "text"),)


_SHARED_FROM = {
    "proto": 0,
    "streams": 0,
    "since": 82,
    "for": 88,
    "cap": 99,
    "phase": 107,
    "ping": 114,
    "client": 121,
    "busy": 127,
    "rtt": 139,
    "age": 139,
    "session": 148,
    "left": 154,
    "resent": 161,
    "in": 173,
    "out": 173,
    "remote": 195,
    "version": 203,
    "cost": 209,
    "unacked": 221,
    "cwnd": 221,
    "local": 243,
    "checked": 256,
    "via": 277,
    "hint": 298,
}
"""From where on columns are shown beside those that only shared connections have."""


def _sharing() -> tuple[Column[SocketRow], ...]:
    columns = {column.id: column for column in COLUMNS}
    first = ["socket", "host", "agent", "state", "proto", "streams", "cap", "client"]
    order = [*first, *(name for name in columns if name not in first and name != "ping")]
    order.insert(order.index("rtt"), "ping")
    found = []
    for name in order:
        column = columns[name]
        from_width = _SHARED_FROM.get(name, column.from_width)
        if name == "socket":
            column = replace(column, cell=_number, width=8)
        elif name in _OWN:
            column = replace(column, from_width=from_width)
        else:
            column = _of_the_whole(column, from_width)
        found.append(column)
    return tuple(found)


SHARING_COLUMNS = _sharing()
"""The same for connections of undici's: what they speak and carry comes first."""
