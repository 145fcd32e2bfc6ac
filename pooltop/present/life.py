"""What a request is doing and has done, and how busy a socket was: in words, bars and strips.

A request's life is one row of spans in time: the queue, then the dial where its socket was opened
for it, then send, wait and receive. Each begins where the one before it ends. All of them are
drawn to one scale, which begins at the intended start and ends at a round number, so that bars of
two requests can be compared and none shimmers as it grows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pooltop.core.detail import RequestDetail
from pooltop.core.snapshot import RequestInfo, SocketInfo
from pooltop.core.states import RequestState, SocketState
from pooltop.glossary.words.phases import PHASES
from pooltop.present import units
from pooltop.present.line import Ink, Line, Span
from pooltop.present.plot import EIGHTHS, nice_top


class Phase(Enum):
    """A stretch of a request's life: its name, its letter in a bar, what it does, its ink."""

    QUEUE = ("queue", "q", "waits for a socket", "warn")
    START = ("start", "o", "is about to begin", "dim")
    EARLIER = ("earlier", "e", "was under way before: redirected, or sent again", "dim")
    DNS = ("dns", "d", "looks the name up", "sock.connecting")
    TCP = ("tcp", "c", "connects", "sock.connecting")
    TUNNEL = ("tunnel", "p", "waits for the proxy's tunnel", "sock.connecting")
    TLS = ("tls", "t", "shakes hands (TLS)", "sock.tls")
    SEND = ("send", "s", "is being sent", "sock.active")
    WAIT = ("wait", "w", "waits for the first byte", "plot.wait")
    RECEIVE = ("receive", "r", "receives the response", "sock.free")

    def __init__(self, word: str, letter: str, doing: str, ink: Ink) -> None:
        """Name the parts."""
        self.word = word
        self.letter = letter
        self.doing = doing
        self.ink: Ink = ink


DEFINITIONS = {
    **{name: f"{PHASES.means(name)}." for name in ("queue", "start")},
    "dns tcp tunnel tls": "the dial, of a request whose socket was opened for it; tunnel is the "
    "way through a proxy.",
    **{name: f"{PHASES.means(name)}." for name in ("send", "wait", "receive")},
    "busy strip": "a cell for each second: in use all of it, in part (the height is the share), "
    "or idle; blank where it was not measured.",
}
"""For the help page."""


_DIALLING = (SocketState.CONNECTING, SocketState.FREE_CONNECTING)


@dataclass(frozen=True, slots=True)
class Stretch:
    """A phase from when to when, in monotonic seconds."""

    phase: Phase
    start: float
    end: float | None
    """None while it goes on."""

    def lasts(self, at: float) -> float:
        """Give its seconds up to ``at``."""
        return max(0.0, (at if self.end is None else self.end) - self.start)


def life_of(
    request: RequestInfo, detail: RequestDetail | None, socket: SocketInfo | None, scheme: str
) -> list[Stretch]:
    """Give a request's life so far, in order; only the last stretch goes on.

    Args:
        request: whose.
        detail: when it was assigned, sent, answered; without it only the queue is known.
        socket: that it has; None for none.
        scheme: of its origin.
    """
    born = request.submitted_at
    first = Phase.QUEUE if request.why is not None else Phase.START
    if request.state is RequestState.QUEUED:
        return [Stretch(Phase.QUEUE, born, None)]
    if request.state is RequestState.TUNNELLING:
        return [Stretch(Phase.TUNNEL, born, None)]
    if detail is None or detail.assigned_at is None or socket is None:
        return []
    given = max(born, detail.assigned_at)
    if socket.requests <= 1 and born <= socket.opened_at < given:
        # Opened for it: through a proxy it is assigned only when the tunnel is up.
        given = socket.opened_at
    marks = [
        (first, born),
        *_dial(socket, given, scheme),
        *_exchange(detail, socket, given),
    ]
    return _stretches(marks)


def latest_stretch(socket: SocketInfo, scheme: str, detail: RequestDetail | None) -> Stretch | None:
    """Give the stretch that goes on, of the request that a socket is for; None if it is not known.

    Args:
        socket: whose.
        scheme: of its origin.
        detail: of its request; None where nobody watches the host: then only a dial is known.
    """
    if socket.state in _DIALLING:
        marks = _dial(socket, socket.opened_at, scheme)
    elif detail is None or detail.assigned_at is None:
        return None
    else:
        marks = _exchange(detail, socket, detail.assigned_at)
    if not marks:
        return None
    phase, start = marks[-1]
    return Stretch(phase, start, None)


def _dial(socket: SocketInfo, given: float, scheme: str) -> list[tuple[Phase, float]]:
    """Give when each phase of the dial began, as far as it came and the request waited for it."""
    if socket.connected_at is not None and socket.connected_at <= given:
        return []
    marks: list[tuple[Phase, float]] = []
    start = socket.opened_at
    phases = [
        (Phase.DNS, socket.dns),
        (Phase.TCP, socket.tcp),
        *([(Phase.TUNNEL, socket.tunnel)] if _is_tunnelled(socket, scheme) else []),
        *([(Phase.TLS, socket.handshake)] if scheme == "https" else []),
    ]
    known = [place for place, (_, took) in enumerate(phases) if took is not None]
    done = max(known, default=-1)
    for place, (phase, took) in enumerate(phases):
        if took is None and place < done:
            continue  # it did not take place: a Unix socket has no look-up
        if place > done + 1 or (took is None and socket.connected_at is not None):
            break
        marks.append((phase, max(given, start)))
        start += took or 0.0
    return marks


def _is_tunnelled(socket: SocketInfo, scheme: str) -> bool:
    return socket.tunnel is not None or (bool(socket.via) and scheme == "https")


