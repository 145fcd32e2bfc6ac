"""The engine's own process: ``python -P -m pooltop.sources.host``, its stdin one end of a socket.

Why an inherited pair of sockets and not a named one: there is no path that anyone else could
open, so there is nothing to authorise, nothing to clean up after a kill, and no race between
listening and connecting; and each side learns of the other's death, however it died, as the end
of the stream. An engine that is to outlive its screen is another program: ``daemon``.

Rules of this file:
- Nothing is sent to any host before the viewer's Run.
- When the viewer goes, or a signal comes, the load stops at once, every socket is closed, and
  the process ends within a second.
- A failure is told in words: to the viewer as Goodbye, and on stderr.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import traceback

from pooltop.errors import PooltopError
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.hosting import Hosting, Seat
from pooltop.sources.reports import Reports
from pooltop.sources.wire import (
    VERSION,
    FromWatching,
    Goodbye,
    Hello,
    Refused,
    Run,
    SetWatch,
    WireError,
    read_from_viewer,
)

EXIT_FAILED = 1
EXIT_USAGE = 2
_FLUSH_S = 0.2


class Host:
    """Runs one engine for one viewer."""

    def __init__(self) -> None:
        """Wait for a viewer; make it inside the event loop."""
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._channel: Channel | None = None
        self._hosting: Hosting | None = None
        self._seat: Seat | None = None
        self._reports = Reports()
        self.status = 0
        """The exit status, once ``serve`` is over."""

    async def serve(self, end: socket.socket) -> None:
        """Serve until the viewer goes, a signal comes, or something fails."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._reports)
        for number in (signal.SIGTERM, signal.SIGINT):
            name = signal.Signals(number).name
            loop.add_signal_handler(number, self._finish, f"the engine was ended by {name}")
        channel = self._channel = await open_channel(end, self._take, self._lost)
        channel.send(Hello(version=VERSION, pid=os.getpid()))
        try:
            reason = await self._over
        finally:
            if self._hosting is not None:
                await self._hosting.close()
        if reason:
            sys.stderr.write(f"{reason}\n")
            channel.send(Goodbye(reason=reason))
        await channel.close(flush_s=_FLUSH_S)

    def _finish(self, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(reason)

    def _fail(self, reason: str) -> None:
        self.status = EXIT_FAILED
        self._finish(reason)

    def _lost(self, reason: str) -> None:
        if reason:
            self._fail(f"the viewer was lost: {reason}")
        else:
            self._finish("")

    def _take(self, body: memoryview) -> None:
        message = read_from_viewer(body)
        if isinstance(message, Goodbye):
            self._finish("")
        elif isinstance(message, Run):
            self._run(message)
        elif not isinstance(message, FromWatching):
            raise WireError(f"the viewer sent {type(message).__name__} to an engine of its own")
        elif self._hosting is not None and self._seat is not None:
            self._hosting.take(self._seat, message)
        elif not isinstance(message, SetWatch):
            self._refuse(message.number, "no profile is running yet")

    def _run(self, message: Run) -> None:
        assert self._channel is not None
        if self._hosting is not None:
            self._refuse(0, "a profile is running already")
            return
        try:
            self._hosting = Hosting(message.profile, is_shared=False)
        except PooltopError as error:
            self._fail(str(error))
            return
        self._reports.journal = self._hosting.engine.journal
        self._seat = self._hosting.join(self._channel, interval_s=message.interval_s)
        self._hosting.start()

    def _refuse(self, number: int, reason: str) -> None:
        if self._channel is not None:
            self._channel.send(Refused(number=number, reason=reason))


async def _serve(end: socket.socket) -> int:
    host = Host()
    await host.serve(end)
    return host.status


def main() -> int:
    """Serve the viewer at the other end of stdin; gives the exit status."""
    try:
        end = socket.socket(fileno=os.dup(0))
    except OSError:
        sys.stderr.write("pooltop.sources.host is started by pooltop itself, over a socket\n")
        return EXIT_USAGE
    # Only this one descriptor keeps the viewer's end alive.
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    try:
        return asyncio.run(_serve(end))
    except Exception:  # noqa: BLE001 - the last words; the viewer reads them from stderr
        traceback.print_exc()
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
