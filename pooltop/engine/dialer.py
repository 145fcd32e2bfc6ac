"""From an origin to a connected TCP socket, with the time each phase took.

Several addresses are raced as RFC 8305 says (250 ms between starts, IP versions in turn) by
aiohappyeyeballs; a single one is connected to directly. Whatever happens, a socket that is not
handed to the caller is closed: on failure, on cancellation, and when it lost the race.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import re
import socket
import time
from collections.abc import Callable

import aiohappyeyeballs
import msgspec
from aiohappyeyeballs import AddrInfoType

from pooltop.core.model import Origin
from pooltop.engine.oserror import code_of, network_error
from pooltop.engine.resolver import Address, Resolver
from pooltop.errors import NetworkError

ATTEMPT_DELAY_S = 0.25
"""Between the starts of two attempts: RFC 8305, 5, "Connection Attempt Delay"."""

_TCP_KEEPIDLE = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
"""macOS has its own name for it."""
_ERRNO_IN_TEXT = re.compile(r"\[Errno (\d+)\]")
_UNTELLING = (
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.EAFNOSUPPORT,
    errno.EADDRNOTAVAIL,
    errno.EINVAL,
)
"""Failures of one address that say nothing about the server: no route, no such IP version here,
or our own address is of the other version."""


class Dialled(msgspec.Struct, frozen=True):
    """A connected socket; who receives it owns it."""

    sock: socket.socket
    """Non-blocking."""
    local: str
    """Our end, ``127.0.0.1:40312`` or ``[::1]:40312``."""
    remote: str
    """The peer's end, in the same form: which address was taken."""
    dns_s: float
    """Look-up, in seconds; next to nothing for a literal."""
    tcp_s: float
    """From the first attempt's start to the connection, in seconds."""


