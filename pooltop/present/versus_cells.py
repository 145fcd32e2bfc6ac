"""What a side holds open, as cells: a socket each, and of an HTTP/2 session a stream each.

Cells of both sides are of one size, so that one connection of a hundred streams and a hundred
connections can be compared by looking.
"""

from __future__ import annotations

from pooltop.core.dispatcher_snapshot import SessionInfo
from pooltop.core.snapshot import OriginSnapshot, SocketInfo
from pooltop.present import units
from pooltop.present.line import Line, Span, fit
from pooltop.present.session_strip import CAP, DRAINING, STREAM, session_lines, sessions_of
from pooltop.present.session_strip import legend_line as stream_legend
from pooltop.present.sockets import legend_line as socket_legend
from pooltop.present.sockets import strip_lines
from pooltop.present.versus import Side


def cell_lines(side: Side, width: int, height: int) -> list[Line]:
    """Give at most ``height`` lines of cells, hosts one after the other.

    Where a session's streams do not fit, a cell stands for several of them, as ``session_strip``
    has it; what does not fit of sockets is told as a number.
    """
    lines: list[Line] = []
    for origin in side.origins:
        lines += _of_host(side, origin, width, height - len(lines))
    return lines[:height] or [(("no connection is open", "dim"),)]


def _of_host(side: Side, origin: OriginSnapshot, width: int, height: int) -> list[Line]:
    sessions = sessions_of(origin)
    if not sessions:
        return strip_lines(side.agent, origin, width, height)
    drawn = [line for each in sessions for line in _session(each, width)]
    if len(drawn) > height:
        drawn = session_lines(origin, width, height)
    others = strip_lines(side.agent, origin, width, height - len(drawn))
    return [*drawn, *others]


def _session(socket: SocketInfo, width: int) -> list[Line]:
    """Give a cell for each stream that a session carries, then for each that it could."""
    session = socket.session
    assert session is not None
    head = f"s{socket.id} "
    room = max(1, width - len(head))
    cells = _streams(session)
    lines: list[Line] = []
    for start in range(0, max(1, len(cells)), room):
        lead = head if not start else " " * len(head)
        lines.append(((lead, "dim"), *_joined(cells[start : start + room])))
    return lines


def _streams(session: SessionInfo) -> list[Span]:
    cap = session.cap or 0
    stream = DRAINING if session.goaway is not None else STREAM
    running: list[Span] = [(stream.glyph, stream.ink)] * session.streams
    room: list[Span] = [(CAP.glyph, CAP.ink)] * max(0, cap - session.streams)
    return [*running, *room]


def _joined(cells: list[Span]) -> Line:
    spans: list[Span] = []
    for glyph, ink in cells:
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + glyph, ink)
        else:
            spans.append((glyph, ink))
    return tuple(spans)


def state_line(side: Side, width: int) -> Line:
    """Give in numbers what the cells show: ``12 connections  3 in use  9 free  0 queued``."""
    sockets = side.sockets
    sessions = [s.session for s in sockets if s.session is not None]
    free = sum(origin.free for origin in side.origins)
    queued = sum(origin.queued for origin in side.origins)
    opening = sum(origin.connecting for origin in side.origins)
    noun = "connection" if len(sockets) == 1 else "connections"
    parts: list[tuple[str, str]] = [(units.count(len(sockets)), noun)]
    if sessions:
        parts.append((units.count(sum(each.streams for each in sessions)), "streams"))
    else:
        parts.append((units.count(sum(origin.active for origin in side.origins)), "active"))
        parts.append((units.count(free), "free"))
    if opening:
        parts.append((units.count(opening), "opening"))
    spans: list[Span] = []
    for number, word in parts:
        spans += [(number, "text"), (f" {word}  ", "dim")]
    spans += [(units.count(queued), "warn" if queued else "text"), (" queued", "dim")]
    return fit(spans, width)


def cells_legend(side: Side, width: int) -> Line:
    """Give glyph and word of what the side's cells are."""
    has_sessions = any(s.session is not None for s in side.sockets)
    return fit(stream_legend() if has_sessions else socket_legend(), width)
