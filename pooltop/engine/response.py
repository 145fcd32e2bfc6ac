"""A response as a library caller reads it: status first, the body when and as fast as wanted.

As in Node, a body that nobody reads keeps its socket: the request counts as over when its last
byte was *read*, not when it arrived. What has arrived and was not read is at most HIGH_WATER
bytes; beyond that the socket is not read from.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator

from pooltop.core.model import Origin, SocketId, Timeouts
from pooltop.core.snapshot import PhaseTimings
from pooltop.engine.codecs.base import Headers, PreparedRequest, ResponseEnd, ResponseHead
from pooltop.engine.exchange import Exchange
from pooltop.errors import RequestError

HIGH_WATER = 64 * 1024

Content = bytes | AsyncIterable[bytes]


class Call(Exchange):
    """An exchange whose response is awaited and read by a coroutine."""

    def __init__(
        self, prepared: PreparedRequest, origin: Origin, timeouts: Timeouts, *, intended_at: float
    ) -> None:
        """Begin, not yet submitted."""
        super().__init__(prepared, origin, timeouts, intended_at=intended_at)
        loop = asyncio.get_running_loop()
        self.head: asyncio.Future[ResponseHead] = loop.create_future()
        """The final response's head; fails with the request."""
        self.attached = asyncio.Event()
        self.writable = asyncio.Event()
        """The kernel has all that was written so far."""
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._progress = asyncio.Event()
        self._end: ResponseEnd | None = None
        self._failure: RequestError | None = None

    # The codec's side

    def on_head(self, head: ResponseHead) -> None:
        """Let the caller go on."""
        super().on_head(head)
        if not self.head.done():
            self.head.set_result(head)

    def on_data(self, data: bytes) -> None:
        """Keep a piece for the reader; read no more from the socket if it is far behind."""
        super().on_data(data)
        self._pieces.append(data)
        self._waiting += len(data)
        if self._waiting > HIGH_WATER and self.connection is not None:
            self.connection.pause_reading()
        self._progress.set()

    def on_end(self, end: ResponseEnd) -> None:
        """Keep the verdict until the body was read."""
        self._end = end
        self._progress.set()

    # The shell's side

    def on_attached(self) -> None:
        """The body may be sent."""
        self.attached.set()

    def on_sent(self) -> None:
        """More of the body may be sent."""
        self.writable.set()

    def on_failed(self, error: RequestError) -> None:
        """Fail whoever waits: for the head, for the body, or for room to send."""
        self._failure = error
        if not self.head.done():
            self.head.set_exception(error)
        self.attached.set()
        self.writable.set()
        self._progress.set()

    # The reader's side

    async def next_piece(self) -> bytes | None:
        """Give the next piece of the body; None at its end.

        Raises:
            RequestError: the response was cut short, timed out or was aborted.
        """
        while True:
            if self._pieces:
                piece = self._pieces.popleft()
                before, self._waiting = self._waiting, self._waiting - len(piece)
                if before > HIGH_WATER >= self._waiting and self.connection is not None:
                    self.connection.resume_reading()
                return piece
            if self._end is not None:
                self._over()
                return None
            if self._failure is not None:
                raise self._failure
            self._progress.clear()
            await self._progress.wait()

    async def send_content(self, content: AsyncIterable[bytes]) -> None:
        """Write a streamed body as fast as the socket takes it, until its end or a failure."""
        await self.attached.wait()
        async for piece in content:
            if self._failure is not None or not await self._write(piece):
                return
        connection = self.connection
        if self._failure is None and connection is not None and not connection.dead:
            connection.end_body()
            await self._drained()
            self.shell.body_sent(self)

    async def _write(self, piece: bytes) -> bool:
        connection = self.connection
        while connection is not None and connection.connected_at is None and not connection.dead:
            self.writable.clear()
            await self.writable.wait()
        if connection is None or connection.dead:
            return False
        connection.write_body(piece)
        await self._drained()
        return not connection.dead

    async def _drained(self) -> None:
        connection = self.connection
        while (
            self._failure is None
            and connection is not None
            and not connection.dead
            and not connection.is_drained
        ):
            self.writable.clear()
            await self.writable.wait()

    def _over(self) -> None:
        if self._end is not None and not self.is_settled and self._failure is None:
            self.shell.touch()
            self.shell.response_ended(self, self._end)
            self.shell.after_this_turn()


class Response:
    """What the server answered. Read it to its end, or close it: until then it has its socket."""

    def __init__(self, call: Call, head: ResponseHead) -> None:
        """Made by ``Agent.request``."""
        self._call = call
        self._body: bytes | None = None
        self.status: int = head.status
        """Status code."""
        self.reason: str = head.reason.decode("latin-1")
        """Reason phrase; may be empty, and is whatever the server wrote."""
        self.http_version: str = head.http_version
        """"1.0" or "1.1"."""
        self.headers: Headers = head.headers
        """Names in lower case, in the order received, repeated ones kept apart."""
        connection = call.connection
        assert connection is not None
        self.socket_id: SocketId = connection.id
        """Which of the agent's sockets carried it."""
        self.reused: bool = call.reused
        """Node's ``req.reusedSocket``: an idle socket was taken. False for a hand-over."""
        self.nth: int = call.nth
        """How many requests that socket has carried, this one included."""

    def __repr__(self) -> str:
        """Show status and socket."""
        return f"<Response {self.status} socket {self.socket_id} request {self.nth}>"

    @property
    def timings(self) -> PhaseTimings:
        """Seconds in each phase; receive and total are None until the body was read."""
        return self._call.timings()

    def header(self, name: str) -> str | None:
        """Give the first field of this name, in any case; None if there is none."""
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return None

    async def read(self) -> bytes:
        """Give the whole body; again at each call.

        Raises:
            RequestError: it was cut short, timed out or was aborted.
        """
        if self._body is None:
            self._body = b"".join([piece async for piece in self])
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the body piece by piece as it comes."""
        while (piece := await self._call.next_piece()) is not None:
            yield piece

    async def aclose(self) -> None:
        """Give up what was not read: the socket is destroyed unless the body had been read."""
        if not self._call.is_settled:
            self._call.shell.abort(self._call)
