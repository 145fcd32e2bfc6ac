"""What Linux knows of a connection: TCP_INFO, read for snapshots and never for a request.

Reading one socket takes about 3 us (Python 3.11, 2 cores at 2 GHz: the system call 0.9, making
a value of it the rest), twice what the rest of its picture costs. At ten snapshots a second five
thousand sockets would take 15 % of a core, so a snapshot asks only so many, in turn.
"""

from __future__ import annotations

import socket
import struct
import sys
from bisect import bisect_right
from collections.abc import Mapping
from itertools import islice
from typing import Protocol

from pooltop.core.model import SocketId
from pooltop.core.snapshot import TCPInfo

KERNEL_LOOKS = 250
"""Sockets asked for one snapshot of an agent: less than 1 ms."""

_LAYOUT = struct.Struct("=2xB13xI4xI40xII4xI16xI44xI8xQ")
"""retransmits, snd_mss, unacked, rtt, rttvar, snd_cwnd, total_retrans, min_rtt, delivery_rate.

Source: Linux 6.18 include/uapi/linux/tcp.h, struct tcp_info: fields were only ever added at the
end, min_rtt in 4.6 and delivery_rate in 4.9."""
_ENDS = (3, 20, 28, 72, 76, 84, 104, 152, 168)
"""Where each ends: a kernel that gives fewer bytes does not have the field."""
_UNKNOWN_RTT = 0xFFFFFFFF
_TCP_INFO = socket.TCP_INFO if sys.platform == "linux" else None


class Asked(Protocol):
    """What is asked of a connection's socket."""

    def getsockopt(self, level: int, optname: int, buflen: int, /) -> bytes:
        """Give an option's bytes."""


class Connected(Protocol):
    """A connection, as far as this file sees it."""

    kernel: TCPInfo | None
    """What was read last."""

    @property
    def sock(self) -> Asked | None:
        """Its socket; None while there is none."""


class KernelLooks:
    """Looks at an agent's connections, some at each snapshot, all in turn."""

    def __init__(self, most: int = KERNEL_LOOKS) -> None:
        """Begin with the oldest; each ``look`` reads at most ``most`` of them."""
        self._most = most
        self._last = SocketId(0)

    def look(self, connections: Mapping[SocketId, Connected], at: float) -> None:
        """Read the next ones, and keep what the kernel says with each.

        Args:
            connections: by id, the ids ascending, as they are given out.
            at: monotonic seconds.
        """
        if _TCP_INFO is None:
            return
        if len(connections) <= self._most:
            for connection in connections.values():
                connection.kernel = _read(connection, at)
            return
        ids = list(connections)
        first = bisect_right(ids, self._last)
        for id_ in islice((*ids[first:], *ids[:first]), self._most):
            connections[id_].kernel = _read(connections[id_], at)
            self._last = id_


def tcp_info(data: bytes, at: float) -> TCPInfo:
    """Read the bytes of TCP_INFO, however many fields this kernel gives.

    Args:
        data: as getsockopt gave them.
        at: monotonic seconds.
    """
    values: list[int | None] = [*_LAYOUT.unpack_from(data.ljust(_LAYOUT.size, b"\0"))]
    if len(data) < _LAYOUT.size:
        values = [v if end <= len(data) else None for v, end in zip(values, _ENDS, strict=True)]
    retransmits, mss, unacked, rtt, rtt_var, cwnd, retransmitted, min_rtt, rate = values
    return TCPInfo(
        at=at,
        rtt=rtt / 1e6 if rtt else None,
        # Before the first measurement it is a guess (250 ms).
        rtt_var=rtt_var / 1e6 if rtt and rtt_var is not None else None,
        min_rtt=None if min_rtt is None or min_rtt == _UNKNOWN_RTT else min_rtt / 1e6,
        retransmits=retransmits,
        retransmitted=retransmitted,
        unacked=unacked,
        cwnd=cwnd,
        mss=mss,
        delivery_rate=rate or None,
    )


def _read(connection: Connected, at: float) -> TCPInfo | None:
    sock = connection.sock
    if sock is None or _TCP_INFO is None:
        return None
    try:
        return tcp_info(sock.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _LAYOUT.size), at)
    except OSError:  # closed meanwhile, or no TCP socket at all
        return None
