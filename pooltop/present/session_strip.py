"""The strip of an origin's HTTP/2 sessions: a line each, as full as it is of what it may carry."""

from __future__ import annotations

from pooltop.core.dispatcher_snapshot import SessionInfo
from pooltop.core.snapshot import (
    OriginSnapshot,
    SocketInfo,
)
from pooltop.present import units
from pooltop.present.line import Line, Span, width_of
from pooltop.present.sessions import session_load
from pooltop.present.sockets import Cell, cell_of

STREAM = Cell("#", "stream", "a request under way on a session", "sock.active")
CAP = Cell(".", "to the cap", "a stream that could be opened on it", "faint")
DRAINING = Cell(
    "g", "going away", "a session after a GOAWAY: its streams end, it takes no more", "sock.closing"
)
LEGEND = (STREAM, DRAINING, CAP)
_LEAST_CELLS = 8
"""Of a session's bar."""


def sessions_of(origin: OriginSnapshot) -> list[SocketInfo]:
    """Give the sockets of an origin that carry sessions, by their number."""
    found = [s for s in (*origin.sockets, *origin.free_sockets) if s.session is not None]
    return sorted(found, key=lambda socket: socket.id)


def session_line(socket: SocketInfo, session: SessionInfo, scheme: str, width: int) -> Line:
    """Give ``s1 ######.... 42/100 peer's``.

    A cell is a stream; where they are too many for the line each stands for as many, and what is
    not nothing has one at least.

    Args:
        socket: that carries it.
        session: what it carries.
        scheme: of its origin.
        width: in cells.
    """
    load = session_load(session)
    state = cell_of(socket, scheme)
    streams = DRAINING if session.goaway is not None else STREAM
    head: Line = ((f"s{socket.id} ", "dim"),)
    tail: Line = ((f" {load.words}", "text"), (f" {load.capped_by}".rstrip(), "dim"))
    room = width - width_of(head) - width_of(tail)
    if room < _LEAST_CELLS:
        tail = tail[:1]
        room = max(0, width - width_of(head) - width_of(tail))
    spans: list[Span] = []
    if not load.running:
        spans.append((state.glyph, state.ink))
        room -= 1
    top = max(load.running, load.cap or 0)
    whole = min(top, max(0, room))
    used = _share(load.running, top, whole)
    spans += [(streams.glyph * used, streams.ink), (CAP.glyph * (whole - used), CAP.ink)]
    return (*head, *(span for span in spans if span[0]), *tail)


def _share(number: int, top: int, width: int) -> int:
    if number <= 0 or not width:
        return 0
    return width if number >= top else max(1, min(width - 1, round(number / top * width)))


def session_lines(origin: OriginSnapshot, width: int, height: int) -> list[Line]:
    """Give a line for each session, as many as there is room for, and how many more there are."""
    sockets = sessions_of(origin)
    room = height if len(sockets) <= height else height - 1
    lines = [
        session_line(socket, socket.session, origin.scheme, width)
        for socket in sockets[: max(0, room)]
        if socket.session is not None
    ]
    if len(sockets) > len(lines) and height > 0:
        rest = [session_load(s.session) for s in sockets[len(lines) :] if s.session is not None]
        words = f"and {units.count(len(rest))} more sessions with "
        streams = units.count(sum(load.running for load in rest))
        lines.append(((words, "dim"), (streams, "text"), (" streams", "dim")))
    return lines


def legend_line() -> Line:
    """Give glyph and word of what the lines are made of."""
    spans: list[Span] = []
    for cell in LEGEND:
        spans += [(cell.glyph, cell.ink), (f" {cell.word}", "dim"), ("  ", "text")]
    return tuple(spans[:-1])
