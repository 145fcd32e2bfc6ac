"""A ``Machine`` of libnghttp2, Node's own engine, through ngh2: fast, where it is installed.

libnghttp2 compresses, writes requests and their bodies, keeps the outbound windows and the states
of streams; what it writes is, octet for octet, what Node would. As ``LibMachine`` it is told of a
response one thing, that it is over, by a bare ``:status 200`` with END_STREAM; header blocks are
decompressed beside it (ng_inflater.py), and DATA never reaches it.

Rules of this file:

- What the peer did is told when something is next asked for, much at a time: to be told costs
  more than to take it in.
- libnghttp2 numbers streams itself, without gaps. After a gap that the caller left, the two
  numbers of a stream differ, and what is written is numbered anew.
- It holds a body's end back while a window is shut, though an empty frame needs no room (RFC
  9113, 6.9.1): that one frame is written here.

Source: nghttp2 ``lib/nghttp2_session.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import ngh2
from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hpack import NeverIndexedHeaderTuple
from hyperframe.frame import SettingsFrame

from pooltop.engine.h2 import frames
from pooltop.engine.h2.faults import SessionFault, StreamFault
from pooltop.engine.h2.fields import Fields
from pooltop.engine.h2.ng_inflater import NgInflater
from pooltop.engine.h2.peer_settings import MAX_WINDOW, PeerSettings

if TYPE_CHECKING:
    from pooltop.engine.h2.blocks import Block
    from pooltop.engine.h2.form import H2Form

_MAX_TABLE: Final = 4096
_SETTINGS: Final = frames.pack(frames.SETTINGS, 0, 0)
_STATUS_200: Final = b"\x88"
_NO_ERROR: Final = bytes(4)
_CONFIG: Final = ngh2.Configuration(
    auto_window_update=False,
    # The guard counts what moves nothing forward.
    glitch_rate_limit=(2**32 - 1, 2**32 - 1),
    # As large as a request's head may be, which is judged when it is prepared.
    max_send_header_block_length=2**24,
    max_deflate_dynamic_table_size=_MAX_TABLE,
)


class NgMachine:
    """One connection's client side, by libnghttp2."""

    __slots__ = ("_gaps", "_inflater", "_session", "_table_size", "_told")

    codec: Final = "nghttp2"

    def __init__(self) -> None:
        """Begin with nothing sent; the preface is the guard's."""
        self._session = ngh2.Connection(ngh2.Role.CLIENT, _CONFIG)
        self._session.initiate_connection()
        # It takes nothing before a server's SETTINGS. Empty ones say what holds until they come,
        # and that there is no limit to streams, to which the core keeps.
        self._session.receive_data(_SETTINGS)
        self._session.data_to_send()
        self._table_size = _MAX_TABLE
        self._inflater = NgInflater()
        self._gaps: list[tuple[int, int]] = []
        """From which stream on libnghttp2's number is lower, and by how much; ascending."""
        self._told = bytearray()
        """Frames that libnghttp2 is to be given before it is asked for anything."""

    @property
    def is_spent(self) -> bool:
        """So many header blocks came that no more streams should be opened."""
        return self._inflater.is_spent

    def request(self, stream: int, form: H2Form, *, ends: bool) -> bytes:
        """Open a stream with a request's head."""
        fields = form.fields
        if form.has_secrets:
            fields = tuple([_marked(field) for field in fields])
        if self._told:
            self._tell()
        session = self._session
        number = session.send_request(fields, end_stream=ends)
        octets = session.data_to_send()
        if number == stream:
            return octets
        if number != self._number(stream):
            self._gaps.append((stream, stream - number))
        return _renumbered(octets, stream)

    def window(self, stream: int) -> int:
        """Give the octets of body that may be sent on a stream now; 0 is none."""
        if self._told:
            self._tell()
        room = self._session.remote_window_size
        if not stream:
            return room
        return min(room, self._session.stream_remote_window_size(self._number(stream)))

    def data(self, stream: int, data: bytes | memoryview, *, ends: bool) -> bytes:
        """Send body that the windows have room for, at most a frame of it."""
        if self._told:
            self._tell()
        number = self._number(stream)
        self._session.send_data(number, data, end_stream=ends)
        octets = self._session.data_to_send()
        if not octets and ends:
            self._told += _reset(number)
            return frames.pack(frames.DATA, frames.END_STREAM, stream)
        return octets if number == stream else _renumbered(octets, stream)

    def reset(self, stream: int, code: int) -> bytes:
        """End a stream."""
        self.was_reset(stream)
        return frames.pack(frames.RST_STREAM, 0, stream, code.to_bytes(4, "big"))

    def was_reset(self, stream: int) -> None:
        """Note that the peer ended a stream."""
        self._told += _reset(self._number(stream))

    def answered(self, stream: int) -> None:
        """Note that a stream's response is over."""
        self._told += frames.pack_block(self._number(stream), _STATUS_200, ends=True)

    def apply(self, settings: PeerSettings) -> bytes:
        """Put the peer's settings into force; give the acknowledgement.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, a stream's window would be too large.
        """
        session = self._session
        values: dict[int, int] = {SettingCodes.INITIAL_WINDOW_SIZE: settings.initial_window_size}
        table_size = min(settings.header_table_size, _MAX_TABLE)
        if table_size != self._table_size:
            # It would say to the peer, in octets, even what is no change.
            self._table_size = table_size
            values[SettingCodes.HEADER_TABLE_SIZE] = table_size
        self._told += SettingsFrame(0, settings=values).serialize()
        self._tell()
        octets = session.data_to_send()
        if any(isinstance(event, ngh2.ConnectionClosed) for event in session.events()):
            raise SessionFault(
                ErrorCodes.FLOW_CONTROL_ERROR,
                "SETTINGS that make a stream's window larger than 2^31-1",
                "6.9.2",
            )
        return octets

    def widen(self, stream: int, size: int) -> None:
        """Let so many octets more be sent on a stream, or for 0 on the connection.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, the connection's window would be too large.
            StreamFault: the same of the stream's.
        """
        if self._told:
            self._tell()
        session = self._session
        number = self._number(stream)
        # libnghttp2 answers the one by resetting the stream itself, the other by closing: asked
        # before.
        if not stream and session.remote_window_size + size > MAX_WINDOW:
            raise SessionFault(
                ErrorCodes.FLOW_CONTROL_ERROR, "a connection window over 2^31-1", "6.9.1"
            )
        if stream and self._stream_room(number) + size > MAX_WINDOW:
            raise StreamFault(
                ErrorCodes.FLOW_CONTROL_ERROR, f"stream {stream}: a window over 2^31-1", "6.9.1"
            )
        self._told += frames.pack(frames.WINDOW_UPDATE, 0, number, size.to_bytes(4, "big"))

    def decode(self, block: Block, *, is_trailers: bool) -> Fields:
        """Decompress a header block.

        Raises:
            SessionFault: COMPRESSION_ERROR, or ENHANCE_YOUR_CALM if it is too large to go on.
            StreamFault: PROTOCOL_ERROR, a field may not be.
        """
        return self._inflater.decode(block, is_trailers=is_trailers)

    def skip(self, octets: bytes) -> None:
        """Decompress a header block for what it does to the table.

        Raises:
            SessionFault: as ``decode``.
        """
        self._inflater.skip(octets)

    def _number(self, stream: int) -> int:
        """Give libnghttp2's number of a stream."""
        for first, skipped in reversed(self._gaps):
            if stream >= first:
                return stream - skipped
        return stream

    def _stream_room(self, number: int) -> int:
        """Give the octets that one stream's own window has room for."""
        try:
            return self._session.stream_remote_window_size(number)
        except ngh2.StreamUnavailableError:
            # Its end was written here, and nothing more will be sent on it.
            return 0

    def _tell(self) -> None:
        self._session.receive_data(self._told)
        self._told.clear()
        self._session.events()


def _marked(field: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """Give a field as ngh2 has it."""
    return ngh2.NeverIndexedHeader(*field) if isinstance(field, NeverIndexedHeaderTuple) else field


def _reset(number: int) -> bytes:
    return frames.pack(frames.RST_STREAM, 0, number, _NO_ERROR)


def _renumbered(octets: bytes, stream: int) -> bytes:
    """Give frames of one stream as if they were of another."""
    splitter = frames.Splitter(lambda *_: None)
    return b"".join(
        [
            frames.pack(frame.kind, frame.flags, stream, frame.payload)
            for frame in splitter.split(memoryview(octets))
        ]
    )
