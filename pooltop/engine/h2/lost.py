"""Streams that we reset, on which the peer may still send what was under way.

It may not on a stream that its own END_STREAM ended, so the two must be told apart long after;
but not for ever: the last 1,024 are known by id, and of those before, that they were not above
the highest forgotten, which is lenient to all below it.

Source: RFC 9113 section 5.1, "closed".
"""

from __future__ import annotations

from typing import Final

REMEMBERED: Final = 1_024


class LostStreams:
    """The ids of streams that we reset."""

    __slots__ = ("_forgotten", "_ids")

    def __init__(self) -> None:
        """Begin with none."""
        self._ids: dict[int, None] = {}
        self._forgotten = 0

    def __contains__(self, stream: int) -> bool:
        """Tell whether frames on a stream that is over are to be borne."""
        return stream <= self._forgotten or stream in self._ids

    def add(self, stream: int) -> None:
        """Note that we reset a stream."""
        self._ids[stream] = None
        if len(self._ids) > REMEMBERED:
            oldest = next(iter(self._ids))
            del self._ids[oldest]
            self._forgotten = max(self._forgotten, oldest)
