"""The socket strip: one cell a socket, in the order in which they were opened."""

from __future__ import annotations

import math
from dataclasses import dataclass

from pooltop.core.capacity import options_of
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, RequestInfo, SocketInfo
from pooltop.core.states import SocketState
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line, Span
from pooltop.present.tunnels import pending_words, waiting_words


@dataclass(frozen=True, slots=True)
class Cell:
    """How a socket in some state looks, and what that says."""

    glyph: str
    word: str
    meaning: str
    ink: Ink


ACTIVE = Cell("#", "active", "carries a request", "sock.active")
FREE = Cell("=", "free", "idle, kept alive for the next request", "sock.free")
CONNECTING = Cell("c", "connecting", "name look-up or TCP connect", "sock.connecting")
TLS = Cell("t", "TLS", "TCP is connected, the TLS handshake is under way", "sock.tls")
CLOSING = Cell("x", "closing", "destroyed, still counted until its close is seen", "sock.closing")
ROOM = Cell(".", "room", "a socket that could be opened under the limit", "faint")

LEGEND = (ACTIVE, FREE, CONNECTING, TLS, CLOSING, ROOM)


def cell_of(socket: SocketInfo, scheme: str) -> Cell:
    """Give how a socket of an origin of this scheme is shown."""
    match socket.state:
        case SocketState.ACTIVE:
            return ACTIVE
        case SocketState.FREE:
            return FREE
        case SocketState.CONNECTING | SocketState.FREE_CONNECTING:
            return TLS if scheme == "https" and socket.tcp is not None else CONNECTING
        case _:
            # Every other state is one of dying: destroyed, its close not yet seen.
            return CLOSING


def strip_lines(
    agent: AgentSnapshot, origin: OriginSnapshot, width: int, height: int
) -> list[Line]:
    """Give at most ``height`` lines of cells: sockets by id, then the room under the limit.

    A socket keeps its place among the others for life, so that reuse can be seen: a cell that
    stays and turns ``#`` ``=`` ``#``. What does not fit is told as a number. Sessions, which have
    lines of their own, are not among them.
    """
    if width < 1 or height < 1:
        return []
    every = sorted((*origin.sockets, *origin.free_sockets), key=lambda socket: socket.id)
    sockets = [socket for socket in every if socket.session is None]
    if not every and origin.tunnelling:
        # No room is shown: these are connections to the proxy, and no limit holds them back.
        return [((pending_words(origin), "warn"),)]
    cells = [cell_of(socket, origin.scheme) for socket in sockets]
    limit = options_of(agent, origin).max_sockets
    if not math.isinf(limit):
        cells.extend([ROOM] * max(0, int(min(limit, width * height)) - len(every)))
    fits = width * height
    rest = ""
    if len(sockets) > fits:
        rest = f"+{units.count(len(sockets) - max(0, fits - 7))}"
        cells = cells[: max(0, fits - len(rest))]
    else:
        cells = cells[:fits]
    lines: list[Line] = []
    for start in range(0, len(cells), width):
        spans: list[Span] = []
        for cell in cells[start : start + width]:
            if spans and spans[-1][1] == cell.ink and spans[-1][0][-1] == cell.glyph:
                spans[-1] = (spans[-1][0] + cell.glyph, cell.ink)
            else:
                spans.append((cell.glyph, cell.ink))
        lines.append(tuple(spans))
    if rest:
        lines[-1:] = [(*(lines[-1] if lines else ()), (rest, "dim"))]
    if not every:
        return lines or [(("no socket is open", "dim"),)]
    return lines


def legend_line() -> Line:
    """Give glyph and word of every state."""
    spans: list[Span] = []
    for cell in LEGEND:
        spans += [(cell.glyph, cell.ink), (f" {cell.word}", "dim"), ("  ", "text")]
    return tuple(spans[:-1])


def notable_line(origin: OriginSnapshot, at: float) -> Line:
    """Give the oldest and the busiest socket and the longest request, as far as there are any.

    Before them what waits for tunnels, which would else be seen nowhere: alone without a socket,
    for then the strip says how many tunnels there are.
    """
    sockets = (*origin.sockets, *origin.free_sockets)
    tunnels: list[Span] = []
    if origin.tunnelling:
        tunnels = [(waiting_words(origin, at), "warn")]
        if sockets:
            tunnels = [(f"{pending_words(origin)}: ", "warn"), *tunnels, ("  ", "text")]
    if not sockets:
        return tuple(tunnels) or (("no socket is open", "dim"),)
    oldest = min(sockets, key=lambda socket: socket.opened_at)
    busiest = max(sockets, key=lambda socket: socket.requests)
    spans: list[Span] = [
        *tunnels,
        ("oldest ", "dim"),
        (f"s{oldest.id} {units.age(at - oldest.opened_at)}", "text"),
        ("  busiest ", "dim"),
        (f"s{busiest.id} {units.count(busiest.requests)} req", "text"),
    ]
    if origin.running:
        longest = min(origin.running, key=lambda request: request.submitted_at)
        place = "" if longest.socket is None else f" s{longest.socket}"
        spans += [
            ("  longest", "dim"),
            (f"{place} {units.duration(max(0.0, at - longest.submitted_at))}", "text"),
        ]
    return tuple(spans)


def queue_lines(origin: OriginSnapshot, at: float, height: int) -> list[Line]:
    """Give the head of the queue, the oldest first: wait, what, whose, and why it waits."""
    if not origin.queued:
        return [(("nothing waits", "dim"),)]
    lines: list[Line] = [
        _queue_line(index + 1, request, at)
        for index, request in enumerate(origin.requests[:height])
    ]
    hidden = origin.queued - len(lines)
    if hidden > 0 and lines and len(lines) >= height:
        lines[-1] = (("   and ", "dim"), (f"{units.count(hidden + 1)} more", "warn"))
    elif hidden > 0 and len(lines) < height:
        lines.append((("   and ", "dim"), (f"{units.count(hidden)} more", "warn")))
    return lines


def _queue_line(place: int, request: RequestInfo, at: float) -> Line:
    waited = max(0.0, at - request.submitted_at)
    spans: list[Span] = [
        (f"{place:>2} ", "dim"),
        (f"{units.duration(waited):>5} ", "warn" if waited > 1 else "text"),
        (f"{clean(request.method, 8)} ", "accent"),
        (f"{clean(request.target, 40)} ", "text"),
    ]
    if request.label:
        spans.append((f" {clean(request.label, 24)} ", "dim"))
    spans.append((f" r{request.id}", "dim"))
    if request.overtaken_by:
        spans.append((f"  overtaken by {request.overtaken_by}", "warn"))
    if request.aborted:
        spans.append(("  given up, still queued", "warn"))
    elif request.why is not None:
        spans.append((f"  {request.why.value}", "faint"))
    return tuple(spans)
