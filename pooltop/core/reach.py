"""How far away an address or a name is: what decides whether traffic is sent there unasked.

Nothing is looked up here. A name that is not this machine's by definition is as far as anything
can be, until its addresses are known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from enum import IntEnum


class Reach(IntEnum):
    """The further, the more it takes to be sent traffic."""

    LOOPBACK = 0
    """This machine: free."""
    PRIVATE = 1
    """A network of one's own (RFC 1918, RFC 4193): asked for once."""
    PUBLIC = 2
    """Everything else: its name has to be typed."""
    BARRED = 3
    """Link-local, or where a cloud keeps its machines' credentials: only by its own name in
    ``allow_hosts``, and no pattern covers it."""


_Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_PRIVATE: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_BARRED: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",  # RFC 3927, and 169.254.169.254 of nearly every cloud
        "fe80::/10",  # RFC 4291, 2.5.6
        "fd00:ec2::254/128",  # the same of Amazon's for IPv6
        "100.100.100.200/32",  # Alibaba's
    )
)
_BARRED_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)


def reach_of(host: str) -> Reach:
    """Say how far a host is, as it is written: an IPv6 address with or without brackets.

    RFC 6761, 6.3 makes localhost and every name under it loopback.
    """
    bare = host.strip("[]").lower()
    if bare == "localhost" or bare.endswith(".localhost"):
        return Reach.LOOPBACK
    if bare in _BARRED_NAMES:
        return Reach.BARRED
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return Reach.PUBLIC
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return Reach.LOOPBACK
    if any(address in network for network in _BARRED):
        return Reach.BARRED
    return Reach.PRIVATE if any(address in network for network in _PRIVATE) else Reach.PUBLIC


def furthest(addresses: Iterable[str]) -> Reach:
    """Say how far a name is that has these addresses; PUBLIC where it has none.

    One that has only loopback's is asked for all the same: who answers for it may change his mind.
    """
    found = [reach_of(address) for address in addresses]
    return max(Reach.PRIVATE, *found) if found else Reach.PUBLIC


def is_allowed(host: str, patterns: tuple[str, ...]) -> bool:
    """Tell whether a host is loopback or named by one of the patterns of ``allow_hosts``.

    What is link-local or a cloud's metadata is covered by no pattern: it is named itself.
    """
    bare = host.strip("[]")
    reach = reach_of(bare)
    if reach is Reach.LOOPBACK or bare in patterns:
        return True
    return reach is not Reach.BARRED and any(
        bare.endswith(pattern[1:]) for pattern in patterns if pattern.startswith("*")
    )
