"""What a side holds open, as cells: a socket each, and of an HTTP/2 session a stream each.

Cells of both sides are of one size, so that one connection of a hundred streams and a hundred
connections can be compared by looking.
"""

from __future__ import annotations

from pooltop.core.dispatcher_snapshot import SessionInfo
from pooltop.core.snapshot import OriginSnapshot, SocketInfo
from pooltop.present import units
from pooltop.present.line import Ink, Line, Span, fit, width_of
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
    """Give in numbers what the cells show: ``12 connections  0 queued  3 active  9 free``.

    As many as fit, the most telling first.
    """
    sockets = side.sockets
    sessions = [s.session for s in sockets if s.session is not None]
    queued = sum(origin.queued for origin in side.origins)
    parts: list[tuple[int, str]] = [
        (len(sockets), "connection" if len(sockets) == 1 else "connections"),
        (queued, "queued"),
    ]
    if sessions:
        parts.insert(1, (sum(each.streams for each in sessions), "streams"))
    else:
        parts.append((sum(origin.active for origin in side.origins), "active"))
        parts.append((sum(origin.free for origin in side.origins), "free"))
    opening = sum(origin.connecting for origin in side.origins)
    if opening:
        parts.append((opening, "opening"))
    line: Line = ()
    for number, word in parts:
        ink: Ink = "warn" if word == "queued" and number else "text"
        part: Line = ((units.count(number), ink), (f" {word}", "dim"))
        longer = (*line, ("  ", "dim"), *part) if line else part
        if width_of(longer) > width and line:
            break
        line = longer
    return fit(line, width)


def cells_legend(side: Side, width: int) -> Line:
    """Give glyph and word of what the side's cells are."""
    has_sessions = any(s.session is not None for s in side.sockets)
    return fit(stream_legend() if has_sessions else socket_legend(), width)
