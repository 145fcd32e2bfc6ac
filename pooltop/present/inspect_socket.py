"""Everything about one socket: what it does, what it cost, what it did, what becomes of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pooltop.core.capacity import options_of
from pooltop.core.detail import Fate, FateKind, PastRequest
from pooltop.core.model import AgentOptions
from pooltop.core.snapshot import SocketInfo
from pooltop.core.states import CloseReason, SocketState
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part, room_in
from pooltop.present.clean import clean
from pooltop.present.handshakes import certificate_parts
from pooltop.present.life import busy_legend, busy_strip, doing
from pooltop.present.line import Ink, Span
from pooltop.present.pictures import HostPicture, SocketPicture, what
from pooltop.present.session_parts import session_parts
from pooltop.present.sockets import cell_of

DEFINITIONS = {
    "STATE": "what the socket does and since when, and its age since it was opened.",
    "SESSION": "of HTTP/2: open streams and what caps them, what each side lets the other do, how "
    "many octets of body each may still send before the other has read some, how long a PING "
    "took, and a GOAWAY: after that the streams up to the last one it names go on, and no other.",
    "NOW": "the request that it carries, how long ago that was meant to start, and what it waits "
    "for; of several the oldest, and how many there are. A response that nobody reads keeps it.",
    "IDLE": "when it is closed if nobody takes it (the agent's timeout, or the server's Keep-Alive "
    "hint less a buffer), and whether it is the next to be taken.",
    "IF IT ENDS": "what the pool would do with it if its response were whole at this instant: the "
    "pool's own rules, tried. The response is taken to allow keep-alive.",
    "TLS": "what was agreed upon, and whether the session was taken up from an earlier one. NOT "
    "VERIFIED: nobody checked the certificate.",
    "WAY": "our end, the other end, the proxy between if there is one, and the descriptor in the "
    "engine.",
    "LIFE": "what it cost to open, what it has carried, and the share of its time in use.",
    "LAST": "the requests before, newest first: status, or what it failed with, and how long it "
    "had the socket.",
    "KERNEL": "round trip time, segments sent again, segments not yet acknowledged, congestion "
    "window: the kernel's own numbers.",
    "CERT": "the server's certificate: its first name, its last day, who issued it, its other "
    "names.",
}
"""For the help page: what stands behind each name, in the order of the pane."""

_OLD_S = 5.0
"""With very many sockets the kernel is asked in turn: from here on it is said how old this is."""
_UNREAD_S = 1.0
"""A reader that is behind for so long is none."""
_ROOMY = 20
"""Lines from which on each of the last requests has one of its own."""


def socket_title(picture: SocketPicture) -> str:
    """Give ``SOCKET s17  api.pay:443  ACTIVE``; clean."""
    return f"SOCKET s{picture.socket.id}  {picture.host.name}  {_state(picture)[1].upper()}"


def socket_blocks(
    picture: SocketPicture,
    width: int,
    height: int,
    *,
    busy: Sequence[float | None] = (),
    ascii_only: bool = False,
) -> list[Block]:
    """Give what there is to say of a socket.

    Args:
        picture: the socket.
        width: of the pane, in cells: for what is drawn.
        height: of the pane, in lines: with many of them there are lists.
        busy: the share of each of the last seconds that it was in use, oldest first; None in it
            where that was not measured.
        ascii_only: no block characters.
    """
    return [
        Block("STATE", _state_parts(picture), 0),
        Block("SESSION", _session(picture), 1),
        Block("NOW", _now(picture), 1),
        Block("IDLE", _idle(picture), 1),
        Block("IF IT ENDS", _ends(picture), 2),
        Block("TLS", _tls(picture), 3),
        Block("WAY", _way(picture), 4),
        Block("LIFE", [*_life(picture), *_strip(busy, width, ascii_only=ascii_only)], 5),
        Block("LAST", _last(picture, rows=height >= _ROOMY), 6),
        Block("KERNEL", _kernel(picture), 7),
        Block("CERT", _certificate(picture), 8),
    ]


def _state(picture: SocketPicture) -> tuple[str, str, Ink]:
    cell = cell_of(picture.socket, picture.host.origin.scheme)
    return cell.glyph, cell.word, cell.ink


def _state_parts(picture: SocketPicture) -> list[Part]:
    socket, at = picture.socket, picture.host.at
    glyph, word, ink = _state(picture)
    return [
        part((glyph, ink), (f" {word} ", "strong"), units.duration(max(0.0, at - socket.since))),
        named("age", units.age(at - socket.opened_at)),
        named("in", f"{units.count(socket.bytes_in)} bytes"),
        named("out", f"{units.count(socket.bytes_out)} bytes"),
    ]


def _way(picture: SocketPicture) -> list[Part]:
    socket, detail = picture.socket, picture.detail
    parts: list[Part] = []
    if socket.remote:
        parts.append(named("peer", clean(socket.remote, 60)))
    if socket.local:
        parts.append(named("local", clean(socket.local, 60)))
    if detail is not None and detail.descriptor is not None:
        parts.append(named("fd", str(detail.descriptor)))
    if socket.via:
        parts.append(named("via", clean(socket.via, 60)))
    if socket.attempts is not None and socket.attempts > 1:
        parts.append(part((f"{units.count(socket.attempts)} addresses tried", "warn")))
    return parts


def _tls(picture: SocketPicture) -> list[Part]:
    socket = picture.socket
    if not socket.tls:
        return []
    version, _, cipher = clean(socket.tls, 60).partition(" ")
    parts: list[Part] = []
    if socket.verified is False:
        parts.append(part(("NOT VERIFIED", "warn")))
    parts.append(part(version))
    if socket.tls_resumed is not None:
        parts.append(part("session resumed" if socket.tls_resumed else "full handshake"))
    if socket.alpn is not None:
        parts.append(named("alpn", clean(socket.alpn, 24)))
    if socket.verified:
        parts.append(part(("verified", "good")))
    if cipher:
        parts.append(part((cipher, "dim")))
    return parts


def _certificate(picture: SocketPicture) -> list[Part]:
    place, known = picture.socket.certificate, picture.host.origin.certificates
    if place is None or not 0 <= place < len(known):
        return []
    return certificate_parts(known[place], picture.host.snapshot.wall_at)


def _life(picture: SocketPicture) -> list[Part]:
    socket, at = picture.socket, picture.host.at
    parts = [
        named(name, units.duration(took))
        for name, took in (
            ("dns", socket.dns),
            ("tcp", socket.tcp),
            ("tunnel", socket.tunnel),
            ("tls", socket.handshake),
        )
        if took is not None
    ]
    noun = "request" if socket.requests == 1 else "requests"
    parts.append(part((units.count(socket.requests), "strong"), f" {noun}"))
    if socket.connected_at is not None and socket.busy_s > 0 and at > socket.connected_at:
        share = min(1.0, socket.busy_s / (at - socket.connected_at))
        parts.append(named("in use", f"{units.share(share)} of its time"))
    return parts


def _strip(busy: Sequence[float | None], width: int, *, ascii_only: bool) -> list[Part]:
    shown = busy[max(0, len(busy) - room_in(width)) :]
    if all(share is None for share in shown):
        return []
    return [
        Part(busy_strip(shown, room_in(width), ascii_only=ascii_only), "drawn"),
        Part(busy_legend(len(shown), ascii_only=ascii_only), "drawn"),
    ]


def _now(picture: SocketPicture) -> list[Part]:
    request, host = picture.request, picture.host
    if request is None:
        return []
    does, since = doing(request, host.of_request(request.id), picture.socket, host.origin.scheme)
    lasts = "" if since is None else f" since {units.duration(max(0.0, host.at - since))}"
    taken = units.duration(max(0.0, host.at - request.submitted_at))
    parts = [
        part(
            (f"r{request.id} ", "strong"),
            (what(request), "accent"),
            f" {taken},",
            f" {does}{lasts}",
        )
    ]
    if request.label:
        parts.append(part((clean(request.label, 40), "dim")))
    if request.aborted:
        parts.append(part(("given up by its caller", "warn")))
    unread = picture.socket.unread_since
    if unread is not None and host.at - unread >= _UNREAD_S:
        words = f"nobody reads on in it since {units.duration(host.at - unread)}"
        parts.append(part((words, "warn")))
    others = len(picture.requests) - 1
    if others > 0:
        where = "on its session" if picture.socket.session is not None else "in its pipeline"
        parts.append(part("and ", (units.count(others), "strong"), f" more {where}"))
    return parts


def _session(picture: SocketPicture) -> list[Part]:
    session = picture.socket.session
    return [] if session is None else session_parts(session, picture.host.at)


def _idle(picture: SocketPicture) -> list[Part]:
    socket, host = picture.socket, picture.host
    if socket.state not in (SocketState.FREE, SocketState.FREE_CONNECTING):
        return []
    parts: list[Part] = []
    if socket.free_timeout_ms > 0:
        left = max(0.0, socket.since + socket.free_timeout_ms / 1000 - host.at)
        whole = units.duration(socket.free_timeout_ms / 1000)
        ink: Ink = "warn" if left < 1 else "text"
        parts.append(part((f"closed in {units.duration(left)}", ink), f" of {whole} if not taken"))
    else:
        parts.append(part("no idle timeout: kept until the server closes it"))
    turn = _turn(host, socket) if host.agent.dispatcher is None else _undici_turn(host.agent.kind)
    parts.append(part(turn))
    if socket.hint:
        parts.append(named("hint", clean(socket.hint, 48)))
    return parts


def _turn(host: HostPicture, socket: SocketInfo) -> str:
    order = [one.id for one in host.origin.free_sockets if one.state is SocketState.FREE]
    scheduling = host.agent.options.scheduling
    if scheduling == "lifo":
        order.reverse()
    before = order.index(socket.id) if socket.id in order else len(order)
    if not before:
        return f"the next to be taken ({scheduling})"
    return f"{units.count(before)} {'is' if before == 1 else 'are'} taken before it ({scheduling})"


def _undici_turn(kind: str) -> str:
    if kind == "undici-round-robin-pool":
        return "taken when its client's turn comes"
    return "taken when its client is the first that takes requests"


def _ends(picture: SocketPicture) -> list[Part]:
    fate = None if picture.detail is None else picture.detail.fate
    if fate is None:
        return []
    hint = clean(picture.socket.hint, 48)
    last = [named("last hint", hint)] if hint else []
    return [part(*fate_spans(fate, picture.host)), *last]


def fate_spans(fate: Fate, host: HostPicture) -> list[Span | str]:
    """Say what becomes of a socket: to whom it goes, kept with how many others, or closed why."""
    who = "" if fate.request is None else f"r{fate.request}"
    then = f"; a new socket is opened for {who}" if who else ""
    if fate.kind is FateKind.HAND_OVER:
        return ["taken by ", (who or "the head of the queue", "strong"), _heir(fate, host)]
    options = options_of(host.agent, host.origin)
    if fate.kind is FateKind.PARK:
        most = options.max_free_sockets
        of = "no limit" if math.isinf(most) else f"of maxFreeSockets {units.count(most)}"
        own = host.origin.timeouts or host.agent.timeouts
        free = own.free if own.mode == "fail" else None
        limits = [limit for limit in (options.timeout / 1000, free) if limit]
        timeout = f", for {units.duration(min(limits))} at most" if limits else ""
        number = units.count(len(host.origin.free_sockets) + 1)
        return [("kept idle", "strong"), f", {number} {of}{timeout}{then}"]
    return [
        ("closed", "strong"),
        f": {_why(fate.reason, options)}{then}",
    ]


def _heir(fate: Fate, host: HostPicture) -> str:
    request = host.request(fate.request)
    if request is None:
        return ""
    head = host.origin.requests[:1]
    place = "the head of the queue" if (request,) == head else "the first that still waits"
    waited = units.duration(max(0.0, host.at - request.submitted_at))
    return f", {place}, {what(request)}, waiting {waited}"


_LIMITS = {
    CloseReason.OVER_MAX_SOCKETS: "max_sockets",
    CloseReason.OVER_MAX_TOTAL_SOCKETS: "max_total_sockets",
    CloseReason.OVER_MAX_FREE_SOCKETS: "max_free_sockets",
}


def _why(reason: CloseReason | None, options: AgentOptions) -> str:
    if reason is None:
        return "the pool does not keep it"
    option = _LIMITS.get(reason)
    return (
        reason.value
        if option is None
        else f"{reason.value} {units.count(getattr(options, option))}"
    )


def _last(picture: SocketPicture, *, rows: bool) -> list[Part]:
    past = () if picture.detail is None else picture.detail.past
    return [_past(one, picture.host.at, row=rows) for one in past]


def _past(one: PastRequest, at: float, *, row: bool) -> Part:
    ink: Ink = "bad" if one.outcome or one.status >= 500 else "text"
    result = clean(one.outcome, 40) or (str(one.status) if one.status else "no status")
    spans: list[Span | str] = [
        (f"r{one.id} ", "dim"),
        (result, ink),
        f" {units.duration(one.took)}",
    ]
    if row:
        target = f"{clean(one.method, 12)} {clean(one.target, 40)}".strip()
        spans += [(f"  {target}", "dim"), (f"  {units.age(at - one.ended_at)} ago", "dim")]
    return Part(part(*spans).line, "row" if row else "flow")


def _kernel(picture: SocketPicture) -> list[Part]:
    tcp = picture.socket.kernel
    if tcp is None:
        return []
    parts: list[Part] = []
    if tcp.rtt is not None:
        spread = "" if tcp.rtt_var is None else f" +-{units.round_trip(tcp.rtt_var)}"
        least = "" if tcp.min_rtt is None else f" least {units.round_trip(tcp.min_rtt)}"
        parts.append(named("rtt", f"{units.round_trip(tcp.rtt)}{spread}{least}"))
    if tcp.retransmits:
        times = units.count(tcp.retransmits)
        parts.append(part((f"sending again, {times} times without an answer", "bad")))
    if tcp.retransmitted is not None:
        parts.append(
            named("resent", units.count(tcp.retransmitted), "warn" if tcp.retransmitted else "text")
        )
    if tcp.unacked is not None:
        parts.append(named("unacked", units.count(tcp.unacked)))
    if tcp.cwnd is not None:
        size = "" if tcp.mss is None else f" x {units.count(tcp.mss)} bytes"
        parts.append(named("cwnd", f"{units.count(tcp.cwnd)}{size}"))
    if tcp.delivery_rate is not None:
        parts.append(named("delivers", f"{units.count(tcp.delivery_rate)} bytes/s"))
    if parts and picture.host.at - tcp.at > _OLD_S:
        parts.append(part((f"read {units.age(picture.host.at - tcp.at)} ago", "faint")))
    return parts
