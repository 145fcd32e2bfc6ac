"""The one translation of the system's errors into NetworkError, with Node's codes.

Everything in the engine that makes a system call on a socket translates here, once, at its own
edge, and raises the result ``from`` the original.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import Literal

from pooltop.errors import NetworkError

Syscall = Literal["bind", "connect", "getaddrinfo", "read", "write"]

_TOO_MANY_FILES = (
    "this process has no file descriptor left: lower maxSockets or raise the limit (ulimit -n)"
)
_NO_LOCAL_PORT = (
    "every local port towards this address is taken (TIME_WAIT counts): keep sockets alive, "
    "or widen net.ipv4.ip_local_port_range"
)

REMEDIES: dict[int, str] = {
    errno.ECONNREFUSED: "nothing listens there",
    errno.ECONNRESET: "the peer reset the connection",
    errno.EPIPE: "the peer has closed the connection",
    errno.ETIMEDOUT: "no answer within the system's own limit",
    errno.EHOSTUNREACH: "no route to this host",
    errno.ENETUNREACH: "no route to this network",
    errno.EADDRNOTAVAIL: _NO_LOCAL_PORT,
    errno.EAFNOSUPPORT: "this system has no support for the address's IP version",
    errno.EMFILE: _TOO_MANY_FILES,
    errno.ENFILE: "the whole system has no file descriptor left",
    errno.EACCES: "the system's rules (a firewall, perhaps) forbid it",
    errno.EPERM: "the system's rules (a firewall, perhaps) forbid it",
}
"""What an error number means to who reads it, and what to do about it."""

BIND_REMEDIES: dict[int, str] = {
    errno.EADDRNOTAVAIL: "no interface of this machine has this address",
    errno.EINVAL: "its IP version is not that of the server's address",
}
"""What differs when it is our own address that fails."""

UNIX_REMEDIES: dict[int, str] = {
    errno.ENOENT: "there is no such file: is the server running, and is this its path?",
    errno.ENOTDIR: "a part of the path is no directory",
    errno.ECONNREFUSED: "nobody listens: a stale socket file, or no socket at all",
    errno.EACCES: "this user may not write to the socket, or not enter a directory above it",
    errno.EAGAIN: "the server's queue of new connections is full: it accepts too slowly",
    errno.EPROTOTYPE: "it is a socket of another kind: HTTP needs a stream socket",
    errno.EINVAL: "a socket's path is at most 107 bytes long (103 on macOS), without a NUL",
}
"""What differs when it is a Unix socket that fails."""


def code_of(error_number: int | None) -> str:
    """Give the symbolic name of an error number; ``UNKNOWN``, as in Node, if it has none."""
    return errno.errorcode.get(error_number or 0, "UNKNOWN")


def network_error(
    error_number: int | None,
    *,
    syscall: Syscall,
    where: str,
    special: Mapping[int, str] | None = None,
) -> NetworkError:
    """Give the error to raise for a failed system call.

    Args:
        error_number: the OSError's ``errno``; None when it has none.
        syscall: what was tried, for the message.
        where: the address, as ``host:port`` without brackets, as Node writes it.
        special: meanings that go before those of ``REMEDIES``.

    Source: Node lib/internal/errors.js ExceptionWithHostPort, for the first words of the message.
    """
    code = code_of(error_number)
    number = error_number or 0
    remedy = (special or {}).get(number) or REMEDIES.get(number)
    message = f"{syscall} {code} {where}".rstrip()
    error = NetworkError(f"{message}: {remedy}" if remedy else message, code=code)
    if syscall == "bind" or (syscall == "connect" and number == errno.ETIMEDOUT):
        # The same number says another thing of our own address, or of a connection that was up.
        error.outcome = f"{syscall} {code}"
    return error
