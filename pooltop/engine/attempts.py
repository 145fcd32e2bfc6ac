"""The attempts of one dial: every address's socket made ready, raced, and the failures weighed.

Several addresses are raced as RFC 8305 says (250 ms between starts, IP versions in turn) by
aiohappyeyeballs; a single one is connected to directly. Whatever happens, a socket that is not
handed to the caller is closed: on failure, on cancellation, and when it lost the race.

Node races nobody: it gives each address 250 ms, one after the other, and takes only the first
address where a local one is to be bound to. A server that is up is reached by both.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import re
import socket

import aiohappyeyeballs
from aiohappyeyeballs import AddrInfoType

from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.oserror import BIND_REMEDIES, code_of, network_error
from pooltop.engine.resolver import Address
from pooltop.engine.socket_options import protocol_of, set_tcp_options
from pooltop.errors import NetworkError

ATTEMPT_DELAY_S = 0.25
"""Between the starts of two attempts: RFC 8305, 5, "Connection Attempt Delay"."""

_ERRNO_IN_TEXT = re.compile(r"\[Errno (\d+)\]")
_UNTELLING = (
    errno.ENETUNREACH,
    errno.EHOSTUNREACH,
    errno.EAFNOSUPPORT,
    errno.EADDRNOTAVAIL,
    errno.EINVAL,
)
"""Failures of one address that say nothing about the server: no route, no such IP version here,
no port or no address of our own."""


class Attempts:
    """The attempts of one dial: makes each socket ready, and remembers what was tried."""

    def __init__(
        self,
        local_address: str | None,
        keep_alive_probe_ms: float | None,
        *,
        no_delay: bool,
        ceiling: DescriptorCeiling | None = None,
    ) -> None:
        """Keep what every socket is given.

        Args:
            local_address: IP literal to bind to; None leaves it to the system.
            keep_alive_probe_ms: see ``set_tcp_options``.
            no_delay: likewise.
            ceiling: on descriptors; None for none.

        Raises:
            NetworkError: ERR_INVALID_IP_ADDRESS, the local address is a name.
        """
        self._local_address = local_address
        self._local_family = _family_of(local_address)
        self._keep_alive_probe_ms = keep_alive_probe_ms
        self._no_delay = no_delay
        self._ceiling = ceiling
        self._tried: list[str] = []
        self._unbound: NetworkError | None = None
        """Why no socket could be bound: our own address is at fault, not the server's."""
        self._refused: NetworkError | None = None
        """Why a socket was not to be had: the ceiling, which no other address is below."""

    @property
    def count(self) -> int:
        """How many were begun: 1 where the first address answered in time."""
        return len(self._tried)

    async def connect(self, addresses: tuple[Address, ...]) -> socket.socket:
        """Give a socket connected to whichever address answers first.

        Raises:
            NetworkError: none did. The first failure that is more than a missing route decides.
        """
        if self._local_family is not None:
            # From an address of one IP version only those of the same are reached.
            addresses = tuple(a for a in addresses if a.family == self._local_family)
            if not addresses:
                raise self._bind_error(errno.EINVAL)
        if len(addresses) == 1:
            return await self._connect(addresses[0])
        return await self._race(addresses)

    async def _connect(self, address: Address) -> socket.socket:
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

    async def _race(self, addresses: tuple[Address, ...]) -> socket.socket:
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
        sock = socket.socket(info[0], info[1], protocol_of(no_delay=self._no_delay))
        try:
            if self._ceiling is not None:
                self._keep_below(self._ceiling, sock)
            sock.settimeout(0)
            set_tcp_options(
                sock, keep_alive_probe_ms=self._keep_alive_probe_ms, no_delay=self._no_delay
            )
            if self._local_address is not None:
                self._bind(sock, self._local_address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _keep_below(self, ceiling: DescriptorCeiling, sock: socket.socket) -> None:
        self._refused = ceiling.refusal(sock.fileno(), self._tried[-1])
        if self._refused is not None:
            raise OSError(errno.EMFILE, str(self._refused))

    def _bind(self, sock: socket.socket, local_address: str) -> None:
        try:
            sock.bind(_sockaddr(local_address, 0, sock.family))
        except OSError as exc:
            self._unbound = self._bind_error(exc.errno)
            raise OSError(exc.errno, str(self._unbound)) from exc

    def _bind_error(self, number: int | None) -> NetworkError:
        where = self._local_address or ""
        return network_error(number, syscall="bind", where=where, special=BIND_REMEDIES)

    def _verdict(self, numbers: list[int]) -> NetworkError:
        """Put one code to the failures of all attempts; ``numbers`` are theirs, in order."""
        if self._refused is not None:
            return self._refused
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
        weighed = NetworkError(f"{verdict} (tried {parts})", code=verdict.code)
        weighed.outcome = verdict.outcome
        return weighed


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
