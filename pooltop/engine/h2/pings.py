"""Pings of ours under way, and how long each took.

Source: RFC 9113 section 6.7.
"""

from __future__ import annotations

from typing import Final

from hyperframe.frame import PingFrame

MAX_UNANSWERED: Final = 16
"""Pings remembered; of more, the oldest is forgotten."""


class Pings:
    """One session's."""

    __slots__ = ("_count", "_sent")

    def __init__(self) -> None:
        """Begin with none under way."""
        self._count = 0
        self._sent: dict[bytes, float] = {}

    def send(self, *, now: float) -> bytes:
        """Give a PING to write; ``now`` is monotonic seconds."""
        self._count += 1
        data = self._count.to_bytes(8, "big")
        if len(self._sent) == MAX_UNANSWERED:
            del self._sent[next(iter(self._sent))]
        self._sent[data] = now
        return PingFrame(0, opaque_data=data).serialize()

    def answered(self, data: bytes, *, now: float) -> float | None:
        """Give the seconds a PING took; None if the answer is to none of ours."""
        sent_at = self._sent.pop(data, None)
        return None if sent_at is None else now - sent_at
