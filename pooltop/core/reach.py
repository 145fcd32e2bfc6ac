"""How far away an address or a name is: what decides whether traffic is sent there unasked.

Nothing is looked up here. A name that is not this machine's by definition is as far as anything
can be, until its addresses are known.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache


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


_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
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
        "fd00:ec2::/32",  # Amazon's for IPv6: fd00:ec2::254, and that of its containers
        "fd20:ce::254/128",  # Google's for IPv6
        "fd00:c1::a9fe:a9fe/128",  # Oracle's for IPv6
        "100.100.100.200/32",  # Alibaba's
        "168.63.129.16/32",  # Azure's
    )
)
_BARRED_NAMES = frozenset(
    {
        "metadata",
        "metadata.google.internal",
        "metadata.goog",
        "metadata.azure.internal",
        "metadata.tencentyun.com",
        "instance-data",
        "instance-data.ec2.internal",
    }
)
_TRANSLATED = tuple(ipaddress.IPv6Network(text) for text in ("64:ff9b::/96", "::/96"))
"""Networks whose addresses end in an IPv4 one: NAT64 (RFC 6052), IPv4-compatible (RFC 4291)."""


@lru_cache(maxsize=4096)
def reach_of(host: str) -> Reach:
    """Say how far a host is, as it is written: an IPv6 address with or without brackets.

    RFC 6761, 6.3 makes localhost and every name under it loopback. Remembered, for every dial asks
    about the addresses that it is given.
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
    if any(each in network for each in _all_of(address) for network in _BARRED):
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
        bare.endswith(pattern[1:]) for pattern in patterns if pattern.startswith("*.")
    )


def _all_of(address: _Address) -> tuple[_Address, ...]:
    """Give an address, and the IPv4 one that a translator on the way makes of it."""
    if isinstance(address, ipaddress.IPv4Address):
        return (address,)
    if address.sixtofour is not None:  # RFC 3056
        return (address, address.sixtofour)
    if any(address in network for network in _TRANSLATED):
        return (address, ipaddress.IPv4Address(address.packed[-4:]))
    return (address,)