def _exchange(detail: RequestDetail, socket: SocketInfo, given: float) -> list[tuple[Phase, float]]:
    if socket.connected_at is None:
        return []
    marks = [(Phase.SEND, max(given, socket.connected_at))]
    if detail.sent_at is not None:
        marks.append((Phase.WAIT, detail.sent_at))
    if detail.first_byte_at is not None:
        # A response may begin before all of the request has left: then nothing waits.
        marks = [mark for mark in marks if mark[1] <= detail.first_byte_at]
        marks.append((Phase.RECEIVE, detail.first_byte_at))
    return marks


def _stretches(marks: Sequence[tuple[Phase, float]]) -> list[Stretch]:
    out: list[Stretch] = []
    for place, (phase, start) in enumerate(marks):
        last = place == len(marks) - 1
        end = None if last else max(start, marks[place + 1][1])
        if last or phase not in (Phase.QUEUE, Phase.START) or (end or 0) - start > _NOTHING_S:
            out.append(Stretch(phase, start, end))
    return out


_NOTHING_S = 0.00005
"""A start that took less is none."""


def doing(
    request: RequestInfo, detail: RequestDetail | None, socket: SocketInfo | None, scheme: str
) -> tuple[str, float | None]:
    """Give what a request does now, in words, and since when; None where that is not known.

    Args: as of ``life_of``.
    """
    if request.state is RequestState.ENDED:
        return ("its response is whole, the socket is released next", None)
    if request.state is RequestState.ASSIGNED:
        return ("is attached to its socket next", None)
    if socket is not None and socket.state is SocketState.DYING:
        return ("its socket is closing", socket.since)
    life = life_of(request, detail, socket, scheme)
    if life:
        return (life[-1].phase.doing, life[-1].start)
    return ("under way", None)


def scale_of(life: Sequence[Stretch], at: float) -> float:
    """Give the round number of seconds that a bar of this life spans; 0 for none."""
    spans = at - life[0].start if life else math.nan
    return nice_top(spans, least=0.001) if math.isfinite(spans) else 0.0


def life_bar(
    life: Sequence[Stretch], at: float, scale_s: float, width: int, *, ascii_only: bool = False
) -> Line:
    """Give the life as one row of letters, ``qqqqqqqqdcctw>``, on an axis 0..scale_s.

    What happened takes one cell at least. An arrow ends what goes on; dots are time that has not
    come.

    Args:
        life: in order.
        at: the instant.
        scale_s: at the right edge.
        width: in cells.
        ascii_only: no characters beyond ASCII.
    """
    if not life or width < 2 or scale_s <= 0:
        return ()
    room = width - 1
    born = life[0].start
    sizes: list[int] = []
    for one in life:
        share = (one.start + one.lasts(at) - born) / scale_s
        wanted = round(min(1.0, share) * room) - sum(sizes) if share > 0 else 0
        sizes.append(max(1, wanted))
    while (over := sum(sizes) - room) > 0 and max(sizes) > 1:
        widest = sizes.index(max(sizes))
        sizes[widest] -= min(over, sizes[widest] - 1)
    spans: list[Span] = [
        (one.phase.letter * size, one.phase.ink) for one, size in zip(life, sizes, strict=True)
    ][:room]
    if life[-1].end is None:
        spans.append((">" if ascii_only else "\u25b8", life[-1].phase.ink))
    used = sum(len(text) for text, _ in spans)
    if used < width:
        spans.append(("." * (width - used), "faint"))
    return tuple(spans)


def life_legend(life: Sequence[Stretch], at: float) -> list[Line]:
    """Give each phase with its letter and how long it took, ``q queue 1.2s``."""
    return [
        (
            (one.phase.letter, one.phase.ink),
            (f" {one.phase.word} ", "dim"),
            (units.duration(one.lasts(at)), "text"),
        )
        for one in life
    ]


_IDLE = "="
_PART_ASCII = ":"
_WHOLE = 0.95
"""A share from which on a second counts as in use all of it."""


def busy_strip(shares: Sequence[float | None], width: int, *, ascii_only: bool = False) -> Line:
    """Give a cell for each of the last seconds, the latest last: in use, in part, idle, unknown.

    Args:
        shares: of each second that the socket was in use, 0..1, oldest first; None where it was
            not measured.
        width: at most so many cells: the oldest seconds go.
        ascii_only: no block characters.
    """
    spans: list[Span] = []
    for share in shares[max(0, len(shares) - width) :] if width > 0 else ():
        glyph, ink = _busy_cell(share, ascii_only=ascii_only)
        if spans and spans[-1][1] == ink:
            spans[-1] = (spans[-1][0] + glyph, ink)
        else:
            spans.append((glyph, ink))
    return tuple(spans)


def _busy_cell(share: float | None, *, ascii_only: bool) -> Span:
    if share is None or math.isnan(share):
        return (" ", "text")
    if share <= 0:
        return (_IDLE, "sock.free")
    if ascii_only:
        return ("#" if share >= _WHOLE else _PART_ASCII, "sock.active")
    fine = len(EIGHTHS) - 1
    step = fine if share >= _WHOLE else max(1, min(fine - 1, round(share * fine)))
    return (EIGHTHS[step], "sock.active")


def busy_legend(seconds: int, *, ascii_only: bool = False) -> Line:
    """Give what the strip's cells mean, and how many seconds there are."""
    whole, part = ("#", _PART_ASCII) if ascii_only else (EIGHTHS[-1], EIGHTHS[4])
    return (
        (f"{units.window(seconds)}: ", "dim"),
        (whole, "sock.active"),
        (" in use  ", "dim"),
        (part, "sock.active"),
        (" in part  ", "dim"),
        (_IDLE, "sock.free"),
        (" idle", "dim"),
    )
