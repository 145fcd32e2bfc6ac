"""The guard: what stands between a peer's frames and whoever waits for responses.

It judges every frame before anything else sees it, and holds all that a library may not decide
(machine.py has the rest). Its rules:

1. The first frame is SETTINGS, and no acknowledgement; else the peer does not speak HTTP/2.
2. A frame is judged at its head: length, stream, and whether it may come now (frames.py).
3. DATA, HEADERS, RST_STREAM and WINDOW_UPDATE on a stream that we never opened end the session,
   and so does PUSH_PROMISE. On a stream that its response ended, DATA and HEADERS do; on one that
   we reset they were under way: they are decompressed, credited and dropped.
4. Header blocks are bounded before decompression and after (blocks.py, reading.py).
5. A response that breaks a rule costs its stream: it is reset, and its neighbours go on.
6. A GOAWAY ends nothing by itself: streams it leaves out are over, the others go on to their end.
   What it says can only fall.
7. Of DATA, the connection's credit is given back at once, the stream's when read (inflow.py).
8. What moves nothing forward is counted (budget.py).
9. After a fault nothing is taken; every fault leaves octets to write that say so.

No verdict depends on how TCP cut the octets, except the words for a peer that speaks another
protocol.

Source: RFC 9113.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from h2.errors import ErrorCodes
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame, PingFrame, SettingsFrame

from pooltop.engine.codecs.base import ResponseEnd, ResponseSink
from pooltop.engine.h2 import frames
from pooltop.engine.h2.blocks import Block, Blocks, check_size_updates
from pooltop.engine.h2.budget import Budget
from pooltop.engine.h2.faults import SessionFault, StreamFault
from pooltop.engine.h2.frames import Frame, Head, Splitter
from pooltop.engine.h2.inflow import Inflow
from pooltop.engine.h2.lost import LostStreams
from pooltop.engine.h2.order import check_first, check_opening, check_order
from pooltop.engine.h2.peer_settings import PeerSettings, read_settings
from pooltop.engine.h2.pings import Pings
from pooltop.engine.h2.session import SessionOptions, SessionSink
from pooltop.engine.h2.stream import Stream
from pooltop.engine.h2.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from pooltop.core.model import H2Codec
    from pooltop.engine.h2.form import H2Form
    from pooltop.engine.h2.machine import Machine

MAGIC: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
MAX_STREAM: Final = 2**31 - 1
_DEBUG_OCTETS: Final = 256
_FIRST_FINAL: Final = 200
_KEPT: Final = ResponseEnd(keep=True, reason=None, hint=None)


class GuardedSession:
    """A ``Session``: one connection's HTTP/2 client side, guarded."""

    __slots__ = (
        "_blocks", "_budget", "_fault", "_handlers", "_has_spoken", "_inflow",
        "_is_leaving", "_last", "_lost", "_machine", "_next", "_now", "_options", "_out",
        "_pings", "_sink", "_splitter", "_streams", "_uploads", "has_settings", "peer",
    )  # fmt: skip

    peer: PeerSettings
    """What the peer allows."""
    has_settings: bool
    """The peer's SETTINGS have come."""

    def __init__(
        self, machine: Machine, sink: SessionSink, options: SessionOptions | None = None
    ) -> None:
        """Stand over a machine that nobody else uses; ``options`` default to undici's."""
        options = options or SessionOptions()
        self._machine = machine
        self._sink = sink
        self._options = options
        self.peer = PeerSettings()
        self.has_settings = False
        self._streams: dict[int, Stream] = {}
        self._lost = LostStreams()
        self._next = 1
        self._last = MAX_STREAM
        """The highest stream that a GOAWAY lets live."""
        self._is_leaving = False
        self._fault: SessionFault | None = None
        self._pings = Pings()
        self._blocks = Blocks()
        self._budget = Budget()
        self._splitter = Splitter(self._judge)
        self._has_spoken = False
        self._now = 0.0
        self._out: list[bytes] = []
        self._uploads = Uploads(machine, sink, self._out)
        self._inflow = Inflow(options, self._out)
        self._handlers: dict[int, Callable[[Frame], None]] = {
            frames.DATA: self._take_data,
            frames.HEADERS: self._take_headers,
            frames.PRIORITY: self._take_priority,
            frames.RST_STREAM: self._take_reset,
            frames.SETTINGS: self._take_settings,
            frames.PING: self._take_ping,
            frames.GOAWAY: self._take_goaway,
            frames.WINDOW_UPDATE: self._take_window_update,
            frames.CONTINUATION: self._take_continuation,
        }

    def __repr__(self) -> str:
        """Say how many streams there are, and whether more may come."""
        state = "open" if self.takes_streams else "over" if self.is_over else "going away"
        return f"<{type(self).__name__} {state}, {len(self._streams)} streams>"

    @property
    def codec(self) -> H2Codec:
        """Who speaks HTTP/2 beneath it."""
        return self._machine.codec

    @property
    def streams(self) -> int:
        """Streams open now."""
        return len(self._streams)

    @property
    def takes_streams(self) -> bool:
        """A stream may still be opened."""
        return not (
            self._is_leaving
            or self._fault is not None
            or self._next > MAX_STREAM
            or self._machine.is_spent
        )

    @property
    def window_in(self) -> int:
        """Octets of body that may still come on all streams together."""
        return self._inflow.left

    @property
    def window_out(self) -> int | None:
        """Octets of body that may still be sent on all streams together; None after a fault."""
        return None if self._fault is not None else self._machine.window(0)

    @property
    def is_over(self) -> bool:
        """Nothing is to be expected any more."""
        return self._fault is not None or not (self._streams or self.takes_streams)

    # What is sent.

    def preface(self) -> None:
        """Begin the connection: the magic octets, SETTINGS and the connection's window."""
        options = self._options
        settings: dict[int, int] = {
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: options.initial_window_size,
        }
        if options.max_header_list_size is not None:
            settings[SettingCodes.MAX_HEADER_LIST_SIZE] = options.max_header_list_size
        self._out += [MAGIC, SettingsFrame(0, settings=settings).serialize()]
        self._inflow.begin()

    def open(self, stream: int, form: H2Form, sink: ResponseSink, *, ends: bool) -> None:
        """Send a request's head. The caller numbers streams, and has looked for room."""
        if not self.takes_streams or not stream & 1 or not self._next <= stream <= MAX_STREAM:
            message = f"stream {stream} opened on {self!r}"
            raise AssertionError(message)
        self._next = stream + 2
        record = Stream(
            stream,
            sink,
            form.answer,
            window=self._options.initial_window_size,
            promised=None if ends else form.length,
        )
        record.is_sent = ends
        self._streams[stream] = record
        self._budget.earn()
        self._out.append(self._machine.request(stream, form, ends=ends))

    def send(self, stream: int, data: bytes | memoryview, *, ends: bool) -> int:
        """Send a piece of a request's body; give how many octets of it were taken.

        Raises:
            UsageError: more octets than Content-Length promised, or fewer at the end.
        """
        record = self._streams.get(stream)
        if record is None:
            return 0
        taken = self._uploads.send(record, data, ends=ends)
        if taken:
            self._budget.sent(1 + taken // frames.MAX_FRAME_SIZE)
        if record.is_sent and record.is_answered:
            del self._streams[stream]
        return taken

    def reset(self, stream: int, code: int) -> None:
        """End a stream that is no longer wanted; its sink hears nothing more."""
        record = self._streams.get(stream)
        if record is not None:
            self._out.append(self._machine.reset(stream, code))
            self._lost.add(stream)
            self._drop(record)

    def consumed(self, stream: int, size: int) -> None:
        """Note that octets given by ``on_data`` have been read."""
        record = self._streams.get(stream)
        # Of a response that has ended, all that was not read has been given credit for.
        if record is not None and not record.is_answered:
            self._inflow.read(record, size)

    def ping(self, *, now: float) -> None:
        """Ask the peer whether it is there."""
        self._out.append(self._pings.send(now=now))

    def go_away(self, code: int) -> None:
        """Tell the peer that no stream will be opened any more; those open go on."""
        if not self._is_leaving and self._fault is None:
            self._is_leaving = True
            self._out.append(GoAwayFrame(0, error_code=code).serialize())

    def abandon(self) -> None:
        """Take nothing more of the peer's, be it in the midst of what it said."""
        self._handlers.clear()

    def take(self) -> bytes:
        """Give what is to be written now, and forget it."""
        out = self._out
        if not out:
            return b""
        octets = b"".join(out)
        out.clear()
        self._budget.replies = 0
        return octets

    # What is received.

    def receive(self, data: memoryview, *, now: float) -> None:
        """Take octets from the peer.

        Raises:
            SessionFault: the peer broke a rule; a GOAWAY is there to ``take``.
        """
        if self._fault is not None:
            raise self._fault
        self._now = now
        try:
            if not self._has_spoken and data:
                self._has_spoken = True
                check_opening(data)
            for frame in self._splitter.split(data):
                handler = self._handlers.get(frame.kind)
                if handler is None:
                    self._budget.spend(now)
                    continue
                try:
                    handler(frame)
                except StreamFault as fault:
                    self._refuse_stream(frame.stream, fault)
        except SessionFault as fault:
            self._fault = fault
            self._streams.clear()
            self._uploads.clear()
            self._out.append(GoAwayFrame(0, error_code=fault.reason).serialize())
            raise

    def _judge(self, size: int, kind: int, flags: int, stream: int) -> None:
        """Refuse a frame by its head, before its payload is kept."""
        if (
            kind <= frames.HEADERS
            and size <= frames.MAX_FRAME_SIZE
            and stream & 1
            and stream < self._next
            and self.has_settings
            and not self._blocks.stream
        ):
            # Nearly every frame: none of what follows can refuse it.
            return
        head = Head(size, kind, flags, stream)
        if not self.has_settings:
            check_first(head)
        frames.check_shape(head)
        check_order(head, block=self._blocks.stream, unopened=self._next)

    def _take_data(self, frame: Frame) -> None:
        size = len(frame.payload)
        record = self._streams.get(frame.stream)
        self._inflow.spend(record, size)
        if record is None:
            self._check_late(frame)
            return
        ends = bool(frame.flags & frames.END_STREAM)
        data = frames.unpad(frame)
        _check_open(record)
        record.reading.take_data(len(data), ends=ends)
        if not data and not ends:
            self._budget.spend(self._now)
        if len(data) < size:
            self._inflow.read(record, size - len(data))
        if data:
            record.sink.on_data(data)
        if ends:
            self._end(record)

    def _take_headers(self, frame: Frame) -> None:
        ends = bool(frame.flags & frames.END_STREAM)
        octets = frames.unpad(frame)
        if frame.stream not in self._streams:
            self._check_late(frame)
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
        record = self._streams.get(block.stream)
        if record is None or record.is_answered:
            self._machine.skip(block.octets)
            if record is not None:
                _check_open(record)
            return
        fields = self._machine.decode(block, is_trailers=record.reading.has_head)
        head = record.reading.take_fields(fields, ends=block.ends)
        if head is not None:
            if head.status < _FIRST_FINAL:
                record.sink.on_informational(head)
            else:
                record.sink.on_head(head)
        if block.ends:
            self._end(record)

    def _end(self, record: Stream) -> None:
        """The response is over, unless its sink reset the stream when it was told of the rest."""
        if self._streams.get(record.id) is not record:
            return
        record.is_answered = True
        self._machine.answered(record.id)
        if record.is_sent:
            del self._streams[record.id]
        record.sink.on_end(_KEPT)

    def _take_priority(self, frame: Frame) -> None:
        self._budget.spend(self._now)
        if len(frame.payload) == frames.PRIORITY_SIZE:
            return
        words = f"a PRIORITY of {len(frame.payload)} octets"
        if frame.stream in self._streams:
            raise StreamFault(ErrorCodes.FRAME_SIZE_ERROR, words, "6.3")
        raise SessionFault(ErrorCodes.FRAME_SIZE_ERROR, words, "6.3")

    def _take_reset(self, frame: Frame) -> None:
        record = self._streams.get(frame.stream)
        if record is None:
            self._budget.spend(self._now)
            return
        self._machine.was_reset(frame.stream)
        self._drop(record)
        self._sink.on_stream_reset(frame.stream, int.from_bytes(frame.payload, "big"))

    def _take_settings(self, frame: Frame) -> None:
        if frame.flags & frames.ACK:
            if not self._inflow.acknowledged():
                raise SessionFault(
                    ErrorCodes.PROTOCOL_ERROR, "SETTINGS acknowledged that were not sent", "6.5.3"
                )
            return
        if self.has_settings:
            self._budget.spend(self._now)
        self.peer = read_settings(frame.payload, self.peer)
        self.has_settings = True
        self._reply(self._machine.apply(self.peer))
        self._sink.on_settings(self.peer)
        self._uploads.wake()

    def _take_ping(self, frame: Frame) -> None:
        if frame.flags & frames.ACK:
            rtt_s = self._pings.answered(frame.payload, now=self._now)
            if rtt_s is not None:
                self._sink.on_ping_ack(rtt_s)
                return
        self._budget.spend(self._now)
        if not frame.flags & frames.ACK:
            self._reply(PingFrame(0, opaque_data=frame.payload, flags=["ACK"]).serialize())

    def _take_goaway(self, frame: Frame) -> None:
        last = int.from_bytes(frame.payload[:4], "big") & MAX_STREAM
        code = int.from_bytes(frame.payload[4:8], "big")
        self._budget.spend(self._now)
        if last > self._last or (last and not last & 1):
            raise SessionFault(
                ErrorCodes.PROTOCOL_ERROR,
                f"GOAWAY with last stream {last} after {self._last}",
                "6.8",
            )
        # Even one that lets every stream live is the end of new ones.
        self._is_leaving = True
        self._last = last
        for record in [record for record in self._streams.values() if record.id > last]:
            self._machine.was_reset(record.id)
            self._lost.add(record.id)
            self._drop(record)
        self._sink.on_goaway(code, last, frame.payload[8 : 8 + _DEBUG_OCTETS])

    def _take_window_update(self, frame: Frame) -> None:
        stream = frame.stream
        size = int.from_bytes(frame.payload, "big") & MAX_STREAM
        self._budget.update(self._now)
        if stream and stream not in self._streams:
            return
        if not size:
            words = "a WINDOW_UPDATE of 0"
            if stream:
                raise StreamFault(ErrorCodes.PROTOCOL_ERROR, f"stream {stream}: {words}", "6.9")
            raise SessionFault(ErrorCodes.PROTOCOL_ERROR, words, "6.9")
        self._machine.widen(stream, size)
        if stream:
            self._uploads.widened(stream)
        else:
            self._uploads.wake()

    # What follows.

    def _check_late(self, frame: Frame) -> None:
        """Refuse DATA or HEADERS on a stream that is over, unless it was we who reset it."""
        if frame.stream not in self._lost:
            raise SessionFault(
                ErrorCodes.STREAM_CLOSED,
                f"{frames.name_of(frame.kind)} on stream {frame.stream}, which is over",
                "5.1",
            )

    def _refuse_stream(self, stream: int, fault: StreamFault) -> None:
        """Reset a stream whose peer broke a rule."""
        record = self._streams.get(stream)
        if record is None:
            return
        self._reply(self._machine.reset(stream, fault.reason))
        self._lost.add(stream)
        self._drop(record)
        self._sink.on_stream_fault(stream, fault)

    def _drop(self, record: Stream) -> None:
        """Forget a stream, and give the connection back what it had not read."""
        del self._streams[record.id]
        self._uploads.drop(record.id)

    def _reply(self, octets: bytes) -> None:
        self._out.append(octets)
        self._budget.reply(len(octets))


def _check_open(record: Stream) -> None:
    """Refuse more of a response that has ended, while its request is still sent."""
    if record.is_answered:
        raise StreamFault(
            ErrorCodes.STREAM_CLOSED, f"stream {record.id}: more after the end", "5.1"
        )
