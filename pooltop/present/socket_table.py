"""A line for each socket of one host: what it does, what it cost to open, what the kernel sees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pooltop.core.snapshot import OriginSnapshot, SocketInfo, TCPInfo
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line, pad
from pooltop.present.sockets import cell_of
from pooltop.present.table import Column, filled

LEAST_LINES = 3
"""Heading and two sockets: with less room there is no table."""
_OLD_S = 5.0
"""Of very many sockets the kernel is asked in turn: older numbers are faint."""


@dataclass(frozen=True, slots=True)
class SocketRow:
    """A socket at one instant."""

    socket: SocketInfo
    scheme: str
    at: float


def _plain(text: Callable[[SocketInfo], str]) -> Callable[[SocketRow, int], Line]:
    return lambda row, _width: ((text(row.socket), "text"),)


def _kernel(
    text: Callable[[TCPInfo], str], ink: Callable[[TCPInfo], Ink] = lambda _: "text"
) -> Callable[[SocketRow, int], Line]:
    def cell(row: SocketRow, _width: int) -> Line:
        tcp = row.socket.kernel
        if tcp is None:
            return ((units.NONE, "faint"),)
        return ((text(tcp), "faint" if row.at - tcp.at > _OLD_S else ink(tcp)),)

    return cell


def _state(row: SocketRow, _width: int) -> Line:
    cell = cell_of(row.socket, row.scheme)
    return ((cell.glyph, cell.ink), (f" {units.age(row.at - row.socket.since)}", "text"))


def _tls(row: SocketRow, _width: int) -> Line:
    socket = row.socket
    if socket.tls_resumed is None:
        return ((units.NONE, "faint"),)
    words = "resumed" if socket.tls_resumed else "full"
    if socket.verified is False:
        return ((f"{words}!", "warn"),)
    return ((words, "text"),)


def _remote(row: SocketRow, width: int) -> Line:
    remote = row.socket.remote or units.NONE
    return ((clean(f"via {remote}" if row.socket.via else remote, width), "text"),)


SOCKET_COLUMNS: tuple[Column[SocketRow], ...] = (
    Column("id", "SOCKET", 6, "right", "Counts up per agent.", _plain(lambda s: f"s{s.id}")),
    Column("state", "SINCE", 7, "left", "State, and how long it has been in it.", _state),
    Column(
        "requests",
        "REQ",
        5,
        "right",
        "Requests carried, the present one included.",
        _plain(lambda s: units.count(s.requests)),
    ),
    Column(
        "rtt",
        "RTT",
        5,
        "right",
        "The kernel's smoothed round trip time; faint when it was read more than 5 s ago.",
        _kernel(lambda tcp: units.round_trip(tcp.rtt)),
    ),
    Column(
        "var",
        "+-",
        5,
        "right",
        "Mean deviation of the round trip time.",
        _kernel(lambda tcp: units.round_trip(tcp.rtt_var)),
        from_width=100,
    ),
    Column(
        "resent",
        "RESENT",
        6,
        "right",
        "Segments sent again since the connection began; ! while one still has no answer.",
        _kernel(
            lambda tcp: units.count(tcp.retransmitted) + ("!" if tcp.retransmits else ""),
            lambda tcp: "bad" if tcp.retransmits else "warn" if tcp.retransmitted else "text",
        ),
    ),
    Column(
        "unacked",
        "UNACK",
        5,
        "right",
        "Segments sent and not yet acknowledged.",
        _kernel(lambda tcp: units.count(tcp.unacked)),
    ),
    Column(
        "cwnd",
        "CWND",
        5,
        "right",
        "Congestion window: segments that may be under way unacknowledged.",
        _kernel(lambda tcp: units.count(tcp.cwnd)),
    ),
    Column(
        "dns",
        "DNS",
        5,
        "right",
        "How long the look-up took; - where there was none, as for a Unix socket.",
        _plain(lambda s: units.duration(s.dns)),
        from_width=94,
    ),
    Column(
        "tcp",
        "TCP",
        5,
        "right",
        "How long it took to connect, from the first address tried to the one that answered.",
        _plain(lambda s: units.duration(s.tcp)),
        from_width=94,
    ),
    Column(
        "handshake",
        "TLS",
        5,
        "right",
        "How long the TLS handshake took.",
        _plain(lambda s: units.duration(s.handshake)),
        from_width=94,
    ),
    Column(
        "tls",
        "SESSION",
        8,
        "left",
        "full, a whole TLS handshake, or resumed from an earlier one; ! where nobody checked the "
        "certificate.",
        _tls,
        from_width=54,
    ),
    Column(
        "remote",
        "REMOTE",
        21,
        "left",
        "The address and port that were connected to; via, where they are a proxy's.",
        _remote,
        from_width=76,
    ),
    Column(
        "tried",
        "TRIED",
        5,
        "right",
        "Addresses of the host that were tried until one answered.",
        _plain(lambda s: units.NONE if s.attempts is None else units.count(s.attempts)),
        from_width=140,
    ),
    Column(
        "local",
        "LOCAL",
        21,
        "left",
        "Our address and port.",
        lambda row, width: ((clean(row.socket.local or units.NONE, width), "text"),),
        from_width=122,
    ),
)
"""All of them, left to right."""


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
    columns = [column for column in SOCKET_COLUMNS if width >= column.from_width]
    heading = " ".join(pad(column.title, column.width, column.align) for column in columns)
    lines: list[Line] = [((heading, "title"),)]
    room = height - 1 if len(sockets) < height else height - 2
    for socket in sockets[:room]:
        row = SocketRow(socket, origin.scheme, at)
        cells = [filled(column, row, column.width) for column in columns]
        lines.append(tuple(span for cell in cells for span in (*cell, (" ", "text")))[:-1])
    if len(sockets) > room:
        lines.append(
            (("   and ", "dim"), (f"{units.count(len(sockets) - room)} more sockets", "dim"))
        )
    return lines
