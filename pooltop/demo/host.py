"""One listener of the demo server: its counters, its latency, its cap, its connections."""

from __future__ import annotations

import asyncio
import contextlib
import math
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from pooltop.demo.answers import Answer, page, serialise
from pooltop.demo.connection import Connection
from pooltop.demo.distance import Distance
from pooltop.demo.gate import Gate

if TYPE_CHECKING:
    import ssl

    from pooltop.core.model import DemoServer
    from pooltop.demo.h2.service import H2Service

LOOPBACK = "127.0.0.1"
_BUFFER_BYTES = 64 * 1024
_BACKLOG = 1024
_HANDSHAKE_TIMEOUT_S = 5.0
_TLS_SHUTDOWN_TIMEOUT_S = 0.5


class Served(Protocol):
    """One connection, whatever it speaks."""

    def shut(self) -> None:
        """Close as soon as what has been received is answered."""

    def abort(self) -> None:
        """Drop the connection now."""


class DemoHost:
    """Serves one ``DemoServer`` on a free port of 127.0.0.1."""

    def __init__(
        self,
        spec: DemoServer,
        *,
        ssl_context: ssl.SSLContext | None = None,
        stats_json: Callable[[], bytes] = lambda: b"{}",
    ) -> None:
        """Prepare; ``start`` listens.

        Args:
            spec: How the host behaves.
            ssl_context: Needed for https, and only for it.
            stats_json: Gives what ``/stats`` answers.
        """
        self.spec = spec
        """How the host behaves."""
        self.stats_json = stats_json
        """What ``/stats`` answers."""
        self.usual = Answer(page(spec.name, spec.body_bytes))
        """The answer to every path that is no control."""
        self.buffer = memoryview(bytearray(_BUFFER_BYTES))
        """What all connections read into: asyncio's Protocol allocates 256 KiB for each read."""
        self.gate = Gate(spec.concurrency)
        """The cap on requests worked on at once."""
        self.h2: H2Service | None = None
        """Its HTTP/2; None if it speaks HTTP/1.1 alone."""
        self.accepted = 0
        """Connections so far; an https one counts when its handshake is done."""
        self.requests = 0
        """Requests read to their end so far, ``/stats`` included."""
        self.responses = 0
        """Responses handed to the socket so far."""
        self.loop: asyncio.AbstractEventLoop
        """The loop it serves on, from ``start`` on."""
        self.port = 0
        """Where it listens, from ``start`` on."""
        self._ssl_context = ssl_context
        # Two runs of the same profile see the same latencies; two hosts do if they share a seed.
        seed = spec.name if spec.seed is None else spec.seed
        self._random = random.Random(f"pooltop {seed}")  # noqa: S311 - no secret
        self._connections: set[Served] = set()
        self._emptied: asyncio.Event
        self._server: asyncio.Server | None = None
        self._distance: Distance | None = None
        self._make: Callable[[], asyncio.BufferedProtocol] = lambda: Connection(self)
        if "h2" in spec.protocols:
            self._speak_h2()
        self._kept = self._hint()
        self._wire = {
            (keep, is_head): serialise(
                self.usual, keep=self._kept if keep else None, is_head=is_head
            )
            for keep in (True, False)
            for is_head in (True, False)
        }

    def __repr__(self) -> str:
        """Give name, address and counters."""
        return (
            f"<DemoHost {self.spec.name} {self.spec.scheme}://{self.host}:{self.port} "
            f"accepted={self.accepted} open={self.open} requests={self.requests}>"
        )

    @property
    def host(self) -> str:
        """The name it goes by, which RFC 6761 (6.3) makes a loopback address."""
        return f"{self.spec.name}.localhost"

    @property
    def is_secure(self) -> bool:
        """Whether it speaks https."""
        return self._ssl_context is not None

    @property
    def open(self) -> int:
        """Connections open now."""
        return len(self._connections)

    @property
    def idle_limit_s(self) -> float | None:
        """How long a connection may be idle after a response; None for no limit."""
        limits = [
            limit
            for limit in (self.spec.keep_alive_timeout, self.spec.idle_close)
            if limit is not None
        ]
        return min(limits, default=None)

    @property
    def announces_idle_close(self) -> bool:
        """Whether an idle connection is told that it is closed, where there is a way to."""
        timeout = self.spec.keep_alive_timeout
        return timeout is not None and timeout == self.idle_limit_s

    def stats(self) -> dict[str, int]:
        """Give the counters."""
        of_h2 = {} if self.h2 is None else self.h2.stats()
        return {
            "connections_accepted": self.accepted,
            "connections_open": self.open,
            "requests": self.requests,
            "responses": self.responses,
            "working": self.gate.busy,
            "waiting": self.gate.waiting,
            **of_h2,
        }

    async def start(self) -> None:
        """Listen on a free port.

        Raises:
            OSError: no port could be had.
        """
        self.loop = asyncio.get_running_loop()
        self._emptied = asyncio.Event()
        self._emptied.set()
        if self.spec.round_trip:
            self._distance = Distance(self.spec.round_trip, self._serve)
            self._server = await self.loop.create_server(
                self._distance.near, LOOPBACK, 0, backlog=_BACKLOG
            )
        else:
            handshake_s, shutdown_s = self._clocks
            self._server = await self.loop.create_server(
                self._make,
                LOOPBACK,
                0,
                ssl=self._ssl_context,
                backlog=_BACKLOG,
                ssl_handshake_timeout=handshake_s,
                ssl_shutdown_timeout=shutdown_s,
            )
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self, *, grace_s: float = 0.2) -> None:
        """Stop listening, answer what has been asked, close; drop what takes longer.

        Args:
            grace_s: How long requests that are being worked on may take to end.
        """
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for connection in tuple(self._connections):
            connection.shut()
        try:
            async with asyncio.timeout(grace_s):
                await self._emptied.wait()
        except TimeoutError:
            for connection in tuple(self._connections):
                connection.abort()
            await self._emptied.wait()
        if self._distance is not None:
            await self._distance.aclose()
        # From Python 3.12 on this also waits for handshakes that nobody finishes.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await server.wait_closed()

    # For its connections.

    def add(self, connection: Served) -> None:
        """Count a new connection."""
        self.accepted += 1
        self._connections.add(connection)
        self._emptied.clear()

    def replace(self, connection: Served, successor: Served) -> None:
        """Know a connection by what serves it from now on."""
        self._connections.discard(connection)
        self._connections.add(successor)

    def remove(self, connection: Served) -> None:
        """Forget a lost connection."""
        self._connections.discard(connection)
        if not self._connections:
            self._emptied.set()

    def draw_latency_s(self) -> float:
        """Give the next answer's latency."""
        latency = self.spec.latency
        if not latency.sigma:
            return latency.median_s
        return latency.median_s * math.exp(latency.sigma * self._random.gauss(0.0, 1.0))

    def wire(self, answer: Answer, *, keep: bool, is_head: bool) -> bytes:
        """Give the bytes of an answer; the usual one is prepared once."""
        if answer is self.usual:
            return self._wire[keep, is_head]
        return serialise(answer, keep=self._kept if keep else None, is_head=is_head)

    @property
    def _clocks(self) -> tuple[float | None, float | None]:
        """Of TLS: asyncio's own 30 s would let a silent peer hold a closed connection that long.

        Without TLS it refuses to be given the two clocks at all.
        """
        return (_HANDSHAKE_TIMEOUT_S, _TLS_SHUTDOWN_TIMEOUT_S) if self.is_secure else (None, None)

    async def _serve(self, sock: socket.socket) -> None:
        """Serve a socket that is connected already."""
        handshake_s, shutdown_s = self._clocks
        await self.loop.connect_accepted_socket(
            self._make,
            sock,
            ssl=self._ssl_context,
            ssl_handshake_timeout=handshake_s,
            ssl_shutdown_timeout=shutdown_s,
        )

    def _speak_h2(self) -> None:
        # Here and not above: loading it takes longer than all the rest of the demo.
        from pooltop.demo.h2.service import H2Service  # noqa: PLC0415
        from pooltop.demo.opening import Opening  # noqa: PLC0415

        service = self.h2 = H2Service(self.spec)
        self._make = lambda: Opening(self, service)

    def _hint(self) -> str:
        """Give the Keep-Alive field: whole seconds, as Node sends them, and ``max`` unchanging."""
        parts = []
        if self.spec.keep_alive_timeout is not None:
            parts.append(f"timeout={int(self.spec.keep_alive_timeout)}")
        if self.spec.keep_alive_max is not None:
            parts.append(f"max={self.spec.keep_alive_max}")
        return ", ".join(parts)
