"""How long an idle socket may stay.

``Timeouts.free`` is pooltop's own; the rest is Node's.

Source: Node v24 lib/_http_agent.js keepSocketAlive (socket.setTimeout), installListeners
(onTimeout).
"""

from __future__ import annotations

import math

from pooltop.core.ledger import Ledger
from pooltop.core.records import OriginRecord, SocketRecord
from pooltop.core.rules.closing import destroy
from pooltop.core.states import CloseReason


def allowed_ms(origin: OriginRecord, node_ms: float, hint_ms: float | None) -> float:
    """Give how long an idle socket may stay; 0 for ever.

    Args:
        origin: whose socket; its ``idle_limit_ms`` makes it the shortest of the three.
        node_ms: what Node's rules allow, 0 for ever.
        hint_ms: what the server's hint does; inf for no hint, None where nobody asks for it.
    """
    limit = origin.idle_limit_ms
    if limit == math.inf:
        return node_ms
    return min(
        limit, node_ms if node_ms > 0 else math.inf, math.inf if hint_ms is None else hint_ms
    )


def arm(pool: Ledger, socket: SocketRecord, since: float) -> None:
    """Let an idle socket's time run from a moment, as long as its ``free_timeout_ms`` says."""
    if socket.free_timeout_ms > 0:
        socket.expires_at = at = since + socket.free_timeout_ms / 1000
        if at < pool.deadline:  # noqa: PLR1730 - min() is a call, on the hot path
            pool.deadline = at
    else:
        socket.expires_at = None


def expire(pool: Ledger, *, now: float) -> None:
    """Close the idle sockets whose time is over."""
    pool.deadline = math.inf
    for origin in pool.origins.values():
        for socket in list(origin.free.values()):
            if socket.expires_at is None or socket.is_dying:
                continue
            if socket.expires_at <= now:
                destroy(pool, socket, CloseReason.IDLE_TIMEOUT, now)
            else:
                pool.deadline = min(pool.deadline, socket.expires_at)
