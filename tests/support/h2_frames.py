"""A server's HTTP/2 frames as octets, right or wrong: hyperframe where it can, by hand where not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hpack import Encoder
from hyperframe.frame import (
    DataFrame,
    Frame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    PushPromiseFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from pooltop.engine.h2.factory import default_codec, make_session
from pooltop.engine.h2.form import form_of
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pooltop.engine.codecs.base import PreparedRequest, ResponseEnd, ResponseHead
    from pooltop.engine.h2.faults import StreamFault
    from pooltop.engine.h2.peer_settings import PeerSettings
    from pooltop.engine.h2.session import Session, SessionOptions, SessionSink

Pairs = tuple[tuple[str, str], ...]

MakeSession = Callable[["SessionSink", "SessionOptions | None"], "Session"]
BY_H2: MakeSession = partial(make_session, codec="h2")
BY_NGHTTP2: MakeSession = partial(make_session, codec="nghttp2")
needs_nghttp2 = pytest.mark.skipif(
    default_codec() != "nghttp2", reason="ngh2 is not installed (the extra h2fast)"
)
SESSIONS = (
    pytest.param(BY_H2, id="h2"),
    pytest.param(BY_NGHTTP2, id="nghttp2", marks=needs_nghttp2),
)
"""Every implementation, as parameters of a test: the same is expected of each."""


def raw(kind: int, flags: int, stream: int, payload: bytes, *, size: int | None = None) -> bytes:
    """Any frame; ``size`` is what its head says, if that is not the truth."""
    said = len(payload) if size is None else size
    return said.to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + payload


def block(*fields: tuple[str | bytes, str | bytes]) -> bytes:
    """A header block that needs no table."""
    coder = Encoder()
    coder.header_table_size = 0
    octets = coder.encode(list(fields), huffman=False)
    return octets.removeprefix(b"\x20")


def headers(stream: int, *fields: tuple[str, str], end: bool = False, status: str = "200") -> bytes:
    """A response's head, whole; ``status`` "" leaves :status to the fields."""
    first = ((":status", status),) if status else ()
    return head_of(stream, block(*first, *fields), end=end)


def head_of(stream: int, octets: bytes, *, end: bool = False, whole: bool = True) -> bytes:
    """HEADERS with this block."""
    frame = HeadersFrame(stream, data=octets)
    if end:
        frame.flags.add("END_STREAM")
    if whole:
        frame.flags.add("END_HEADERS")
    return frame.serialize()


def more(stream: int, octets: bytes, *, last: bool = True) -> bytes:
    """CONTINUATION."""
    return raw(0x9, 0x4 if last else 0, stream, octets)


def data(stream: int, octets: bytes = b"", *, end: bool = True, pad: int | None = None) -> bytes:
    """DATA, padded if ``pad`` is given."""
    frame = DataFrame(stream, octets)
    if pad is not None:
        frame.flags.add("PADDED")
        frame.pad_length = pad
    if end:
        frame.flags.add("END_STREAM")
    return frame.serialize()


def settings(values: dict[int, int] | None = None, *, ack: bool = False) -> bytes:
    """SETTINGS."""
    return SettingsFrame(0, settings=values or {}, flags=["ACK"] if ack else []).serialize()


def goaway(last: int, code: int = 0, debug: bytes = b"") -> bytes:
    """GOAWAY."""
    return GoAwayFrame(0, last_stream_id=last, error_code=code, additional_data=debug).serialize()


def rst(stream: int, code: int) -> bytes:
    """RST_STREAM."""
    return RstStreamFrame(stream, error_code=code).serialize()


def ping(octets: bytes = b"12345678", *, ack: bool = False) -> bytes:
    """PING."""
    return PingFrame(0, opaque_data=octets, flags=["ACK"] if ack else []).serialize()


def update(stream: int, size: int) -> bytes:
    """WINDOW_UPDATE; 0 is the connection, and a size of 0 is no mistake of the test's."""
    return WindowUpdateFrame(stream, window_increment=size).serialize()


def promise(stream: int, promised: int) -> bytes:
    """PUSH_PROMISE."""
    frame = PushPromiseFrame(stream, promised_stream_id=promised, data=block((":method", "GET")))
    frame.flags.add("END_HEADERS")
    return frame.serialize()


