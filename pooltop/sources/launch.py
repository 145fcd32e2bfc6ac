"""Everything a profile needs, brought up in order: the demo's servers, then the engine.

The processes are spawned before anyone waits, so that their start overlaps with the front end's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import Profile
from pooltop.demo.process import DemoProcess, resolve_demo
from pooltop.errors import EngineError, PooltopError
from pooltop.sources.base import OwnLock, Source, Update, WriteLock
from pooltop.sources.child import EngineProcess
from pooltop.sources.consent import require_consent
from pooltop.sources.local import LocalSource
from pooltop.sources.remote import RemoteSource


class LaunchedSource:
    """A Source that owns all the processes of a profile."""

    def __init__(self, profile: Profile, *, interval_s: float, own_process: bool) -> None:
        """Prepare.

        Args:
            profile: as it was loaded; the hosts of its ``[demo]`` tables are served.
            interval_s: seconds between two updates.
            own_process: whether the engine runs in a process of its own; for a front end that
                keeps its event loop busy.

        Raises:
            ProfileError: a host needs consent. Nothing was started.
        """
        require_consent(profile)
        self.title = profile.path
        self.fixed = ""
        self.lock: WriteLock = OwnLock()
        self._profile = profile
        self._interval_s = interval_s
        self._demo = DemoProcess() if profile.demo else None
        self._engine = EngineProcess() if own_process else None
        self._inner: Source | None = None
        self._spawned = False
        self._watch: asyncio.Task[None] | None = None

    def spawn(self) -> None:
        """Start the processes and return at once; ``start`` does it if this did not.

        Raises:
            EngineError: a process could not be started. ``close`` is the caller's to call.
        """
        if self._spawned:
            return
        self._spawned = True
        if self._engine is not None:
            self._engine.spawn()
        if self._demo is not None:
            self._demo.spawn(self._profile.demo)

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Wait for the demo, then start the load; the end of either is told.

        Raises:
            PooltopError: a process could not be started, or the profile cannot be run.
        """
        self.spawn()
        profile = self._profile
        if self._demo is not None:
            profile = resolve_demo(profile, await self._demo.ready())
        self._inner = (
            LocalSource(profile, interval_s=self._interval_s)
            if self._engine is None
            else RemoteSource(profile, engine=self._engine, interval_s=self._interval_s)
        )
        await self._inner.start(on_update, on_end)
        if self._demo is not None:
            self._watch = asyncio.get_running_loop().create_task(
                self._end_with_the_demo(self._demo, self._inner, on_end), name="pooltop-demo-end"
            )

    async def _end_with_the_demo(
        self, demo: DemoProcess, inner: Source, on_end: Callable[[str], None]
    ) -> None:
        words = await demo.ended()
        # Its ports may be anybody's from here on: nothing more is sent to them.
        try:
            await inner.control(Control(action="stop"))
        except PooltopError:
            return  # the engine is gone too, and that was told
        await inner.close()
        on_end(f"the demo's process {words}; the load was stopped")

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; gives what really happened.

        Raises:
            EngineError: the engine is gone, or had not started.
        """
        return await self._running().submit(edit)

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load.

        Raises:
            EngineError: the engine is gone, or had not started.
            PooltopError: there is no such workload.
        """
        await self._running().control(control)

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none."""
        if self._inner is not None:
            self._inner.watch(watch)

    async def close(self) -> None:
        """End the load, then the engine, then the demo, within two seconds together."""
        inner, self._inner = self._inner, None
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)
        try:
            if inner is not None:
                await inner.close()
            if self._engine is not None:
                await self._engine.close()
        finally:
            if self._demo is not None:
                await self._demo.close()

    def close_now(self) -> None:
        """End everything where no event loop runs; for the way out of a failure."""
        if self._spawned:
            asyncio.run(self.close())

    def _running(self) -> Source:
        if self._inner is None:
            message = "the engine is not running"
            raise EngineError(message)
        return self._inner


def limited(profile: Profile, duration_s: float | None) -> Profile:
    """Give the profile with no workload longer than ``duration_s`` seconds; None changes none."""
    if duration_s is None:
        return profile
    workloads = tuple(
        each
        if each.duration is not None and each.duration <= duration_s
        else msgspec.structs.replace(each, duration=duration_s)
        for each in profile.workloads
    )
    return msgspec.structs.replace(profile, workloads=workloads)
