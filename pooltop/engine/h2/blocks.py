"""Header blocks: a HEADERS frame and its CONTINUATIONs, put together within bounds.

The bounds are what HPACK decoders do not look at: octets before decompression, CONTINUATIONs (as
nghttp2, at most 8), and changes of the table's size (RFC 7541, 4.2 has use for two), of which 48
KiB would cost 0.1 s.

Source: RFC 9113 sections 4.3 and 6.10; CVE-2024-27316 and 28182.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from h2.errors import ErrorCodes

from pooltop.engine.h2.faults import SessionFault

MAX_BLOCK_OCTETS: Final = 64 * 1024
MAX_CONTINUATIONS: Final = 8
MAX_SIZE_UPDATES: Final = 2
_SIZE_UPDATE: Final = 0x20
_SIZE_UPDATE_MASK: Final = 0xE0
_LONG: Final = 0x1F
_MORE: Final = 0x80


class Block(NamedTuple):
    """A header block, whole and compressed."""

    stream: int
    ends: bool
    """The HEADERS frame had END_STREAM."""
    octets: bytes


class Blocks:
    """The one header block that may be under way on a connection."""

    __slots__ = ("_continuations", "_ends", "_octets", "stream")

    stream: int
    """Whose block is under way; 0 if none is."""

    def __init__(self) -> None:
        """Begin with none under way."""
        self.stream = 0
        self._ends = False
        self._continuations = 0
        self._octets = b""

    def begin(self, stream: int, octets: bytes, *, ends: bool) -> None:
        """Take the first part of a block that goes on."""
        self.stream = stream
        self._ends = ends
        self._continuations = 0
        self._octets = octets

    def go_on(self, octets: bytes, *, is_last: bool) -> Block | None:
        """Take the next part; give the block if it is the last.

        Raises:
            SessionFault: ENHANCE_YOUR_CALM, too much of it.
        """
        self._continuations += 1
        self._octets += octets
        if self._continuations > MAX_CONTINUATIONS:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"a header block of more than {MAX_CONTINUATIONS} CONTINUATION frames",
                "10.5.1",
            )
        if len(self._octets) > MAX_BLOCK_OCTETS:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"a header block of more than {MAX_BLOCK_OCTETS} octets",
                "10.5.1",
            )
        if not is_last:
            return None
        block = Block(self.stream, self._ends, self._octets)
        self.stream = 0
        self._octets = b""
        return block


def check_size_updates(octets: bytes) -> None:
    """Refuse a block that begins with more than two changes of the dynamic table's size.

    Raises:
        SessionFault: COMPRESSION_ERROR.
    """
    at = updates = 0
    while at < len(octets) and octets[at] & _SIZE_UPDATE_MASK == _SIZE_UPDATE:
        updates += 1
        if updates > MAX_SIZE_UPDATES:
            raise SessionFault(
                ErrorCodes.COMPRESSION_ERROR,
                f"more than {MAX_SIZE_UPDATES} table size updates in a header block",
                "4.3",
            )
        is_long = octets[at] & _LONG == _LONG
        at += 1
        while is_long and at < len(octets):
            is_long = bool(octets[at] & _MORE)
            at += 1
