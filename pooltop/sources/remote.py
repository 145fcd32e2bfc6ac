"""An engine in a process of its own, watched over a socket: what a dashboard uses.

The screen's work then cannot delay the requests, and a screen that hangs or dies stops the load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import Profile
from pooltop.errors import EngineError, UsageError
from pooltop.sources.base import OwnLock, Update, WriteLock
from pooltop.sources.child import EngineProcess
from pooltop.sources.consent import require_consent
from pooltop.sources.dialogue import Dialogue
from pooltop.sources.wire import Run

START_TIMEOUT_S = 15.0
"""How long the child may take from its spawn to its first update."""


class RemoteSource:
    """A Source over an EngineProcess."""

    def __init__(
        self, profile: Profile, *, engine: EngineProcess | None = None, interval_s: float = 0.5
    ) -> None:
        """Prepare.

        Args:
            profile: with every ``demo:`` resolved.
            engine: a process that may be spawned already; None makes one.
            interval_s: seconds between two updates.
        """
        self.title = profile.path
        self.fixed = ""
        self.lock: WriteLock = OwnLock()
        self._profile = profile
        self._process = engine or EngineProcess()
        self._interval_s = interval_s
        self._dialogue: Dialogue | None = None
        self._on_end: Callable[[str], None] | None = None
        self._closing = False
        self._farewell: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The engine's process id; None when there is none."""
        return self._process.pid

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Start the load; the first update has come when this returns.

        Raises:
            ProfileError: a host needs consent.
            UsageError: it was started before.
            EngineError: the engine could not be started, or refused the profile.
        """
        if self._on_end is not None:
            message = "this source was started before"
            raise UsageError(message)
        require_consent(self._profile)
        self._on_end = on_end
        self._dialogue = Dialogue(on_update=on_update, on_lost=self._lost)
        if self._process.pid is None:
            self._process.spawn()
        await self._dialogue.open(
            self._process.take_socket(),
            Run(profile=self._profile, interval_s=self._interval_s),
            within_s=START_TIMEOUT_S,
        )

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; gives what really happened.

        Raises:
            EngineError: the engine is gone, or had not started.
        """
        return await self._running().submit(edit)

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load.

        Raises:
            EngineError: the engine is gone, or had not started, or has no such workload.
        """
        await self._running().control(control)

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none."""
        if self._dialogue is not None:
            self._dialogue.watch(watch)

    async def close(self) -> None:
        """Stop the load and end the engine within two seconds; safe to call twice."""
        self._closing = True
        if self._farewell is not None:
            self._farewell.cancel()
            await asyncio.gather(self._farewell, return_exceptions=True)
        if self._dialogue is not None:
            await self._dialogue.close()
        await self._process.close()

    def _lost(self, reason: str) -> None:
        dialogue = self._running()
        if self._closing:
            dialogue.fail(dialogue.gone)
            return
        loop = asyncio.get_running_loop()
        self._farewell = loop.create_task(
            self._tell_end(dialogue, reason), name="pooltop-engine-end"
        )

    async def _tell_end(self, dialogue: Dialogue, reason: str) -> None:
        """Find out how the engine ended, and say so."""
        words = dialogue.gone
        if not dialogue.goodbye:
            how = await self._process.exit_words()
            words = f"the engine {how}" + (f" ({reason})" if reason else "")
        if not dialogue.fail(words) and self._on_end is not None:
            self._on_end(words)

    def _running(self) -> Dialogue:
        if self._dialogue is None:
            message = "the engine is not running"
            raise EngineError(message)
        return self._dialogue
