"""A ``Machine`` of the h2 library: what it does well is its own, the rest it never sees.

h2 compresses, writes frames, keeps the outbound windows and the states of streams. Three of its
habits would cost a client connections or memory, and the guard keeps them from mattering:

- Any GOAWAY closes it, in-flight streams included (python-hyper/h2#1181): it gets none.
- A malformed response is a connection error to it, where RFC 9113 (8.1.1) has a stream error: so
  of a response it is told one thing, a bare ``:status 200`` with END_STREAM when all of it has
  come and was judged. Fields are decompressed here, body octets and their credit never reach it.
- It keeps whatever settings the peer sends, known or not, and would compress with as large a
  table as the peer allows: it gets the initial window, and a table of at most 4,096 octets. The
  table's size only where it changes: told twice of a size, hpack forgets to say it to the peer.

One more: it remembers how 65,536 closed streams ended, 5 MB a connection; nobody asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hpack import Decoder, HPACKError, OversizedHeaderListError
from hyperframe.frame import RstStreamFrame, SettingsFrame, WindowUpdateFrame

from pooltop.engine.h2.faults import SessionFault, StreamFault
from pooltop.engine.h2.fields import Fields
from pooltop.engine.h2.machine import MAX_DECODED_OCTETS
from pooltop.engine.h2.peer_settings import MAX_WINDOW, PeerSettings

if TYPE_CHECKING:
    from pooltop.engine.h2.blocks import Block
    from pooltop.engine.h2.form import H2Form

_MAX_TABLE: Final = 4096
_ANSWERED_HEAD: Final = b"\x00\x00\x01\x01\x05"
"""Of a HEADERS frame of one octet, with END_STREAM and END_HEADERS; the stream's id follows."""
_STATUS_200: Final = b"\x88"


class _Connection(H2Connection):
    MAX_CLOSED_STREAMS = 16


class LibMachine:
    """One connection's client side, by the h2 library."""

    __slots__ = ("_connection", "_decoder", "_table_size")

    codec: Final = "h2"
    is_spent: Final = False

    def __init__(self) -> None:
        """Begin with nothing sent; the preface is the guard's."""
        self._connection = _Connection(
            H2Configuration(
                client_side=True,
                header_encoding=None,
                # Both were done once, when the request was prepared.
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
                normalize_inbound_headers=False,
            )
        )
        self._table_size = _MAX_TABLE
        self._decoder = Decoder(max_header_list_size=MAX_DECODED_OCTETS)

    def request(self, stream: int, form: H2Form, *, ends: bool) -> bytes:
        """Open a stream with a request's head."""
        self._connection.send_headers(stream, form.fields, end_stream=ends)
        return self._connection.data_to_send()

    def window(self, stream: int) -> int:
        """Give the octets of body that may be sent on a stream now; 0 or less is none."""
        if stream == 0:
            return self._connection.outbound_flow_control_window
        return self._connection.local_flow_control_window(stream)

    def data(self, stream: int, data: bytes | memoryview, *, ends: bool) -> bytes:
        """Send body that the windows have room for, at most a frame of it."""
        if data:
            self._connection.send_data(stream, data, end_stream=ends)
        elif ends:
            # Goes whatever the windows are, which may be negative.
            self._connection.end_stream(stream)
        return self._connection.data_to_send()

    def reset(self, stream: int, code: int) -> bytes:
        """End a stream."""
        self._connection.reset_stream(stream, code)
        return self._connection.data_to_send()

    def was_reset(self, stream: int) -> None:
        """Note that the peer ended a stream."""
        self._tell(RstStreamFrame(stream).serialize())

    def answered(self, stream: int) -> None:
        """Note that a stream's response is over."""
        self._tell(_ANSWERED_HEAD + stream.to_bytes(4, "big") + _STATUS_200)

    def apply(self, settings: PeerSettings) -> bytes:
        """Put the peer's settings into force; give the acknowledgement.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, a stream's window would be too large.
        """
        connection = self._connection
        # To count the open streams is to forget the others, whose windows h2 would change too.
        if connection.open_outbound_streams:
            grown = settings.initial_window_size - connection.remote_settings.initial_window_size
            widest = max(
                stream.outbound_flow_control_window for stream in connection.streams.values()
            )
            if widest + grown > MAX_WINDOW:
                raise SessionFault(
                    ErrorCodes.FLOW_CONTROL_ERROR,
                    "SETTINGS that make a stream's window larger than 2^31-1",
                    "6.9.2",
                )
        values: dict[int, int] = {SettingCodes.INITIAL_WINDOW_SIZE: settings.initial_window_size}
        table_size = min(settings.header_table_size, _MAX_TABLE)
        if table_size != self._table_size:
            self._table_size = table_size
            values[SettingCodes.HEADER_TABLE_SIZE] = table_size
        self._tell(SettingsFrame(0, settings=values).serialize())
        return connection.data_to_send()

    def widen(self, stream: int, size: int) -> None:
        """Let so many octets more be sent on a stream, or for 0 on the connection.

        Raises:
            SessionFault: FLOW_CONTROL_ERROR, the connection's window would be too large.
            StreamFault: the same of the stream's.
        """
        connection = self._connection
        # h2 answers the one by resetting the stream itself, the other by closing: asked before.
        if stream and connection.streams[stream].outbound_flow_control_window + size > MAX_WINDOW:
            raise StreamFault(
                ErrorCodes.FLOW_CONTROL_ERROR, f"stream {stream}: a window over 2^31-1", "6.9.1"
            )
        if not stream and connection.outbound_flow_control_window + size > MAX_WINDOW:
            raise SessionFault(
                ErrorCodes.FLOW_CONTROL_ERROR, "a connection window over 2^31-1", "6.9.1"
            )
        self._tell(WindowUpdateFrame(stream, window_increment=size).serialize())

    def decode(self, block: Block, *, is_trailers: bool) -> Fields:  # noqa: ARG002 (nothing here)
        """Decompress a header block; hpack gives whatever fields it has.

        Raises:
            SessionFault: COMPRESSION_ERROR, or ENHANCE_YOUR_CALM if it is too large to go on.
        """
        return self._decode(block.octets)

    def skip(self, octets: bytes) -> None:
        """Decompress a header block for what it does to the table.

        Raises:
            SessionFault: as ``decode``.
        """
        self._decode(octets)

    def _decode(self, octets: bytes) -> Fields:
        # hpack's words quote the block, which may have secrets: they are not passed on.
        try:
            fields: Fields = list(self._decoder.decode(octets, raw=True))
        except OversizedHeaderListError:
            raise SessionFault(
                ErrorCodes.ENHANCE_YOUR_CALM,
                f"a header block of more than {MAX_DECODED_OCTETS} octets of fields",
                "10.5.1",
            ) from None
        except HPACKError:
            raise SessionFault(
                ErrorCodes.COMPRESSION_ERROR, "a header block that is no HPACK", "4.3"
            ) from None
        return fields

    def _tell(self, octets: bytes) -> None:
        """Hand a frame to the library that the guard has judged to be right."""
        try:
            self._connection.receive_data(octets)
        except ProtocolError as exc:
            raise SessionFault(
                ErrorCodes(exc.error_code), f"two readers of a frame disagree: {exc}", "5.4.1"
            ) from exc
