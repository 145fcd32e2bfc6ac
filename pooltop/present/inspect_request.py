"""Everything about one request: why it waits, when it would start, what it has been through."""

from __future__ import annotations

import math

from pooltop.core.capacity import options_of
from pooltop.core.detail import HIDDEN, FateKind, Outlook
from pooltop.core.model import Live
from pooltop.core.states import QueueReason
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part, room_in
from pooltop.present.clean import clean
from pooltop.present.life import doing, life_bar, life_legend, life_of, scale_of
from pooltop.present.line import Ink, Span
from pooltop.present.pictures import RequestPicture, what
from pooltop.present.sessions import Load, session_load
from pooltop.present.waiting import NODE_LIMITS, meaning_of

DEFINITIONS = {
    "REQUEST": "whose it is, in the midst of which other it was asked for, whether it was sent "
    "before, how much it sends, and when its total clock ends it.",
    "WHY WAITING": "the pool's own record of why no socket could be had when it came, with the "
    "numbers of that moment; of undici's clients and sessions, what they wait for before they send "
    "it, and in whose queue it is.",
    "WOULD START": "when it would be given a socket: an estimate, at the pace at which the queue "
    "was served within the last seconds; and what a raised limit would do.",
    "IT GETS": "the socket that the pool would give it if that socket's response were whole now, "
    "the first of them where there are several.",
    "NOW": "what it does, on which socket and stream, and since when.",
    "LIFE": "its phases so far to one scale, from its intended start to a round number of seconds; "
    "dns, tcp and tls only if its socket was opened for it.",
    "HEADERS": "the fields that it sends. What may be a secret never leaves the engine.",
}
"""For the help page: what stands behind each name, in the order of the pane."""

_ROOMY = 16
"""Lines from which on each header field has one of its own."""
_MOST_NAMES = 3
"""Sockets that are named where several would do."""
_LONGEST_VALUE = 200
"""Cells of a header field's value."""


def request_title(picture: RequestPicture) -> str:
    """Give ``REQUEST r8812  POST /charge  QUEUED 0.6s  97 of 212``; clean."""
    request, host = picture.request, picture.host
    lasts = units.duration(max(0.0, host.at - request.submitted_at))
    place = picture.place
    of = "" if place is None else f"  {units.count(place)} of {units.count(host.origin.queued)}"
    return f"REQUEST r{request.id}  {what(request, 40)}  {clean(request.state.upper())} {lasts}{of}"


def request_blocks(
    picture: RequestPicture, width: int, height: int, *, ascii_only: bool = False
) -> list[Block]:
    """Give what there is to say of a request.

    Args:
        picture: the request.
        width: of the pane, in cells: for what is drawn.
        height: of the pane, in lines: with many of them there are lists.
        ascii_only: no characters beyond ASCII.
    """
    return [
        Block("REQUEST", _request(picture), 3),
        Block("WHY WAITING", _why(picture), 0),
        Block("WOULD START", _would_start(picture), 1),
        Block("IT GETS", _gets(picture), 2),
        Block("NOW", _now(picture), 0),
        Block("LIFE", _life(picture, width, ascii_only=ascii_only), 4),
        Block("HEADERS", _headers(picture, rows=height >= _ROOMY), 5),
    ]


def _request(picture: RequestPicture) -> list[Part]:
    request, detail = picture.request, picture.detail
    parts = [named("workload", clean(request.label, 40)) if request.label else part("library call")]
    if request.parent is not None:
        ink: Ink = "warn" if picture.is_queued else "text"
        parts.append(part(("within ", "dim"), (f"r{request.parent}", ink), ", which has a socket"))
    if detail is not None:
        if detail.deadline_at is not None:
            left = detail.deadline_at - picture.host.at
            urgent: Ink = "bad" if left < 1 else "text"
            parts.append(part((units.duration(max(0.0, left)), urgent), " to its total clock"))
        second = "2, its first socket was stale" if detail.again else "1"
        parts.append(named("try", second, "warn" if detail.again else "text"))
        if detail.body_bytes:
            parts.append(named("body", f"{units.count(detail.body_bytes)} bytes"))
        elif detail.body_bytes is None:
            parts.append(named("body", "streamed"))
    return parts


def _why(picture: RequestPicture) -> list[Part]:
    request = picture.request
    if not picture.is_queued:
        return []
    parts: list[Part] = []
    if request.aborted:
        parts.append(
            part(
                ("given up by its caller", "warn"),
                ": it stays in the queue until its turn, as in Node",
            )
        )
    if request.why is not None:
        parts.append(part(*_cause(picture, request.why)))
        parts += _changed(picture, request.why)
    if picture.host.agent.dispatcher is not None:
        whose = "the pool's" if request.client is None else f"that of client c{request.client}"
        parts.append(named("queue", whose))
    if request.overtaken_by:
        younger = f"overtaken by {units.count(request.overtaken_by)}"
        parts.append(
            part((younger, "warn"), " younger: with room, a new request goes first (Node)")
        )
    return parts


def _cause(picture: RequestPicture, why: QueueReason) -> list[Span | str]:
    """Name the limit that was reached, with what was counted, and the one that was not.

    What undici waits for is no limit of Node's: it is told with what stands behind it.
    """
    detail, options = picture.detail, options_of(picture.host.agent, picture.host.origin)
    numbers = ""
    if detail is not None and detail.counted is not None and detail.limit is not None:
        numbers = f": {units.count(detail.counted)} held of {_limit(detail.limit)}"
    if why not in NODE_LIMITS:
        meaning = meaning_of(why)
        return [(why.value, "strong"), numbers, f": {meaning}" if meaning else ""]
    if why is QueueReason.MAX_SOCKETS:
        total, most = picture.host.agent.total_socket_count, options.max_total_sockets
        other = "maxTotalSockets " + (
            "sets no limit"
            if math.isinf(most)
            else f"is not the cause, {units.count(total)} of {_limit(most)}"
        )
    else:
        held = len(picture.host.origin.sockets) + len(picture.host.origin.free_sockets)
        other = f"maxSockets is not the cause, {units.count(held)} of {_limit(options.max_sockets)}"
    return ["no free socket and ", (f"{why.value} reached", "strong"), f"{numbers} ({other})"]


