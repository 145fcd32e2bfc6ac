"""One HTTP/2 connection of a demo host: a session (session.py), and what is of the socket.

Callbacks only, as of HTTP/1.1 (../connection.py). Rules of this file:

- Nothing is taken from the session while the client does not read.
- All that becomes ready in one turn of the loop is written together.
- At its end a connection is shut for writing and then read to the client's own end, though not
  for ever: closing while requests are under way would have the kernel answer them with a reset,
  which can overtake our last octets.
"""

from __future__ import annotations

import asyncio
import contextlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from pooltop.demo.answers import Answer, h2_fields
from pooltop.demo.h2.session import ServerSession
from pooltop.demo.idle import IdleClock
from pooltop.demo.job import Job
from pooltop.engine.h2.faults import SessionFault

if TYPE_CHECKING:
    from pooltop.demo.h2.service import H2Service
    from pooltop.demo.host import DemoHost

LINGER_S: Final = 5.0
"""How long a client has to close a connection that has ended, from when it has all octets."""
_ROOM: Final = 64 * 1024
"""Octets of responses that are made at once."""
_NO_PROXY: Final = Answer(b"501: this is no proxy\n", status=HTTPStatus.NOT_IMPLEMENTED)


class _Asked(Job):
    """A request of one stream."""

    __slots__ = ("stream",)

    stream: int


class H2Connection(asyncio.BufferedProtocol):
    """The server side of one socket."""

    __slots__ = (
        "_has_eof",
        "_host",
        "_idle",
        "_is_ending",
        "_is_flush_due",
        "_is_shut",
        "_is_writing_paused",
        "_jobs",
        "_linger",
        "_service",
        "_session",
        "_taken",
        "_transport",
    )

    def __init__(self, host: DemoHost, service: H2Service) -> None:
        """Belong to a host; ``begin`` follows, and ``connection_made`` does not."""
        self._host = host
        self._service = service
        self._session = ServerSession(self, max_streams=service.max_streams)
        self._transport: asyncio.Transport | None = None
        self._jobs: dict[int, _Asked] = {}
        self._taken = 0
        self._idle = IdleClock(host.loop, self._idled)
        self._linger: asyncio.TimerHandle | None = None
        self._has_eof = False
        self._is_ending = False
        self._is_flush_due = False
        self._is_shut = False
        self._is_writing_paused = False

    def begin(self, transport: asyncio.Transport) -> None:
        """Serve what comes from now on; the host knows of the connection."""
        self._transport = transport
        self._service.add(self)
        self._idle.watch(self._host.spec.idle_close)
        self._flush_soon()

    # What the transport tells.

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Give everything back that is still held."""
        self._transport = None
        self._is_ending = True
        self._idle.stop()
        if self._linger is not None:
            self._linger.cancel()
        self._drop_jobs()
        self._service.streams -= self._session.streams
        self._service.remove(self)
        self._host.remove(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Lend the buffer that all connections share: it is read out before the next lending."""
        return self._host.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came; requests come back through ``on_request``."""
        if self._is_ending:
            return
        self._is_flush_due = True  # at the end of this, whatever becomes ready
        try:
            self._session.receive(self._host.buffer[:nbytes], now=self._host.loop.time())
        except SessionFault:
            self._service.goaways += 1
        self._flush()

    def eof_received(self) -> bool:
        """Answer what was asked before a half-close; over TLS asyncio closes at once."""
        self._has_eof = True
        if self._is_ending or self._host.is_secure:
            return False
        self._session.hear_no_more()
        return self._session.streams > 0

    def pause_writing(self) -> None:
        """Make no response while the client does not read."""
        self._is_writing_paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._is_writing_paused = False
        self._flush()

    # What the session tells.

    def on_open(self) -> bool:
        """Count a stream, unless it is one to refuse; say GOAWAY with the last there is to be."""
        service = self._service
        if service.refuses():
            return False
        self._taken += 1
        service.opened(self._session.streams + 1)
        if self._taken == service.goaway_after:
            self.go_away()
        return True

    def on_refused(self) -> None:
        """Count a stream that was refused."""
        self._service.refused += 1

    def on_request(self, stream: int, method: bytes, target: bytes) -> None:
        """Begin to work on a request."""
        self._host.requests += 1
        if method == b"CONNECT":
            self._session.respond(stream, h2_fields(_NO_PROXY), _NO_PROXY.body)
            return
        job = self._jobs[stream] = _Asked(self._host, self, target, is_head=method == b"HEAD")
        job.stream = stream
        job.begin()

    def on_closed(self, stream: int, *, is_answered: bool) -> None:
        """Forget a stream; with the last the idle time begins."""
        self._service.streams -= 1
        if is_answered:
            self._host.responses += 1
        job = self._jobs.pop(stream, None)
        if job is not None:
            job.drop()
        if not self._session.streams:
            self._idle.watch(self._host.idle_limit_s)

    # From request to response.

    def answered(self, job: Job) -> None:
        """Send the response that is due."""
        assert isinstance(job, _Asked)
        self._jobs.pop(job.stream, None)
        body = job.answer.content(is_head=job.is_head)
        self._session.respond(job.stream, h2_fields(job.answer), body)
        self._flush_soon()

    def go_on(self) -> None:
        """Do nothing: no request of this connection waits for another."""

    # From the host.

    def set_max_streams(self, most: int) -> None:
        """Allow so many streams from now on."""
        self._session.set_max_streams(most)
        self._flush_soon()

    def go_away(self) -> None:
        """Say GOAWAY, once; close when what was taken is answered."""
        if self._session.go_away():
            self._service.goaways += 1
            self._flush_soon()

    def shut(self) -> None:
        """Close as soon as what has been received is answered."""
        self._is_shut = True
        self.go_away()
        self._flush()

    def abort(self) -> None:
        """Drop the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def _flush_soon(self) -> None:
        """Write what is ready at the end of this turn."""
        if not self._is_flush_due:
            self._is_flush_due = True
            self._host.loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_flush_due = False
        transport = self._transport
        if transport is None or self._is_ending:
            return
        while not self._is_writing_paused:
            octets = self._session.take(_ROOM)
            if not octets:
                break
            transport.write(octets)
        if self._session.fault is not None and self._is_writing_paused:
            self._is_ending = True
            transport.abort()  # who breaks the rules and does not read is told nothing
        elif self._session.is_over and not self._is_writing_paused:
            self._end(transport)

    def _end(self, transport: asyncio.Transport) -> None:
        """Close from our side: everything is written."""
        self._is_ending = True
        self._idle.stop()
        if self._has_eof or self._is_shut or not transport.can_write_eof():
            transport.close()  # TLS has an end of its own, and asyncio waits for the client's
            return
        with contextlib.suppress(OSError):  # the client has reset it: we are told soon
            transport.write_eof()
        self._linger = self._host.loop.call_later(LINGER_S, self._lingered)

    def _lingered(self) -> None:
        transport = self._transport
        if transport is not None and transport.get_write_buffer_size():
            self._linger = self._host.loop.call_later(LINGER_S, self._lingered)
        elif transport is not None:
            transport.close()

    def _idled(self) -> None:
        """Close, unless there are streams: the end of the last starts the clock anew."""
        if self._session.streams or self._transport is None or self._is_ending:
            return
        if self._host.announces_idle_close:
            self.go_away()
        else:
            self._is_ending = True
            self._transport.close()

    def _drop_jobs(self) -> None:
        jobs = tuple(self._jobs.values())
        self._jobs.clear()
        for job in jobs:
            job.drop()
