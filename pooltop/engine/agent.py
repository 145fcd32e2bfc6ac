"""The public Agent: Node's http.Agent and https.Agent, awaited.

Every option of Node's is a keyword in snake_case with Node's unit (milliseconds) and default;
pooltop's own additions are in seconds, as Python counts.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Literal, Self, Unpack, cast, get_args

import msgspec

from pooltop.core.edits import EditError, Value, apply_edit
from pooltop.core.events import OptionsChanged, PoolEvent
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    Codec,
    HostOptions,
    Live,
    Origin,
    OriginKey,
    Scheduling,
    Timeouts,
    TLSOptions,
)
from pooltop.core.snapshot import AgentSnapshot, RequestInfo, SocketInfo
from pooltop.engine.caller_dial import CallerDialer, Connector
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.descriptors import DescriptorCeiling
from pooltop.engine.dialer import Dialer, Dials
from pooltop.engine.keep_socket_alive import KeepSocketAlive
from pooltop.engine.kernel import KernelLooks
from pooltop.engine.live_option import LiveOption
from pooltop.engine.nesting import lease_of, took_lease
from pooltop.engine.option_checks import check_timeouts, checked_tls
from pooltop.engine.options import AgentKeywords, constructed
from pooltop.engine.own_ways import OwnWays, idle_limit_ms
from pooltop.engine.request import header_pairs, prepare
from pooltop.engine.resolver import Resolver, SystemResolver
from pooltop.engine.response import Call, Response
from pooltop.engine.shell import PoolShell
from pooltop.engine.snapshots import (
    NO_HEADS,
    QUEUE_HEAD,
    free_sockets,
    queued_requests,
    sockets_in_use,
)
from pooltop.engine.tls_sessions import TLSFactory
from pooltop.engine.upload import Content, Uploads
from pooltop.engine.via_proxy import ProxyDialer, ProxySettings, proxies_of
from pooltop.engine.way import Route, Way
from pooltop.errors import UsageError

HeaderList = Mapping[str, str] | Iterable[tuple[str, str]]


class Agent:
    """A connection pool per origin that behaves as Node's does, defects included.

    Make it inside a running event loop, and close it with ``aclose`` or as a context manager.
    """

    def __init__(
        self,
        *,
        name: str = "agent",
        codec: Codec = "h11",
        tls: TLSOptions | None = None,
        timeouts: Timeouts | None = None,
        resolver: Resolver | None = None,
        keep_socket_alive: KeepSocketAlive | None = None,
        create_connection: Connector | None = None,
        proxy_env: ProxySettings | None = None,
        hosts: Mapping[str, HostOptions] | None = None,
        **options: Unpack[AgentKeywords],
    ) -> None:
        """Make an agent with no sockets.

        Args:
            name: for labels.
            codec: "h11" or "llhttp".
            tls: for https origins; None for Node's defaults and the system's authorities.
            timeouts: the default clocks of every request, in seconds: one that runs out fails the
                request; with ``mode="node"`` it is an event only, as in Node.
            resolver: looks names up; None for the system's, whose answers are used again for 5 s
                (``resolver.LIFETIME_S``). Node asks anew for every connection; a resolver of
                ``SystemResolver(lifetime_s=0)`` does too.
            keep_socket_alive: Node's ``agent.keepSocketAlive``, asked when a socket is about to
                become idle: False closes it, a number is its idle timeout in ms (0 for none), None
                leaves it to the options. Must be quick; what it raises is logged and it counts as
                False.
            create_connection: opens every connection, in place of look-up and connect: see
                ``Connector``. None for the agent's own way.
            proxy_env: the proxies to use: http_proxy, https_proxy and no_proxy in a mapping, in
                lower or upper case, lower case first; "environment" reads the process's. None
                connects directly, whatever the environment says. So does, as in Node, a proxy
                whose URL begins with neither http:// nor https://, as socks5://.
            hosts: what is otherwise for single hosts, by ``host:port`` of where the connection
                leads. Node has nothing like it.
            options: the keywords that follow here: Node's in snake_case, and a few of pooltop's.
                What 0, None and inf mean is what they mean to Node's constructor; set later, on
                the live agent, 0 is a number like any other.
            keep_alive: keep idle sockets for later requests. False.
            keep_alive_msecs: ms until the first TCP keep-alive probe, not an idle lifetime; 0 and
                None are 1000, inf leaves it to the system.
            agent_keep_alive_timeout_buffer: ms taken off a server's Keep-Alive hint; what is no
                finite number of 0 or more is 1000.
            max_sockets: sockets per origin; None, 0 and inf for no limit, which is the default.
                Less than 0 lets every request wait for ever.
            max_total_sockets: sockets over all origins, idle ones included, 1 or more; None and
                inf for no limit, which is the default.
            max_free_sockets: idle sockets kept per origin; None and 0 are 256, inf is no limit.
            scheduling: "lifo" takes the socket freed last, "fifo" the one freed first; None is
                "lifo".
            timeout: ms without activity on a socket: idle ones are closed, of busy ones it is an
                event only; None and 0 for none, the default. inf is refused.
            max_cached_sessions: TLS sessions kept for resuming, one per origin; 0 for none, None
                is 100.
            protocol: "http:" or "https:" refuses URLs of the other; None takes both.
            default_port: port of URLs that have none; None for 80 and 443.
            host: where to connect, whatever the URL says; None for the URL's.
            port: likewise.
            local_address: IP address to connect from; None for the system's choice.
            family: IP version, 4 or 6; None for both, raced (RFC 8305).
            socket_path: a unix socket to connect to, in place of host and port.
            no_delay: TCP_NODELAY. True.
            live: what an edit does at once: "node" as Node, "drain" as operators expect.
            retry_stale: send a request once more when its kept-alive socket turned out to be
                closed and it may be had twice: see ``AgentOptions.retry_stale``. False.
            per_request: behave as a new agent made for every request does, to show it. False.

        Raises:
            TypeError: there is no such option; says which was probably meant.
            UsageError: an option is out of range; ``code`` is Node's where Node refuses it too.
            ProxyConfigError: a proxy's URL is none.
        """
        if codec not in get_args(Codec):
            raise UsageError(f"codec is {' or '.join(get_args(Codec))}")
        self.name = name
        self._initial = constructed(options)
        proxies = proxies_of(proxy_env)
        self.own = OwnWays(hosts)
        """What is otherwise for single hosts; for the engine's own parts."""
        tls = TLSOptions() if tls is None else checked_tls(tls)
        self.way = Way(self._initial, tls, proxies, self.own)
        """Where its requests go; for the engine's own parts."""
        # Every https.Agent of Node's has a cache of its own: one that serves a single request
        # resumes nothing.
        cached = 0 if self._initial.per_request else self._initial.max_cached_sessions
        self._tls = TLSFactory(tls, cached)
        self._own_resolver: SystemResolver | None = None
        dialer = self._dials = self._dialer(resolver, create_connection)
        self._shell = PoolShell(
            self._initial,
            dialer=dialer,
            tls=self._tls,
            codec=codec,
            via=None if proxies is None else ProxyDialer(dialer, proxies),
            own=self.own,
        )
        self.timeouts = Timeouts() if timeouts is None else timeouts
        self._kernel = KernelLooks()
        if keep_socket_alive is not None:
            self._shell.ask_before_keeping(keep_socket_alive)
        self._uploads = Uploads(self._shell)
        self._closed = False

    @classmethod
    def from_options(
        cls,
        options: AgentOptions,
        *,
        name: str = "agent",
        codec: Codec = "h11",
        tls: TLSOptions | None = None,
        timeouts: Timeouts | None = None,
        resolver: Resolver | None = None,
        proxy_env: ProxySettings | None = None,
        hosts: Mapping[str, HostOptions] | None = None,
    ) -> Self:
        """Make an agent with these options, as ``pooltop.GLOBAL_AGENT``, Node's global agent's.

        Args:
            options: as read by Node's constructor: a 0 in them means what it means there.
            name: for labels.
            codec: as for ``Agent``, as are the others.
            tls: None for Node's defaults.
            timeouts: in seconds; None for no limits.
            resolver: None for the system's.
            proxy_env: None for direct connections.
            hosts: None for no exceptions.

        Raises:
            UsageError: as ``Agent`` does.
        """
        return cls(
            name=name,
            codec=codec,
            tls=tls,
            timeouts=timeouts,
            resolver=resolver,
            proxy_env=proxy_env,
            hosts=hosts,
            **cast("AgentKeywords", msgspec.structs.asdict(options)),
        )

    @classmethod
    def from_profile(cls, profile: AgentProfile, *, resolver: Resolver | None = None) -> Self:
        """Make the agent that a profile describes.

        Args:
            profile: one of ``Profile.agents``, as ``load_profile`` gives them.
            resolver: looks names up; None for the system's.

        Raises:
            UsageError: the environment, if the profile says to read it, names no possible proxy.
        """
        return cls.from_options(
            profile.options,
            name=profile.name,
            codec=profile.codec,
            tls=profile.tls,
            timeouts=profile.timeouts,
            resolver=resolver,
            proxy_env=profile.proxy_env,
            hosts=profile.hosts,
        )

    def __repr__(self) -> str:
        """Show the counts that matter."""
        if self._closed:
            return f"<Agent {self.name!r} closed>"
        core = self._shell.core
        in_use = sum(len(o.sockets) for o in core.origins.values())
        free = sum(len(o.free) for o in core.origins.values())
        queued = sum(len(o.queue) for o in core.waiting.values())
        return f"<Agent {self.name!r} in use {in_use} free {free} queued {queued}>"

    async def __aenter__(self) -> Self:
        """Give the agent itself."""
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
        upgrade: str | None = None,
        authority: str | None = None,
        local_address: str | None = None,
        family: Literal[4, 6] | None = None,
        socket_path: str | None = None,
        tls: TLSOptions | None = None,
    ) -> Response:
        """Send a request and give the response once its head is here.

        Requests are admitted in the order in which ``request`` begins to run.

        Args:
            method: e.g. "GET".
            url: http or https, with a host; no user and password in it.
            headers: a mapping, or name and value in pairs, sent in this order. Host, Connection
                and Content-Length are added unless given.
            content: the body; an async iterable is streamed, chunked unless there is a
                Content-Length. If it raises, the request fails with it as the cause.
            timeouts: instead of the agent's.
            idempotent: the server may have it twice, so that ``retry_stale`` may send it again;
                None goes by the method (RFC 9110, 9.2.2). A streamed body that was begun is never
                sent again.
            upgrade: the protocol to switch to, as "websocket". If the server does (101), the
                socket leaves the agent and is the response's ``stream``; else it is a response
                like any other.
            authority: for CONNECT, ``host:port`` to be connected to by the server that ``url``
                names. Whatever it answers, the socket leaves the agent and is the response's
                ``stream``, as in Node: only a 2xx made a tunnel of it. ``content`` goes ahead into
                the tunnel.
            local_address: IP address to connect from. This and what follows is part of the key
                under which sockets are shared, and where the agent says it too, the agent wins.
            family: IP version to connect with.
            socket_path: a unix socket to connect to.
            tls: for this request; None for the agent's alone.

        Raises:
            UsageError: the request cannot be sent as given.
            RequestError: it failed; ``code`` is Node's where Node has one.
        """
        if self._closed:
            raise UsageError("the agent is closed")
        headers = header_pairs(headers) if headers else ()
        route = self.way.route(
            url,
            headers,
            local_address=local_address,
            family=family,
            socket_path=socket_path,
            tls=tls,
        )
        body = b""
        streamed = isinstance(content, AsyncIterable)
        if isinstance(content, (bytes, bytearray, memoryview)):
            body = bytes(content)
        elif not streamed:
            raise UsageError("content is bytes, or an async iterable of bytes")
        if timeouts is not None:
            check_timeouts(timeouts)
        prepared = self.prepare(
            method,
            route.target,
            headers,
            route,
            body=body,
            streamed=streamed,
            upgrade=upgrade,
            authority=authority,
            idempotent=idempotent,
        )
        now = self._shell.touch()
        if timeouts is None:
            timeouts = self.timeouts_for(route.origin)
        call = Call(prepared, route.origin, timeouts, intended_at=now)
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
        streamed: bool = False,
        upgrade: str | None = None,
        authority: str | None = None,
        idempotent: bool | None = None,
    ) -> PreparedRequest:
        """Give a request ready to be sent; for the engine's own parts: see ``request.prepare``.

        Raises:
            UsageError: it cannot be sent as given.
        """
        return prepare(
            method,
            target,
            headers,
            host_header=route.host_header,
            keep_alive=self._sends_keep_alive(route.origin),
            body=body,
            streamed=streamed,
            upgrade=upgrade,
            authority=authority,
            proxy=route.proxy,
            idempotent=idempotent,
        )

    def check_tls(self) -> None:
        """Read the files of the TLS options now, and not when the first https request needs them.

        Raises:
            PooltopError: one is missing or unfit; names it.
        """
        self._tls.check()
        for tls in self.own.all_tls():
            self._tls.check(tls)

    def limit_descriptors(self, ceiling: DescriptorCeiling) -> None:
        """Let no socket of its own making go beyond a ceiling; for the engine's own parts."""
        if isinstance(self._dials, Dialer):
            self._dials.ceiling = ceiling

    def timeouts_for(self, origin: Origin) -> Timeouts:
        """Give the clocks of a request to an origin that brings none of its own."""
        return self.own.timeouts(origin) or self._timeouts

    # State

    @property
    def timeouts(self) -> Timeouts:
        """The clocks of requests that bring none of their own; see ``Timeouts``.

        Set, they are for the requests that begin from then on, and ``free`` for the sockets that
        become idle.

        Raises:
            UsageError: set to what is no ``Timeouts``, or to one out of range; the old ones stay.
        """
        return self._timeouts

    @timeouts.setter
    def timeouts(self, timeouts: Timeouts) -> None:
        check_timeouts(timeouts)
        self._timeouts = timeouts
        self._shell.core.limit_idle(idle_limit_ms(timeouts))

    @property
    def shell(self) -> PoolShell:
        """The engine half, for the engine's own parts."""
        return self._shell

    @property
    def options(self) -> AgentOptions:
        """The options in force."""
        return self._shell.core.options

    @property
    def sockets(self) -> Mapping[OriginKey, tuple[SocketInfo, ...]]:
        """Sockets in use (connecting ones included) by origin key, in Node's order."""
        return sockets_in_use(self._shell)

    @property
    def free_sockets(self) -> Mapping[OriginKey, tuple[SocketInfo, ...]]:
        """Idle sockets by origin key, the longest idle first."""
        return free_sockets(self._shell)

    @property
    def requests(self) -> Mapping[OriginKey, tuple[RequestInfo, ...]]:
        """Queued requests by origin key, the oldest first; aborted ones stay until their turn."""
        return queued_requests(self._shell)

    def get_name(
        self,
        url: str,
        *,
        headers: HeaderList = (),
        local_address: str | None = None,
        family: Literal[4, 6] | None = None,
        socket_path: str | None = None,
        tls: TLSOptions | None = None,
    ) -> OriginKey:
        """Give the key under which the sockets of a request for this URL are listed.

        Node's ``agent.getName()``, but for what is in it already: the agent's own options.

        Args:
            url: as for ``request``, as are the others.
            headers: only a Host among them counts, and only for https.
            local_address: part of the key.
            family: likewise.
            socket_path: likewise.
            tls: all that decides about trust is part of the key.

        Raises:
            UsageError: nothing that can be requested.
        """
        route = self.way.route(
            url,
            header_pairs(headers),
            local_address=local_address,
            family=family,
            socket_path=socket_path,
            tls=tls,
        )
        return route.origin.key

    @property
    def total_socket_count(self) -> int:
        """Sockets of all origins: in use, idle, and closing."""
        return self._shell.core.total_socket_count

    def snapshot(
        self,
        *,
        at: float | None = None,
        queue_heads: Mapping[OriginKey, int] = NO_HEADS,
        queue_head: int = QUEUE_HEAD,
    ) -> AgentSnapshot:
        """Give one consistent picture of everything, taken now.

        The kernel is asked about KERNEL_LOOKS sockets each time, in turn: of very many sockets
        each one's ``kernel`` says when that was.

        Args:
            at: the present instant in monotonic seconds, where it was read already.
            queue_heads: of these origins so many queued requests are listed, if that is more than
                of every other.
            queue_head: so many queued requests are listed of every origin.
        """
        if at is None:
            at = time.monotonic()
        self._kernel.look(self._shell.connections, at)
        return AgentSnapshot(
            name=self.name,
            options=self.options,
            initial_options=self._initial,
            timeouts=self.timeouts,
            codec=self._shell.codec,
            verify=self._tls.options.verifies,
            origins=self._shell.origins(at, queue_heads, queue_head),
            total_socket_count=self.total_socket_count,
            agents_made=self._shell.tally.submitted if self._initial.per_request else None,
        )

    def subscribe(self, callback: Callable[[PoolEvent], None]) -> Callable[[], None]:
        """Call back with every event, as it happens; give the function that ends it.

        Args:
            callback: takes one of the classes of ``pooltop.events``. It runs inside the engine and
                must be quick. It may look at the agent and edit it. If it raises it is logged and
                told nothing more.

        Returns:
            What is called to be told no more; calling it again does nothing.
        """
        return self._shell.subscribe(callback)

    # Edits

    def set_option(self, option: str, value: Value | None, *, by: str = "caller") -> OptionsChanged:
        """Change an option live; give what happened at once.

        Args:
            option: one of ``pooltop.EDITABLE``.
            value: None for no limit (to the constructor, None is the option's default).
            by: who, for the log.

        Raises:
            UsageError: not editable, or out of range.
        """
        try:
            edited = apply_edit(self.options, option, value)
        except EditError as error:
            raise UsageError(str(error)) from error
        return self._shell.set_options(edited, by=by)

    max_sockets = LiveOption[float, float | None](
        "Sockets per origin; inf for no limit. Set it live: ``live`` says what happens then."
    )
    max_total_sockets = LiveOption[float, float | None](
        "Sockets over all origins; inf for no limit."
    )
    max_free_sockets = LiveOption[float, float | None](
        "Idle sockets kept per origin; inf for no limit. Set here None is no limit, where the "
        "constructor takes it, as Node's does, for the default of 256."
    )
    keep_alive = LiveOption[bool, bool]("Idle sockets are kept.")
    scheduling = LiveOption[Scheduling, Scheduling]("Which idle socket is taken.")
    timeout = LiveOption[float, float | None]("Socket inactivity in ms; 0 for none.")
    live = LiveOption[Live, Live]("What an edit does at once.")

    # Ends

    def destroy(self) -> None:
        """Node's ``agent.destroy()``: close every socket; queued requests open new ones.

        A socket that left the agent, as a response's ``stream``, is its caller's and stays open.
        """
        self._shell.destroy()

    def close_now(self) -> None:
        """End for good without waiting: every socket is aborted, none is opened any more."""
        if not self._closed:
            self._closed = True
            self._shell.close_for_good()

    async def aclose(self) -> None:
        """End for good: queued and running requests fail, every socket is closed.

        So are the streams of upgrades and CONNECTs that their callers have not closed. Safe to
        call again, also while a first call is under way or after it was cancelled.
        """
        self.close_now()
        await self._uploads.wait_closed()
        await self._shell.wait_closed()
        self._tls.close()
        if self._own_resolver is not None:
            await self._own_resolver.aclose()

    # Its own

    def _sends_keep_alive(self, origin: Origin) -> bool:
        # New requests say ``Connection: keep-alive``: keepAlive is on, or maxSockets is finite.
        options = self.options
        most = self._shell.own_limits(origin).get("max_sockets", options.max_sockets)
        return options.keep_alive or most != float("inf")

    def _dialer(self, resolver: Resolver | None, create_connection: Connector | None) -> Dials:
        if create_connection is not None:
            if resolver is not None:
                raise UsageError("with create_connection a resolver is asked nothing: leave it out")
            return CallerDialer(create_connection)
        if resolver is None:
            resolver = self._own_resolver = SystemResolver()
        return Dialer(resolver)
