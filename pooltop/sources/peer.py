"""Who is at the other end of a Unix socket, as the kernel tells it."""

from __future__ import annotations

import os
import socket
import struct
from typing import NamedTuple

from pooltop.errors import EngineError

_UCRED = struct.Struct("3i")


class Peer(NamedTuple):
    """The process at the other end, as it was when it connected or began to listen."""

    pid: int
    """0 where the kernel does not tell it."""
    uid: int


def peer_of(end: socket.socket) -> Peer | None:
    """Give who is at the other end; None where this kernel has no such question.

    There the directory alone decides, which nobody else may enter.

    Source: unix(7), SO_PEERCRED.

    Raises:
        OSError: the socket is not connected.
    """
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    pid, uid, _ = _UCRED.unpack(end.getsockopt(socket.SOL_SOCKET, option, _UCRED.size))
    return Peer(pid=pid, uid=uid)


def require_own(end: socket.socket) -> int:
    """Pass when the other end is this user's; gives its process id, 0 where nobody knows it.

    Raises:
        EngineError: it is another user's.
        OSError: the socket is not connected.
    """
    peer = peer_of(end)
    if peer is None:
        return 0
    if peer.uid != os.geteuid():
        raise EngineError(
            f"process {peer.pid} at the other end belongs to user {peer.uid}, not to {os.geteuid()}"
        )
    return peer.pid
