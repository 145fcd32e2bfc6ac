"""The columns of sockets: what each does, what it cost to open, what the kernel sees of it."""

from __future__ import annotations

from collections.abc import Callable

from pooltop.core.snapshot import TCPInfo
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line
from pooltop.present.session_columns import SESSION_COLUMNS
from pooltop.present.socket_rows import SocketRow
from pooltop.present.sockets import cell_of
from pooltop.present.table import HIDDEN, Column, Unit, as_written, number_column, text_column

_OLD_S = 5.0
"""Of very many sockets the kernel is asked in turn: older numbers are faint."""


def _state(row: SocketRow, _width: int) -> Line:
    cell = cell_of(row.socket, row.scheme)
    return ((cell.glyph, cell.ink), (f" {_state_word(row)}", "text"))


def _state_word(row: SocketRow) -> str:
    if row.is_stream:
        return "stream" if row.socket.session is not None else "pipelined"
    return cell_of(row.socket, row.scheme).word


def _now_ink(row: SocketRow) -> Ink:
    return "text" if row.request is None or not row.request.aborted else "faint"


def _for_s(row: SocketRow) -> float | None:
    return None if row.request is None else max(0.0, row.at - row.request.submitted_at)


def _session(row: SocketRow) -> str:
    socket = row.socket
    if socket.tls_resumed is None:
        return ""
    words = "resumed" if socket.tls_resumed else "full"
    return f"{words}!" if socket.verified is False else words


def _checked_ink(row: SocketRow) -> Ink:
    return "warn" if row.socket.verified is False else "text"


def _remote(row: SocketRow) -> str:
    remote = clean(row.socket.remote)
    return f"via {remote}" if row.socket.via and remote else remote


def _kernel_column(
    id: str,  # noqa: A002 - as the column's field
    title: str,
    pick: Callable[[TCPInfo], float | None],
    definition: str,
    *,
    unit: Unit = "count",
    width: int = 5,
    written: Callable[[TCPInfo], str] | None = None,
    ink: Callable[[TCPInfo], Ink] = lambda _: "text",
    from_width: int = HIDDEN,
) -> Column[SocketRow]:
    def value(row: SocketRow) -> float | None:
        return None if row.socket.kernel is None else pick(row.socket.kernel)

    def cell(row: SocketRow, _width: int) -> Line:
        tcp = row.socket.kernel
        if tcp is None:
            return ((units.NONE, "faint"),)
        text = as_written(pick(tcp), unit) if written is None else written(tcp)
        return ((text, "faint" if row.at - tcp.at > _OLD_S else ink(tcp)),)

    return Column(id, title, width, "right", definition, cell, value, unit, from_width)


