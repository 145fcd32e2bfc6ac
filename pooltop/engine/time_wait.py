"""How many connections to each peer the kernel holds in TIME_WAIT, and so who closed first.

Whoever closes a connection first keeps it for another minute, and with it, on the client's side,
one of the local ports that new connections need. With keep-alive off that is what runs out.

The kernel lists them on request (NETLINK_SOCK_DIAG, for which nobody needs privileges). Twelve
thousand took 10 ms, two thirds of it here, in pieces of at most 0.3 ms between two reads;
/proc/net/tcp took 26 ms, and an empty table still 2 ms. So it is done every two seconds, on a
thread, whose pieces are too short to hold up the event loop.

Source: Linux include/uapi/linux/netlink.h, sock_diag.h, inet_diag.h; net/ipv4/inet_diag.c.
"""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import os
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from pooltop.core.snapshot import TimeWait
from pooltop.engine.tally import OriginTally

EVERY_S = 2.0
"""Between the starts of two counts, as long as one takes no more than 40 ms."""
_SHARE = 50
"""A count that takes longer is not followed by the next until so many times its length."""
_PATIENCE_S = 1.0
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

_NETLINK_SOCK_DIAG = 4
_SOCK_DIAG_BY_FAMILY = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR, _NLMSG_DONE = 2, 3
_ONLY_TIME_WAIT = 1 << 6
_READ_BYTES = 65536
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI48x")
"""inet_diag_req_v2: family, protocol, ext, padding, states; any addresses."""
_ENTRY = struct.Struct("=IH14x2s2s16s16s")
"""Of nlmsghdr and inet_diag_msg: length, type, source and destination ports, then addresses."""
_MAPPED = bytes(10) + b"\xff\xff"
"""What IPv6 puts before an IPv4 address: RFC 4291, 2.5.5.2."""


class Held(NamedTuple):
    """What is held of the connections to one peer."""

    ours: int
    """We closed first."""
    theirs: int | None
    """The peer did; None where it is on another machine, which nobody here can look into."""


class Count(NamedTuple):
    """One look at the kernel's table."""

    held: Mapping[str, Held]
    """By the peer's end; what is no IP address and port is left out."""
    local_ports: int | None
    """Ports that the kernel may give to outgoing connections; None where it does not say."""


def count_time_wait(peers: Mapping[str, str]) -> Count:
    """Look at the table of this network namespace, whichever process the connections were of.

    Args:
        peers: our end (``127.0.0.1:40312``) by the peer's, of any one connection to it.

    Raises:
        OSError: the kernel does not tell.
    """
    four, six = _Table(socket.AF_INET), _Table(socket.AF_INET6)
    asked: list[_Asked] = []
    for remote, local in peers.items():
        address, own = _address(remote), _address(local)
        if address is None:
            continue
        host, port = address
        is_here = host.is_loopback or (own is not None and own[0] == host)
        table = four if host.version == 4 else six
        key = table.ask(port, host.packed.ljust(16, b"\0"), is_here=is_here)
        mapped = b""
        if host.version == 4 and is_here:
            # A server that listens for both versions has its IPv4 connections among those of IPv6.
            mapped = six.ask(port, _MAPPED + host.packed, is_here=True)
        asked.append(_Asked(remote, table, key, mapped))
    for table in (four, six):
        if table.ours:
            table.count()
    held = {
        remote: Held(
            table.ours[key],
            table.theirs[key] + six.theirs.get(mapped, 0) if key in table.theirs else None,
        )
        for remote, table, key, mapped in asked
    }
    return Count(held, _local_ports())


