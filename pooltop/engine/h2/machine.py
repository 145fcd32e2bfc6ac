"""What the guard asks of whatever speaks HTTP/2 beneath it: sending, and HPACK.

A machine is told of the peer only what the guard has judged: SETTINGS that may be, WINDOW_UPDATE
and RST_STREAM of streams that are open, and when a response is over. It never sees a GOAWAY, nor
a frame of a stream that is over but for its header blocks, which are of the connection's table.
Each method that sends gives the octets to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from pooltop.core.model import H2Codec
from pooltop.engine.h2.fields import Fields
from pooltop.engine.h2.peer_settings import PeerSettings

if TYPE_CHECKING:
    from pooltop.engine.h2.blocks import Block
    from pooltop.engine.h2.form import H2Form

MAX_DECODED_OCTETS: Final = 128 * 1024
"""Of one block's fields: beyond it decompression is not gone on with, and the session is lost. Up
to it a block that is too large costs only its stream."""


class Machine(Protocol):
    """One connection's client side, as far as it is not the guard's."""

    @property
    def codec(self) -> H2Codec:
        """Who it is."""
        ...

    @property
    def is_spent(self) -> bool:
        """No more streams should be opened: something else than their ids runs out."""
        ...

    def request(self, stream: int, form: H2Form, *, ends: bool) -> bytes:
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

    def decode(self, block: Block, *, is_trailers: bool) -> Fields:
        """Decompress a header block; whether its fields may be is the guard's to say.

        Args:
            block: of a stream whose response is not over.
            is_trailers: its response has begun.

        Raises:
            SessionFault: COMPRESSION_ERROR, or ENHANCE_YOUR_CALM if it is too large to go on.
            StreamFault: PROTOCOL_ERROR, a field may not be, and so none is given. The guard
                would say the same, were it given them.
        """
        ...

    def skip(self, octets: bytes) -> None:
        """Decompress a header block for what it does to the table; nobody asks for its fields.

        Raises:
            SessionFault: as ``decode``.
        """
        ...
