"""An engine that outlives the screen: ``python -P -m pooltop.sources.daemon``.

Its stdin is one end of a socket to whoever launches it, which tells it what to run and hears
whether it does; after that it is found by its name (``rendezvous``). It owns all that its profile
needs, so that nothing hangs on a terminal: the engine is in this process, the demo's servers are
its child.

Rules of this file:
- Nothing is sent to any host before Launch, and nothing that consent was not given for.
- It ends by Finish, by SIGTERM, SIGINT or SIGHUP, when its demo ends, and when its launcher goes
  before the load runs; never because a viewer goes, nor because its load is over: what it saw can
  be read until it is told to end.
- However it ends, the load stops at once and every viewer is told why.
- An engine that sends can be found: where its files go away, it makes them again, and ends when
  that stays impossible.
- Once it has its name, its stderr is the name's log, kept only when the end was a failure.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
import traceback
from typing import TypeVar

from pooltop.core.model import Profile
from pooltop.demo.process import DemoProcess, resolve_demo
from pooltop.errors import EngineError, PooltopError
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.consent import require_consent
from pooltop.sources.door import Door
from pooltop.sources.hosting import Hosting
from pooltop.sources.rendezvous import Claim, Rendezvous, open_rendezvous
from pooltop.sources.reports import Reports
from pooltop.sources.wire import (
    VERSION,
    Description,
    Goodbye,
    Hello,
    Launch,
    Launched,
    WireError,
    read_from_viewer,
)

_T = TypeVar("_T")

EXIT_FAILED = 1
EXIT_USAGE = 2
_FLUSH_S = 0.2
_LOOK_S = 2.0
"""How often it looks whether it is still found under its name."""
_MOST_TRIES = 3
"""So often in a row it tries to be found again."""


class Daemon:
    """One engine of the background, from Launch to its end; make it inside the event loop."""

    def __init__(self) -> None:
        """Wait for Launch."""
        self._loop = asyncio.get_running_loop()
        self._asked: asyncio.Future[Launch] = self._loop.create_future()
        self._over: asyncio.Future[str] = self._loop.create_future()
        self._reports = Reports()
        self._runs = False
        self._wall_started = time.time()
        self._demo: DemoProcess | None = None
        self._demo_watch: asyncio.Task[None] | None = None
        self._hosting: Hosting | None = None
        self._door: Door | None = None
        self._claim: Claim | None = None
        self._moved: Rendezvous | None = None
        """Where it went when its first place was taken away."""
        self.status = 0
        """The exit status, once ``serve`` is over."""

    async def serve(self, launcher: socket.socket) -> None:
        """Launch what is asked for, and serve viewers until it is to end."""
        self._loop.set_exception_handler(self._reports)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            words = f"the engine was ended by {signal.Signals(number).name}"
            self._loop.add_signal_handler(number, self._finish, words)
        channel = await open_channel(launcher, self._take, self._launcher_gone)
        channel.send(Hello(version=VERSION, pid=os.getpid()))
        try:
            with open_rendezvous() as rendezvous:
                await self._serve(channel, rendezvous)
        except PooltopError as error:
            self._fail(str(error))
        finally:
            if self._over.done():
                sys.stderr.write(f"{self._over.result()}\n")
                channel.send(Goodbye(reason=self._over.result()))
            await channel.close(flush_s=_FLUSH_S)

    async def _serve(self, launcher: Channel, rendezvous: Rendezvous) -> None:
        launch = await self._unless_over(self._asked)
        if launch is None:
            return
        claim = self._claim = rendezvous.claim(launch.name)
        watch: asyncio.Task[None] | None = None
        try:
            _redirect(2, claim.open_log())
            await self._launch(launch, claim)
            if self._runs:
                launcher.send(Launched(name=launch.name, pid=os.getpid()))
                await launcher.close(flush_s=_FLUSH_S)
                watch = self._loop.create_task(self._stay_found(), name="pooltop-found")
            await self._over
        except PooltopError as error:
            self._fail(str(error))
        except BaseException:
            self.status = EXIT_FAILED
            raise
        finally:
            if watch is not None:
                watch.cancel()
                await asyncio.gather(watch, return_exceptions=True)
            await self._end()
            self._claim.release(keep_log=self.status != 0)
            if self._moved is not None:
                self._moved.close()

    async def _launch(self, launch: Launch, claim: Claim) -> None:
        """Have it running, unless it is to end first."""
        running = self._loop.create_task(self._run(launch, claim), name="pooltop-launch")
        try:
            self._runs = await self._unless_over(running) is not None
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self, launch: Launch, claim: Claim) -> bool:
        """Bring up the demo, the engine and its load, then let viewers in."""
        profile = launch.profile
        require_consent(profile)
        if profile.demo:
            self._demo = DemoProcess()
            profile = resolve_demo(profile, await self._demo.start(profile.demo))
            self._demo_watch = self._loop.create_task(
                self._end_with_the_demo(self._demo), name="pooltop-demo-end"
            )
        hosting = self._hosting = Hosting(profile, is_shared=True)
        self._reports.journal = hosting.engine.journal
        hosting.start()
        self._door = Door(
            claim.listen(),
            hosting,
            describe=lambda: self._description(claim.name, profile, hosting),
            finish=self._finish,
        )
        return True

    async def _unless_over(self, work: asyncio.Future[_T]) -> _T | None:
        """Give what comes of it; None when the engine is to end first.

        Raises:
            PooltopError: it failed.
        """
        either: set[asyncio.Future[_T] | asyncio.Future[str]] = {work, self._over}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        return None if self._over.done() else work.result()

    async def _end_with_the_demo(self, demo: DemoProcess) -> None:
        words = await demo.ended()
        # Its ports may be anybody's from here on: nothing more is sent to them.
        if self._hosting is not None:
            self._hosting.engine.stop()
        self._fail(f"the demo's process {words}; the load was stopped")

    async def _stay_found(self) -> None:
        """Be found under the name, or not at all: nobody could end an engine that is not."""
        tries = 0
        while self._claim is not None and self._door is not None:
            await asyncio.sleep(_LOOK_S)
            if self._claim.is_found():
                continue
            try:
                self._move(self._claim, self._door)
            except (EngineError, OSError) as error:
                tries += 1
                if tries == _MOST_TRIES:
                    self._end_unfound(str(error))
                    return
            else:
                tries = 0

    def _move(self, lost: Claim, door: Door) -> None:
        """Take the name again, where viewers look for it by now.

        Raises:
            EngineError: that cannot be done now.
        """
        # Its lock may be in place still, and would keep ourselves out.
        door.move_to(None)
        lost.release(keep_log=True)
        rendezvous = open_rendezvous()
        try:
            claim = rendezvous.claim(lost.name)
            try:
                log, listener = claim.open_log(), claim.listen()
            except BaseException:
                claim.release(keep_log=True)
                raise
        except BaseException:
            rendezvous.close()
            raise
        _redirect(2, log)
        door.move_to(listener)
        if self._moved is not None:
            self._moved.close()
        self._moved, self._claim = rendezvous, claim

    def _end_unfound(self, why: str) -> None:
        if self._hosting is not None:
            self._hosting.engine.stop()
        self._fail(f"the engine could be found by nobody any more: {why}; the load was stopped")

    async def _end(self) -> None:
        """Stop the load at once, then tell everybody, then leave nothing behind."""
        reason = self._over.result() if self._over.done() else "the engine failed"
        if self._hosting is not None:
            await self._hosting.close()
        if self._demo_watch is not None:
            self._demo_watch.cancel()
            await asyncio.gather(self._demo_watch, return_exceptions=True)
        demo = () if self._demo is None else (self._demo.close(),)
        door = () if self._door is None else (self._door.close(reason),)
        await asyncio.gather(*demo, *door)

    def _description(self, name: str, profile: Profile, hosting: Hosting) -> Description:
        holder = hosting.roll.company(0).holder
        return Description(
            name=name,
            pid=os.getpid(),
            profile=profile.path,
            environment=profile.environment or "",
            wall_started=self._wall_started,
            viewers=len(hosting.roll),
            writer=None if holder is None else holder.pid,
            load=hosting.load,
        )

    # What the launcher says

    def _take(self, body: memoryview) -> None:
        message = read_from_viewer(body)
        if not isinstance(message, Launch) or self._asked.done():
            raise WireError(f"{type(message).__name__} is no message of a launcher's")
        self._asked.set_result(message)

    def _launcher_gone(self, reason: str) -> None:
        if not self._runs:
            words = f": {reason}" if reason else ""
            self._fail(f"whoever launched the engine went before its load ran{words}")

    def _fail(self, reason: str) -> None:
        self.status = EXIT_FAILED
        self._finish(reason)

    def _finish(self, reason: str) -> None:
        if not self._over.done():
            self._over.set_result(reason)


def _redirect(descriptor: int, to: int) -> None:
    os.dup2(to, descriptor)
    os.close(to)


async def _serve(launcher: socket.socket) -> int:
    daemon = Daemon()
    await daemon.serve(launcher)
    return daemon.status


def main() -> int:
    """Serve the launcher at the other end of stdin, then whoever comes; gives the exit status."""
    try:
        launcher = socket.socket(fileno=os.dup(0))
    except OSError:
        sys.stderr.write("pooltop.sources.daemon is started by pooltop itself, over a socket\n")
        return EXIT_USAGE
    _redirect(0, os.open(os.devnull, os.O_RDONLY))
    try:
        return asyncio.run(_serve(launcher))
    except Exception:  # noqa: BLE001 - the last words, for the name's log
        traceback.print_exc()
        return EXIT_FAILED


if __name__ == "__main__":
    sys.exit(main())