class Dialer:
    """Opens TCP connections; keeps no state between them."""

    def __init__(self, resolver: Resolver, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep what every dial needs.

        Args:
            resolver: asked once for every dial; stays the caller's to close.
            clock: monotonic seconds.
        """
        self._resolver = resolver
        self._clock = clock

    def __repr__(self) -> str:
        """Show whom it asks."""
        return f"<Dialer {self._resolver!r}>"

    async def dial(
        self, origin: Origin, *, keep_alive_probe_ms: float | None, no_delay: bool = True
    ) -> Dialled:
        """Connect to an origin.

        Args:
            origin: its ``family`` restricts the look-up, its ``local_address`` is bound to.
            keep_alive_probe_ms: idle time before the kernel's first TCP keep-alive probe, counted
                in whole seconds; below 1000 the system's own delay (two hours, as a rule) is
                used, as in Node. None sends no probes.
            no_delay: send small writes at once (TCP_NODELAY).

        Raises:
            NetworkError: with Node's code: ENOTFOUND, ECONNREFUSED, EADDRNOTAVAIL, EMFILE ... Of
                several addresses the first failure that is more than a missing route decides.
        """
        began_at = self._clock()
        addresses = await self._resolver.resolve(origin.host, origin.port, origin.family)
        resolved_at = self._clock()
        attempt = _Attempts(origin.local_address, keep_alive_probe_ms, no_delay=no_delay)
        if len(addresses) == 1:
            sock = await attempt.connect(addresses[0])
        else:
            sock = await attempt.race(addresses)
        connected_at = self._clock()
        try:
            local, remote = sock.getsockname(), sock.getpeername()
        except OSError as exc:  # ENOTCONN: it was reset before we looked
            sock.close()
            raise network_error(
                errno.ECONNRESET, syscall="connect", where=origin.authority
            ) from exc
        if local == remote:
            sock.close()
            raise _self_connected(remote)
        return Dialled(
            sock,
            _ends(local),
            _ends(remote),
            resolved_at - began_at,
            connected_at - resolved_at,
        )


class _Attempts:
    """The attempts of one dial: makes each socket ready, and remembers what was tried."""

    def __init__(
        self, local_address: str | None, keep_alive_probe_ms: float | None, *, no_delay: bool
    ) -> None:
        self._local_address = local_address
        self._local_family = _family_of(local_address)
        self._keep_alive_probe_ms = keep_alive_probe_ms
        self._no_delay = no_delay
        self._tried: list[str] = []
        self._unbound: NetworkError | None = None
        """Why no socket could be bound: our own address is at fault, not the server's."""

    async def connect(self, address: Address) -> socket.socket:
        """Connect to the only address there is."""
        info = _addr_info(address)
        try:
            sock = self._socket(info)
        except OSError as exc:
            raise self._verdict([exc.errno or 0]) from exc
        try:
            await asyncio.get_running_loop().sock_connect(sock, info[4])
        except OSError as exc:
            sock.close()
            raise self._verdict([exc.errno or 0]) from exc
        except BaseException:
            sock.close()
            raise
        return sock

    async def race(self, addresses: tuple[Address, ...]) -> socket.socket:
        """Connect to whichever address answers first."""
        try:
            return await aiohappyeyeballs.start_connection(
                [_addr_info(address) for address in addresses],
                happy_eyeballs_delay=ATTEMPT_DELAY_S,
                interleave=1,
                socket_factory=self._socket,
            )
        except OSError as exc:
            # The failures of the attempts come only as text, in the attempts' order.
            text = exc.strerror or str(exc)
            numbers = [int(number) for number in _ERRNO_IN_TEXT.findall(text)]
            raise self._verdict(numbers or [exc.errno or 0]) from exc

    def _socket(self, info: AddrInfoType) -> socket.socket:
        """Give a socket with its options set, bound if it is to be, ready to connect."""
        self._tried.append(f"{info[4][0]}:{info[4][1]}")
        sock = socket.socket(info[0], info[1], info[2])
        try:
            sock.settimeout(0)
            if self._no_delay:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._keep_alive_probe_ms is not None:
                _probe(sock, int(self._keep_alive_probe_ms / 1000))
            if self._local_address is not None:
                self._bind(sock, self._local_address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _bind(self, sock: socket.socket, local_address: str) -> None:
        # A version that differs fails as the system call would: bind EINVAL, in Node too.
        number: int | None = errno.EINVAL
        if sock.family == self._local_family:
            try:
                sock.bind(_sockaddr(local_address, 0, sock.family))
            except OSError as exc:
                number = exc.errno
            else:
                return
        self._unbound = network_error(number, syscall="bind", where=local_address)
        raise OSError(number, str(self._unbound))

    def _verdict(self, numbers: list[int]) -> NetworkError:
        """Put one code to the failures of all attempts; ``numbers`` are theirs, in order."""
        telling = next((n for n in numbers if n not in _UNTELLING), numbers[0])
        if self._unbound is not None and telling in _UNTELLING:
            return self._unbound
        if len(numbers) != len(self._tried):
            return network_error(telling, syscall="connect", where=", ".join(self._tried))
        where = self._tried[numbers.index(telling)]
        verdict = network_error(telling, syscall="connect", where=where)
        if len(numbers) == 1:
            return verdict
        parts = ", ".join(
            f"{where} {code_of(number)}" for where, number in zip(self._tried, numbers, strict=True)
        )
        return NetworkError(f"{verdict} (tried {parts})", code=verdict.code)


def _probe(sock: socket.socket, idle_s: int) -> None:
    """Have the kernel test an idle connection.

    Source: libuv src/unix/tcp.c uv__tcp_keepalive: after ``idle_s`` ten probes, a second apart.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if idle_s < 1 or _TCP_KEEPIDLE is None:
        return
    # The kernel's limit is 32767 s; beyond it setsockopt refuses.
    sock.setsockopt(socket.IPPROTO_TCP, _TCP_KEEPIDLE, min(idle_s, 32767))
    for name, value in (("TCP_KEEPINTVL", 1), ("TCP_KEEPCNT", 10)):
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)


def _family_of(local_address: str | None) -> int | None:
    """Give the family of our own address; a name is refused: bind() would block to look it up."""
    if local_address is None:
        return None
    try:
        version = ipaddress.ip_address(local_address).version
    except ValueError as exc:
        raise NetworkError(
            f"local address {local_address} is no IP address, as 192.0.2.7 or 2001:db8::7",
            code="ERR_INVALID_IP_ADDRESS",
        ) from exc
    return socket.AF_INET if version == 4 else socket.AF_INET6


def _self_connected(remote: tuple[str, int]) -> NetworkError:
    """Dialling a free port of the ephemeral range can connect a socket to itself: nobody is there.

    Source: Go net/tcpsock_posix.go selfConnect.
    """
    where = f"{remote[0]}:{remote[1]}"
    return network_error(errno.ECONNREFUSED, syscall="connect", where=where)


def _addr_info(address: Address) -> AddrInfoType:
    sockaddr = _sockaddr(address.host, address.port, address.family)
    return (address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", sockaddr)


def _sockaddr(host: str, port: int, family: int) -> tuple[str, int] | tuple[str, int, int, int]:
    if family != socket.AF_INET6:
        return (host, port)
    host, _, zone = host.partition("%")
    scope = 0
    if zone:
        with contextlib.suppress(OSError):
            scope = int(zone) if zone.isdecimal() else socket.if_nametoindex(zone)
    return (host, port, 0, scope)


def _ends(sockaddr: tuple[str, int]) -> str:
    host, port = sockaddr[0], sockaddr[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
