"""Redirects at work: the next request of one that is led elsewhere, or why there is none.

It is made anew each time: redirects are not followed unless asked for, and few are.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from pooltop.core.clocks import OwnClocks
from pooltop.core.model import Origin, Timeouts
from pooltop.core.reach import Reach, is_allowed, reach_of
from pooltop.core.redirects import hop_of, target_of
from pooltop.engine.carrier import Carrier
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.request_classes import clocks_with
from pooltop.engine.url import split_url
from pooltop.errors import RedirectError, UsageError

_MOST_QUOTED = 200
"""Characters of a Location that an error repeats."""


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
    intended_at: float = 0.0
    """When the first of its requests was to begin, in monotonic seconds."""
    begun_at: float = 0.0
    """When it did."""
    is_led: bool = False
    """The request that is under way is not the first."""

    def __repr__(self) -> str:
        """Show where it is, without a query, which may hold a secret."""
        return f"Trail({self.url.partition('?')[0]!r}, left={self.left})"


def url_of(base_url: str, prepared: PreparedRequest) -> str:
    """Give the absolute URL of a workload's request.

    Args:
        base_url: the workload's.
        prepared: its target is in absolute form where a proxy has to have it so.
    """
    scheme, _, rest = base_url.partition("://")
    path = prepared.target.decode("ascii")
    if not path.startswith("/"):
        path = f"/{path.partition('://')[2].partition('/')[2]}"
    return f"{scheme}://{rest.partition('/')[0]}{path}"


class Redirects:
    """Follows the redirects of one agent's requests."""

    def __init__(self, agent: Carrier, allow_hosts: Sequence[str]) -> None:
        """Follow them by an agent.

        Args:
            agent: who carries them.
            allow_hosts: that were consented to, beside this machine: patterns as in a profile.
        """
        self._agent = agent
        self._allowed = tuple(allow_hosts)

    def timeouts_to(self, origin: Origin, trail: Trail) -> Timeouts:
        """Give the clocks of a redirected request."""
        return clocks_with(trail.clocks, self._agent.timeouts_for(origin))

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
            words = f"redirected to {error}"[:_MOST_QUOTED]
            raise RedirectError(words, code="ERR_REDIRECT_LOCATION") from error
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
        if asked.body and not is_same_origin:
            # Whatever is in it: a form has passwords, and a profile does not say which.
            message = f"{where}: another origin, which is not sent the body"
            raise RedirectError(message, code="ERR_REDIRECT_BODY")
        fields = asked.fields
        if trail.closes:
            fields = (*fields, (b"Connection", b"close"))
        texts = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
        try:
            route = self._agent.way.route(url, texts)
            request = self._agent.prepare(
                asked.method,
                target,
                fields,
                route,
                body=asked.body,
                idempotent=prepared.idempotent if asked.method == prepared.method else None,
            )
        except UsageError as error:
            is_scheme = error.code == "ERR_INVALID_PROTOCOL"
            code = "ERR_REDIRECT_PROTOCOL" if is_scheme else "ERR_REDIRECT_LOCATION"
            raise RedirectError(f"{where}: {error}", code=code) from error
        led = msgspec.structs.replace(trail, url=url, left=trail.left - 1, is_led=True)
        return led, request, route.origin

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
