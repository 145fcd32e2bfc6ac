"""How full the pool of an origin is at an instant: what thresholds look at a few times a second."""

from __future__ import annotations

import msgspec


class Levels(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One origin's."""

    queued: int
    """Requests that wait, those that were given up included as long as the pool keeps them."""
    oldest_queued_at: float | None
    """Since when the oldest of them waits, in monotonic seconds; None without any."""
    in_use: int
    """Sockets with a request, connecting ones included."""
    free: int
    """Idle sockets."""
    total: int
    """All sockets, closing ones included."""
    streams: int = 0
    """Streams that run on its HTTP/2 sessions."""
    streams_cap: float = 0
    """How many may: of each session the lower of what we and its server allow; inf for no limit."""
