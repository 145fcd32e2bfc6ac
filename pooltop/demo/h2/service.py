"""The HTTP/2 side of one demo host: what holds for all its connections, and their counters.

Two paths are orders, on such a host alone; they are answered at once, past latency and cap:

    /streams/50    allows every connection so many streams from now on, and says so in SETTINGS
    /goaway        says GOAWAY on every connection, as a server does that is deployed anew
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

from pooltop.demo import answers
from pooltop.demo.answers import Answer

if TYPE_CHECKING:
    from pooltop.core.model import DemoServer
    from pooltop.demo.h2.connection import H2Connection

MAX_STREAMS: Final = 1_000_000
"""The most streams that a connection can be allowed."""
_GOAWAY: Final = b"/goaway"
_STREAMS: Final = b"/streams/"
_COUNT: Final = re.compile(rb"[0-9]{1,7}")


class H2Service:
    """What a host knows of HTTP/2."""

    def __init__(self, spec: DemoServer) -> None:
        """Begin with what the profile says."""
        self.goaway_after = spec.goaway_after
        """Requests of a connection, with which it is to end; None for no limit."""
        self.max_streams = spec.max_concurrent_streams
        """Streams that a connection may have open; ``set_max_streams`` changes it."""
        self.streams = 0
        """Streams open now."""
        self.most_streams = 0
        """Streams that were open at once, on that connection which had the most."""
        self.refused = 0
        """Streams refused so far."""
        self.goaways = 0
        """GOAWAY frames said so far."""
        self._refuse = spec.refuse
        # Seeded, and not the source of the latencies: those are the same whatever is refused.
        self._random = random.Random(f"pooltop {spec.name} refuses")  # noqa: S311 - no secret
        self._connections: set[H2Connection] = set()

    def stats(self) -> dict[str, int]:
        """Give the counters."""
        return {
            "streams_open": self.streams,
            "streams_most": self.most_streams,
            "streams_refused": self.refused,
            "goaways": self.goaways,
        }

    def obey(self, target: bytes) -> Answer | None:
        """Do what a path orders, and give the answer; None if it is no order."""
        path = target.partition(b"?")[0]
        if path == _GOAWAY:
            self.go_away()
            return Answer(b"GOAWAY on every connection\n")
        if not path.startswith(_STREAMS):
            return None
        count = path.removeprefix(_STREAMS)
        most = int(count) if _COUNT.fullmatch(count) else MAX_STREAMS + 1
        if most > MAX_STREAMS:
            return answers.bad_request(f"a number of streams is needed, {MAX_STREAMS} at most")
        self.set_max_streams(most)
        return Answer(b"%d streams\n" % most)

    def set_max_streams(self, most: int) -> None:
        """Allow each connection so many streams from now on; those that are open stay."""
        self.max_streams = most
        for connection in self._connections:
            connection.set_max_streams(most)

    def go_away(self) -> None:
        """Say GOAWAY on each connection that has not; what they have taken is answered."""
        for connection in self._connections:
            connection.go_away()

    # For its connections.

    def refuses(self) -> bool:
        """Decide whether the next stream is one of the share to refuse."""
        return self._refuse > 0 and self._random.random() < self._refuse

    def opened(self, on_connection: int) -> None:
        """Count a stream; its connection now has so many open."""
        self.streams += 1
        self.most_streams = max(self.most_streams, on_connection)

    def add(self, connection: H2Connection) -> None:
        """Take in a new connection."""
        self._connections.add(connection)

    def remove(self, connection: H2Connection) -> None:
        """Forget a lost connection."""
        self._connections.discard(connection)
