"""Tunnels through a proxy that are not up, in words: Node counts them nowhere, operators must."""

from __future__ import annotations

from pooltop.core.snapshot import OriginSnapshot
from pooltop.present import units


def pending(number: int) -> str:
    """Give e.g. ``6 tunnels pending``; nothing for 0."""
    if not number:
        return ""
    return f"{units.count(number)} {'tunnel' if number == 1 else 'tunnels'} pending"


def pending_words(origin: OriginSnapshot) -> str:
    """Give how many tunnels are not up, and that Node's numbers leave them out."""
    words = pending(origin.tunnelling)
    return f"{words} (not counted by Node yet)" if words else ""


def waiting_words(origin: OriginSnapshot, at: float) -> str:
    """Give how many requests wait for those tunnels, and how long the oldest tunnel has taken.

    Args:
        origin: whose.
        at: the instant, in monotonic seconds.
    """
    if origin.tunnelling_since is None:
        return ""
    number = origin.tunnel_requests
    who = f"{units.count(number)} {'request waits' if number == 1 else 'requests wait'} for them, "
    return f"{who if number else ''}the oldest is {units.age(at - origin.tunnelling_since)} old"
