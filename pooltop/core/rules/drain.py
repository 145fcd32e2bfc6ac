"""Mode "drain": what an operator expects of an edit, and Node does not do.

Raising a limit opens sockets for the queue at once, first in first out over all origins.
Lowering one closes idle sockets at once, the longest idle first, and releases no socket to the
queue while there are too many, so that the pool converges on the limit exactly. Sockets with a
request on them are never closed by an edit.

Each rule answers one case in which Node does nothing at the edit itself (its limits are plain
properties that the next decision reads).
"""

from __future__ import annotations

from pooltop.core.ledger import Ledger
from pooltop.core.records import OriginRecord, RequestRecord, SocketRecord
from pooltop.core.rules.closing import destroy
from pooltop.core.rules.idle import allowed_ms, arm
from pooltop.core.rules.opening import open_for_head
from pooltop.core.states import AssignReason, CloseReason, OpenReason


def surplus_reason(pool: Ledger, origin: OriginRecord) -> CloseReason | None:
    """Say why a released socket is one too many, itself counted and dying ones not; else None."""
    # The counts with the dying ones first: at every release, and most of the time enough.
    most = origin.max_sockets
    if origin.count > most and _living(origin) > most:
        return CloseReason.OVER_MAX_SOCKETS
    most = pool.options.max_total_sockets
    if len(pool.sockets) > most and _living_total(pool) > most:
        return CloseReason.OVER_MAX_TOTAL_SOCKETS
    return None


def fill(pool: Ledger, now: float) -> int:
    """Open sockets for the oldest queued requests as far as the limits leave room; say how many."""
    opened = 0
    while (head := oldest_with_room(pool)) is not None:
        open_for_head(pool, head.origin, OpenReason.DRAIN, AssignReason.DRAINED, now)
        opened += 1
    return opened


def cull(pool: Ledger, now: float) -> int:
    """Close the idle sockets that the options no longer allow; say how many."""
    doomed: dict[SocketRecord, None] = {}
    options = pool.options
    for origin in pool.origins.values():
        idle = [s for s in origin.free.values() if not s.is_dying]
        surplus = max(_living(origin) - origin.max_sockets, len(idle) - origin.max_free_sockets)
        if not options.keep_alive:
            surplus = len(idle)
        if surplus > 0:
            doomed.update(dict.fromkeys(idle[: int(min(surplus, len(idle)))]))
        for socket in idle:
            _rearm(pool, socket)
    over = _living_total(pool) - len(doomed) - options.max_total_sockets
    if over > 0:
        rest = [s for s in _idle(pool) if s not in doomed]
        rest.sort(key=lambda s: s.since)
        doomed.update(dict.fromkeys(rest[: int(min(over, len(rest)))]))
    for socket in doomed:
        destroy(pool, socket, CloseReason.CULLED, now)
    return len(doomed)


def _rearm(pool: Ledger, socket: SocketRecord) -> None:
    if socket.hint_ms is None:
        return
    socket.timeout_ms = timeout = min(pool.options.timeout, socket.hint_ms)
    allowed = allowed_ms(socket.origin, timeout, socket.hint_ms)
    if socket.free_timeout_ms != allowed:
        socket.free_timeout_ms = allowed
        arm(pool, socket, socket.since)


def oldest_with_room(pool: Ledger) -> RequestRecord | None:
    """Give the oldest queued request that the limits would let have a new socket; else None."""
    if not pool.waiting or len(pool.sockets) >= pool.options.max_total_sockets:
        return None
    heads = [
        next(iter(origin.queue.values()))
        for origin in pool.waiting.values()
        if origin.count < origin.max_sockets
    ]
    return min(heads, key=lambda r: r.id, default=None)


def _idle(pool: Ledger) -> list[SocketRecord]:
    return [s for o in pool.origins.values() for s in o.free.values() if not s.is_dying]


def _living(origin: OriginRecord) -> int:
    dying = sum(s.is_dying for s in origin.sockets.values())
    dying += sum(s.is_dying for s in origin.free.values())
    return origin.count - dying


def _living_total(pool: Ledger) -> int:
    return sum(_living(origin) for origin in pool.origins.values())