def parse(octets: bytes) -> list[Frame]:
    """The frames that a session wrote, its preface left out."""
    octets = octets.removeprefix(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    found = []
    while octets:
        frame, size = Frame.parse_frame_header(memoryview(octets[:9]))
        frame.parse_body(memoryview(octets[9 : 9 + size]))
        octets = octets[9 + size :]
        found.append(frame)
    return found


@dataclass
class StreamTranscript:
    """A sink of one response. It reads what it is given at once, unless told to keep it."""

    talk: Talk
    reads: bool = True
    stream: int = 0
    interims: list[ResponseHead] = field(default_factory=list)
    head: ResponseHead | None = None
    body: bytes = b""
    end: ResponseEnd | None = None

    def on_informational(self, head: ResponseHead) -> None:
        assert self.head is None
        assert head.status < 200
        self.interims.append(head)

    def on_head(self, head: ResponseHead) -> None:
        assert self.head is None
        self.head = head

    def on_data(self, octets: bytes) -> None:
        assert self.head is not None
        assert self.end is None
        assert octets
        self.body += octets
        if self.reads:
            self.talk.session.consumed(self.stream, len(octets))

    def on_end(self, end: ResponseEnd) -> None:
        assert self.head is not None
        assert self.end is None
        self.end = end

    def on_switched(self, early: bytes) -> None:
        raise AssertionError(early)

    @property
    def status(self) -> int | None:
        """The final status of a response that is whole, else None."""
        return self.head.status if self.head is not None and self.end is not None else None


class Talk:
    """A session, what it tells, and a server that says what the test has it say."""

    def __init__(
        self,
        options: SessionOptions | None = None,
        *,
        begin: bool = True,
        make: MakeSession = BY_H2,
    ) -> None:
        self.session: Session = make(self, options)
        self.now = 100.0
        self.error: PeerError | None = None
        self.settings: list[PeerSettings] = []
        self.goaways: list[tuple[int, int, bytes]] = []
        self.resets: list[tuple[int, int]] = []
        self.faults: list[tuple[int, StreamFault]] = []
        self.rtts: list[float] = []
        self.sendable: list[int] = []
        self.uploads: dict[int, memoryview] = {}
        self.written: list[Frame] = []
        self.next = 1
        self.session.preface()
        if begin:
            self.feed(settings())
            self.feed(settings(ack=True))
            self.take()
            self.written.clear()

    # A SessionSink.

    def on_settings(self, settings: PeerSettings) -> None:
        self.settings.append(settings)

    def on_goaway(self, code: int, last: int, debug: bytes) -> None:
        self.goaways.append((code, last, debug))

    def on_stream_reset(self, stream: int, code: int) -> None:
        self.resets.append((stream, code))

    def on_stream_fault(self, stream: int, fault: StreamFault) -> None:
        self.faults.append((stream, fault))

    def on_ping_ack(self, rtt_s: float) -> None:
        self.rtts.append(rtt_s)

    def on_sendable(self, stream: int) -> None:
        self.sendable.append(stream)
        if stream in self.uploads:
            self.upload(stream, self.uploads.pop(stream))

    # What a test does.

    def get(
        self,
        method: str = "GET",
        fields: Pairs = (),
        *,
        target: str = "/",
        reads: bool = True,
    ) -> StreamTranscript:
        """Send a request without a body."""
        seen = StreamTranscript(self, reads)
        request = prepare(method, target, fields, host_header="a", keep_alive=True)
        return self._open(request, seen, ends=True)

    def post(self, fields: Pairs = (), *, target: str = "/") -> StreamTranscript:
        """Send the head of a request whose body follows."""
        seen = StreamTranscript(self)
        request = prepare("POST", target, fields, host_header="a", keep_alive=True, streamed=True)
        return self._open(request, seen, ends=False)

    def _open(
        self, request: PreparedRequest, seen: StreamTranscript, *, ends: bool
    ) -> StreamTranscript:
        seen.stream = self.next
        self.next += 2
        self.session.open(seen.stream, form_of(request, scheme="https"), seen, ends=ends)
        return seen

    def upload(self, stream: int, body: bytes | memoryview) -> None:
        """Send a body to its end, the rest whenever the session says that there is room."""
        taken = self.session.send(stream, body, ends=True)
        if taken < len(body):
            self.uploads[stream] = memoryview(body)[taken:]

    def feed(self, *pieces: bytes) -> None:
        """Receive pieces; keep the fault if there is one."""
        try:
            for piece in pieces:
                self.session.receive(memoryview(piece), now=self.now)
        except PeerError as exc:
            self.error = exc

    def take(self) -> list[Frame]:
        """What the session writes now."""
        new = parse(self.session.take())
        self.written += new
        return new


def cuts(octets: bytes, size: int) -> Iterable[bytes]:
    """The octets in pieces of so many."""
    return [octets[at : at + size] for at in range(0, len(octets), size)]
