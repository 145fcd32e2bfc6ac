"""What the kernel is told about a TCP socket, whoever made it."""

from __future__ import annotations

import math
import socket

_TCP_KEEPIDLE = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
"""macOS has its own name for it."""


def protocol_of(*, no_delay: bool) -> int:
    """Give the protocol number to make a TCP socket with.

    asyncio turns TCP_NODELAY on for whatever says that it is TCP (base_events._set_nodelay). 0
    makes the same socket and does not say so.
    """
    return socket.IPPROTO_TCP if no_delay else 0


def set_tcp_options(
    sock: socket.socket, *, keep_alive_probe_ms: float | None, no_delay: bool
) -> None:
    """Set what Node sets when it connects.

    Args:
        sock: of TCP.
        keep_alive_probe_ms: idle time before the kernel's first TCP keep-alive probe, counted in
            whole seconds; below 1000 and for inf the system's own delay (two hours, as a rule) is
            used, as in Node. None sends no probes.
        no_delay: send small writes at once (TCP_NODELAY). Off it stays only on a socket that was
            made with ``protocol_of``.

    Raises:
        OSError: the kernel refuses.
    """
    if no_delay:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if keep_alive_probe_ms is not None:
        _probe(sock, 0 if math.isinf(keep_alive_probe_ms) else int(keep_alive_probe_ms / 1000))


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
