"""What the guard asks of whatever speaks HTTP/2 beneath it: sending, and HPACK.

A machine is told of the peer only what the guard has judged: SETTINGS that may be, WINDOW_UPDATE
and RST_STREAM of streams that are open, and when a response is over. It never sees a GOAWAY, nor
a frame of a stream that is over. Each method that sends gives the octets to write.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hpack import HeaderTuple

from pooltop.engine.h2.fields import Fields
from pooltop.engine.h2.peer_settings import PeerSettings


class Machine(Protocol):
    """One connection's client side, as far as it is not the guard's."""

    def request(self, stream: int, fields: Sequence[HeaderTuple], *, ends: bool) -> bytes:
        """Open a stream with a request's head."""
        ...

    def window(self, stream: int) -> int:
        """Give the octets of body that may be sent on a stream now; 0 or less is none.

        Stream 0 is the connection alone.
        """
        ...

    def data(self, stream: int, data: bytes | memoryview, *, ends: bool) -> bytes:
        """Send body that the windows have room for, at most a frame of it."""
        ...

    def reset(self, stream: int, code: int) -> bytes:
        """End a stream."""
        ...

    def was_reset(self, stream: int) -> None:
        """Note that the peer ended a stream."""

    def answered(self, stream: int) -> None:
        """Note that a stream's response is over."""

    def apply(self, settings: PeerSettings) -> bytes:
        """Put the peer's settings into force; give the acknowledgement.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, a stream's window would be too large.
        """
        ...

    def widen(self, stream: int, size: int) -> None:
        """Let so many octets more be sent on a stream, or for 0 on the connection.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, the connection's window would be too large.
            StreamFault: the same of the stream's.
        """

    def decode(self, block: bytes) -> Fields:
        """Decompress a header block.

        Raises:
            SessionFault: COMPRESSION_ERROR, or ENHANCE_YOUR_CALM if it is too large to go on.
        """
        ...