COLUMNS: tuple[Column[SocketRow], ...] = (
    number_column(
        "socket",
        "SOCKET",
        6,
        lambda row: row.socket.id,
        "id",
        "Counts up per agent.",
        ink=lambda _: "text",
        written=lambda number: f"s{number}",
    ),
    text_column(
        "host",
        "HOST",
        14,
        lambda row: row.name,
        "The host that it leads to, and what tells that from others of the same name.",
        most=34,
    ),
    text_column(
        "agent",
        "AGENT",
        9,
        lambda row: clean(row.id.agent),
        "The agent whose pool it is in.",
        ink="dim",
        from_width=HIDDEN,
    ),
    Column(
        "state",
        "STATE",
        12,
        "left",
        "What it does, as glyph and word.",
        _state,
        _state_word,
    ),
    number_column(
        "since",
        "SINCE",
        5,
        lambda row: max(0.0, row.at - row.socket.since),
        "s",
        "How long it has been in its state.",
    ),
    number_column(
        "requests",
        "REQ",
        5,
        lambda row: row.socket.requests,
        "count",
        "Requests carried, the present one included.",
        ink=lambda _: "text",
    ),
    number_column(
        "busy",
        "BUSY",
        5,
        lambda row: row.busy,
        "share",
        "Share of its time since it was connected in which it carried requests.",
        from_width=72,
    ),
    text_column(
        "now",
        "NOW",
        16,
        lambda row: row.now,
        "The request that it carries or is being opened for: number, method, path.",
        ink=_now_ink,
        most=60,
    ),
    number_column(
        "for",
        "FOR",
        5,
        _for_s,
        "s",
        "How long ago that request was meant to start, its time in the queue included.",
        from_width=78,
    ),
    text_column(
        "phase",
        "PHASE",
        7,
        lambda row: row.phase.word,
        "What that request does: dns, tcp, tunnel, tls, send, wait (for the first byte), receive; "
        "- where nobody looks at the host.",
        from_width=86,
    ),
    number_column(
        "phase_for",
        "IN PHASE",
        8,
        lambda row: row.phase.lasted_s,
        "s",
        "How long it has done that.",
        from_width=HIDDEN,
    ),
    text_column(
        "session",
        "SESSION",
        8,
        _session,
        "full, a whole TLS handshake, or resumed from an earlier one; ! where nobody checked the "
        "certificate.",
        ink=_checked_ink,
        from_width=96,
    ),
    _kernel_column(
        "rtt",
        "RTT",
        lambda tcp: tcp.rtt,
        "The kernel's smoothed round trip time; faint when it was read more than 5 s ago.",
        unit="s",
        written=lambda tcp: units.round_trip(tcp.rtt),
        from_width=108,
    ),
    _kernel_column(
        "deviation",
        "+-",
        lambda tcp: tcp.rtt_var,
        "Mean deviation of the round trip time.",
        unit="s",
        written=lambda tcp: units.round_trip(tcp.rtt_var),
    ),
    _kernel_column(
        "resent",
        "RESENT",
        lambda tcp: tcp.retransmitted,
        "Segments sent again since the connection began; ! while one still has no answer.",
        width=6,
        written=lambda tcp: units.count(tcp.retransmitted) + ("!" if tcp.retransmits else ""),
        ink=lambda tcp: "bad" if tcp.retransmits else "warn" if tcp.retransmitted else "text",
        from_width=108,
    ),
    number_column(
        "age",
        "AGE",
        5,
        lambda row: max(0.0, row.at - row.socket.opened_at),
        "s",
        "How long ago it was opened.",
        from_width=116,
    ),
    number_column(
        "left",
        "LEFT",
        5,
        lambda row: row.idle_left_s,
        "s",
        "Until its idle time ends it; - while it is in use, and where nothing does.",
        from_width=120,
    ),
    number_column(
        "in",
        "IN",
        5,
        lambda row: row.socket.bytes_in,
        "B",
        "Bytes received on it.",
        from_width=134,
    ),
    number_column(
        "out",
        "OUT",
        5,
        lambda row: row.socket.bytes_out,
        "B",
        "Bytes sent on it.",
        from_width=134,
    ),
    text_column(
        "remote",
        "REMOTE",
        21,
        _remote,
        "The address and port that were connected to; via, where they are a proxy's.",
        from_width=158,
    ),
    text_column(
        "version",
        "VERSION",
        7,
        lambda row: clean(row.socket.tls.partition(" ")[0]),
        "The TLS version that was agreed upon.",
        from_width=166,
    ),
    number_column(
        "cost",
        "COST",
        5,
        lambda row: row.cost_s,
        "s",
        "What opening it took: look-up, TCP, tunnel and TLS together.",
        from_width=172,
    ),
    _kernel_column(
        "unacked",
        "UNACK",
        lambda tcp: tcp.unacked,
        "Segments sent and not yet acknowledged.",
        from_width=186,
    ),
    _kernel_column(
        "cwnd",
        "CWND",
        lambda tcp: tcp.cwnd,
        "Congestion window: segments that may be under way unacknowledged.",
        from_width=186,
    ),
    text_column(
        "local",
        "LOCAL",
        21,
        lambda row: clean(row.socket.local),
        "Our address and port.",
        from_width=208,
    ),
    text_column(
        "checked",
        "CHECKED",
        12,
        lambda row: row.checked,
        "Whether its certificate was checked: NOT VERIFIED where anybody could answer.",
        ink=_checked_ink,
        from_width=222,
    ),
    text_column(
        "via",
        "VIA",
        20,
        lambda row: clean(row.socket.via),
        "The proxy on its way.",
        from_width=244,
    ),
    text_column(
        "hint",
        "HINT",
        20,
        lambda row: clean(row.socket.hint),
        "The last Keep-Alive header that the server sent.",
        from_width=266,
    ),
    text_column(
        "cipher",
        "CIPHER",
        24,
        lambda row: clean(row.socket.tls.partition(" ")[2]),
        "The TLS cipher that was agreed upon.",
        from_width=HIDDEN,
    ),
    text_column(
        "alpn",
        "ALPN",
        8,
        lambda row: clean(row.socket.alpn or ""),
        "The protocol agreed upon in the handshake.",
        from_width=HIDDEN,
    ),
    number_column(
        "dns",
        "DNS",
        5,
        lambda row: row.socket.dns,
        "s",
        "How long the look-up took; - where there was none, as for a Unix socket.",
        ink=lambda _: "text",
        from_width=HIDDEN,
    ),
    number_column(
        "tcp",
        "TCP",
        5,
        lambda row: row.socket.tcp,
        "s",
        "How long it took to connect, from the first address tried to the one that answered.",
        ink=lambda _: "text",
        from_width=HIDDEN,
    ),
    number_column(
        "tunnel",
        "TUNNEL",
        6,
        lambda row: row.socket.tunnel,
        "s",
        "How long it took until a proxy had made its tunnel; - where there is none.",
        ink=lambda _: "text",
        from_width=HIDDEN,
    ),
    number_column(
        "tls",
        "TLS",
        5,
        lambda row: row.socket.handshake,
        "s",
        "How long the TLS handshake took.",
        ink=lambda _: "text",
        from_width=HIDDEN,
    ),
    number_column(
        "tried",
        "TRIED",
        5,
        lambda row: row.socket.attempts,
        "count",
        "Addresses of the host that were tried until one answered.",
        ink=lambda _: "text",
        from_width=HIDDEN,
    ),
    *SESSION_COLUMNS,
)
"""All of them, left to right."""
