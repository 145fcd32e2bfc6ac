"""Asking a proxy for a tunnel: TLS to the proxy if it wants it, then one CONNECT.

It happens on the bare socket before the pool's connection gets it, so that nothing of it is ever
in a connection's way. Only 200 makes a tunnel, as in Node (RFC 9110, 9.3.6 says 2xx); everything
else ends in ERR_PROXY_TUNNEL, with the words of Node. Stricter than Node in three ways: what is no
HTTP is refused at its first bytes and not at its first empty line, a head has at most 16 KiB, and
bytes behind the head are refused: nothing was asked through the tunnel yet, and Node would lose
them.

Source: Node v24 lib/https.js getTunnelConfigForProxiedHttps and establishTunnel.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from pooltop.core.model import Origin
from pooltop.core.proxies import Proxy
from pooltop.engine.codecs.grammar import HEAD_END, check_opening, read_head
from pooltop.engine.codecs.strangers import show
from pooltop.engine.oserror import code_of
from pooltop.engine.tls import TLSStream
from pooltop.errors import PeerError, ProxyTunnelError, RequestError

MAX_HEAD_OCTETS = 16 * 1024
_READ_BYTES = 16 * 1024


def connect_request(origin: Origin, proxy: Proxy, *, keep_alive: bool) -> bytes:
    """Give the request for a tunnel, as Node's https.Agent writes it.

    Args:
        origin: the tunnel's other end.
        proxy: who is asked.
        keep_alive: the agent keeps sockets, or has a finite maxSockets.
    """
    lines = [f"CONNECT {origin.authority} HTTP/1.1"]
    if proxy.authorization is not None:
        lines.append(f"proxy-authorization: {proxy.authorization}")
    if keep_alive:
        lines.append("proxy-connection: keep-alive")
    lines.append(f"host: {origin.authority}")
    return "\r\n".join([*lines, "", ""]).encode("ascii")


class Tunneller:
    """One socket to a proxy, until it can be used as if it led to the origin."""

    def __init__(
        self, sock: socket.socket, tls: TLSStream | None, on_progress: Callable[[], None]
    ) -> None:
        """Keep the socket, which stays the caller's to close.

        Args:
            sock: connected, non-blocking.
            tls: for a proxy that is spoken to over TLS, not started; else None.
            on_progress: called whenever something came from the proxy.
        """
        self._sock = sock
        self._tls = tls
        self._on_progress = on_progress
        self._loop = asyncio.get_running_loop()

    async def secure(self) -> None:
        """Make the TLS handshake with the proxy.

        Raises:
            RequestError: no trust, no agreement, no TLS; or the proxy ended or reset.
        """
        tls = self._tls
        assert tls is not None
        await self._send(tls.start())
        while not tls.is_connected:
            data = await self._receive()
            if not data:
                tls.receive_eof()
                raise PeerError("the proxy ended the connection in its TLS handshake")
            try:
                plain, out = tls.receive(data)
            except RequestError:
                await self._send(tls.unsent())
                raise
            await self._send(out)
            if plain:
                raise ProxyTunnelError(f"the proxy spoke unasked: {show(plain)}")

    async def open(self, origin: Origin, proxy: Proxy, *, keep_alive: bool) -> None:
        """Ask for a tunnel to the origin, and wait until it is up.

        Raises:
            ProxyTunnelError: it is not.
            RequestError: the proxy reset the connection, or broke TLS.
        """
        request = connect_request(origin, proxy, keep_alive=keep_alive)
        await self._send(request if self._tls is None else self._tls.send(request))
        failed = f"Failed to establish tunnel to {origin.authority} via {proxy.url}"
        head, rest = await self._head(failed)
        status_line = head.partition(b"\r\n")[0]
        try:
            # The fields are not looked at, as in Node: none of them can change a tunnel.
            status = read_head(status_line + HEAD_END).status
        except PeerError as error:
            raise ProxyTunnelError(f"{failed}: {error}") from error
        if status != 200:
            raise ProxyTunnelError(f"{failed}: {show(status_line)}", status=status)
        if rest:
            message = f"{failed}: {len(rest)} bytes behind its answer, unasked: {show(rest)}"
            raise ProxyTunnelError(message, status=status)

    async def _head(self, failed: str) -> tuple[bytes, bytes]:
        held = bytearray()
        while (end := held.find(HEAD_END)) < 0:
            data = await self._plain()
            if not data:
                raise ProxyTunnelError("Connection to establish proxy tunnel ended unexpectedly")
            held += data
            try:
                check_opening(held)
            except PeerError as error:
                raise ProxyTunnelError(f"{failed}: {error}") from error
            if len(held) > MAX_HEAD_OCTETS:
                raise ProxyTunnelError(f"{failed}: a head of more than {MAX_HEAD_OCTETS} octets")
        return bytes(held[: end + 4]), bytes(held[end + 4 :])

    async def _plain(self) -> bytes:
        """Give what the proxy said next; b"" at its end."""
        tls = self._tls
        if tls is None:
            return await self._receive()
        while not tls.peer_closed:
            data = await self._receive()
            if not data:
                return b""
            plain, out = tls.receive(data)
            await self._send(out)
            if plain:
                return plain
        return b""

    async def _receive(self) -> bytes:
        try:
            data = await self._loop.sock_recv(self._sock, _READ_BYTES)
        except OSError as error:
            raise _reset(error, "read") from error
        self._on_progress()
        return data

    async def _send(self, data: bytes) -> None:
        if data:
            try:
                await self._loop.sock_sendall(self._sock, data)
            except OSError as error:
                raise _reset(error, "write") from error


def _reset(error: OSError, syscall: str) -> PeerError:
    code = code_of(error.errno) if error.errno is not None else "ECONNRESET"
    return PeerError(f"{syscall} {code}", code=code)
