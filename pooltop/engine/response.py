"""A response as a library caller reads it: status first, the body when and as fast as wanted.

As in Node, a body that nobody reads keeps its socket: the request counts as over when its last
byte was *read*, not when it arrived. What has arrived and was not read is at most HIGH_WATER
bytes; beyond that the socket is not read from.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from pooltop.core.model import Origin, SocketId, Timeouts
from pooltop.core.snapshot import PhaseTimings
from pooltop.core.states import CloseReason
from pooltop.engine.codecs.base import Headers, PreparedRequest, ResponseEnd, ResponseHead
from pooltop.engine.exchange import Exchange
from pooltop.engine.stream import ByteStream
from pooltop.errors import AbortError, PeerError, RequestError

HIGH_WATER = 64 * 1024
_SWITCHED = ResponseEnd(keep=False, reason=CloseReason.DETACHED, hint=None)


class Call(Exchange):
    """An exchange whose response is awaited and read by a coroutine."""

    hears_steps = True

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
        self.feeder: asyncio.Task[None] | None = None
        """Sends the streamed content."""
        self.stream: ByteStream | None = None
        """What the connection has become, if the server switched protocols."""
        self._pieces: deque[bytes] = deque()
        self._waiting = 0
        self._progress = asyncio.Event()
        self._end: ResponseEnd | None = None
        self._failure: RequestError | None = None

    @property
    def is_whole(self) -> bool:
        """All of the response is here, read or not."""
        return self._end is not None

    @property
    def has_its_body(self) -> bool:
        """All of its body is still here: a streamed one as long as it was not begun."""
        return super().has_its_body or not self.attached.is_set()

    # The codec's side

    def on_head(self, head: ResponseHead) -> None:
        """Let the caller go on."""
        super().on_head(head)
        if not self.head.done():
            self.head.set_result(head)

    def on_data(self, data: bytes) -> None:
        """Keep a piece for the reader; read no more from the socket if it is far behind."""
        super().on_data(data)
        if self._failure is not None:
            return  # its reader was told so
        self._pieces.append(data)
        self._waiting += len(data)
        if self.unread_since is None:
            self.unread_since = self.shell.now
        if self._waiting > HIGH_WATER and self.connection is not None:
            self.connection.hold(self)
        self._progress.set()

    def on_end(self, end: ResponseEnd) -> None:
        """Keep the verdict until the body was read."""
        self._end = end
        if self.unread_since is None:
            self.unread_since = self.shell.now
        self._progress.set()

    def on_switched(self, early: bytes) -> None:
        """Take the connection over: the head was all of the response."""
        self.stream = self.shell.switched(self, early)
        self.on_end(_SWITCHED)

    # The shell's side

    def on_attached(self) -> None:
        """The body may be sent."""
        assert self.connection is not None
        if not self.connection.dead:
            self.attached.set()

    def on_sent(self) -> None:
        """More of the body may be sent."""
        self.writable.set()

    def on_detached(self) -> None:
        """Send no more: who makes the content may be waiting for something that never comes."""
        if self.feeder is not None:
            self.feeder.cancel()

    def on_requeued(self) -> None:
        """What came of a first response is not the beginning of the second."""
        super().on_requeued()
        self._pieces.clear()
        self._waiting = 0
        self.unread_since = None
        self.attached.clear()
        if self.head.done() and self._failure is None:
            # A dispatcher's alone: undici sends again what has a head and is not at fault.
            self._failure = PeerError("its connection went, and it was sent again for nobody")
            self._progress.set()

    def on_failed(self, error: RequestError) -> None:
        """Fail whoever waits: for the head, or for the body."""
        self._failure = error
        if not self.head.done():
            self.head.set_exception(error)
        self._progress.set()
        self.on_detached()

    # The reader's side

    def walk_away(self) -> None:
        """Whoever awaited the head is gone: nobody will see the response, or why there is none."""
        if self.head.done() and not self.head.cancelled():
            self.head.exception()  # seen: else the loop complains that nobody did
        self.head.cancel()
        self.give_up()
        if self.stream is not None:
            self.stream.abort()

    async def next_piece(self) -> bytes | None:
        """Give the next piece of the body; None at its end.

        Raises:
            RequestError: the response was cut short, timed out or was aborted.
        """
        while True:
            if self._pieces:
                piece = self._pieces.popleft()
                is_all = not self._pieces and self._end is None
                self.unread_since = None if is_all else time.monotonic()
                before, self._waiting = self._waiting, self._waiting - len(piece)
                if before > HIGH_WATER >= self._waiting and self.connection is not None:
                    self.connection.go_on(self)
                return piece
            if self._end is not None:
                self._over()
                return None
            if self._failure is not None:
                raise self._failure
            self._progress.clear()
            await self._progress.wait()

    def give_up(self) -> None:
        """Want no more of it: what came and was not read is dropped, and whoever reads on fails.

        Source: Node v24 lib/_http_client.js socketCloseListener, for code and messages.
        """
        self._pieces.clear()
        if not self.is_settled:
            self._end = None
            message = "aborted" if self.status else "socket hang up"
            self._failure = AbortError(message, code="ECONNRESET")
            self._progress.set()
        self.shell.abort(self, self._failure)

    def _over(self) -> None:
        if self._end is not None and not self.is_settled and self._failure is None:
            self.shell.touch()
            self.shell.response_ended(self, self._end)
            # At once: whoever read this may ask for the next in the same turn, and Node, whose
            # ticks come before promises go on, has released the socket by then.
            self.shell.after()


class Response:
    """What the server answered. Read it to its end, or close it: until then it has its socket."""

    def __init__(self, call: Call, head: ResponseHead) -> None:
        """Made by ``Agent.request``."""
        self._call = call
        self._body: bytes | None = None
        self._collected: list[bytes] = []
        self.status: int = head.status
        """Status code."""
        self.reason: str = head.reason.decode("latin-1")
        """Reason phrase; may be empty, and is whatever the server wrote."""
        self.http_version: str = head.http_version
        """"1.0", "1.1" or "2"."""
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
        self.retried: bool = call.retried
        """It was sent twice: its first socket was stale (``AgentOptions.retry_stale``)."""
        self.stream: ByteStream | None = call.stream
        """The connection itself, out of the pool and the caller's to close, where it is no HTTP any
        more: after a 101 to ``upgrade``, and any answer to a CONNECT (``authority``). Else None."""

    def __repr__(self) -> str:
        """Show status and socket."""
        return f"<Response {self.status} socket {self.socket_id} request {self.nth}>"

    @property
    def timings(self) -> PhaseTimings:
        """Seconds in each phase; receive and total are None until the body was read."""
        return self._call.timings()

    def header(self, name: str) -> str | None:
        """Give the first field of this name; None if there is none.

        Args:
            name: in any case.

        Returns:
            Its value as latin-1, which any octets are. Where a field may come several times, as
            Set-Cookie, all of them are in ``headers``.
        """
        wanted = name.lower().encode("latin-1")
        for key, value in self.headers:
            if key == wanted:
                return value.decode("latin-1")
        return None

    async def read(self) -> bytes:
        """Give the whole body, or what iterating has not taken of it; again at each call.

        Raises:
            RequestError: it was cut short, timed out or was aborted.
        """
        # What is here stays here when the call is cancelled: the next one goes on from there.
        while self._body is None:
            piece = await self._call.next_piece()
            if piece is None:
                self._body = b"".join(self._collected)
                self._collected.clear()
            else:
                self._collected.append(piece)
        return self._body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give the body piece by piece as it comes."""
        while (piece := await self._call.next_piece()) is not None:
            yield piece

    async def aclose(self) -> None:
        """Give up what was not read or not sent: the socket is destroyed unless both were done.

        Whoever reads on gets an AbortError, ECONNRESET, though the rest may have come already.
        Closes the stream too, if there is one.
        """
        self._call.give_up()
        if self.stream is not None:
            await self.stream.aclose()

    async def __aenter__(self) -> Self:
        """Give the response itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()
