"""Dialling through a proxy: a connection to the proxy, and for https a tunnel to the origin.

As in Node, none of the request's own connect options (local address, family) applies to the
connection to the proxy, the agent's CA neither: an https proxy is trusted by the system's. The
agent's timeout, in silence, ends the attempt at a tunnel; on a plain http request it is the event
that it always is.

Source: Node v24 lib/_http_agent.js createConnection; lib/https.js createConnection.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from pooltop.core.model import AgentOptions, Origin, ProxyEnv, TLSOptions
from pooltop.core.proxies import Proxies, Proxy, proxy_env_of, read_proxies
from pooltop.engine.dialer import Connecting, Dialled, Dials
from pooltop.engine.tls import TLSStream
from pooltop.engine.tls_context import make_context
from pooltop.engine.tls_nested import AnyTLS, NestedTLS
from pooltop.engine.tunnel import Tunneller
from pooltop.errors import ProxyTunnelError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

_SYSTEM: Final = TLSOptions()

ProxySettings = ProxyEnv | Mapping[str, str] | Literal["environment"]
"""Which proxies to use: read already, in a mapping as ``os.environ``, or that of the process."""


def proxies_of(settings: ProxySettings | None) -> Proxies | None:
    """Give the proxies that an agent is told to use; None for none.

    Raises:
        UsageError: the settings are of no kind there is.
        ProxyConfigError: a proxy's URL is none.
    """
    if settings is None:
        return None
    if isinstance(settings, str):
        if settings != "environment":
            raise UsageError('proxy_env is a mapping, "environment", or None')
        settings = os.environ
    if not isinstance(settings, ProxyEnv):
        if not isinstance(settings, Mapping):
            raise UsageError('proxy_env is a mapping, "environment", or None')
        settings = proxy_env_of(settings)
    for name in ProxyEnv.__struct_fields__:
        if not isinstance(getattr(settings, name), str | None):
            raise UsageError(f"proxy_env: {name} is a text")
    return read_proxies(settings)


class Reached(msgspec.Struct, frozen=True):
    """A socket that leads to the origin, or for plain http to the proxy that asks it for us."""

    dialled: Dialled
    """Of the proxy; who receives it owns its socket."""
    tls: AnyTLS | None
    """To be started on it; None for an http proxy and an http origin."""
    tunnel_s: float | None
    """TLS to the proxy and its answer to CONNECT, in seconds; None where there was no tunnel."""


class ProxyDialer:
    """Opens one agent's connections through its proxies."""

    def __init__(self, dialer: Dials, proxies: Proxies) -> None:
        """Keep whom to dial with, and which proxies there are."""
        self._dialer = dialer
        self._proxies = proxies
        self._context: ssl.SSLContext | None = None

    def between(self, origin: Origin) -> Proxy | None:
        """Give the proxy on the way to an origin; None for a direct connection."""
        return self._proxies.between(origin)

    def tunnels(self, origin: Origin) -> bool:
        """Say whether it is reached through a tunnel: https through a proxy."""
        return origin.scheme == "https" and self.between(origin) is not None

    async def reach(
        self,
        origin: Origin,
        proxy: Proxy,
        tls: TLSStream | None,
        options: AgentOptions,
        *,
        probe_ms: float | None,
        connecting: Connecting,
        tunnelling: Callable[[float], None],
        progressed: Callable[[], None],
        silence_ms: float,
    ) -> Reached:
        """Connect to the proxy, and open the tunnel if one is needed.

        Args:
            origin: where to.
            proxy: what ``between`` gave.
            tls: the origin's, not started; None for http.
            options: the agent's, of now.
            probe_ms: as ``keep_alive_probe_ms`` of ``Dials.dial``.
            connecting: likewise.
            tunnelling: told once when the proxy is connected and about to be asked for a tunnel:
                the seconds that connecting took.
            progressed: told whenever the proxy has said something.
            silence_ms: a tunnel's attempt ends after so long without a byte of the proxy's; 0 for
                no limit.

        Raises:
            RequestError: the proxy was not reached.
            ProxyTunnelError: it made no tunnel.
        """
        to_proxy = self._tls(proxy)
        if tls is None:
            dialled = await self._dial(proxy, options, probe_ms, connecting)
            return Reached(dialled, to_proxy, None)
        silence_s = silence_ms / 1000 or None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(silence_s) as limit:

                def more_time() -> None:
                    progressed()
                    if silence_s is not None:
                        limit.reschedule(loop.time() + silence_s)

                dialled = await self._dial(proxy, options, probe_ms, connecting)
                try:
                    began_at = loop.time()
                    tunnelling(dialled.tcp_s)
                    more_time()
                    tunneller = Tunneller(dialled.sock, to_proxy, more_time)
                    if to_proxy is not None:
                        await tunneller.secure()
                    keep_alive = options.keep_alive or options.max_sockets != float("inf")
                    await tunneller.open(origin, proxy, keep_alive=keep_alive)
                    tunnel_s = loop.time() - began_at
                except BaseException:
                    dialled.sock.close()
                    raise
        except TimeoutError:
            if not limit.expired():
                raise  # a resolver's or a connector's own
            message = (
                f"Connection to establish proxy tunnel timed out after {silence_ms:g}ms: "
                f"{origin.authority} via {proxy.url}"
            )
            raise ProxyTunnelError(message, timed_out=True) from None
        return Reached(dialled, tls if to_proxy is None else NestedTLS(to_proxy, tls), tunnel_s)

    async def _dial(
        self, proxy: Proxy, options: AgentOptions, probe_ms: float | None, connecting: Connecting
    ) -> Dialled:
        return await self._dialer.dial(
            proxy.origin,
            keep_alive_probe_ms=probe_ms,
            no_delay=options.no_delay,
            connecting=connecting,
        )

    def _tls(self, proxy: Proxy) -> TLSStream | None:
        if proxy.scheme == "http":
            return None
        if self._context is None:
            self._context = make_context(_SYSTEM)
        return TLSStream(self._context, proxy.host)
