"""Where a request's connection really leads: its URL, under what the agent and the request say.

Node merges the agent's options over the request's, and takes the name for SNI from the Host
header. What comes out is an ``Origin``: everything by which sockets are told apart.

Source: Node v24 lib/_http_agent.js addRequest, normalizeServerName, calculateServerName.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from pooltop.core.model import AgentOptions, Origin, TLSOptions
from pooltop.core.proxies import Proxies, Proxy
from pooltop.engine.option_checks import check_connect_options, checked_tls
from pooltop.engine.own_ways import OwnWays
from pooltop.engine.url import split_url
from pooltop.errors import UsageError

_NO_TLS = TLSOptions()


class Route(NamedTuple):
    """Where one request goes."""

    origin: Origin
    """What its sockets are told apart by."""
    target: str
    """Path and query."""
    host_header: str
    """Host, unless the caller gives one: the URL's, wherever the connection leads."""
    proxy: Proxy | None = None
    """Whom the request itself is sent to: a proxy for http. (A tunnel's does not see it.)"""


class Way:
    """One agent's say in where connections lead: fixed when it is made, as Node's options are."""

    def __init__(
        self,
        options: AgentOptions,
        tls: TLSOptions,
        proxies: Proxies | None = None,
        own: OwnWays | None = None,
    ) -> None:
        """Keep what the agent says.

        Args:
            options: the agent's.
            tls: likewise.
            proxies: None for direct connections.
            own: what is otherwise for single hosts; None for nothing.
        """
        self._own = OwnWays() if own is None else own
        self._proxies = proxies
        self._default_port = options.default_port
        self._protocol = options.protocol
        self._tls = tls
        self._over = {
            field: value
            for field in ("host", "port", "local_address", "family", "socket_path")
            if (value := getattr(options, field)) is not None
        }

    def route(
        self,
        url: str,
        headers: Sequence[tuple[str, str]] = (),
        *,
        local_address: str | None = None,
        family: Literal[4, 6] | None = None,
        socket_path: str | None = None,
        tls: TLSOptions | None = None,
    ) -> Route:
        """Give where a request for this URL goes.

        Args:
            url: absolute.
            headers: the caller's; a Host among them names the server for SNI.
            local_address: the request's, as all that follow; where the agent says it, it wins.
            family: IP version.
            socket_path: of a unix socket.
            tls: for https.

        Raises:
            UsageError: no URL that can be requested, or no connect options that can be;
                ERR_INVALID_PROTOCOL, the agent is for the other scheme; ERR_INVALID_ARG_VALUE, a
                Host that a proxy would not go by.
        """
        origin, target = split_url(url, default_port=self._default_port)
        host_header = self._host_header(origin)
        if self._protocol is not None and self._protocol != f"{origin.scheme}:":
            message = f"Protocol '{origin.scheme}:' not supported. Expected '{self._protocol}'"
            raise UsageError(message, code="ERR_INVALID_PROTOCOL")
        more: dict[str, object] = {}
        if local_address is not None or family is not None or socket_path is not None:
            own = {"local_address": local_address, "family": family, "socket_path": socket_path}
            check_connect_options(own)
            more.update(own)
        more.update(self._over)
        asked = origin
        if more:
            origin = msgspec.structs.replace(origin, **more)
        if origin.scheme == "https":
            host = next((v for name, v in headers if name.lower() == "host" and v), host_header)
            secured = self._own.tls(origin) or self._tls
            if tls is not None:
                secured = _merged(checked_tls(tls), secured)
            origin = msgspec.structs.replace(origin, servername=server_name(host), tls=secured)
        if self._proxies is not None and origin.scheme == "http":
            proxy = self._proxies.between(origin)
            if proxy is not None:
                _check_host(headers, asked)
                return Route(origin, target, asked.host_header, proxy)
        return Route(origin, target, host_header)

    def proxy_to(self, origin: Origin) -> Proxy | None:
        """Give the proxy between here and an origin, with a tunnel or without; None for none."""
        return None if self._proxies is None else self._proxies.between(origin)

    def _host_header(self, origin: Origin) -> str:
        """Give the Host field: the port is left out where it is the agent's default."""
        if self._default_port is None:
            return origin.host_header
        host = origin.authority.rpartition(":")[0]
        return host if origin.port == self._default_port else origin.authority


def _check_host(headers: Sequence[tuple[str, str]], asked: Origin) -> None:
    """Refuse a Host that differs from the absolute request target: the proxy would go by either.

    Source: Node v24 lib/_http_client.js validateRequestAuthority, authoritiesMatch.
    """
    for name, value in headers:
        if name.lower() == "host" and _authority(value) != (asked.host, asked.port):
            message = f"through a proxy, Host can be only the URL's, {asked.host_header}"
            raise UsageError(message, code="ERR_INVALID_ARG_VALUE")


def _authority(host_header: str) -> tuple[str, int] | None:
    """Give the host and port that it means for http; None for what is more, or less, than that."""
    try:
        origin, target = split_url(f"http://{host_header}")
    except UsageError:
        return None
    return (origin.host, origin.port) if target == "/" and "#" not in host_header else None


def server_name(host_header: str) -> str:
    """Give the name for SNI; "" for an address, which SNI cannot carry (RFC 6066, 3)."""
    if host_header.startswith("["):
        name = host_header[1:].partition("]")[0] if "]" in host_header else host_header
    else:
        name = host_header.partition(":")[0]
    try:
        ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return name
    return ""


def _merged(request: TLSOptions, agent: TLSOptions) -> TLSOptions:
    """Put the agent's own words over the request's, as Node does."""
    own = {
        field: value
        for field in agent.__struct_fields__
        if (value := getattr(agent, field)) != getattr(_NO_TLS, field)
    }
    return msgspec.structs.replace(request, **own)
