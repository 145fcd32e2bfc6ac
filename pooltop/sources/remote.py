"""An engine in a process of its own, watched over a socket: what a dashboard uses.

The screen's work then cannot delay the requests, and a screen that hangs or dies stops the load.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import assert_never

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import Profile
from pooltop.errors import EngineError, UsageError
from pooltop.sources.base import Update
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.child import EngineProcess
from pooltop.sources.consent import require_consent
from pooltop.sources.wire import (
    VERSION,
    ControlDone,
    EditDone,
    FromEngine,
    Goodbye,
    Hello,
    Refused,
    Run,
    SetWatch,
    SubmitControl,
    SubmitEdit,
    WireError,
    read_from_engine,
)
from pooltop.sources.wire import Update as WireUpdate

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
        self._profile = profile
        self._process = engine or EngineProcess()
        self._interval_s = interval_s
        self._channel: Channel | None = None
        self._on_update: Callable[[Update], None] = _ignore
        self._on_end: Callable[[str], None] = _ignore
        self._first: asyncio.Future[None] | None = None
        self._waiting: dict[int, asyncio.Future[EditOutcome | None]] = {}
        self._number = 0
        self._goodbye = ""
        self._gone = ""
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
        if self._first is not None:
            message = "this source was started before"
            raise UsageError(message)
        require_consent(self._profile)
        self._on_update, self._on_end = on_update, on_end
        self._first = asyncio.get_running_loop().create_future()
        if self._process.pid is None:
            self._process.spawn()
        self._channel = await open_channel(self._process.take_socket(), self._take, self._lost)
        self._channel.send(Run(profile=self._profile, interval_s=self._interval_s))
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await self._first
        except TimeoutError:
            message = f"the engine said nothing for {START_TIMEOUT_S:g} s"
            raise EngineError(message) from None

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; gives what really happened.

        Raises:
            EngineError: the engine is gone, or had not started.
        """
        number, answer = self._ask()
        self._running().send(SubmitEdit(number=number, edit=edit))
        outcome = await answer
        if outcome is None:
            message = f"the engine answered edit {edit.id} without an outcome"
            raise WireError(message)
        return outcome

    async def control(self, control: Control) -> None:
        """Pause, resume or stop the load.

        Raises:
            EngineError: the engine is gone, or had not started, or has no such workload.
        """
        number, answer = self._ask()
        self._running().send(SubmitControl(number=number, control=control))
        await answer

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none."""
        if self._channel is not None and not self._gone:
            self._channel.send(SetWatch(watch=watch))

    async def close(self) -> None:
        """Stop the load and end the engine within two seconds; safe to call twice."""
        self._closing = True
        channel, self._channel = self._channel, None
        if self._farewell is not None:
            self._farewell.cancel()
            await asyncio.gather(self._farewell, return_exceptions=True)
        if channel is not None:
            await channel.close()
        await self._process.close()

    # What the engine says

    def _take(self, body: bytes) -> None:
        message: FromEngine = read_from_engine(body)
        match message:
            case WireUpdate():
                self._update(message)
            case EditDone():
                self._answer(message.number, message.outcome)
            case ControlDone():
                self._answer(message.number, None)
            case Refused():
                self._refuse(message)
            case Goodbye():
                self._goodbye = message.reason
            case Hello():
                if message.version != VERSION:
                    words = f"the engine speaks version {message.version} of the wire, not "
                    raise WireError(words + str(VERSION))
            case _:
                assert_never(message)

    def _update(self, message: WireUpdate) -> None:
        self._on_update(
            Update(snapshot=message.snapshot, entries=message.entries, dropped=message.dropped)
        )
        if self._first is not None and not self._first.done():
            self._first.set_result(None)

    def _refuse(self, message: Refused) -> None:
        answer = self._waiting.pop(message.number, None)
        if answer is not None and not answer.done():
            answer.set_exception(EngineError(message.reason))

    def _answer(self, number: int, outcome: EditOutcome | None) -> None:
        answer = self._waiting.pop(number, None)
        if answer is not None and not answer.done():
            answer.set_result(outcome)

    def _lost(self, reason: str) -> None:
        self._gone = self._goodbye or reason or "the engine ended"
        if self._closing:
            self._let_waiters_go(self._gone)
            return
        loop = asyncio.get_running_loop()
        self._farewell = loop.create_task(self._tell_end(reason), name="pooltop-engine-end")

    async def _tell_end(self, reason: str) -> None:
        """Find out how the engine ended, and say so."""
        if not self._goodbye:
            words = await self._process.exit_words()
            self._gone = f"the engine {words}" + (f" ({reason})" if reason else "")
        self._let_waiters_go(self._gone)
        if self._first is not None and not self._first.done():
            self._first.set_exception(EngineError(self._gone))
            return
        self._on_end(self._gone)

    def _let_waiters_go(self, reason: str) -> None:
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(EngineError(reason))

    def _ask(self) -> tuple[int, asyncio.Future[EditOutcome | None]]:
        self._running()
        self._number += 1
        answer = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        return self._number, answer

    def _running(self) -> Channel:
        if self._gone or self._channel is None:
            raise EngineError(self._gone or "the engine is not running")
        return self._channel


def _ignore(_: object) -> None:
    """Stand in until ``start``."""
