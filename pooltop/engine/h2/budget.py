"""How much that moves nothing forward a peer may send before the connection is ended.

Pings, settings, priorities, frames of unknown types, empty DATA, and frames on streams that are
over: each is allowed, and a peer that sends little else keeps a core busy for nothing. One count
for all of them: 1,000 within ten seconds, and four more for every stream opened in that time, as
a server may follow every response with a word or two. A WINDOW_UPDATE is one of them unless we
have sent body that it can be for: four for every frame of it, however late.

Source: RFC 9113 section 10.5; CVE-2019-9512, 9515, 9518, CVE-2023-44487.
"""

from __future__ import annotations

from typing import Final

from h2.errors import ErrorCodes

from pooltop.engine.h2.faults import SessionFault

PERIOD_S: Final = 10.0
ALLOWED: Final = 1_000
ALLOWED_PER_STREAM: Final = 4
ALLOWED_PER_DATA: Final = 4
MAX_REPLY_OCTETS: Final = 64 * 1024
"""Octets of answers to such frames that wait to be written."""


class Budget:
    """One session's count."""

    __slots__ = ("_left", "_until", "_updates", "replies")

    replies: int
    """Octets of answers that nobody has taken to write; the session sets it back to 0."""

    def __init__(self) -> None:
        """Begin with the whole allowance."""
        self._left = ALLOWED
        self._until = 0.0
        self._updates = 0
        self.replies = 0

    def earn(self) -> None:
        """Allow for a stream that is opened."""
        self._left += ALLOWED_PER_STREAM

    def sent(self, data_frames: int) -> None:
        """Allow for credit for so many frames of body that were sent."""
        self._updates += data_frames * ALLOWED_PER_DATA

    def update(self, now: float) -> None:
        """Count a WINDOW_UPDATE at ``now`` (monotonic seconds).

        Raises:
            SessionFault: ENHANCE_YOUR_CALM.
        """
        if self._updates:
            self._updates -= 1
        else:
            self.spend(now)

    def spend(self, now: float) -> None:
        """Count one frame that moves nothing forward, at ``now`` (monotonic seconds).

        Raises:
            SessionFault: ENHANCE_YOUR_CALM.
        """
        if now >= self._until:
            self._until = now + PERIOD_S
            self._left = ALLOWED
        self._left -= 1
        if self._left < 0:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"more than {ALLOWED} frames in {PERIOD_S:g} s that move nothing forward",
                "10.5",
            )

    def reply(self, size: int) -> None:
        """Count an answer of ``size`` octets that is to be written.

        Raises:
            SessionFault: ENHANCE_YOUR_CALM: the peer asks and does not read.
        """
        self.replies += size
        if self.replies > MAX_REPLY_OCTETS:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"over {MAX_REPLY_OCTETS} octets of answers that the peer does not read",
                "10.5",
            )
