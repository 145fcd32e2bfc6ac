"""A socket that left its pool: plain bytes both ways, after an upgrade or a CONNECT.

asyncio's StreamReader and StreamWriter do the work. Between them and the transport stands TLS
where there is any: the same TLSStream that carried the request.

The pool knows nothing of the socket any more, none of its clocks runs on it, and Node's
``agent.destroy()`` leaves it open. Closing the agent for good closes it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import TYPE_CHECKING, Self

from pooltop.core.model import SocketId
from pooltop.engine.oserror import code_of
from pooltop.errors import AbortError, PeerError, RequestError, UsageError

if TYPE_CHECKING:
    from pooltop.engine.connection import Connection
    from pooltop.engine.tls_nested import AnyTLS

READ_BYTES = 64 * 1024
CLOSE_S = 2.0
"""What was written has so long to leave when the stream is closed."""


class _Reader(asyncio.StreamReader):
    """asyncio's own, that keeps what came whole."""

    has_ended = False
    """What the peer had to say is here, up to its end or to what cut it off."""

    def feed_eof(self) -> None:
        """Let nothing come any more."""
        self.has_ended = True
        super().feed_eof()

    def set_exception(self, exc: Exception) -> None:
        """Lose what was not read: as in Node, unless the end came before."""
        if not self.has_ended:
            super().set_exception(exc)


class _Protocol(asyncio.StreamReaderProtocol):
    """asyncio's own, with TLS in front of the reader and a word at the end."""

    def __init__(self, reader: _Reader, tls: AnyTLS | None, on_lost: Callable[[], None]) -> None:
        """Keep what the bytes go through; ``on_lost`` is called when the socket is closed."""
        super().__init__(reader)
        self._bytes = reader
        self._tls = tls
        self._on_lost = on_lost
        self._wire: asyncio.Transport | None = None
        self.lost = asyncio.Event()
        """The socket is closed. asyncio's own future of it dies with the first wait given up."""
        self.error: RequestError | None = None
        """What cut the peer's side off: told to who reads, behind what came before it."""

    def adopt(self, transport: asyncio.Transport, *, is_drained: bool) -> None:
        """Take over a transport that is connected already."""
        self._wire = transport
        transport.set_protocol(self)
        self.connection_made(transport)
        if not is_drained:
            self.pause_writing()
        if transport.is_closing():  # then only the protocol that it had is told
            loop = asyncio.get_running_loop()
            loop.call_soon(self.connection_lost, ConnectionResetError())
        elif self._tls is not None:
            self._look_at_tls(self._tls)

    def data_received(self, data: bytes) -> None:
        """Take what was read, through TLS if there is any."""
        if self._tls is None:
            self._bytes.feed_data(data)
            return
        assert self._wire is not None
        try:
            plain, out = self._tls.receive(data)
        except RequestError as error:
            self._break(error)
            return
        self._wire.write(out)
        if plain:
            self._bytes.feed_data(plain)
        self._look_at_tls(self._tls)

    def eof_received(self) -> bool:
        """End the reader; our own side stays open, as whoever has the stream may go on writing."""
        if self._tls is not None:
            try:
                self._tls.receive_eof()
            except RequestError as error:
                self._break(error)
                return False
        self._bytes.feed_eof()
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        """End both sides."""
        if exc is None and not self._bytes.has_ended:
            # What was closed here is no whole stream to who still reads it.
            message = "the stream was closed on this side before the peer's had ended"
            self.error = AbortError(message, code="ERR_STREAM_PREMATURE_CLOSE")
        super().connection_lost(exc)
        self.lost.set()
        self._on_lost()

    def _look_at_tls(self, tls: AnyTLS) -> None:
        """Take what came right behind the last bytes: a fault, or the peer's end."""
        if tls.fault is not None:
            self._break(tls.fault)
        elif tls.peer_closed:
            self.eof_received()  # whole or cut

    def _break(self, error: RequestError) -> None:
        assert self._wire is not None
        if self._tls is not None:
            self._wire.write(self._tls.unsent())
        self.error = error
        self._bytes.feed_eof()  # an exception of the reader would hide the bytes before it
        if self._wire.get_write_buffer_size():  # a close would wait for it, and who writes with it
            self._wire.abort()
        else:
            self._wire.close()


