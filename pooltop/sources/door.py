"""Where viewers of an engine in the background come in, and those who only ask or end it.

Whoever can connect is this user's own process; still, nothing that it sends or fails to read does
any harm to the engine or to the other viewers.

Rules of this file:
- Somebody else's process is closed unheard, as far as the kernel tells whose it is.
- Who says nothing for _FIRST_S seconds is closed; so is who sends what is no message.
- Where the load has taken every descriptor, who comes is let in on one of those that are kept
  spare for it; and where none of them is left either, this waits, and does not spin.
- At most _MOST_CONNECTIONS at once, of whom the roll lets a part watch: there is always room for
  one more to ask or to end the engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
from collections.abc import Callable, Coroutine

from pooltop.errors import PooltopError
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.hosting import Hosting, Seat
from pooltop.sources.peer import require_own
from pooltop.sources.wire import (
    LARGEST_REQUEST_BYTES,
    VERSION,
    Attach,
    Describe,
    Description,
    Finish,
    FromEngine,
    FromWatching,
    Goodbye,
    Hello,
    WireError,
    read_from_viewer,
)

_FIRST_S = 5.0
_FLUSH_S = 0.5
_MOST_CONNECTIONS = 32
_SPARES = 4
"""Descriptors that the load cannot take: for a viewer or two, and for who ends the engine."""
_AGAIN_S = 0.5
_EXHAUSTED = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""The connection waits on, and would be told of again at once."""


class Door:
    """Accepts connections to one engine."""

    def __init__(
        self,
        listener: socket.socket,
        hosting: Hosting,
        *,
        describe: Callable[[], Description],
        finish: Callable[[str], None],
    ) -> None:
        """Open it; make it inside the event loop.

        Args:
            listener: does not block; stays the caller's to close, after ``close``.
            hosting: takes those who want to watch.
            describe: gives what those are told who ask.
            finish: ends the engine, for a reason in words.
        """
        self.hosting = hosting
        self.describe = describe
        self.finish = finish
        self._listener: socket.socket | None = None
        self._again: asyncio.TimerHandle | None = None
        self._spares: list[int] = []
        self._loop = asyncio.get_running_loop()
        self._guests: set[Guest] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.move_to(listener)
        self._keep_spares()

    def move_to(self, listener: socket.socket | None) -> None:
        """Accept from another socket, or from none for now; who is there stays."""
        if self._listener is not None:
            self._loop.remove_reader(self._listener)
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self._listener = listener
        self._listen()

    async def close(self, goodbye: str) -> None:
        """Let nobody in any more, and tell all who are there why; within _FLUSH_S seconds."""
        self.move_to(None)
        while self._spares:
            os.close(self._spares.pop())
        for guest in tuple(self._guests):
            guest.leave(Goodbye(reason=goodbye))
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _listen(self) -> None:
        self._again = None
        if self._listener is not None:
            self._loop.add_reader(self._listener, self._accept)

    def _accept(self) -> None:
        assert self._listener is not None
        self._keep_spares()
        try:
            end = self._next(self._listener)
        except OSError as error:
            if error.errno in _EXHAUSTED:
                self._loop.remove_reader(self._listener)
                self._again = self._loop.call_later(_AGAIN_S, self._listen)
            return  # or gone again before its turn
        try:
            pid = require_own(end)
        except (PooltopError, OSError):
            end.close()
            return
        if len(self._guests) >= _MOST_CONNECTIONS:
            end.close()
            return
        guest = Guest(self, pid)
        self._guests.add(guest)
        self.own(guest.open(end), "greeting")

    def _next(self, listener: socket.socket) -> socket.socket:
        """Accept who is next, in the place of a spare descriptor where there is no other."""
        try:
            return listener.accept()[0]
        except OSError as error:
            if error.errno != errno.EMFILE or not self._spares:
                raise
        os.close(self._spares.pop())
        return listener.accept()[0]

    def _keep_spares(self) -> None:
        with contextlib.suppress(OSError):
            while self._listener is not None and len(self._spares) < _SPARES:
                self._spares.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))

    # For its guests.

    def own(self, work: Coroutine[None, None, None], name: str) -> None:
        """Run work of a guest's, and wait for it at the end."""
        task = self._loop.create_task(work, name=f"pooltop-guest-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def forget(self, guest: Guest) -> None:
        """Count a guest no more, and keep its descriptor for the next one."""
        self._guests.discard(guest)
        self._loop.call_soon(self._keep_spares)  # it is closed after this


class Guest:
    """One connection, from its first byte to its last."""

    def __init__(self, door: Door, pid: int) -> None:
        """Keep; ``open`` begins."""
        self._door = door
        self._pid = pid
        self._channel: Channel | None = None
        self._seat: Seat | None = None
        self._is_leaving = False
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(_FIRST_S, self._nothing_came)

    async def open(self, end: socket.socket) -> None:
        """Greet whoever is at the other end of a connected socket."""
        try:
            self._channel = await open_channel(
                end, self._take, self._lost, largest=LARGEST_REQUEST_BYTES
            )
        except BaseException:
            end.close()
            self._lost("")
            raise
        self._channel.send(Hello(version=VERSION, pid=os.getpid()))
        if self._is_leaving:  # the engine ends while we were let in
            await self._channel.close()

    def leave(self, last: FromEngine) -> None:
        """Say a last word and close, at the latest _FLUSH_S seconds later."""
        if self._is_leaving:
            return
        self._is_leaving = True
        self._patience.cancel()
        if self._channel is not None:
            self._channel.send(last)
            self._door.own(self._channel.close(flush_s=_FLUSH_S), "farewell")

    def _take(self, body: memoryview) -> None:
        if self._is_leaving:
            return
        message = read_from_viewer(body)
        self._patience.cancel()
        match message:
            case Goodbye():
                self.leave(Goodbye(reason=""))
            case Describe() if self._seat is None:
                self.leave(self._door.describe())
            case Finish() if self._seat is None:
                self._door.finish(f"the engine was stopped by pooltop stop (pid {self._pid})")
            case Attach() if self._seat is None:
                self._attach(message)
            case _ if self._seat is not None and isinstance(message, FromWatching):
                self._door.hosting.take(self._seat, message)
            case _:
                raise WireError(f"{type(message).__name__} is out of turn")

    def _attach(self, message: Attach) -> None:
        assert self._channel is not None
        if message.version != VERSION:
            words = (
                f"this viewer speaks version {message.version} of the wire, the engine {VERSION}"
            )
            self.leave(Goodbye(reason=words))
            return
        try:
            self._seat = self._door.hosting.join(
                self._channel,
                interval_s=message.interval_s,
                pid=self._pid,
                kind=message.kind,
                read_only=message.read_only,
            )
        except PooltopError as error:
            self.leave(Goodbye(reason=str(error)))

    def _nothing_came(self) -> None:
        self.leave(Goodbye(reason=f"nothing was asked for within {_FIRST_S:g} s"))

    def _lost(self, reason: str) -> None:
        del reason  # a guest that misbehaved is closed, and that is all
        self._is_leaving = True
        self._patience.cancel()
        self._door.forget(self)
        if self._seat is not None:
            self._door.hosting.leave(self._seat)
