"""A long way to a demo host: what it sends comes later, by a round trip.

Loopback has none, and round trips are what most of a new connection costs between two regions. The
way is a relay in the host's own process, from the socket that was accepted to one end of a socket
pair, whose other end the host serves as it would any connection:

- what the host sends is handed on a round trip later, in order: an exchange takes one more;
- what a client sends first is held for one: the kernel has answered its SYN at once, so TCP's own
  round trip is in what comes next. Of a client's phases "tcp" is as short as ever, and "tls", or
  "wait" without TLS, is as long as both.
- an end, of either side, goes the same way as what came before it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Awaitable, Callable
from typing import cast

_MOST_BYTES = 1024 * 1024
"""On their way to one client; the host waits with more."""

Serve = Callable[[socket.socket], Awaitable[object]]
"""Serves a connected socket; comes back when its handshake, if any, is over."""


class Distance:
    """The way of all connections to one host."""

    def __init__(self, round_trip_s: float, serve: Serve) -> None:
        """Prepare.

        Args:
            round_trip_s: above 0.
            serve: takes the host's end of each connection.
        """
        self.round_trip_s = round_trip_s
        self.serve = serve
        self._ways: set[_Near] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def near(self) -> asyncio.Protocol:
        """Give the protocol of a connection that is accepted."""
        return _Near(self)

    async def aclose(self) -> None:
        """Drop every connection, whatever is on its way."""
        for way in tuple(self._ways):
            way.drop()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks))

    # For its connections.

    def begin(self, way: _Near) -> None:
        """Know a connection, and connect it to the host when its first round trip is over."""
        self._ways.add(way)
        task = asyncio.get_running_loop().create_task(self._connect(way), name="demo-distance")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, way: _Near) -> None:
        """Know a connection no more."""
        self._ways.discard(way)

    async def _connect(self, way: _Near) -> None:
        await asyncio.sleep(self.round_trip_s)
        if way.is_over:
            return
        try:
            ours, hosts = socket.socketpair()
        except OSError:  # no more files may be open
            way.drop()
            return
        loop = asyncio.get_running_loop()
        try:
            await loop.create_connection(lambda: _Far(way), sock=ours)
        except BaseException:
            hosts.close()
            raise
        # A handshake that fails ends the connection, which is told like any other end.
        with contextlib.suppress(OSError):
            await self.serve(hosts)


class _Near(asyncio.Protocol):
    """The client's end, and what is on its way to it."""

    def __init__(self, distance: Distance) -> None:
        self._distance = distance
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._far: _Far | None = None
        self._early: list[bytes] = []
        """What came before the host could be reached; b"" is the client's end."""
        self._late: deque[tuple[float, bytes]] = deque()
        """What is on its way, and when it is here; b"" is the host's end."""
        self._late_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_full = False
        self.is_over = False
        """Whether the client is gone."""

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._distance.begin(self)

    def data_received(self, data: bytes) -> None:
        if self._far is None:
            self._early.append(data)
        else:
            self._far.send(data)

    def eof_received(self) -> bool:
        self.data_received(b"")
        return True  # what is on its way to the client still comes

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._distance.forget(self)
        self.is_over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._far is not None:
            self._far.drop()

    def pause_writing(self) -> None:
        self._is_full = True
        self._hold()

    def resume_writing(self) -> None:
        self._is_full = False
        self._hold()

    # the other end's side

    def reached(self, far: _Far) -> None:
        """The host is connected: it gets what came so far."""
        self._far = far
        if self.is_over:
            far.drop()
            return
        for data in self._early:
            far.send(data)
        self._early.clear()

    def coming(self, data: bytes) -> None:
        """Take what the host sent: it is here a round trip later."""
        self._late.append((self._loop.time() + self._distance.round_trip_s, data))
        self._late_bytes += len(data)
        self._hold()
        if self._timer is None:
            self._timer = self._loop.call_at(self._late[0][0], self._arrive)

    def drop(self) -> None:
        """End the connection now."""
        if self._transport is not None:
            self._transport.abort()

    # its own

    def _arrive(self) -> None:
        self._timer = None
        transport = self._transport
        assert transport is not None
        while self._late and self._late[0][0] <= self._loop.time():
            _, data = self._late.popleft()
            self._late_bytes -= len(data)
            if data:
                transport.write(data)
            else:
                transport.close()
        if self._late and not transport.is_closing():
            self._timer = self._loop.call_at(self._late[0][0], self._arrive)
        self._hold()

    def _hold(self) -> None:
        if self._far is not None:
            self._far.hold(self._is_full or self._late_bytes > _MOST_BYTES)


class _Far(asyncio.Protocol):
    """The end that the host is at."""

    def __init__(self, near: _Near) -> None:
        self._near = near
        self._transport: asyncio.Transport | None = None
        self._is_held = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._near.reached(self)

    def data_received(self, data: bytes) -> None:
        self._near.coming(data)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._near.coming(b"")

    def send(self, data: bytes) -> None:
        """Give the host what its client sent; b"" is its end."""
        assert self._transport is not None
        if self._transport.is_closing():
            return
        if data:
            self._transport.write(data)
        else:
            self._transport.write_eof()

    def hold(self, is_held: bool) -> None:
        """Let the host wait with more, or not."""
        if is_held == self._is_held or self._transport is None or self._transport.is_closing():
            return
        self._is_held = is_held
        if is_held:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def drop(self) -> None:
        """End it: the client is gone."""
        if self._transport is not None:
            self._transport.abort()