class TimeWaitWatch:
    """Counts now and then, for the origins of all agents together."""

    def __init__(self, count: Callable[[Mapping[str, str]], Count] = count_time_wait) -> None:
        """Prepare; ``look`` begins.

        Args:
            count: how; runs on a thread.
        """
        self.local_ports: int | None = None
        """As of the last count."""
        self._count = count
        self._due_at = 0.0
        self._counting: asyncio.Task[None] | None = None
        self._closed = False

    def look(self, origins: Iterable[OriginTally], at: float) -> None:
        """Begin a count if it is time; each origin's ``time_wait`` is set when it is done.

        Args:
            origins: whose peers to count for.
            at: monotonic seconds.
        """
        if sys.platform != "linux" or self._closed or self._counting or at < self._due_at:
            return
        asked = [origin for origin in origins if origin.peers]
        if asked:
            self._due_at = at + EVERY_S
            self._counting = asyncio.create_task(
                self._look(asked, at), name="pooltop-count-time-wait"
            )

    async def again(self, origins: Iterable[OriginTally]) -> None:
        """Count now, due or not, and wait for it: for a picture that is to be the last."""
        if self._counting is not None:
            await asyncio.wait([self._counting])
        self._due_at = 0.0
        self.look(origins, time.monotonic())
        if self._counting is not None:
            await asyncio.wait([self._counting])

    async def aclose(self) -> None:
        """Count no more. A thread that is still at it ends by itself within a second or two."""
        self._closed = True
        if self._counting is not None:
            self._counting.cancel()
            await asyncio.gather(self._counting, return_exceptions=True)

    async def _look(self, origins: list[OriginTally], at: float) -> None:
        peers = {remote: local for each in origins for remote, local in each.peers.items()}
        began_at = time.monotonic()
        try:
            count = await asyncio.to_thread(self._count, peers)
        except (OSError, RuntimeError):  # the latter: no thread could be started
            count = Count({}, None)  # what was not counted is not shown
        finally:
            self._counting = None
        self._due_at = max(self._due_at, at + (time.monotonic() - began_at) * _SHARE)
        self.local_ports = count.local_ports
        for origin in origins:
            held = [count.held[peer] for peer in origin.peers if peer in count.held]
            origin.time_wait = _together(held, at) if held else None


def _together(held: list[Held], at: float) -> TimeWait:
    """Give what is held of one origin, all its peers together."""
    theirs = [each.theirs for each in held if each.theirs is not None]
    return TimeWait(
        at=at,
        ours=sum(each.ours for each in held),
        fullest=max(each.ours for each in held),
        theirs=sum(theirs) if theirs else None,
    )


def _address(end: str) -> tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int] | None:
    host, _, port = end.rpartition(":")
    try:
        return ipaddress.ip_address(host.strip("[]")), int(port)
    except ValueError:
        return None  # a Unix socket's path


def _local_ports() -> int | None:
    try:
        low, high = _RANGE.read_text(encoding="ascii").split()
        return int(high) - int(low) + 1
    except (OSError, ValueError):
        return None


class _Table:
    """What the kernel holds of one IP version; the keys are port and address as it writes them."""

    def __init__(self, family: socket.AddressFamily) -> None:
        self._family = family
        self.ours: dict[bytes, int] = {}
        self.theirs: dict[bytes, int] = {}

    def ask(self, port: int, address: bytes, *, is_here: bool) -> bytes:
        """Have a peer counted; gives its key."""
        key = port.to_bytes(2, "big") + address
        self.ours[key] = 0
        if is_here:
            self.theirs[key] = 0
        return key

    def count(self) -> None:
        """Ask the kernel."""
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG) as netlink:
            netlink.settimeout(_PATIENCE_S)
            request = _REQUEST.pack(self._family, socket.IPPROTO_TCP, 0, 0, _ONLY_TIME_WAIT)
            length = _HEADER.size + len(request)
            header = _HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST_DUMP, 0, 0)
            netlink.send(header + request)
            while not self._take(netlink.recv(_READ_BYTES)):
                pass

    def _take(self, data: bytes) -> bool:
        """Count what one read gave; tells whether it was the last."""
        ours, theirs = self.ours, self.theirs
        unpack, last = _ENTRY.unpack_from, len(data) - _ENTRY.size
        place = 0
        while place <= last:
            length, kind, sport, dport, src, dst = unpack(data, place)
            if kind != _SOCK_DIAG_BY_FAMILY:
                break
            near = dport + dst
            if near in ours:
                ours[near] += 1
            elif (far := sport + src) in theirs:
                theirs[far] += 1
            place += (length + 3) & ~3
        if place >= len(data):
            return False
        _, kind, *_ = _HEADER.unpack_from(data, place)
        number = -int.from_bytes(data[place + _HEADER.size :][:4], sys.byteorder, signed=True)
        # Without IPv6 there is nothing to count there.
        if number > 0 and number != errno.ENOENT:
            raise OSError(number, os.strerror(number))
        if kind not in (_NLMSG_ERROR, _NLMSG_DONE):
            raise OSError(errno.EPROTO, f"the kernel answered with a message of kind {kind}")
        return True


class _Asked(NamedTuple):
    remote: str
    table: _Table
    key: bytes
    mapped: bytes
    """Its key in the table of IPv6; empty where it cannot be there."""
