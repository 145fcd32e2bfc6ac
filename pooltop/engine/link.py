"""One socket that is connected: what is written to it, through TLS if there is any.

Also what the kernel has taken of that, and when there was a last sign of life. A link knows of its
shell the clock and the buffer, and nothing of requests, codecs and the pool: that is connection.py.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio.trsock import TransportSocket

    from pooltop.engine.shell_base import ShellBase
    from pooltop.engine.tls import TLSFacts
    from pooltop.engine.tls_nested import AnyTLS

READ_BYTES = 256 * 1024
"""One buffer for all connections of a pool: a read is consumed before the next one begins."""

_now = time.monotonic


class Link(asyncio.BufferedProtocol):
    """The transport, and TLS where there is any. Whoever inherits takes what is read."""

    __slots__ = (
        "_facts",
        "_paused",
        "_transport",
        "_unsent",
        "bytes_in",
        "bytes_out",
        "is_held",
        "last_activity",
        "shell",
        "timeout_told",
        "tls",
    )

    def __init__(self, shell: ShellBase, now: float) -> None:
        """Begin without a transport: whoever dials brings it."""
        self.shell = shell
        self.tls: AnyTLS | None = None
        self.last_activity = now
        self.timeout_told = False
        """Node's 'timeout' was told since the last activity."""
        self.bytes_in = 0
        self.bytes_out = 0
        self.is_held = False
        """Not read from, because whoever reads the body is slow."""
        self._facts: TLSFacts | None = None
        self._transport: asyncio.Transport | None = None
        self._paused = False
        self._unsent = 0
        """Bytes that the kernel had not taken when they were last counted."""

    @property
    def is_drained(self) -> bool:
        """All that was written is with the kernel."""
        return not self._paused

    @property
    def tls_facts(self) -> TLSFacts | None:
        """What the handshake agreed upon; None before its end, and for plain http."""
        if self._facts is None and self.tls is not None and self.tls.is_connected:
            self._facts = self.tls.facts  # they never change, and cost 50 us to find out
        return self._facts

    @property
    def sock(self) -> TransportSocket | None:
        """The socket itself, to be asked and not used; None before the connect and after all."""
        transport = self._transport
        return None if transport is None else transport.get_extra_info("socket")

    def progressed(self) -> None:
        """Something came while the dial is under way: silence counts from now."""
        self.last_activity = _now()
        self.timeout_told = False

    def has_progressed(self, now: float) -> bool:
        """Say whether the kernel took bytes since that was last asked; counts as a sign of life.

        Nobody is told of that before all of them are gone, which with a large body and a slow
        peer is long.  Source: Node v24 lib/net.js Socket._onTimeout.
        """
        if self._transport is None:
            return False
        before, self._unsent = self._unsent, self._transport.get_write_buffer_size()
        if self._unsent < before:
            self.last_activity = now
            self.timeout_told = False
        return self._unsent < before

    def pause_reading(self) -> None:
        """Read no more until told: the body's reader is slow."""
        if self._transport is not None and not self._transport.is_closing():
            self.is_held = True
            self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self.is_held = False
        if self._transport is not None and not self._transport.is_closing():
            self.last_activity = _now()
            self._transport.resume_reading()

    # asyncio's side

    def get_buffer(self, sizehint: int) -> memoryview:
        """Lend the shared buffer."""
        del sizehint
        return self.shell.buffer

    def pause_writing(self) -> None:
        """The kernel is full."""
        self._paused = True
        assert self._transport is not None
        self._unsent = self._transport.get_write_buffer_size()

    def resume_writing(self) -> None:
        """Everything is with the kernel."""
        self._paused = False

    # Its own

    def _write(self, data: bytes) -> None:
        """Write what is to be read by the server."""
        transport = self._transport
        assert transport is not None
        if self.tls is not None:
            data = self.tls.send(data)
        self.bytes_out += len(data)
        self.last_activity = self.shell.now
        transport.write(data)

    def _put(self, data: bytes) -> None:
        """Write what TLS itself has to say, if it has."""
        transport = self._transport
        assert transport is not None
        if data:
            self.bytes_out += len(data)
            self.last_activity = self.shell.now
            transport.write(data)