class ByteStream:
    """What an upgrade or a CONNECT leaves: a byte stream that is the caller's to close."""

    def __init__(
        self, connection: Connection, early: bytes, *, on_lost: Callable[[ByteStream], None]
    ) -> None:
        """Take the connection's socket; made by the agent.

        Args:
            connection: its pool has done with it.
            early: what came behind the head, read first.
            on_lost: called once, when the socket is closed.
        """
        is_drained = connection.is_drained
        transport = connection.let_go()
        loop = asyncio.get_running_loop()
        self.socket_id: SocketId = connection.id
        """The number it had in the agent."""
        self.local: str = connection.local
        """Our end, as ``127.0.0.1:40312``."""
        self.remote: str = connection.remote
        """The peer's end."""
        self._tls = connection.tls
        self._reader = _Reader(limit=READ_BYTES, loop=loop)
        if early:
            self._reader.feed_data(early)
        self._protocol = _Protocol(self._reader, self._tls, lambda: on_lost(self))
        self._transport = transport
        self._protocol.adopt(transport, is_drained=is_drained)
        self._writer = asyncio.StreamWriter(transport, self._protocol, self._reader, loop)
        self._has_ended = False

    def __repr__(self) -> str:
        """Show both ends."""
        state = " closed" if self.is_closed else ""
        return f"<ByteStream {self.local} > {self.remote}{state}>"

    @property
    def is_closed(self) -> bool:
        """It was closed, by us or by the network."""
        return self._transport.is_closing()

    async def read(self, max_bytes: int = READ_BYTES) -> bytes:
        """Give what is here, at least one byte; b"" at the end of the peer's side.

        Args:
            max_bytes: at most so many.

        Raises:
            PeerError: the connection was reset, or over TLS cut short.
            NetworkError: over TLS, what came is none.
            AbortError: ERR_STREAM_PREMATURE_CLOSE, this or the agent was closed before the peer's
                side had ended.
        """
        with _translated("read"):
            data = await self._reader.read(max_bytes)
        if not data and max_bytes and self._protocol.error is not None:
            raise self._protocol.error
        return data

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Give what comes until the peer's side ends."""
        while data := await self.read():
            yield data

    async def write(self, data: bytes) -> None:
        """Send; returns when the kernel has all of it.

        Args:
            data: of any length; over TLS it is encrypted first.

        Raises:
            PeerError: the connection is gone.
            UsageError: our side was ended before.
        """
        if self._has_ended:
            raise UsageError("the stream's own side was ended: nothing can be written after it")
        with _translated("write"):
            if self._transport.is_closing():
                raise BrokenPipeError
            self._writer.write(data if self._tls is None else self._tls.send(data))
            await self._writer.drain()
            if self._transport.is_closing():  # drain has no error for a close of our own
                raise BrokenPipeError

    async def write_eof(self) -> None:
        """End our side, over TLS with close_notify; the peer's can still be read.

        Raises:
            PeerError: the connection is gone.
        """
        if self._has_ended:
            return
        self._has_ended = True
        with _translated("write"):
            if self._tls is None:
                self._writer.write_eof()
            else:  # TCP stays open: TLS may have to answer what the peer still sends
                self._writer.write(self._tls.close())
            await self._writer.drain()

    async def aclose(self) -> None:
        """Close, giving what was written two seconds to leave. Safe to call again."""
        try:
            if not self._transport.is_closing():
                if self._tls is not None and not self._has_ended:
                    self._writer.write(self._tls.close())
                self._writer.close()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._protocol.lost.wait()
        finally:
            self._transport.abort()

    def abort(self) -> None:
        """Close now: what has not left is lost."""
        self._transport.abort()

    async def __aenter__(self) -> Self:
        """Give the stream itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()


@contextlib.contextmanager
def _translated(syscall: str) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        code = code_of(exc.errno) if exc.errno is not None else None
        if code is None:
            code = "EPIPE" if isinstance(exc, BrokenPipeError) else "ECONNRESET"
        raise PeerError(f"{syscall} {code}", code=code) from exc
