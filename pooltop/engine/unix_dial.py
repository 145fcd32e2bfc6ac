"""Unix sockets: a path to a connected socket, at once.

The connection to a Unix socket is made by the call itself or fails in it: there is nothing to
wait for. asyncio's ``sock_connect`` must not be used: it takes EAGAIN, which here means that the
server's queue of new connections is full, for "under way", and then gives a socket that is not
connected.
"""

from __future__ import annotations

import errno
import socket

from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.oserror import UNIX_REMEDIES, network_error
from pooltop.errors import NetworkError


def connect_unix(path: str, ceiling: DescriptorCeiling | None = None) -> socket.socket:
    """Give a non-blocking stream socket connected to a path.

    Args:
        path: where the server listens.
        ceiling: on descriptors; None for none.

    Raises:
        DescriptorError: the ceiling is reached.
        NetworkError: ENOENT, ECONNREFUSED, EACCES ...; EINVAL, no socket can have such a path,
            being too long, as in Node.

    Source: Node lib/net.js internalConnect; libuv src/unix/pipe.c uv_pipe_connect2.
    """
    if "\0" in path:
        # The kernel would take what is before it, and so another file.
        raise _failed(errno.EINVAL, path)
    try:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    except OSError as exc:
        raise _failed(exc.errno, path) from exc
    if ceiling is not None and (refused := ceiling.refusal(sock.fileno(), path)) is not None:
        sock.close()
        raise refused
    try:
        sock.setblocking(False)
        sock.connect(path)
    except (OSError, ValueError) as exc:
        sock.close()
        # Without a number it is Python's own: too long, or not to be encoded.
        number = exc.errno if isinstance(exc, OSError) else None
        raise _failed(number or errno.EINVAL, path) from exc
    return sock


def _failed(number: int | None, path: str) -> NetworkError:
    return network_error(number, syscall="connect", where=path, special=UNIX_REMEDIES)
