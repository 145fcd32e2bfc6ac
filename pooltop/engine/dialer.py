"""From an origin to a connected socket, with the time each phase took.

Three ways lead there, and the origin or the agent's caller says which: a name looked up and its
addresses raced (``attempts``), a Unix socket (``unix_dial``), or a function of the caller's
(``caller_dial``). All have the one interface ``Dials``. A socket that is not handed on is closed.
"""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from typing import Protocol

import msgspec

from pooltop.core.model import Origin
from pooltop.engine.attempts import Attempts
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.oserror import network_error
from pooltop.engine.resolver import Resolver
from pooltop.engine.unix_dial import connect_unix
from pooltop.errors import NetworkError

Connecting = Callable[[float | None], None]
"""Told once in every dial, as the look-up has ended and connecting begins: the seconds that the
look-up took, None where there was none."""


TCP_FAMILIES = (socket.AF_INET, socket.AF_INET6)


class Dialled(msgspec.Struct, frozen=True):
    """A connected socket; who receives it owns it."""

    sock: socket.socket
    """Non-blocking."""
    local: str
    """Our end, ``127.0.0.1:40312`` or ``[::1]:40312``; "" where it has no name."""
    remote: str
    """The peer's end, in the same form: which address was taken. ``unix:/path`` for a Unix
    socket."""
    dns_s: float | None
    """Look-up, in seconds; next to nothing for a literal or a remembered answer; None where
    there was none."""
    tcp_s: float
    """From the first attempt's start to the connection, in seconds."""
    attempts: int = 1
    """How many addresses were tried, the one that won included."""


class Dials(Protocol):
    """Whatever opens an agent's connections."""

    async def dial(
        self,
        origin: Origin,
        *,
        keep_alive_probe_ms: float | None,
        no_delay: bool = True,
        connecting: Connecting | None = None,
    ) -> Dialled:
        """Connect to an origin.

        Args:
            origin: where to.
            keep_alive_probe_ms: idle time before the kernel's first TCP keep-alive probe, counted
                in whole seconds; below 1000 the system's own delay (two hours, as a rule) is
                used, as in Node. None sends no probes.
            no_delay: send small writes at once (TCP_NODELAY).
            connecting: told that the look-up is over.

        Raises:
            RequestError: with Node's code where Node has one.
        """
        ...


class Dialer:
    """Opens TCP connections and those to Unix sockets; keeps no state between them."""

    def __init__(self, resolver: Resolver, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep what every dial needs.

        Args:
            resolver: asked once for every dial by TCP; stays the caller's to close.
            clock: monotonic seconds.
        """
        self._resolver = resolver
        self._clock = clock
        self.ceiling: DescriptorCeiling | None = None
        """On descriptors; None for none."""

    def __repr__(self) -> str:
        """Show whom it asks."""
        return f"<Dialer {self._resolver!r}>"

    async def dial(
        self,
        origin: Origin,
        *,
        keep_alive_probe_ms: float | None,
        no_delay: bool = True,
        connecting: Connecting | None = None,
    ) -> Dialled:
        """Connect to an origin: see ``Dials``.

        Its ``family`` restricts the look-up, its ``local_address`` is bound to; with a
        ``socket_path`` nothing else of it counts, as in Node.

        Raises:
            NetworkError: with Node's code: ENOTFOUND, ECONNREFUSED, EADDRNOTAVAIL, EMFILE ... Of
                several addresses the first failure that is more than a missing route decides.
        """
        began_at = self._clock()
        if origin.socket_path:
            if connecting is not None:
                connecting(None)
            sock = connect_unix(origin.socket_path, self.ceiling)
            remote = f"unix:{origin.socket_path}"
            return Dialled(sock, "", remote, None, self._clock() - began_at)
        addresses = await self._resolver.resolve(origin.host, origin.port, origin.family)
        resolved_at = self._clock()
        dns_s = resolved_at - began_at
        if connecting is not None:
            connecting(dns_s)
        attempts = Attempts(
            origin.local_address, keep_alive_probe_ms, no_delay=no_delay, ceiling=self.ceiling
        )
        sock = await attempts.connect(addresses)
        tcp_s = self._clock() - resolved_at
        local, remote = ends_of(sock, origin)
        return Dialled(sock, local, remote, dns_s, tcp_s, attempts.count)


def ends_of(sock: socket.socket, origin: Origin) -> tuple[str, str]:
    """Give the labels of a connected socket's two ends; close it where it has none.

    Raises:
        NetworkError: ECONNRESET, it was reset before we looked; ECONNREFUSED, it is connected to
            itself.
    """
    try:
        local, remote = sock.getsockname(), sock.getpeername()
    except OSError as exc:  # ENOTCONN
        sock.close()
        raise network_error(errno.ECONNRESET, syscall="connect", where=origin.authority) from exc
    if sock.family not in TCP_FAMILIES:
        return _unix_end(local), _unix_end(remote)
    if local == remote:
        sock.close()
        raise _self_connected(remote)
    return _end(local), _end(remote)


def _self_connected(remote: tuple[str, int]) -> NetworkError:
    """Dialling a free port of the ephemeral range can connect a socket to itself: nobody is there.

    Source: Go net/tcpsock_posix.go selfConnect.
    """
    where = f"{remote[0]}:{remote[1]}"
    return network_error(errno.ECONNREFUSED, syscall="connect", where=where)


def _end(sockaddr: tuple[str, int]) -> str:
    host, port = sockaddr[0], sockaddr[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _unix_end(name: str | bytes) -> str:
    """Label an end that has a path or, as bytes, an abstract name; most clients' have none."""
    if isinstance(name, bytes):
        return f"unix:@{name[1:].decode(errors='replace')}"
    return f"unix:{name}" if name else ""
