"""A client of pooltop's own HTTP/2 sessions over a socket, which keeps what became of each stream."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pooltop.engine.h2.factory import make_session
from pooltop.engine.h2.form import form_of
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from pooltop.engine.codecs.base import ResponseEnd, ResponseHead
    from pooltop.engine.h2.faults import StreamFault
    from pooltop.engine.h2.peer_settings import PeerSettings
    from pooltop.engine.h2.session import Session, SessionOptions

DEADLINE_S = 10.0
REFUSED_STREAM = 7

Outcome = Literal["", "answered", "reset", "left out", "lost"]
"""Empty while it goes on; left out by a GOAWAY: the server has not touched it."""


@dataclass(eq=False)
class Stream:
    """One request and what came of it."""

    client: H2Client
    number: int
    upload: memoryview = field(default_factory=lambda: memoryview(b""))
    """What of its body is not sent."""
    head: ResponseHead | None = None
    interims: list[ResponseHead] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)
    reads: bool = True
    """Takes what comes, so that more may come."""
    code: int | None = None
    """Of RST_STREAM."""
    outcome: Outcome = ""
    over: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def status(self) -> int:
        assert self.head is not None, self.outcome
        return self.head.status

    @property
    def fields(self) -> dict[str, str]:
        assert self.head is not None, self.outcome
        return {name.decode(): value.decode() for name, value in self.head.headers}

    async def end(self) -> Stream:
        """Wait until it is over, however."""
        async with asyncio.timeout(DEADLINE_S):
            await self.over.wait()
        return self

    async def answer(self) -> tuple[int, bytes]:
        """Wait for a whole answer."""
        await self.end()
        assert self.outcome == "answered", (self.outcome, self.code)
        return self.status, bytes(self.body)

    def settle(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.client.streams.pop(self.number, None)
        self.over.set()

    # A ResponseSink.

    def on_informational(self, head: ResponseHead) -> None:
        self.interims.append(head)

    def on_head(self, head: ResponseHead) -> None:
        self.head = head

    def on_data(self, octets: bytes) -> None:
        self.body += octets
        if self.reads:
            self.client.session.consumed(self.number, len(octets))

    def on_end(self, end: ResponseEnd) -> None:
        self.settle("answered")

    def on_switched(self, early: bytes) -> None:
        raise AssertionError(early)


class H2Client:
    """One connection."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        options: SessionOptions | None = None,
    ) -> None:
        self.reader = reader
        self.writer = writer
        self.session: Session = make_session(self, options)
        self.streams: dict[int, Stream] = {}
        self.next = 1
        self.limits: list[int | None] = []
        """MAX_CONCURRENT_STREAMS as often as the server said it."""
        self.goaways: list[tuple[int, int]] = []
        """Code and last stream."""
        self.rtts: list[float] = []
        self.fault: Exception | None = None
        self.changed = asyncio.Event()
        self.session.preface()
        self.flush()
        self.reading = asyncio.create_task(self._read(), name="h2 client")

    async def _read(self) -> None:
        """Take what comes to the server's end of it."""
        try:
            while octets := await self.reader.read(65536):
                self.session.receive(memoryview(octets), now=asyncio.get_running_loop().time())
                self.flush()
                self._tell()
        except (PeerError, OSError) as exc:
            self.fault = exc
            self.flush()
        for stream in tuple(self.streams.values()):
            stream.settle("lost")
        self._tell()

    def _tell(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def flush(self) -> None:
        octets = self.session.take()
        if octets and not self.writer.is_closing():
            self.writer.write(octets)

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait until what the server says makes it so."""
        async with asyncio.timeout(DEADLINE_S):
            while not holds():
                await self.changed.wait()

    async def ended(self) -> None:
        """Wait until the server has closed."""
        async with asyncio.timeout(DEADLINE_S):
            await asyncio.shield(self.reading)

    @property
    def has_room(self) -> bool:
        """A stream may be opened, and the server has said how many there may be."""
        limit = self.session.peer.max_concurrent_streams
        return (
            self.session.takes_streams
            and self.session.has_settings
            and not self.reading.done()
            and (limit is None or self.session.streams < limit)
        )

    def ask(
        self,
        path: str = "/",
        method: str = "GET",
        *fields: tuple[str, str],
        body: bytes | None = None,
        ends: bool = True,
        reads: bool = True,
    ) -> Stream:
        """Open a stream, whether there is room or not; send a body to its end, or leave it open."""
        has_body = body is not None or not ends
        request = prepare(method, path, fields, host_header="d", keep_alive=True, streamed=has_body)
        stream = Stream(self, self.next, memoryview(body or b""), reads=reads)
        self.next += 2
        self.streams[stream.number] = stream
        form = form_of(request, scheme="http")
        self.session.open(stream.number, form, stream, ends=not has_body)
        if has_body and ends:
            self.on_sendable(stream.number)
        self.flush()
        return stream

    async def get(self, path: str = "/") -> tuple[int, bytes]:
        """Ask, and wait for the answer."""
        return await self.ask(path).answer()

    def reset(self, stream: Stream, code: int = 8) -> None:
        """Give a stream up."""
        self.session.reset(stream.number, code)
        stream.settle("reset")
        self.flush()

    async def close(self) -> None:
        self.writer.close()
        self.reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.reading
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()

    # A SessionSink.

    def on_settings(self, settings: PeerSettings) -> None:
        self.limits.append(settings.max_concurrent_streams)

    def on_goaway(self, code: int, last: int, debug: bytes) -> None:
        self.goaways.append((code, last))
        for stream in [stream for stream in self.streams.values() if stream.number > last]:
            stream.settle("left out")

    def on_stream_reset(self, stream: int, code: int) -> None:
        if stream in self.streams:
            self.streams[stream].code = code
            self.streams[stream].settle("reset")

    def on_stream_fault(self, stream: int, fault: StreamFault) -> None:
        raise AssertionError(fault)

    def on_ping_ack(self, rtt_s: float) -> None:
        self.rtts.append(rtt_s)

    def on_sendable(self, stream: int) -> None:
        record = self.streams[stream]
        taken = self.session.send(stream, record.upload, ends=True)
        record.upload = record.upload[taken:]
