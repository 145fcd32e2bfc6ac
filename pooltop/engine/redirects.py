"""Redirects at work: the next request of one that is led elsewhere, or why there is none.

It is made anew each time: redirects are not followed unless asked for, and few are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pooltop.core.clocks import OwnClocks
from pooltop.core.model import Origin
from pooltop.core.reach import Reach, is_allowed, reach_of
from pooltop.core.redirects import hop_of, target_of
from pooltop.engine.agent import Agent
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.request import prepare
from pooltop.engine.url import split_url
from pooltop.errors import RedirectError, UsageError


class Trail(msgspec.Struct, frozen=True):
    """How far a request has been led."""

    url: str
    """Absolute, of the request that is under way."""
    left: int
    """Redirects that may still be followed."""
    closes: bool = False
    """Every request of it asks for the end of its connection."""
    clocks: OwnClocks | None = None
    """Those of its class's own."""


class Redirects:
    """Follows the redirects of one agent's requests."""

    def __init__(self, agent: Agent, allow_hosts: Sequence[str]) -> None:
        """Follow them by an agent.

        Args:
            agent: who carries them.
            allow_hosts: that were consented to, beside this machine: patterns as in a profile.
        """
        self._agent = agent
        self._allowed = tuple(allow_hosts)

    def next_of(
        self, trail: Trail, prepared: PreparedRequest, status: int, location: bytes
    ) -> tuple[Trail, PreparedRequest, Origin]:
        """Give the next request, and where it goes.

        Args:
            trail: of the request that was answered.
            prepared: that request.
            status: its answer's, one of FOLLOWED.
            location: the answer's, raw.

        Raises:
            RedirectError: it is not followed.
        """
        if not trail.left:
            raise RedirectError("redirected too often", code="ERR_REDIRECT_LIMIT")
        here, _ = split_url(trail.url)
        try:
            url = target_of(trail.url, location)
            there, target = split_url(url)
        except UsageError as error:
            raise RedirectError(f"redirected to {error}", code="ERR_REDIRECT_LOCATION") from error
        except ValueError as error:
            message = "redirected to no possible URL"  # the error may quote a password
            raise RedirectError(message, code="ERR_REDIRECT_LOCATION") from error
        where = f"redirected to {there.scheme}://{there.authority}"
        if here.scheme == "https" and there.scheme == "http":
            raise RedirectError(f"{where}, out of TLS", code="ERR_REDIRECT_DOWNGRADE")
        self._check_consent(here, there, where)
        is_same_origin = here.key == there.key and here.scheme == there.scheme
        asked = hop_of(
            status, prepared.method, prepared.headers, prepared.body, is_same_origin=is_same_origin
        )
        fields = asked.fields
        if trail.closes:
            fields = (*fields, (b"Connection", b"close"))
        try:
            route = self._agent.way.route(url)
            request = prepare(
                asked.method,
                target,
                fields,
                host_header=route.host_header,
                keep_alive=self._agent.sends_keep_alive(route.origin),
                body=asked.body,
                proxy=route.proxy,
                idempotent=prepared.idempotent if asked.method == prepared.method else None,
            )
        except UsageError as error:
            is_scheme = error.code == "ERR_INVALID_PROTOCOL"
            code = "ERR_REDIRECT_PROTOCOL" if is_scheme else "ERR_REDIRECT_LOCATION"
            raise RedirectError(f"{where}: {error}", code=code) from error
        ahead = msgspec.structs.replace(trail, url=url, left=trail.left - 1)
        return ahead, request, route.origin

    def _check_consent(self, here: Origin, there: Origin, where: str) -> None:
        self._check_way_home(here, there, where)
        proxy = self._agent.way.proxy_to(there)
        for host in (there.host, *(() if proxy is None else (proxy.host,))):
            if host != here.host and not is_allowed(host, self._allowed):
                message = f"{where}: {host} is not this machine, and not in allow_hosts"
                raise RedirectError(message, code="ERR_REDIRECT_HOST")

    def _check_way_home(self, here: Origin, there: Origin, where: str) -> None:
        """Refuse to be led to what listens on this machine alone by another machine."""
        is_home = reach_of(there.host) is Reach.LOOPBACK
        is_from_afar = reach_of(here.host) is not Reach.LOOPBACK
        if is_home and is_from_afar and there.host not in self._allowed:
            message = (
                f"{where}: {there.host} is this machine, and {here.host}, which is not, may lead "
                "there only if allow_hosts names it"
            )
            raise RedirectError(message, code="ERR_REDIRECT_HOST")
