"""The server side of one HTTP/2 connection: octets in, requests out; answers in, octets out.

No I/O and no clock. Rules of this file:

- A frame is judged before the library sees it: its length, its place, how many of its sort there
  are (engine/h2: the same bounds that pooltop's client has for a server). The library is given
  single frames, and no GOAWAY.
- A stream is taken, refused (RST_STREAM with REFUSED_STREAM: nothing was done for it) or, after
  our GOAWAY, passed over without a word, as nginx does; its header block is decompressed in each
  case, for the connection's table is one.
- A GOAWAY, ours or the client's, ends no stream that was taken.
- Nothing is made that cannot be written: ``take`` is asked only while the client reads. What it
  makes us say beside responses is counted, and too much of it is a fault.
- A malformed request is the library's to tell, and ends the connection (RFC 9113, 5.4.1 allows it).

Source: RFC 9113; nginx ``src/http/v2/ngx_http_v2.c``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from h2.errors import ErrorCodes
from h2.events import (
    DataReceived,
    Event,
    RemoteSettingsChanged,
    RequestReceived,
    StreamEnded,
    StreamReset,
    WindowUpdated,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes
from hpack import HPACKError
from hyperframe.frame import GoAwayFrame, PingFrame, SettingsFrame

from pooltop.demo.h2.library import (
    MAX_FIELD_OCTETS,
    Library,
    octets_of,
    octets_of_block,
    octets_of_settings,
)
from pooltop.demo.h2.outbox import Outbox
from pooltop.engine.h2 import frames
from pooltop.engine.h2.blocks import Block, Blocks, check_size_updates
from pooltop.engine.h2.budget import Budget
from pooltop.engine.h2.faults import SessionFault
from pooltop.engine.h2.frames import Frame, Head, Splitter
from pooltop.engine.h2.guard import MAGIC, MAX_STREAM
from pooltop.engine.h2.order import check_first, check_order

if TYPE_CHECKING:
    from collections.abc import Callable

    from pooltop.demo.answers import FieldLines

_CONTINUE: Final = ((b":status", b"100"),)


class SessionSink(Protocol):
    """Who is told. No method may raise."""

    def on_open(self) -> bool:
        """Take that a client opens a stream, within its limit; False refuses it."""

    def on_refused(self) -> None:
        """Take that a stream was refused, for whatever reason."""

    def on_request(self, stream: int, method: bytes, target: bytes) -> None:
        """Take a request that has been read to its end; ``respond`` is to follow."""

    def on_closed(self, stream: int, *, is_answered: bool) -> None:
        """Take that a stream is over: its answer was made into octets to its end, or was not."""


class _Request:
    """What of a request matters, while its stream is open."""

    __slots__ = ("is_whole", "method", "target")

    def __init__(self) -> None:
        self.method = b""
        self.target = b""
        self.is_whole = False


class ServerSession:
    """One connection's HTTP/2."""

    __slots__ = (
        "_blocks", "_budget", "_handlers", "_has_settings", "_highest", "_is_cap_due",
        "_is_client_leaving", "_is_leaving", "_last", "_library", "_magic", "_max_streams", "_now",
        "_open", "_out", "_outbox", "_sink", "_splitter", "_unacknowledged", "fault",
    )  # fmt: skip

    fault: SessionFault | None
    """What the client did that ended the connection."""

    def __init__(self, sink: SessionSink, *, max_streams: int) -> None:
        """Begin; our SETTINGS are the first to ``take``.

        Args:
            sink: who is told.
            max_streams: streams that the client may have open at once; 0 for none.
        """
        self._sink = sink
        self._library = Library()
        self._outbox = Outbox(self._library)
        self._open: dict[int, _Request] = {}
        self._highest = 0
        """The highest stream that came."""
        self._last = 0
        """The highest that came before we said GOAWAY."""
        self._max_streams = max_streams
        self._is_cap_due = False
        self._unacknowledged = 1
        self.fault = None
        self._is_leaving = False
        """We have said GOAWAY: no stream is taken any more."""
        self._is_client_leaving = False
        self._has_settings = False
        self._magic = MAGIC
        self._splitter = Splitter(self._judge)
        self._blocks = Blocks()
        self._budget = Budget()
        self._now = 0.0
        ours: dict[int, int] = {
            SettingCodes.MAX_CONCURRENT_STREAMS: max_streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: MAX_FIELD_OCTETS,
        }
        self._out = [SettingsFrame(0, settings=ours).serialize()]
        self._handlers: dict[int, Callable[[Frame], None]] = {
            frames.DATA: self._take_data,
            frames.HEADERS: self._take_headers,
            frames.RST_STREAM: self._take_reset,
            frames.SETTINGS: self._take_settings,
            frames.PING: self._take_ping,
            frames.GOAWAY: self._take_goaway,
            frames.WINDOW_UPDATE: self._take_window_update,
            frames.CONTINUATION: self._take_continuation,
        }

    def __repr__(self) -> str:
        """Say how many streams there are, and whether more may come."""
        state = "over" if self.is_over else "going away" if self._is_leaving else "open"
        return f"<{type(self).__name__} {state}, {len(self._open)} streams>"

    @property
    def streams(self) -> int:
        """Streams open now."""
        return len(self._open)

    @property
    def is_over(self) -> bool:
        """Nothing is to be expected any more: to be closed once ``take`` is written."""
        is_last = self._is_leaving or self._is_client_leaving
        return self.fault is not None or (is_last and not self._open)

    # What is sent.

    def respond(self, stream: int, fields: FieldLines, body: bytes | memoryview) -> None:
        """Answer a request; one whose stream is over is answered no more."""
        if stream in self._open:
            self._outbox.add(stream, fields, body)

    def set_max_streams(self, most: int) -> None:
        """Allow so many streams from now on, and say so; those that are open stay."""
        self._is_cap_due = most != self._max_streams or self._is_cap_due
        self._max_streams = most

    def go_away(self) -> bool:
        """Take no more streams, and say so; False if that was said before."""
        if self._is_leaving or self.fault is not None:
            return False
        self._is_leaving = True
        self._out.append(GoAwayFrame(0, last_stream_id=self._last).serialize())
        return True

    def hear_no_more(self) -> None:
        """Note that the client will send nothing more: only whole requests are answered."""
        self._is_client_leaving = True
        for stream, request in tuple(self._open.items()):
            if not request.is_whole:
                del self._open[stream]
                self._sink.on_closed(stream, is_answered=False)

    def take(self, room: int) -> bytes:
        """Give what is to be written now, of responses about so many octets; empty if nothing is.

        To be called only while the client reads.
        """
        if self._is_cap_due and self.fault is None:
            self._is_cap_due = False
            self._unacknowledged += 1
            ours: dict[int, int] = {SettingCodes.MAX_CONCURRENT_STREAMS: self._max_streams}
            self._out.append(SettingsFrame(0, settings=ours).serialize())
        octets, ended = self._outbox.write(room)
        if octets:
            self._out.append(octets)
        self._budget.sent(self._outbox.data_frames)
        self._outbox.data_frames = 0
        for stream in ended:
            del self._open[stream]
            self._budget.earn()
            self._sink.on_closed(stream, is_answered=True)
        written = b"".join(self._out)
        self._out.clear()
        self._budget.replies = 0
        return written

    # What is received.

    def receive(self, data: memoryview, *, now: float) -> None:
        """Take octets from the client; the memory is only valid during the call.

        Args:
            data: what came, however it is cut.
            now: monotonic seconds.

        Raises:
            SessionFault: the client broke a rule. A GOAWAY that says so is there to ``take``, and
                no stream is open any more.
        """
        self._now = now
        try:
            for frame in self._splitter.split(self._past_magic(data)):
                handler = self._handlers.get(frame.kind)
                if handler is None:  # PRIORITY, which RFC 9113 has no more, or an extension's
                    self._budget.spend(now)
                else:
                    handler(frame)
        except SessionFault as fault:
            self.fault = fault
            streams = tuple(self._open)
            self._open.clear()
            self._outbox = Outbox(self._library)
            goaway = GoAwayFrame(0, last_stream_id=self._last, error_code=fault.reason)
            self._out.append(goaway.serialize())
            for stream in streams:
                self._sink.on_closed(stream, is_answered=False)
            raise

    def _past_magic(self, data: memoryview) -> memoryview:
        """Take the octets that every client begins with."""
        size = min(len(self._magic), len(data))
        if size:
            if data[:size] != self._magic[:size]:
                raise SessionFault(
                    ErrorCodes.PROTOCOL_ERROR, "no HTTP/2: another preface than the client's", "3.4"
                )
            self._magic = self._magic[size:]
        return data[size:]

    def _judge(self, size: int, kind: int, flags: int, stream: int) -> None:
        """Refuse a frame by its head, before its payload is kept."""
        head = Head(size, kind, flags, stream)
        if not self._has_settings:
            check_first(head)
        frames.check_shape(head)
        opens = head.kind == frames.HEADERS
        unopened = MAX_STREAM + 1 if opens else self._highest + 1
        check_order(head, block=self._blocks.stream, unopened=unopened)

    def _take_headers(self, frame: Frame) -> None:
        octets = frames.unpad(frame)
        ends = bool(frame.flags & frames.END_STREAM)
        if frame.flags & frames.END_HEADERS:
            self._take_block(Block(frame.stream, ends, octets))
        else:
            self._blocks.begin(frame.stream, octets, ends=ends)

    def _take_continuation(self, frame: Frame) -> None:
        is_last = bool(frame.flags & frames.END_HEADERS)
        block = self._blocks.go_on(frame.payload, is_last=is_last)
        if block is not None:
            self._take_block(block)

    def _take_block(self, block: Block) -> None:
        check_size_updates(block.octets)
        stream = block.stream
        events = self._hear(octets_of_block(block))
        if stream > self._highest:
            self._highest = stream
            if not self._admit(stream):
                return
            if not block.ends and _waits_to_be_asked(events):
                self._library.send_headers(stream, _CONTINUE)
                self._reply(self._library.data_to_send())
        self._heed(events)

    def _admit(self, stream: int) -> bool:
        """Decide about a new stream; False if it is none of ours."""
        if self._is_leaving:
            self._budget.spend(self._now)
            self._library.reset_stream(stream)
            self._library.data_to_send()  # not for the client, whom the GOAWAY tells
            return False
        self._last = stream
        is_within = len(self._open) < self._max_streams
        if not is_within:
            self._budget.spend(self._now)
        if is_within and self._sink.on_open():
            self._open[stream] = _Request()
            return True
        self._library.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        self._reply(self._library.data_to_send())
        self._sink.on_refused()
        return False

    def _take_data(self, frame: Frame) -> None:
        if not frame.payload and not frame.flags & frames.END_STREAM:
            self._budget.spend(self._now)
        self._heed(self._hear(octets_of(frame)))

    def _take_reset(self, frame: Frame) -> None:
        self._budget.spend(self._now)
        if frame.stream in self._open:
            self._heed(self._hear(octets_of(frame)))

    def _take_settings(self, frame: Frame) -> None:
        if frame.flags & frames.ACK:
            self._unacknowledged -= 1
            if self._unacknowledged < 0:
                raise SessionFault(
                    ErrorCodes.PROTOCOL_ERROR, "SETTINGS acknowledged that were not sent", "6.5.3"
                )
            return
        if self._has_settings:
            self._budget.spend(self._now)
        self._has_settings = True
        self._heed(self._hear(octets_of_settings(frame.payload)))

    def _take_ping(self, frame: Frame) -> None:
        self._budget.spend(self._now)
        if not frame.flags & frames.ACK:
            self._reply(PingFrame(0, opaque_data=frame.payload, flags=["ACK"]).serialize())

    def _take_goaway(self, _: Frame) -> None:
        self._budget.spend(self._now)
        self._is_client_leaving = True

    def _take_window_update(self, frame: Frame) -> None:
        self._budget.update(self._now)
        if not frame.stream or frame.stream in self._open:
            self._heed(self._hear(octets_of(frame)))

    def _hear(self, octets: bytes) -> list[Event]:
        """Hand one frame to the library; what it says by itself is a reply.

        Raises:
            SessionFault: it refuses the frame.
        """
        library = self._library
        try:
            events = library.receive_data(octets)
        except ProtocolError as exc:
            # The library's words may quote a field, which is nobody's to see; so may its context.
            reason = ErrorCodes(exc.error_code)
            if reason is ErrorCodes.PROTOCOL_ERROR and isinstance(exc.__cause__, HPACKError):
                reason = ErrorCodes.COMPRESSION_ERROR
            library.data_to_send()  # its GOAWAY, which names streams that we passed over
            words = f"refused by the library as {type(exc).__name__}"
            raise SessionFault(reason, words, "5.4.1") from None
        self._reply(library.data_to_send())
        return events

    def _heed(self, events: list[Event]) -> None:
        """Act upon what the library makes of a frame."""
        for event in events:
            if isinstance(event, RequestReceived):
                request = self._open[event.stream_id]
                for name, value in event.headers:
                    if name == b":method":
                        request.method = value
                    elif name == b":path":
                        request.target = value
            elif isinstance(event, DataReceived):
                # Read and dropped: credit for all of it.
                size = event.flow_controlled_length
                self._library.acknowledge_received_data(size, event.stream_id)
                self._reply(self._library.data_to_send())
            elif isinstance(event, StreamEnded):
                request = self._open[event.stream_id]
                request.is_whole = True
                self._sink.on_request(event.stream_id, request.method, request.target)
            elif isinstance(event, StreamReset):
                if self._open.pop(event.stream_id, None) is not None:
                    self._outbox.drop(event.stream_id)
                    self._sink.on_closed(event.stream_id, is_answered=False)
            elif isinstance(event, WindowUpdated):
                self._outbox.widened(event.stream_id)
            elif isinstance(event, RemoteSettingsChanged):
                self._outbox.widened(0)

    def _reply(self, octets: bytes) -> None:
        if octets:
            self._out.append(octets)
            self._budget.reply(len(octets))


def _waits_to_be_asked(events: list[Event]) -> bool:
    """Tell whether a request's body comes only when it is asked for."""
    return any(
        isinstance(event, RequestReceived)
        and (b"expect", b"100-continue") in [(name, value.lower()) for name, value in event.headers]
        for event in events
    )
