"""One end of the socket between a viewer and an engine, as asyncio wants it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from typing import cast

from pooltop.sources.wire import LARGEST_BYTES, Frames, Message, WireError, encode


class Channel(asyncio.BufferedProtocol):
    """Sends messages without ever waiting, and hands over the bodies that arrive."""

    def __init__(
        self,
        on_body: Callable[[memoryview], None],
        on_lost: Callable[[str], None],
        *,
        largest: int = LARGEST_BYTES,
    ) -> None:
        """Prepare; ``open_channel`` connects it.

        Args:
            on_body: called with each message's body, in order, which is to be read at once; may
                raise WireError, which closes the channel.
            on_lost: called once when nothing more will come, with the reason in words; empty
                when the peer simply closed.
            largest: how many bytes a message may have that arrives.
        """
        self._on_body = on_body
        self._on_lost = on_lost
        self._frames = Frames(largest)
        self._transport: asyncio.Transport | None = None
        self._broken = ""
        self._closed = asyncio.get_running_loop().create_future()

    @property
    def backlog_bytes(self) -> int:
        """What was sent and the peer has not taken yet, the kernel's buffer not counted."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, message: Message) -> int:
        """Send, or drop it when the channel is closed; gives its size in bytes.

        Raises:
            WireError: it cannot be written down.
        """
        data = encode(message)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)
        return len(data)

    def abort(self, reason: str) -> None:
        """Close at once, unsent or not, for a reason that ``on_lost`` is told."""
        self._broken = self._broken or reason
        if self._transport is not None:
            self._transport.abort()

    async def close(self, *, flush_s: float = 0.0) -> None:
        """Close, after at most ``flush_s`` seconds for what was sent to leave."""
        if self._transport is None:
            return
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(flush_s):
                await asyncio.shield(self._closed)
        self._transport.abort()
        await self._closed

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Give where what arrives goes."""
        del sizehint
        return self._frames.room()

    def buffer_updated(self, nbytes: int) -> None:
        """Hand over what is complete."""
        try:
            for body in self._frames.filled(nbytes):
                if self._broken:
                    return
                self._on_body(body)
        except WireError as error:
            self.abort(str(error))

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell why."""
        if not self._closed.done():
            self._closed.set_result(None)
        self._on_lost(self._broken or ("" if exc is None else str(exc)))


async def open_channel(
    end: socket.socket,
    on_body: Callable[[memoryview], None],
    on_lost: Callable[[str], None],
    *,
    largest: int = LARGEST_BYTES,
) -> Channel:
    """Give a channel over one end of a connected pair; it owns the socket from here on."""
    end.setblocking(False)
    loop = asyncio.get_running_loop()
    _, channel = await loop.connect_accepted_socket(
        lambda: Channel(on_body, on_lost, largest=largest), end
    )
    return channel
