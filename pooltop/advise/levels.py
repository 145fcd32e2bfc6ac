"""How full a host's pool was over a window: levels weighted by time, one look per snapshot.

200 hosts are looked at four times a second, so that a look is a few additions and nothing else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from pooltop.core.capacity import limit_of
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """What a closed window knows of levels; a mean is over time, a peak over the looks."""

    looks: int
    """Snapshots in it."""
    limit: float
    """Sockets that the host could have in use; inf without a limit."""
    mean_in_use: float
    peak_in_use: int
    least_in_use: int
    mean_free: float
    peak_free: int
    least_free: int
    mean_queued: float
    peak_queued: int
    at_limit: float
    """Share of the time with no room for another socket: its own limit, or that of the agent."""
    waiting: float
    """Share of the time in which requests were queued."""
    starved: float
    """Share of the time in which requests were queued and the host had no socket at all."""
    hint: str
    """The last Keep-Alive header that was seen on an idle socket, raw; "" for none."""


class LevelSums:
    """Adds up one host's levels while a window is open."""

    __slots__ = (
        "_at_limit",
        "_free",
        "_hint",
        "_in_use",
        "_least_free",
        "_least_in_use",
        "_limit",
        "_looks",
        "_most_total",
        "_peak_free",
        "_peak_in_use",
        "_peak_queued",
        "_queued",
        "_span",
        "_starved",
        "_waiting",
    )

    def __init__(self, agent: AgentSnapshot, origin: OriginSnapshot) -> None:
        """Begin with nothing; the limits are those of now."""
        self._limit = limit_of(agent, origin)
        options = agent.options
        self._most_total = math.inf if options.per_request else options.max_total_sockets
        self._hint = ""
        self._looks = 0
        self._span = 0.0
        self._in_use = self._free = self._queued = 0.0
        self._at_limit = self._waiting = self._starved = 0.0
        self._peak_in_use = self._peak_free = self._peak_queued = 0
        self._least_in_use = self._least_free = 0

    def look(self, span_s: float, agent: AgentSnapshot, origin: OriginSnapshot) -> None:
        """Take in the levels of a snapshot, which held for ``span_s``."""
        in_use, free, queued = len(origin.sockets), origin.free, origin.queued
        if not self._looks:
            self._least_in_use, self._least_free = in_use, free
        self._looks += 1
        self._span += span_s
        if in_use < self._least_in_use:
            self._least_in_use = in_use
        elif in_use > self._peak_in_use:
            self._peak_in_use = in_use
        if free < self._least_free:
            self._least_free = free
        elif free > self._peak_free:
            self._peak_free = free
        if in_use:
            self._in_use += in_use * span_s
        if free:
            self._free += free * span_s
            if origin.free_sockets:
                self._hint = origin.free_sockets[-1].hint
        if queued:
            self._queued += queued * span_s
            self._waiting += span_s
            self._peak_queued = max(self._peak_queued, queued)
            if not origin.total:
                self._starved += span_s
        if in_use >= self._limit or agent.total_socket_count >= self._most_total:
            self._at_limit += span_s

    def close(self) -> Levels:
        """Give what it came to."""
        span = self._span or 1.0
        return Levels(
            looks=self._looks,
            limit=self._limit,
            mean_in_use=self._in_use / span,
            peak_in_use=self._peak_in_use,
            least_in_use=self._least_in_use,
            mean_free=self._free / span,
            peak_free=self._peak_free,
            least_free=self._least_free,
            mean_queued=self._queued / span,
            peak_queued=self._peak_queued,
            at_limit=self._at_limit / span,
            waiting=self._waiting / span,
            starved=self._starved / span,
            hint=self._hint,
        )
