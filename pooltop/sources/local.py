"""An engine in this process: for front ends that leave the event loop alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import Profile
from pooltop.engine.engine import Engine
from pooltop.errors import EngineError, UsageError
from pooltop.exports.running import RunningExports
from pooltop.sources.base import OwnLock, Update, WriteLock
from pooltop.sources.consent import require_consent
from pooltop.sources.pump import Pump

_CLOSE_S = 1.5


class LocalSource:
    """A Source over an Engine on the caller's own event loop."""

    def __init__(self, profile: Profile, *, interval_s: float = 1.0) -> None:
        """Prepare.

        Args:
            profile: with every ``demo:`` resolved.
            interval_s: seconds between two updates.
        """
        self.title = profile.path
        self.fixed = ""
        self.lock: WriteLock = OwnLock()
        self._profile = profile
        self._interval_s = interval_s
        self._engine: Engine | None = None
        self._pump: Pump | None = None
        self._exports: RunningExports | None = None

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Start the load; ``on_end`` is never called: this engine ends with its process.

        Raises:
            ProfileError: a host needs consent.
            PooltopError: a port for an export cannot be had, or the profile cannot be run.
        """
        del on_end
        if self._engine is not None:
            message = "this source was started before"
            raise UsageError(message)
        require_consent(self._profile)
        self._exports = RunningExports(self._profile.exports)
        self._engine = Engine(self._profile)
        self._pump = Pump(self._engine)
        self._pump.add(interval_s=self._interval_s, emit=on_update)
        self._exports.start(self._engine.snapshot, self._engine.journal.write)
        self._engine.start()

    async def submit(self, edit: Edit) -> EditOutcome:
        """Apply an edit; an update that shows it comes at once.

        Raises:
            EngineError: there is no engine.
        """
        engine, pump = self._running()
        outcome = engine.edit(edit)
        pump.now()
        return outcome

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load; an update that shows it comes at once.

        After a pause it comes when the kernel was asked once more: after some milliseconds.

        Raises:
            EngineError: there is no engine.
            UsageError: there is no such workload.
        """
        engine, pump = self._running()
        engine.control(control)
        if control.action == "pause":
            # The load is over, or a break in it: nothing is to be a few seconds old.
            await engine.count_again()
        pump.now()

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; one comes at once."""
        if self._engine is not None and self._pump is not None:
            self._engine.watch(() if watch is None else (watch,))
            self._pump.now()

    async def close(self) -> None:
        """Close every socket and end."""
        engine, self._engine = self._engine, None
        pump, self._pump = self._pump, None
        if pump is not None:
            await pump.stop()
        if engine is not None:
            engine.stop()
        if self._exports is not None:
            await self._exports.close()  # whose last picture has the last judgement
        if engine is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_S):
                    await engine.aclose()

    def _running(self) -> tuple[Engine, Pump]:
        if self._engine is None or self._pump is None:
            message = "the engine is not running"
            raise EngineError(message)
        return self._engine, self._pump
