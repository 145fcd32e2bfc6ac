"""What the pool would do: a dry run of the rules, for whoever asks why and what next.

Nothing here changes anything. It says of every socket in use what ``release`` (rules/release.py)
would make of it, and of every queued request what stands in its way. The rules decide and do in one
go, as the hot path wants it, so they are told here a second time; tests/core drives the pool at
random and compares each forecast with what then happens.

A request that was given up waits in Node's queue for its turn, and hands the socket that it gets
on at once (rules/serving.py). So it is passed over here: a forecast names who keeps the socket.

The caller's ``keep_socket_alive`` is not asked: a question may not be without consequence.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from pooltop.core.detail import Fate, FateKind, Outlook
from pooltop.core.ledger import Ledger
from pooltop.core.model import RequestId
from pooltop.core.records import OriginRecord, RequestRecord, SocketRecord
from pooltop.core.rules import drain, uncounted
from pooltop.core.states import CloseReason, QueueReason, SocketState


def fates(pool: Ledger, origin: OriginRecord) -> Iterator[tuple[SocketRecord, Fate | None]]:
    """Say what would become of each socket if its response were whole at this instant.

    Of every socket of an origin, in use or idle, in Node's order; None for one that is idle,
    closing, or not yet connected. The response is taken to allow keep-alive and to bring no hint,
    and the request to be sent.

    Most sockets of an origin have one fate in common, and finding it may mean to count them all.
    """
    known: dict[_About, Fate] = {}
    for socket in (*origin.sockets.values(), *origin.free.values()):
        about = _About.of(socket)
        if about is None:
            yield socket, None
            continue
        fate = known.get(about)
        if fate is None:
            fate = known[about] = _fate(pool, origin, about)
        yield socket, fate


def held_by(pool: Ledger, origin: OriginRecord) -> QueueReason | None:
    """Name the limit that leaves an origin no room for a new socket now; None if there is room."""
    if pool.options.per_request:
        return None
    if origin.count >= origin.max_sockets:
        return QueueReason.MAX_SOCKETS
    if len(pool.sockets) >= pool.options.max_total_sockets:
        return QueueReason.MAX_TOTAL_SOCKETS
    return None


def outlooks(
    pool: Ledger, origin: OriginRecord, *, most: int, pace: float | None
) -> Iterator[tuple[RequestRecord, Outlook]]:
    """Say of each queued request of an origin when it would start, the oldest first.

    Args:
        pool: the agent's.
        origin: whose queue.
        most: tell of so many at most.
        pace: requests per second that the queue was served lately; None or 0 where it was not.
    """
    held = held_by(pool, origin)
    reach = _reach(pool, origin)
    living = 0
    for ahead, request in enumerate(islice(origin.queue.values(), most)):
        in_s = at_once_from = None
        if request.aborted is None:
            in_s = (ahead + 1) / pace if pace else None
            at_once_from = origin.count + living + 1 if living < reach else None
            living += 1
        yield request, Outlook(ahead=ahead, held_by=held, in_s=in_s, at_once_from=at_once_from)


# A socket that is released


class _About(NamedTuple):
    """What tells the fate of one socket from that of another of the same origin."""

    writable: bool
    keep_alive: bool
    """The request's word; with ``per_request`` its agent's too."""
    hint_s: int | None

    @classmethod
    def of(cls, socket: SocketRecord) -> _About | None:
        request = socket.request
        if socket.state is not SocketState.ACTIVE or request is None:
            return None
        keep_alive = request.keep_alive
        if socket.options.per_request:
            keep_alive = keep_alive and socket.options.keep_alive
        return cls(socket.writable, keep_alive, request.hint_s)


def _fate(pool: Ledger, origin: OriginRecord, about: _About) -> Fate:
    options = pool.options
    is_drained = options.live == "drain" and not options.per_request
    over = drain.surplus_reason(pool, origin) if is_drained else None
    at_once = over if about.writable else CloseReason.NOT_WRITABLE
    if at_once is not None:
        return Fate(kind=FateKind.CLOSE, request=_heir(pool, origin, closes=True), reason=at_once)
    head = _living_head(origin)
    if head is not None:
        return Fate(kind=FateKind.HAND_OVER, request=head.id)
    # Whoever is queued here was given up: the last of them decides, as if it had been served.
    last = next(reversed(origin.queue.values()), None)
    if last is not None:
        about = _About(about.writable, last.keep_alive, None)
    reason = _refusal(pool, origin, about)
    heir = _heir(pool, origin, closes=reason is not None, is_served=True)
    kind = FateKind.PARK if reason is None else FateKind.CLOSE
    return Fate(kind=kind, request=heir, reason=reason)


def _refusal(pool: Ledger, origin: OriginRecord, about: _About) -> CloseReason | None:
    """Say why a socket that nobody waits for would not be kept, in the order of ``release``."""
    options = pool.options
    buffer = options.agent_keep_alive_timeout_buffer
    is_kept = options.keep_alive or options.per_request  # then its own agent's word counts
    if not is_kept or not about.keep_alive:
        return CloseReason.KEEP_ALIVE_OFF
    if options.per_request:
        return CloseReason.HINT_TOO_SHORT if _is_short(about, buffer) else None
    if len(pool.sockets) > options.max_total_sockets:
        return CloseReason.OVER_MAX_TOTAL_SOCKETS
    if origin.count > origin.max_sockets:
        return CloseReason.OVER_MAX_SOCKETS
    if len(origin.free) >= origin.max_free_sockets:
        return CloseReason.OVER_MAX_FREE_SOCKETS
    return CloseReason.HINT_TOO_SHORT if _is_short(about, buffer) else None


def _is_short(about: _About, buffer: float) -> bool:
    return about.hint_s is not None and about.hint_s * 1000 - buffer <= 0


# Whom a socket is opened for when one was parked or went away (rules/removal.py, rules/drain.py)


def _heir(
    pool: Ledger, origin: OriginRecord, *, closes: bool, is_served: bool = False
) -> RequestId | None:
    """Say for whom a socket would be opened; None for nobody.

    Args:
        pool: the agent's.
        origin: whose socket was released.
        closes: it goes away, and its place becomes free; else it is parked.
        is_served: nobody is left in its origin's queue.
    """
    waiting = [each for each in pool.waiting.values() if not (is_served and each is origin)]
    if not waiting:
        return None
    if pool.options.live == "drain":
        place = _oldest_with_room(pool, waiting, origin if closes else None)
    else:
        place = _next_in_node(pool, waiting, origin)
    head = None if place is None else _living_head(place)
    return None if head is None else head.id


def _next_in_node(
    pool: Ledger, waiting: list[OriginRecord], origin: OriginRecord
) -> OriginRecord | None:
    if origin in waiting:
        return origin
    first = waiting[0]
    if first.sockets:
        return None
    head = next(iter(first.queue.values()))
    return None if head.was_dialled_for and uncounted.applies(pool, first) else first


def _oldest_with_room(
    pool: Ledger, waiting: list[OriginRecord], left: OriginRecord | None
) -> OriginRecord | None:
    """Give the origin of ``drain.oldest_with_room``, as if a socket of ``left`` had gone."""
    if len(pool.sockets) - (left is not None) >= pool.options.max_total_sockets:
        return None
    roomy = [each for each in waiting if each.count - (each is left) < each.max_sockets]
    return min(roomy, key=lambda each: next(iter(each.queue)), default=None)


def _living_head(origin: OriginRecord) -> RequestRecord | None:
    return next((each for each in origin.queue.values() if each.aborted is None), None)


# A request that waits


def _reach(pool: Ledger, origin: OriginRecord) -> float:
    """Say how many of a queue could start at once whatever maxSockets, given up ones apart.

    inf unless maxTotalSockets stands in the way. A higher maxSockets of the agent's is every
    origin's that has none of its own, and one of an origin's own is that origin's alone: the older
    requests of the others take of the room that is left over all origins.
    """
    room = pool.options.max_total_sockets - len(pool.sockets)
    if sum(len(each.queue) for each in pool.waiting.values()) <= room:
        return math.inf
    if room <= 0:
        return 0
    mine = _turns(origin)
    is_own = "max_sockets" in origin.own
    others = [
        # With whom it shares the limit, inf; else how many sockets the other may have as it is.
        (each.count, each.max_sockets if is_own or "max_sockets" in each.own else math.inf, turns)
        for each in pool.waiting.values()
        if each is not origin and (turns := _turns(each))
    ]

    def is_out_of_reach(living: int) -> bool:
        # With so many sockets more: who comes before the last of them, here and elsewhere.
        limit = origin.count + living + 1
        turn = mine[living]
        before = 0
        for count, most, turns in others:
            places = int(min(max(0, min(limit, most) - count), len(turns)))
            before += bisect_left(turns, turn, 0, places)
        return living + before >= room

    # The further back, the more come before: the first that is out of reach is found by halving.
    return bisect_left(range(len(mine)), True, key=is_out_of_reach)


def _turns(origin: OriginRecord) -> list[int]:
    """Give for each place in a queue what orders it among those of other origins.

    The oldest of all heads goes first, so nobody goes before whoever is ahead in its own queue.
    """
    turns: list[int] = []
    latest = 0
    for request in origin.queue:
        latest = max(latest, request)
        turns.append(latest)
    return turns
