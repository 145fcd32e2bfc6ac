"""The public Dispatcher: undici's Client, its pools and its Agent, awaited.

Every option of undici's is a field of ``DispatcherOptions``, in snake_case with undici's unit
(milliseconds) and default; pooltop's own additions are in seconds, as Python counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Iterable, Mapping, Sequence
from types import TracebackType
from typing import Self, get_args

from pooltop.core.events import OptionsChanged, PoolEvent
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    Codec,
    H2Codec,
    HostOptions,
    Origin,
    OriginKey,
    Timeouts,
    TLSOptions,
)
from pooltop.core.snapshot import AgentSnapshot
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.projection import projected
from pooltop.core.undici.records import Stats
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.dialer import Dialer
from pooltop.engine.kernel import KernelLooks
from pooltop.engine.nesting import lease_of, took_lease
from pooltop.engine.option_checks import check_timeouts, checked_tls
from pooltop.engine.own_ways import OwnWays
from pooltop.engine.request import HeaderPairs, header_pairs
from pooltop.engine.resolver import Resolver, SystemResolver
from pooltop.engine.response import Call, Response
from pooltop.engine.snapshots import NO_HEADS, QUEUE_HEAD
from pooltop.engine.tls_sessions import TLSFactory
from pooltop.engine.undici.forms import form_of
from pooltop.engine.undici.shell import DispatcherShell
from pooltop.engine.upload import Content, Uploads
from pooltop.engine.url import split_url
from pooltop.engine.way import Route, Way
from pooltop.errors import RequestError, UsageError

HeaderList = Mapping[str, str] | Iterable[tuple[str, str]]


class Dispatcher:
    """One of undici's dispatchers, defects included.

    Make it inside a running event loop, and close it with ``aclose`` or as a context manager. A
    Client or a Pool of undici's has one origin; here one is made for each origin that is asked for.
    """

    def __init__(
        self,
        options: DispatcherOptions | None = None,
        *,
        name: str = "dispatcher",
        codec: Codec = "h11",
        tls: TLSOptions | None = None,
        timeouts: Timeouts | None = None,
        resolver: Resolver | None = None,
        hosts: Mapping[str, HostOptions] | None = None,
        upstreams: Sequence[str] = (),
        h2_codec: H2Codec | None = None,
    ) -> None:
        """Make a dispatcher with no sockets.

        Args:
            options: undici's; None for a Pool with its defaults.
            name: for labels.
            codec: "h11" or "llhttp".
            tls: for https origins; None for Node's defaults and the system's authorities.
            timeouts: pooltop's own clocks of every request, in seconds, beside undici's.
            resolver: looks names up; None for the system's, as for ``Agent``.
            hosts: what is otherwise for single hosts: their clocks alone.
            h2_codec: who speaks HTTP/2: "h2", or "nghttp2" with the extra h2fast; None for the
                fastest that is installed.
            upstreams: of a BalancedPool, the URLs of its members, in order; of others none.

        Raises:
            UsageError: an option is out of range.
        """
        if codec not in get_args(Codec):
            raise UsageError(f"codec is {' or '.join(get_args(Codec))}")
        self.name = name
        self._initial = DispatcherOptions() if options is None else options
        self.own = OwnWays(hosts)
        """What is otherwise for single hosts; for the engine's own parts."""
        tls = TLSOptions() if tls is None else checked_tls(tls)
        self.way = Way(projected(self._initial), tls, None, self.own)
        """Where its requests go; for the engine's own parts."""
        self._tls = TLSFactory(tls, self._initial.max_cached_sessions)
        self._own_resolver: SystemResolver | None = None
        if resolver is None:
            resolver = self._own_resolver = SystemResolver()
        self._dialer = Dialer(resolver)
        self._shell = DispatcherShell(
            self._initial,
            dialer=self._dialer,
            tls=self._tls,
            codec=codec,
            own=self.own,
            upstreams=self._members(upstreams),
            h2_codec=h2_codec,
        )
        self.timeouts = Timeouts() if timeouts is None else timeouts
        self._kernel = KernelLooks()
        self._uploads = Uploads(self._shell)
        self._closed = False

    @classmethod
    def from_profile(cls, profile: AgentProfile, *, resolver: Resolver | None = None) -> Self:
        """Make the dispatcher that a profile describes.

        Args:
            profile: one of ``Profile.agents`` whose kind is one of undici's.
            resolver: looks names up; None for the system's.
        """
        return cls(
            profile.dispatcher,
            name=profile.name,
            codec=profile.codec,
            tls=profile.tls,
            timeouts=profile.timeouts,
            resolver=resolver,
            hosts=profile.hosts,
            upstreams=profile.upstreams,
            h2_codec=profile.h2_codec,
        )

    def __repr__(self) -> str:
        """Show the counts that matter."""
        if self._closed:
            return f"<Dispatcher {self.name!r} closed>"
        stats = self._shell.core.total_stats()
        kind, connected = self._initial.kind, stats.connected
        counts = f"connected {connected} running {stats.running} pending {stats.pending}"
        return f"<Dispatcher {self.name!r} {kind} {counts}>"

    async def __aenter__(self) -> Self:
        """Give the dispatcher itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        await self.aclose()

    # Requests

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: HeaderList = (),
        content: Content = b"",
        timeouts: Timeouts | None = None,
        idempotent: bool | None = None,
        blocking: bool | None = None,
        upgrade: str | None = None,
        authority: str | None = None,
        headers_timeout: float | None = None,
        body_timeout: float | None = None,
        tls: TLSOptions | None = None,
    ) -> Response:
        """Send a request and give the response once its head is here.

        Args:
            method: e.g. "GET".
            url: http or https, with a host; no user and password in it.
            headers: a mapping, or name and value in pairs: see ``undici.forms``.
            content: the body; an async iterable is streamed.
            timeouts: instead of the dispatcher's.
            idempotent: undici's: others may run before it. None goes by the method.
            blocking: undici's: nothing is sent behind it before its response begins. None: all but
                HEAD.
            upgrade: the protocol to switch to.
            authority: for CONNECT.
            headers_timeout: undici's, in milliseconds, instead of the option; 0 for no limit.
            body_timeout: likewise.
            tls: for this request; None for the dispatcher's alone.

        Raises:
            UsageError: the request cannot be sent as given.
            RequestError: it failed; ``code`` is undici's, or Node's, where they have one.
        """
        if self._closed:
            raise UsageError("the dispatcher is closed")
        pairs: HeaderPairs = header_pairs(headers) if headers else ()
        route = self.way.route(url, pairs, tls=tls)
        streamed = isinstance(content, AsyncIterable)
        if not streamed and not isinstance(content, (bytes, bytearray, memoryview)):
            raise UsageError("content is bytes, or an async iterable of bytes")
        if timeouts is not None:
            check_timeouts(timeouts)
        prepared = form_of(
            method,
            route.target,
            pairs,
            route,
            body=b"" if isinstance(content, AsyncIterable) else bytes(content),
            streamed=streamed,
            upgrade=upgrade,
            authority=authority,
            idempotent=idempotent,
            blocking=blocking,
            headers_timeout=headers_timeout,
            body_timeout=body_timeout,
        )
        now = self._shell.touch()
        clocks = self.timeouts_for(route.origin) if timeouts is None else timeouts
        call = Call(prepared, route.origin, clocks, intended_at=now)
        call.parent = lease_of(self._shell)
        self._shell.submit(call)
        self._shell.after_this_turn()
        if isinstance(content, AsyncIterable):
            self._uploads.begin(call, content)
        try:
            head = await call.head
        except (asyncio.CancelledError, GeneratorExit):
            call.walk_away()
            raise
        took_lease(call)
        return Response(call, head)

    def prepare(
        self,
        method: str | bytes,
        target: str | bytes,
        headers: Iterable[tuple[str | bytes, str | bytes]],
        route: Route,
        *,
        body: bytes = b"",
        idempotent: bool | None = None,
    ) -> PreparedRequest:
        """Give a request ready to be sent; for the engine's own parts: see ``Carrier``.

        Raises:
            UsageError: it cannot be sent as given.
        """
        return form_of(method, target, headers, route, body=body, idempotent=idempotent)

    def check_tls(self) -> None:
        """Read the files of the TLS options now.

        Raises:
            PooltopError: one is missing or unfit; names it.
        """
        self._tls.check()

    def limit_descriptors(self, ceiling: DescriptorCeiling) -> None:
        """Let no socket go beyond a ceiling; for the engine's own parts."""
        self._dialer.ceiling = ceiling

    def timeouts_for(self, origin: Origin) -> Timeouts:
        """Give the clocks of a request to an origin that brings none of its own."""
        return self.own.timeouts(origin) or self._timeouts

    # State

    @property
    def timeouts(self) -> Timeouts:
        """Pooltop's clocks of requests that bring none of their own; see ``Timeouts``.

        Raises:
            UsageError: set to what is no ``Timeouts``, or to one out of range; the old ones stay.
        """
        return self._timeouts

    @timeouts.setter
    def timeouts(self, timeouts: Timeouts) -> None:
        check_timeouts(timeouts)
        self._timeouts = timeouts

    @property
    def shell(self) -> DispatcherShell:
        """The engine half, for the engine's own parts."""
        return self._shell

    @property
    def dispatcher_options(self) -> DispatcherOptions:
        """The options in force."""
        return self._shell.core.options

    @property
    def options(self) -> AgentOptions:
        """The same in the words of an http.Agent: see ``projected``."""
        return projected(self.dispatcher_options)

    @property
    def stats(self) -> Mapping[OriginKey, Stats]:
        """Undici's numbers of each origin that has any."""
        found = {key: self._shell.core.stats(key) for key in self._shell.targets}
        return {key: stats for key, stats in found.items() if stats is not None}

    def snapshot(
        self,
        *,
        at: float | None = None,
        queue_heads: Mapping[OriginKey, int] = NO_HEADS,
        queue_head: int = QUEUE_HEAD,
    ) -> AgentSnapshot:
        """Give one consistent picture of everything, taken now: as ``Agent.snapshot``."""
        if at is None:
            at = time.monotonic()
        self._kernel.look(self._shell.connections, at)
        return AgentSnapshot(
            name=self.name,
            options=self.options,
            initial_options=projected(self._initial),
            timeouts=self.timeouts,
            codec=self._shell.codec,
            verify=self._tls.options.verifies,
            origins=self._shell.origins(at, queue_heads, queue_head),
            total_socket_count=len(self._shell.core.conns),
            dispatcher=self.dispatcher_options,
            initial_dispatcher=self._initial,
        )

    def subscribe(self, callback: Callable[[PoolEvent], None]) -> Callable[[], None]:
        """Call back with every event, as it happens; give the function that ends it."""
        return self._shell.subscribe(callback)

    # Edits

    def set_options(self, options: DispatcherOptions, *, by: str = "caller") -> OptionsChanged:
        """Change options live; give what happened at once.

        Raises:
            UsageError: undici takes it when a dispatcher is made, and never again.
        """
        try:
            return self._shell.set_options(options, by=by)
        except ValueError as error:
            raise UsageError(str(error)) from error

    def add_upstream(self, url: str) -> None:
        """Give a BalancedPool one origin more; as in undici all weigh the same again.

        Args:
            url: scheme, host and port. Known: nothing happens.

        Raises:
            UsageError: it is no such pool, or no such URL.
        """
        for origin in self._members([url]):
            self._shell.add_upstream(origin)

    def remove_upstream(self, url: str) -> None:
        """Take an origin from a BalancedPool; what it has is served. Unknown: nothing.

        Raises:
            UsageError: it is no such pool, or no such URL.
        """
        for origin in self._members([url]):
            self._shell.remove_upstream(origin)

    # Ends

    def close(self) -> asyncio.Future[None]:
        """Take no more requests (UND_ERR_CLOSED); what there are is served, dialling if need be.

        Begins at once. What keeps the dispatcher's TLS and resolver is ``aclose``, after it too.

        Returns:
            To be awaited: done when the last request is served and the last socket closed. It fails
            with an AbortError, UND_ERR_DESTROYED, if the dispatcher was destroyed before.
        """
        return self._shell.ends.close()

    def destroy(self, error: RequestError | None = None) -> asyncio.Future[None]:
        """Fail all requests, queued and running, and close all sockets.

        Begins at once. Where undici's is not what it seems: an Agent that was closed before knows
        its pools no more, and they serve what they have.

        Args:
            error: what the requests fail with; None for an AbortError, UND_ERR_DESTROYED.

        Returns:
            To be awaited: done when the last socket is seen closed.
        """
        return self._shell.ends.destroy(error)

    def close_now(self) -> None:
        """End for good without waiting: every socket is aborted, none is opened any more."""
        if not self._closed:
            self._closed = True
            self._shell.close_for_good()

    async def aclose(self) -> None:
        """End for good: queued and running requests fail, every socket is closed."""
        self.close_now()
        await self._uploads.wait_closed()
        await self._shell.wait_closed()
        self._tls.close()
        if self._own_resolver is not None:
            await self._own_resolver.aclose()

    # Its own

    def _members(self, urls: Sequence[str]) -> list[Origin]:
        if urls and self._initial.kind != "undici-balanced-pool":
            raise UsageError("only an undici-balanced-pool has upstreams")
        return [self._upstream(url) for url in urls]

    def _upstream(self, url: str) -> Origin:
        if split_url(url)[1] != "/":
            raise UsageError("an upstream is scheme, host and port, without a path")
        return self.way.route(url).origin
