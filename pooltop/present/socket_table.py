"""A line for each socket of one host, beside the hosts: the few columns that there is room for."""

from __future__ import annotations

from dataclasses import replace

from pooltop.core.snapshot import OriginSnapshot
from pooltop.present import units
from pooltop.present.line import Line
from pooltop.present.socket_columns import COLUMNS
from pooltop.present.socket_rows import SocketKey, SocketRow
from pooltop.present.sockets import cell_of
from pooltop.present.table import Column, column_named, row_line, shown_columns, title_line

LEAST_LINES = 3
"""Heading and two sockets: with less room there is no table."""


def _since(row: SocketRow, _width: int) -> Line:
    cell = cell_of(row.socket, row.scheme)
    return ((cell.glyph, cell.ink), (f" {units.age(row.at - row.socket.since)}", "text"))


def _column(id: str, from_width: int = 0) -> Column[SocketRow]:  # noqa: A002 - the column's
    column = column_named(COLUMNS, id)
    assert column is not None, id
    return replace(column, from_width=from_width)


SOCKET_COLUMNS: tuple[Column[SocketRow], ...] = (
    _column("socket"),
    replace(_column("since"), width=7, align="left", cell=_since),
    _column("requests"),
    _column("rtt"),
    _column("deviation", 100),
    _column("resent"),
    _column("unacked"),
    _column("cwnd"),
    _column("dns", 94),
    _column("tcp", 94),
    _column("tls", 94),
    _column("session", 54),
    _column("remote", 76),
    _column("tried", 140),
    _column("local", 122),
)
"""All of them, left to right; the Sockets page has more."""


def socket_table(origin: OriginSnapshot, at: float, width: int, height: int) -> list[Line]:
    """Give a heading and a line for each socket, as far as they fit; empty if none does.

    A socket that is sending again without an answer stands first, the others by their number.

    Args:
        origin: whose.
        at: the instant, in monotonic seconds.
        width: in cells.
        height: in lines.
    """
    sockets = sorted(
        (*origin.sockets, *origin.free_sockets),
        key=lambda s: (not (s.kernel is not None and s.kernel.retransmits), s.id),
    )
    if not sockets or height < LEAST_LINES:
        return []
    columns = shown_columns(SOCKET_COLUMNS, width, margin=0)
    room = height - 1 if len(sockets) < height else height - 2
    lines = [title_line(columns, width, margin=0)]
    lines += [
        row_line(
            SocketRow(SocketKey("", socket.id), socket, origin.scheme, at), columns, width, margin=0
        )
        for socket in sockets[:room]
    ]
    if len(sockets) > room:
        lines.append(
            (("   and ", "dim"), (f"{units.count(len(sockets) - room)} more sockets", "dim"))
        )
    return lines
