"""Inbound flow control: what the peer may still send, and when it is given more.

Every octet of a DATA frame, padding included, is spent when it comes and owed when its reader has
it. What is owed is given back when that is half the window, or as soon as the peer has less than
a quarter of it left: so many readers that each hold a little cannot together stall a connection,
and a window of one octet works. And a peer with room enough is not told about every octet.

Source: RFC 9113 section 6.9.
"""

from __future__ import annotations

from h2.errors import ErrorCodes

from pooltop.engine.h2.faults import StreamFault


class Credit:
    """One window: of the connection, or of a stream."""

    __slots__ = ("_owed", "left", "size")

    size: int
    """Octets of the whole window."""
    left: int
    """Octets that the peer may still send; negative while it has not heard of a small window."""

    def __init__(self, size: int) -> None:
        """Begin with the whole window in the peer's hands."""
        self.size = size
        self.left = size
        self._owed = 0

    def spend(self, size: int, *, slack: int) -> bool:
        """Note octets that came; False if the peer sent what it had no room for.

        Args:
            size: octets.
            slack: octets more that the peer may believe it has, as it has not acknowledged our
                SETTINGS.
        """
        self.left -= size
        return self.left + slack >= 0 or not size

    def give(self, size: int) -> int:
        """Note octets that were read; give how much to tell the peer, 0 if nothing yet."""
        self._owed += size
        owed = self._owed
        if not owed or (owed * 2 < self.size and self.left * 4 >= self.size):
            return 0
        self._owed = 0
        self.left += owed
        return owed


def overrun(stream: int) -> StreamFault:
    """Give the fault of sending more on a stream than its window had."""
    words = f"DATA beyond the flow-control window of stream {stream}"
    return StreamFault(ErrorCodes.FLOW_CONTROL_ERROR, words, "6.9.1")
