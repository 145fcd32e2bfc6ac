"""One connection of a demo host: bytes in, requests in order, responses out.

Callbacks only, no task and no coroutine: the server shares a small machine with the client
that is to be measured. Rules of this file:

- One request of a connection is worked on at a time; pipelined ones wait in ``_pending``, so
  responses leave in the order of their requests (RFC 9112, 9.3.2).
- A place in the gate is held from ``work`` until the response is written or the connection is
  lost, and given back exactly once.
- Once a response has said ``Connection: close`` nothing more is read.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from pooltop.demo import answers
from pooltop.demo.answers import Answer

if TYPE_CHECKING:
    from pooltop.demo.host import DemoHost

MAX_PENDING = 64
"""Pipelined requests beyond this many stop the reading until they are answered."""
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_EXPECT = b"expect"


class _Received:
    """A request that has been read to its end."""

    __slots__ = ("is_head", "keep", "target")

    def __init__(self, target: bytes, *, is_head: bool, keep: bool) -> None:
        self.target = target
        self.is_head = is_head
        self.keep = keep


class Connection(asyncio.BufferedProtocol):
    """The server side of one socket."""

    __slots__ = (
        "_answer",
        "_current",
        "_has_place",
        "_host",
        "_idle_deadline",
        "_idle_timer",
        "_is_last_read",
        "_is_reading_paused",
        "_is_receiving",
        "_is_writing_paused",
        "_parser",
        "_pending",
        "_taken",
        "_target",
        "_timer",
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
        self._answer = host.usual
        self._timer: asyncio.TimerHandle | None = None
        self._has_place = False
        self._is_receiving = False
        self._is_last_read = False
        self._is_reading_paused = False
        self._is_writing_paused = False
        self._wants_continue = False
        self._idle_timer: asyncio.TimerHandle | None = None
        self._idle_deadline = 0.0

    @property
    def is_idle(self) -> bool:
        """Between two requests: closing now loses nothing."""
        return self._current is None and not self._pending and not self._is_receiving

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be counted; for https the handshake is already done."""
        self._transport = cast("asyncio.Transport", transport)
        self._host.add(self)
        self._watch_idle(self._host.spec.idle_close)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """Give everything back that is still held."""
        self._transport = None
        self._parser = None  # it holds our bound methods: break the cycle
        self._pending.clear()
        for timer in (self._timer, self._idle_timer):
            if timer is not None:
                timer.cancel()
        self._timer = self._idle_timer = None
        self._current = None
        if self._has_place:
            self._leave_gate()
        else:
            self._host.gate.withdraw(self)
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
        self._pump()

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
        # Ask here: after this callback llhttp has started anew and always answers False.
        keep = (
            parser.should_keep_alive()
            and not parser.should_upgrade()
            and host.spec.keep_alive
            and self._taken != host.spec.keep_alive_max
        )
        self._is_last_read = not keep
        received = _Received(self._target, is_head=parser.get_method() == b"HEAD", keep=keep)
        if self._current is None and not self._pending and not self._is_writing_paused:
            self._begin(received)
            return
        self._pending.append(received)
        if len(self._pending) > MAX_PENDING and not self._is_reading_paused and self._transport:
            self._is_reading_paused = True
            self._transport.pause_reading()

    # From request to response.

    def work(self) -> None:
        """Start to work on the current request: the gate has come to it."""
        self._work()
        self._pump()

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

    def _begin(self, received: _Received) -> None:
        host = self._host
        self._current = received
        if received.target == answers.STATS_TARGET:
            self._answer = Answer(host.stats_json(), content_type=answers.JSON)
            self._respond()
            return
        self._answer = answers.answer(received.target, host.usual)
        if host.gate.enter(self):
            self._work()

    def _work(self) -> None:
        self._has_place = True
        if self._transport is None or self._current is None:
            self._leave_gate()  # lost between being called and now
            return
        delay_s = self._answer.delay_s
        if delay_s is None:
            delay_s = self._host.draw_latency_s()
        if delay_s > 0:
            self._timer = self._host.loop.call_later(delay_s, self._worked)
        else:
            self._respond()
            self._leave_gate()

    def _worked(self) -> None:
        self._timer = None
        self._respond()
        self._leave_gate()
        self._pump()

    def _leave_gate(self) -> None:
        self._has_place = False
        following = self._host.gate.leave()
        if following is not None:
            # Not at once: a chain of instant answers would be as deep as the line is long.
            self._host.loop.call_soon(following.work)

    def _respond(self) -> None:
        received = self._current
        transport = self._transport
        if received is None or transport is None:
            return
        self._current = None
        host = self._host
        host.responses += 1
        transport.write(host.wire(self._answer, keep=received.keep, is_head=received.is_head))
        if not received.keep:
            self._pending.clear()
            transport.close()
        elif not self._pending:
            if self._is_last_read:
                transport.close()
            elif self._wants_continue:
                self._send_continue()
            elif not self._is_receiving:
                self._watch_idle(host.idle_limit_s)

    def _pump(self) -> None:
        while self._pending and self._current is None and not self._is_writing_paused:
            self._begin(self._pending.popleft())
        if self._is_reading_paused and not self._pending and self._transport is not None:
            self._is_reading_paused = False
            self._transport.resume_reading()

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

    def _send_continue(self) -> None:
        self._wants_continue = False
        if self._transport is not None:
            self._transport.write(_CONTINUE)

    # The idle clock: one timer, moved lazily, since most requests arrive long before it.

    def _watch_idle(self, limit_s: float | None) -> None:
        if limit_s is None:
            return
        loop = self._host.loop
        self._idle_deadline = loop.time() + limit_s
        if self._idle_timer is not None and self._idle_timer.when() > self._idle_deadline:
            self._idle_timer.cancel()  # set by the longer limit of a fresh connection
            self._idle_timer = None
        if self._idle_timer is None:
            self._idle_timer = loop.call_at(self._idle_deadline, self._idled)

    def _idled(self) -> None:
        self._idle_timer = None
        if not self.is_idle or self._transport is None:
            return  # the end of the response starts the clock anew
        loop = self._host.loop
        if loop.time() < self._idle_deadline:
            self._idle_timer = loop.call_at(self._idle_deadline, self._idled)
        else:
            self._is_last_read = True
            self._transport.close()