def _limit(number: float) -> str:
    return "no limit" if math.isinf(number) else units.count(number)


def _changed(picture: RequestPicture, why: QueueReason) -> list[Part]:
    """Say that the limit is another one by now."""
    if why not in NODE_LIMITS:
        return []
    detail, options = picture.detail, options_of(picture.host.agent, picture.host.origin)
    option = "max_sockets" if why is QueueReason.MAX_SOCKETS else "max_total_sockets"
    now: float = getattr(options, option)
    if detail is None or detail.limit is None or detail.limit == now:
        return []
    return [part((f"{why.value} is {_limit(now)} now", "accent"))]


def _would_start(picture: RequestPicture) -> list[Part]:
    outlook = None if picture.detail is None else picture.detail.outlook
    if outlook is None or not picture.is_queued or picture.request.aborted:
        return []
    if outlook.in_s is not None:
        parts = [part("in about ", (units.duration(outlook.in_s), "strong"), " (estimate)")]
    else:
        parts = [part("no estimate: nothing was served from this queue lately")]
    if picture.host.agent.dispatcher is not None:
        return [*parts, *_of_undici(picture.host.agent.options.live, outlook)]
    if picture.host.agent.options.live == "drain":
        own = "max_sockets" in picture.host.origin.own_limits
        return [*parts, _with_more(outlook, "this host's own maxSockets" if own else "maxSockets")]
    return [*parts, _as_node(outlook)]


def _with_more(outlook: Outlook, limit: str) -> Part:
    if outlook.at_once_from is None:
        return part(f"raising {limit} alone starts it no sooner: maxTotalSockets is in the way")
    return part(
        f"at once if {limit} >= ", (units.count(outlook.at_once_from), "strong"), " (DRAIN)"
    )


def _of_undici(live: Live, outlook: Outlook) -> list[Part]:
    if live == "node":
        return [part("no edit starts it sooner: undici takes its limits when it is made (NODE)")]
    if outlook.at_once_from is None:
        return []
    least = units.count(outlook.at_once_from)
    return [part("at once if connections >= ", (least, "strong"), " (DRAIN)")]


def _as_node(outlook: Outlook) -> Part:
    if outlook.held_by is None:
        return part(
            "there is room, but NODE mode opens a socket only for a new request: it waits until "
            "one is released or goes away"
        )
    return part("a raised limit opens nothing for it (NODE): it waits for a socket to be released")


def _gets(picture: RequestPicture) -> list[Part]:
    gets = picture.gets
    if not gets or not picture.is_queued:
        return []
    kind = gets[0][1]
    names = [f"s{socket}" for socket, its in gets if its is kind]
    more = f" and {units.count(len(names) - _MOST_NAMES)} more" if len(names) > _MOST_NAMES else ""
    who: Span = (f"{', '.join(names[:_MOST_NAMES])}{more}", "strong")
    first: list[Span | str] = [who] if len(names) == 1 else ["the first of ", who]
    if kind is FateKind.HAND_OVER:
        return [part(*first, ", when its response ends")]
    return [part("a new socket, when ", *first, f" is {kind.value}")]


def _now(picture: RequestPicture) -> list[Part]:
    request, host, socket = picture.request, picture.host, picture.socket
    if picture.is_queued:
        return []
    does, since = doing(request, picture.detail, socket, host.origin.scheme)
    lasts = "" if since is None else f" since {units.duration(max(0.0, host.at - since))}"
    where: list[Span | str] = [] if socket is None else ["on ", (f"s{socket.id}", "strong"), ": "]
    parts = [part(*where, f"{does}{lasts}")]
    if request.stream is not None:
        parts.append(named("stream", str(request.stream)))
    if socket is not None and socket.session is not None:
        load = session_load(socket.session)
        parts.append(part(f"{load.words} streams on its session", (_by(load), "dim")))
    elif socket is not None and socket.requests:
        nth = units.count(socket.requests)
        parts.append(part((f"request {nth} of this socket", "dim")))
    if request.aborted:
        parts.append(part(("given up by its caller", "warn")))
    return parts


def _by(load: Load) -> str:
    return f" (cap: {load.capped_by})" if load.capped_by else ""


def _life(picture: RequestPicture, width: int, *, ascii_only: bool) -> list[Part]:
    host = picture.host
    life = life_of(picture.request, picture.detail, picture.socket, host.origin.scheme)
    if not life:
        return []
    scale = scale_of(life, host.at)
    end = f" {units.duration(scale)}"
    bar = life_bar(life, host.at, scale, room_in(width) - len(end), ascii_only=ascii_only)
    drawn = [Part((*bar, (end, "dim")), "drawn")] if bar else []
    return [*(Part(line) for line in life_legend(life, host.at)), *drawn]


def _headers(picture: RequestPicture, *, rows: bool) -> list[Part]:
    fields = () if picture.detail is None else picture.detail.headers
    parts: list[Part] = []
    for name, value in fields:
        ink: Ink = "faint" if value == HIDDEN else "text"
        line = named(f"{clean(name, 60)}:", clean(value, _LONGEST_VALUE), ink).line
        parts.append(Part(line, "row" if rows else "flow"))
    return parts
