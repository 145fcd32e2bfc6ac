"""A connection to a host that speaks HTTP/2, until it is known what the client speaks.

Over TLS the handshake has decided (ALPN); else, and where the client named nothing, the first
octets do: a client that knows of HTTP/2 beforehand begins with its preface, which is no request of
HTTP/1.1 (RFC 9113, 3.3 and 3.4). What came is handed on with the connection.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, cast

from pooltop.demo.answers import Answer, serialise
from pooltop.demo.connection import Connection
from pooltop.demo.h2.connection import H2Connection
from pooltop.demo.idle import IdleClock
from pooltop.engine.h2.guard import MAGIC

if TYPE_CHECKING:
    import ssl

    from pooltop.demo.h2.service import H2Service
    from pooltop.demo.host import DemoHost

_H2_ONLY: Final = Answer(
    b"505: this host speaks HTTP/2 only\n", status=HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
)


class Opening(asyncio.BufferedProtocol):
    """The server side of one socket, up to its first octets."""

    __slots__ = ("_held", "_host", "_idle", "_service", "_transport")

    def __init__(self, host: DemoHost, service: H2Service) -> None:
        """Belong to a host; nothing happens before ``connection_made``."""
        self._host = host
        self._service = service
        self._held = b""
        self._idle = IdleClock(host.loop, self.shut)
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be counted; for https the handshake is already done."""
        self._transport = cast("asyncio.Transport", transport)
        self._host.add(self)
        tls = cast("ssl.SSLObject | None", transport.get_extra_info("ssl_object"))
        if tls is not None and tls.selected_alpn_protocol() == "h2":
            self._become(H2Connection(self._host, self._service))
        else:
            self._idle.watch(self._host.spec.idle_close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Be counted no more."""
        self._transport = None
        self._idle.stop()
        self._host.remove(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Lend the shared buffer, with room before what comes for what came."""
        return self._host.buffer[len(self._held) :]

    def buffer_updated(self, nbytes: int) -> None:
        """Look at the first octets, as many as it takes."""
        buffer = self._host.buffer
        size = len(self._held) + nbytes
        buffer[: len(self._held)] = self._held
        first = bytes(buffer[: min(size, len(MAGIC))])
        if first == MAGIC:
            self._become(H2Connection(self._host, self._service), size)
        elif MAGIC.startswith(first):
            self._held = first
        elif "http/1.1" in self._host.spec.protocols:
            self._become(Connection(self._host), size)
        elif self._transport is not None:
            self._transport.write(serialise(_H2_ONLY, keep=None, is_head=False))
            self._transport.close()

    def shut(self) -> None:
        """Close: nothing was asked."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Drop the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _become(self, connection: Connection | H2Connection, size: int = 0) -> None:
        """Be succeeded by what speaks the client's protocol; so many octets are in the buffer."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        self._idle.stop()
        self._host.replace(self, connection)
        transport.set_protocol(connection)
        connection.begin(transport)
        if size:
            connection.buffer_updated(size)
