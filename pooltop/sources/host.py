"""The engine's own process: ``python -P -m pooltop.sources.host``, its stdin one end of a socket.

Why an inherited pair of sockets and not a named one: there is no path that anyone else could
open, so there is nothing to authorise, nothing to clean up after a kill, and no race between
listening and connecting; and each side learns of the other's death, however it died, as the end
of the stream. The messages are those that a named socket would carry (``wire``).

Rules of this file:
- Nothing is sent to any host before the viewer's Run.
- The engine never waits for the viewer. While an update is still unsent no other is made; the
  journal keeps its bounded past meanwhile.
- When the viewer goes, or a signal comes, the load stops at once, every socket is closed, and
  the process ends within a second.
- A failure is told in words: to the viewer as Goodbye, and on stderr.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import socket
import sys
import traceback

from pooltop.engine.engine import Engine
from pooltop.errors import PooltopError
from pooltop.sources.base import Update
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.consent import require_consent
from pooltop.sources.pump import Pump
from pooltop.sources.wire import (
    VERSION,
    ControlDone,
    EditDone,
    Goodbye,
    Hello,
    Refused,
    Run,
    SetWatch,
    SubmitControl,
    SubmitEdit,
    read_from_viewer,
)
from pooltop.sources.wire import Update as WireUpdate

EXIT_FAILED = 1
EXIT_USAGE = 2
_CLOSE_S = 0.8
_FLUSH_S = 0.2
_MOST_REPORTS = 20
"""Failures of callbacks that are told: a fault that repeats must not fill a disk."""


class Host:
    """Runs one engine for one viewer."""

    def __init__(self) -> None:
        """Wait for a viewer; make it inside the event loop."""
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._channel: Channel | None = None
        self._engine: Engine | None = None
        self._pump: Pump | None = None
        self._pauses: set[asyncio.Task[None]] = set()
        """Whose answers wait for a last count."""
        self._reports = 0
        self.status = 0
        """The exit status, once ``serve`` is over."""

    async def serve(self, end: socket.socket) -> None:
        """Serve until the viewer goes, a signal comes, or something fails."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._report)
        for number in (signal.SIGTERM, signal.SIGINT):
            name = signal.Signals(number).name
            loop.add_signal_handler(number, self._finish, f"the engine was ended by {name}")
        channel = self._channel = await open_channel(end, self._take, self._lost)
        channel.send(Hello(version=VERSION, pid=os.getpid()))
        try:
            reason = await self._over
        finally:
            await self._stop_load()
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

    async def _stop_load(self) -> None:
        for pausing in self._pauses:
            pausing.cancel()
        await asyncio.gather(*self._pauses, return_exceptions=True)
        if self._pump is not None:
            await self._pump.stop()
        if self._engine is not None:
            self._engine.stop()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._engine.aclose()

    # What the viewer says

    def _take(self, body: bytes) -> None:
        message = read_from_viewer(body)
        if isinstance(message, Goodbye):
            self._finish("")
        elif isinstance(message, Run):
            self._run(message)
        elif isinstance(message, SetWatch):
            if self._engine is not None and self._pump is not None:
                self._engine.watch(() if message.watch is None else (message.watch,))
                self._pump.now()
        elif self._engine is None or self._pump is None:
            self._send(Refused(number=message.number, reason="no profile is running yet"))
        elif isinstance(message, SubmitEdit):
            outcome = self._engine.edit(message.edit)
            self._send(EditDone(number=message.number, outcome=outcome))
            self._pump.now()
        elif isinstance(message, SubmitControl):
            try:
                self._engine.control(message.control)
            except PooltopError as error:
                self._send(Refused(number=message.number, reason=str(error)))
                return
            if message.control.action == "pause":
                counting = self._count_again(message.number, self._engine, self._pump)
                task = asyncio.create_task(counting, name="pooltop-pause")
                self._pauses.add(task)
                task.add_done_callback(self._pauses.discard)
                return
            self._pump.now()
            self._send(ControlDone(number=message.number))

    async def _count_again(self, number: int, engine: Engine, pump: Pump) -> None:
        """Answer a pause with a picture in which nothing is a few seconds old."""
        await engine.count_again()
        pump.now()
        self._send(ControlDone(number=number))

    def _run(self, message: Run) -> None:
        if self._engine is not None:
            self._send(Refused(number=0, reason="a profile is running already"))
            return
        try:
            require_consent(message.profile)
            self._engine = Engine(message.profile)
        except PooltopError as error:
            self._fail(str(error))
            return
        self._pump = Pump(
            self._engine,
            interval_s=message.interval_s,
            emit=self._ship,
            may_emit=self._viewer_is_ready,
        )
        self._pump.start()
        # The 24,000 objects of the imports stay for good. In the collector's care each full
        # collection stops the loop for 7 ms (measured), which would be shown as latency.
        gc.collect()
        gc.freeze()
        self._engine.start()

    # What the viewer is told

    def _viewer_is_ready(self) -> bool:
        return self._channel is not None and self._channel.backlog_bytes == 0

    def _ship(self, update: Update) -> None:
        self._send(
            WireUpdate(snapshot=update.snapshot, entries=update.entries, dropped=update.dropped)
        )

    def _send(self, message: WireUpdate | EditDone | ControlDone | Refused) -> None:
        if self._channel is not None:
            self._channel.send(message)

    def _report(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Tell of a callback that raised: a fault of ours, after which numbers may be wrong."""
        del loop
        self._reports += 1
        if self._reports > _MOST_REPORTS:
            return
        error = context.get("exception")
        what = repr(error) if isinstance(error, BaseException) else str(context.get("message"))
        if isinstance(error, BaseException):
            traceback.print_exception(error)
        else:
            sys.stderr.write(f"{what}\n")
        if self._engine is not None:
            words = f"a fault in pooltop's engine, numbers may be wrong from here on: {what}"
            self._engine.journal.write("ERROR", words)


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
