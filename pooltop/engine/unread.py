"""What the kernel holds of a peer's bytes before the loop has read them."""

from __future__ import annotations

import asyncio

try:
    from fcntl import ioctl
    from termios import FIONREAD
except ImportError:  # not on Windows
    ioctl = None  # type: ignore[assignment]

_NO_BYTES = bytes(4)


def has_unread(transport: asyncio.Transport) -> bool:
    """Say whether there are any. An end alone does not count; where it cannot be asked, none."""
    if ioctl is None:
        return False
    try:
        unread = ioctl(transport.get_extra_info("socket").fileno(), FIONREAD, _NO_BYTES)
    except OSError:
        return False
    return unread != _NO_BYTES
