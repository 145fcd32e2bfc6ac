"""What an agent does otherwise for single hosts: not Node's, whose agent has one way for all.

Looked up where an origin is met for the first time, or a request prepared: never on the hot path.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import msgspec

from pooltop.core.model import HOST_LIMITS, HostOptions, Origin, Timeouts, TLSOptions
from pooltop.engine.option_checks import check_timeouts, checked_tls
from pooltop.engine.url import split_url
from pooltop.errors import UsageError

_NOTHING = HostOptions()


class OwnWays:
    """One agent's hosts that have options of their own, by ``host:port``."""

    def __init__(self, hosts: Mapping[str, HostOptions] | None = None) -> None:
        """Keep and check them.

        Raises:
            UsageError: a host is not written as ``host:port``, or an option is out of range.
        """
        self._hosts = {name: _checked(name, own) for name, own in (hosts or {}).items()}
        self._at_first = {name: own.limits for name, own in self._hosts.items()}

    def limits_of(self, host: str) -> dict[str, float]:
        """Give the own limits of ``host:port``, by the option's name."""
        return self._hosts.get(host, _NOTHING).limits

    def limits_at_first(self, origin: Origin) -> dict[str, float]:
        """Give those that the origin had before any edit."""
        return self._at_first.get(origin.authority, {})

    def set_limit(self, host: str, option: str, limit: float) -> None:
        """Put another number in place of an own limit; the pool is told by who asked for it."""
        self._hosts[host] = msgspec.structs.replace(self._hosts[host], **{option: limit})

    def limits(self, origin: Origin) -> dict[str, float]:
        """Give the origin's own limits, by the option's name; empty where the agent's count."""
        return self._of(origin).limits

    def holding(self, option: str) -> dict[str, float]:
        """Give each host that has a limit of its own in an option's place, and that limit."""
        limits = {name: own.limits for name, own in self._hosts.items()}
        return {name: own[option] for name, own in limits.items() if option in own}

    def timeouts(self, origin: Origin) -> Timeouts | None:
        """Give the clocks of its requests; None for the agent's."""
        return self._of(origin).timeouts

    def tls(self, origin: Origin) -> TLSOptions | None:
        """Give how it is secured; None for the agent's way."""
        return self._of(origin).tls

    def all_tls(self) -> Iterable[TLSOptions]:
        """Give every way of securing that a host has for itself."""
        return (own.tls for own in self._hosts.values() if own.tls is not None)

    def _of(self, origin: Origin) -> HostOptions:
        return self._hosts.get(origin.authority, _NOTHING) if self._hosts else _NOTHING


def idle_limit_ms(timeouts: Timeouts) -> float:
    """Give how long an idle socket is kept at most, in ms; inf where Node's rules alone decide."""
    if timeouts.free is None or timeouts.mode == "node":
        return math.inf
    return timeouts.free * 1000


def _checked(name: str, own: HostOptions) -> HostOptions:
    try:
        origin, target = split_url(f"http://{name}")
    except UsageError as error:
        raise UsageError(f"hosts: {name!r}: {error}") from error
    if target != "/" or origin.authority != name:
        raise UsageError(f"hosts: {name!r} is not host:port, as {origin.authority!r}")
    if not isinstance(own, HostOptions):
        raise UsageError(f"hosts: of {name!r} it is a pooltop.HostOptions")
    for option in HOST_LIMITS:
        limit = getattr(own, option)
        is_number = isinstance(limit, int | float) and not isinstance(limit, bool)
        if limit is not None and not (is_number and limit >= 1):
            raise UsageError(f"hosts: {option} of {name!r} is 1 or more, inf for no limit, or None")
    if own.timeouts is not None:
        check_timeouts(own.timeouts)
    if own.tls is not None:
        own = msgspec.structs.replace(own, tls=checked_tls(own.tls))
    return own
