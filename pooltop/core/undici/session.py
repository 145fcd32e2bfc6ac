"""What is known of one HTTP/2 connection beside what is known of every connection.

Source: undici 8.12.4 lib/dispatcher/client-h2.js, the fields that connectH2 gives a session.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Final, NamedTuple

LAST_STREAM: Final = 2**31 - 1
"""The highest number that a stream can have."""
MOST_PINGS: Final = 10
"""PINGs that may be unanswered at a time: Node's maxOutstandingPings. More are not sent."""

NO_ERROR: Final = 0
"""RFC 9113, 7, with the next two."""
REFUSED_STREAM: Final = 7
CANCEL: Final = 8


class Asked(NamedTuple):
    """A PING that is not answered yet."""

    at: float
    is_probe: bool
    """A stream was silent for too long; otherwise it is one of the interval's."""


class Session:
    """One HTTP/2 connection, from its connect on. Moments are seconds, inf for none."""

    def __init__(self) -> None:
        """Begin without streams, and without the peer's SETTINGS."""
        self.has_settings = False
        """The peer's SETTINGS came. One stream may run until then."""
        self.peer_streams: int | None = None
        """How many streams the peer allows; None for no limit, or before its SETTINGS."""
        self.next_stream = 1
        """The client's are odd."""
        self.has_goaway = False
        """The peer's first GOAWAY came: a later one is read otherwise."""
        self.has_left = False
        """It is no longer the client's: what runs on it is finished, and that is told."""
        self.is_broken = False
        """The peer broke the protocol: nothing is answered, and the end is a turn away."""
        self.pings: deque[Asked] = deque()
        """The oldest first, as they are answered."""
        self.was_asked_in_vain = False
        """It ended before a PING of the interval was answered."""
        self.ping_at = math.inf
        """When the next PING of the interval is due."""
        self.probe_until = math.inf
        """While it is asked whether the peer is there: when that is taken for a no."""
        self.no_streams_until = math.inf
        """While the peer allows none, and requests wait: when they fail."""
        self.streams_at = math.inf
        """When the streams are to be looked at: the first may have been silent for too long."""

    def stop(self) -> None:
        """Let no clock run any more but those of the streams."""
        self.ping_at = self.probe_until = self.no_streams_until = math.inf
        self.was_asked_in_vain |= any(not asked.is_probe for asked in self.pings)
        self.pings.clear()
