"""One HTTP/1.1 connection of a demo host: bytes in, requests in order, responses out.

Callbacks only, no task and no coroutine: the server shares a small machine with the client
that is to be measured. Rules of this file:

- One request of a connection is worked on at a time; pipelined ones wait in ``_pending``, so
  responses leave in the order of their requests (RFC 9112, 9.3.2).
- Once a response has said ``Connection: close`` nothing more is read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from pooltop.demo import answers
from pooltop.demo.idle import IdleClock
from pooltop.demo.job import Job

if TYPE_CHECKING:
    from pooltop.demo.host import DemoHost

MAX_PENDING = 64
"""Pipelined requests beyond this many stop the reading until they are answered."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = b"expect"


class _Received(Job):
    """A request that has been read to its end."""

    __slots__ = ("keep",)

    keep: bool
    """Its response says that the connection is kept."""


class Connection(asyncio.BufferedProtocol):
    """The server side of one socket."""

    __slots__ = (
        "_current",
        "_host",
        "_idle",
        "_is_last_read",
        "_is_reading_paused",
        "_is_receiving",
        "_is_writing_paused",
        "_parser",
        "_pending",
        "_taken",
        "_target",
        "_transport",
        "_wants_continue",
    )

    def __init__(self, host: DemoHost) -> None:
        """Belong to a host; nothing happens before ``connection_made``."""
        self._host = host
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._target = b""
        self._taken = 0
        self._pending: deque[_Received] = deque()
        self._current: _Received | None = None
        self._is_receiving = False
        self._is_last_read = False
        self._is_reading_paused = False
        self._is_writing_paused = False
        self._wants_continue = False
        self._idle = IdleClock(host.loop, self._idled)

    @property
    def is_idle(self) -> bool:
        """Between two requests: closing now loses nothing."""
        return self._current is None and not self._pending and not self._is_receiving

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be counted; for https the handshake is already done."""
        self._host.add(self)
        self.begin(cast("asyncio.Transport", transport))

    def begin(self, transport: asyncio.Transport) -> None:
        """Serve what comes from now on; the host knows of the connection."""
        self._transport = transport
        self._idle.watch(self._host.spec.idle_close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Give everything back that is still held."""
        self._transport = None
        self._parser = None  # it holds our bound methods: break the cycle
        self._pending.clear()
        self._idle.stop()
        job, self._current = self._current, None
        if job is not None:
            job.drop()
        self._host.remove(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Lend the buffer that all connections share: it is read out before the next lending."""
        return self._host.buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Parse what came; requests come back through the ``on_...`` methods."""
        if self._is_last_read or self._parser is None:
            return
        try:
            self._parser.feed_data(self._host.buffer[:nbytes])
        except httptools.HttpParserUpgrade:
            pass  # on_message_complete has already answered it as a plain last request
        except httptools.HttpParserError as error:
            if not self._is_last_read:
                self._refuse(str(error))

    def eof_received(self) -> bool:
        """Answer what was asked before a half-close; over TLS asyncio closes at once."""
        self._is_last_read = True
        is_owing = self._current is not None or bool(self._pending)
        return is_owing and not self._host.is_secure

    def pause_writing(self) -> None:
        """Begin no response while the peer does not read."""
        self._is_writing_paused = True

    def resume_writing(self) -> None:
        """Go on."""
        self._is_writing_paused = False
        self.go_on()

    # What the parser tells.

    def on_message_begin(self) -> None:
        """Take the first byte of a request."""
        self._is_receiving = True
        self._target = b""

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Look for ``Expect: 100-continue``; the parser itself knows the other fields we need."""
        if len(name) == len(_EXPECT) and name.lower() == _EXPECT:
            self._wants_continue = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """Ask for the body if its sender waits to be asked."""
        if self._wants_continue and self._current is None and not self._pending:
            self._send_continue()

    def on_message_complete(self) -> None:
        """Take a whole request; its body, if any, has been read and dropped."""
        parser = self._parser
        if parser is None or self._is_last_read:
            return
        self._is_receiving = self._wants_continue = False
        self._taken += 1
        host = self._host
        host.requests += 1
        if host.spec.drop_after is not None and self._taken > host.spec.drop_after:
            self._drop()
            return
        # Ask here: after this callback llhttp has started anew and always answers False.
        keep = (
            parser.should_keep_alive()
            and not parser.should_upgrade()
            and host.spec.keep_alive
            and self._taken != host.spec.keep_alive_max
        )
        self._is_last_read = not keep
        received = _Received(host, self, self._target, is_head=parser.get_method() == b"HEAD")
        received.keep = keep
        if self._current is None and not self._pending and not self._is_writing_paused:
            self._begin(received)
            return
        self._pending.append(received)
        if len(self._pending) > MAX_PENDING and not self._is_reading_paused and self._transport:
            self._is_reading_paused = True
            self._transport.pause_reading()

    # From request to response.

    def shut(self) -> None:
        """Close as soon as what has been received is answered."""
        self._is_last_read = True
        if self._current is None and not self._pending and self._transport is not None:
            self._transport.close()
        elif self._pending:
            self._pending[-1].keep = False
        elif self._current is not None:
            self._current.keep = False

    def abort(self) -> None:
        """Drop the connection now."""
        if self._transport is not None:
            self._transport.abort()

    def answered(self, job: Job) -> None:
        """Write the response that is due."""
        received, self._current = self._current, None
        transport = self._transport
        if received is None or transport is None:
            return
        host = self._host
        host.responses += 1
        transport.write(host.wire(job.answer, keep=received.keep, is_head=received.is_head))
        if not received.keep:
            self._pending.clear()
            transport.close()
        elif not self._pending:
            if self._is_last_read:
                transport.close()
            elif self._wants_continue:
                self._send_continue()
            elif not self._is_receiving:
                self._idle.watch(host.idle_limit_s)

    def go_on(self) -> None:
        """Turn to the pipelined requests, if there is nothing to wait for."""
        while self._pending and self._current is None and not self._is_writing_paused:
            self._begin(self._pending.popleft())
        if self._is_reading_paused and not self._pending and self._transport is not None:
            self._is_reading_paused = False
            self._transport.resume_reading()

    def _begin(self, received: _Received) -> None:
        self._current = received
        received.begin()

    def _refuse(self, why: str) -> None:
        """Close on what is no HTTP request: with a 400, or after the answers still owed."""
        self._is_last_read = True
        self._is_receiving = False
        if self._current is not None or self._pending:
            self.shut()
            return
        if self._transport is not None:
            refusal = answers.bad_request(why)
            self._transport.write(answers.serialise(refusal, keep=None, is_head=False))
            self._transport.close()

    def _drop(self) -> None:
        """Close instead of answering; what came before is still answered."""
        self._is_last_read = True
        if self.is_idle and self._transport is not None:
            self._transport.close()

    def _send_continue(self) -> None:
        self._wants_continue = False
        if self._transport is not None:
            self._transport.write(_CONTINUE)

    def _idled(self) -> None:
        """Close, unless a request has come: the end of its response starts the clock anew."""
        if self.is_idle and self._transport is not None:
            self._is_last_read = True
            self._transport.close()
