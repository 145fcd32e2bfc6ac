"""Header blocks decompressed by libnghttp2, through ngh2.

libnghttp2 has a decompressor, but ngh2 reaches it only through a whole session, which judges what
it decompresses. So this is a session that nobody else sees, whose streams are header blocks: each
block is given to it as the response on a stream of its own, which is forgotten at once. Its table
is the connection's, as it gets every block in order; its judgement of one block cannot depend on
any other.

libnghttp2 keeps the fields back if one of them may not be in a response. The guard is as strict
(fields.py) and says what is wrong, so such a block is decompressed once more by hpack, beginning
with an empty table: what it takes from the connection's table hpack then does not find, and the
fault is told in general words.

Source: nghttp2 ``lib/nghttp2_session.c`` (``inflate_header_block``), ``lib/nghttp2_http.c``.
"""

from __future__ import annotations

from typing import Final

import ngh2
from h2.errors import ErrorCodes
from hpack import Decoder, HPACKError

from pooltop.engine.h2 import frames
from pooltop.engine.h2.blocks import Block
from pooltop.engine.h2.faults import SessionFault, StreamFault
from pooltop.engine.h2.fields import Fields
from pooltop.engine.h2.machine import MAX_DECODED_OCTETS

_ENTRY_OVERHEAD: Final = 32
_NO_LIMIT: Final = 2**32 - 1
_AT_ONCE: Final = 32
"""Streams opened at a time: each costs 200 octets until its block comes."""
_LAST: Final = 2**31 - 2**21
"""The stream after which no new request should come: a million blocks before the ids run out."""
_REQUEST: Final = ((b":method", b"GET"),)
_SETTINGS: Final = frames.pack(frames.SETTINGS, 0, 0)
_STATUS_200: Final = b"\x88"
_NO_ERROR: Final = bytes(4)
_HEADS: Final = (ngh2.ResponseReceived, ngh2.InformationalResponseReceived)
_CONFIG: Final = ngh2.Configuration(
    glitch_rate_limit=(_NO_LIMIT, _NO_LIMIT),
    max_inbound_header_list_size=MAX_DECODED_OCTETS,
    max_inbound_header_count=MAX_DECODED_OCTETS // _ENTRY_OVERHEAD,
)


class NgInflater:
    """One connection's decompressor."""

    __slots__ = ("_free", "_session", "is_spent")

    is_spent: bool
    """So many blocks came that a new session is due; a million more can be taken."""

    def __init__(self) -> None:
        """Begin with an empty table of 4,096 octets."""
        self.is_spent = False
        self._session = ngh2.Connection(ngh2.Role.CLIENT, _CONFIG)
        self._session.initiate_connection()
        self._session.receive_data(_SETTINGS)
        self._free: list[int] = []
        """Streams that no block has used, the next one last."""

    def decode(self, block: Block, *, is_trailers: bool) -> Fields:
        """Give the fields of a block.

        Raises:
            SessionFault: COMPRESSION_ERROR, or ENHANCE_YOUR_CALM if it is too large to go on.
            StreamFault: PROTOCOL_ERROR, a field that may not be there, which only libnghttp2
                has seen.
        """
        fields = self._feed(block.octets, is_trailers=is_trailers)
        if fields is None:
            fields = _alone(block.octets)
        if fields is None:
            raise StreamFault(
                ErrorCodes.PROTOCOL_ERROR,
                f"stream {block.stream}: a field that libnghttp2 refuses",
                "8.1.1",
            )
        return fields

    def skip(self, octets: bytes) -> None:
        """Decompress a block whose fields nobody asks for.

        Raises:
            SessionFault: as ``decode``.
        """
        self._feed(octets, is_trailers=False)

    def _feed(self, octets: bytes, *, is_trailers: bool) -> Fields | None:
        """Give the fields; None if libnghttp2 keeps them back."""
        stream = self._next_stream()
        frame = frames.pack_block(stream, octets, ends=is_trailers)
        if is_trailers:
            frame = frames.pack_block(stream, _STATUS_200, ends=False) + frame
        session = self._session
        try:
            session.receive_data(frame + frames.pack(frames.RST_STREAM, 0, stream, _NO_ERROR))
        except ngh2.DenialOfServiceError:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"a header block of more than {MAX_DECODED_OCTETS} octets of fields",
                "10.5.1",
            ) from None
        for event in session.events():
            if isinstance(event, ngh2.TrailersReceived if is_trailers else _HEADS):
                return event.headers
        session.data_to_send()
        if any(isinstance(event, ngh2.ConnectionClosed) for event in session.events()):
            raise SessionFault(
                ErrorCodes.COMPRESSION_ERROR, "a header block that is no HPACK", "4.3"
            )
        return None

    def _next_stream(self) -> int:
        free = self._free
        if not free:
            session = self._session
            try:
                free += [session.send_request(_REQUEST, end_stream=True) for _ in range(_AT_ONCE)]
            except ngh2.NGH2Error:
                raise SessionFault(
                    ErrorCodes.ENHANCE_YOUR_CALM,
                    "more header blocks than a session can have",
                    "5.1.1",
                ) from None
            free.reverse()
            session.data_to_send()
            self.is_spent = free[0] > _LAST
        return free.pop()


def _alone(octets: bytes) -> Fields | None:
    """Give the fields of a block that takes nothing from the connection's table; else None.

    An entry's number counts back from the newest, so one that the block itself has made is found
    where it is, and any other is not found at all.
    """
    try:
        fields: Fields = list(Decoder(MAX_DECODED_OCTETS).decode(octets, raw=True))
    except HPACKError:
        return None
    return fields
