"""A viewer's side of the wire: what was asked and is not answered yet, and who hears what comes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import assert_never

from pooltop.core.company import Company
from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.errors import EngineError
from pooltop.sources.base import Update
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.wire import (
    VERSION,
    Attach,
    ControlDone,
    Description,
    EditDone,
    Goodbye,
    Hello,
    Launched,
    Refused,
    ReleaseLock,
    Run,
    SetWatch,
    SubmitControl,
    SubmitEdit,
    TakeLock,
    WireError,
    read_from_engine,
)
from pooltop.sources.wire import Update as WireUpdate


class Dialogue:
    """One viewer's talk with one engine. Every question is answered or fails."""

    def __init__(
        self,
        *,
        on_update: Callable[[Update], None],
        on_lost: Callable[[str], None],
        remedy: str = "",
    ) -> None:
        """Prepare; ``open`` begins.

        Args:
            on_update: takes what is new.
            on_lost: called once when nothing more comes, with the reason in words, empty where
                none was given. Whoever waits for an answer is let go by ``fail``, not before.
            remedy: what to do about an engine of another version, in words.
        """
        self.goodbye = ""
        """What the engine said last, if it said Goodbye."""
        self.company: Company | None = None
        """All who watch the engine, as of the latest update; None where nobody else can."""
        self.gone = ""
        """Why there is no engine any more, in words; empty while there is."""
        self._on_update = on_update
        self._on_lost = on_lost
        self._remedy = remedy
        self._channel: Channel | None = None
        self._first: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting: dict[int, asyncio.Future[EditOutcome | None]] = {}
        self._number = 0

    async def open(self, end: socket.socket, first: Run | Attach, *, within_s: float) -> None:
        """Begin over a connected socket; the first update has come when this returns.

        Raises:
            EngineError: the engine refused, ended, or said nothing for ``within_s`` seconds.
        """
        self._channel = await open_channel(end, self._take, self._lost)
        self._channel.send(first)
        try:
            async with asyncio.timeout(within_s):
                await self._first
        except TimeoutError:
            message = f"the engine said nothing for {within_s:g} s"
            raise EngineError(message) from None

    async def submit(self, edit: Edit) -> EditOutcome:
        """Ask for an edit; gives what really happened.

        Raises:
            EngineError: the engine is gone.
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
            EngineError: the engine is gone, or refused in words.
        """
        number, answer = self._ask()
        self._running().send(SubmitControl(number=number, control=control))
        await answer

    def watch(self, watch: Watch | None) -> None:
        """Have the details of one host in the updates from now on; None for of none."""
        if self._channel is not None and not self.gone:
            self._channel.send(SetWatch(watch=watch))

    async def take(self, *, force: bool = False) -> None:
        """Take the write lock.

        Raises:
            EngineError: it is another's, or never this viewer's, or the engine is gone.
        """
        number, answer = self._ask()
        self._running().send(TakeLock(number=number, force=force))
        await answer

    async def release(self) -> None:
        """Let the write lock go.

        Raises:
            EngineError: the engine is gone.
        """
        number, answer = self._ask()
        self._running().send(ReleaseLock(number=number))
        await answer

    def fail(self, reason: str) -> bool:
        """Let everybody go who waits for an answer; tells whether ``open`` was one of them."""
        self.gone = reason
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            if not answer.done():
                answer.set_exception(EngineError(reason))
        if self._first.done():
            return False
        self._first.set_exception(EngineError(reason))
        return True

    async def close(self) -> None:
        """Close the socket; safe to call twice."""
        channel, self._channel = self._channel, None
        if not self._first.done():
            self._first.cancel()
        if channel is not None:
            await channel.close()

    # What the engine says

    def _take(self, body: memoryview) -> None:
        message = read_from_engine(body)
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
                self.goodbye = message.reason
            case Hello():
                self._greet(message)
            case Launched() | Description():
                raise WireError("the engine answered what was not asked")
            case _:
                assert_never(message)

    def _greet(self, message: Hello) -> None:
        if message.version != VERSION:
            words = f"the engine speaks version {message.version} of the wire, not {VERSION}"
            raise WireError(words + self._remedy)

    def _update(self, message: WireUpdate) -> None:
        self.company = message.company
        self._on_update(
            Update(
                snapshot=message.snapshot,
                entries=message.entries,
                dropped=message.dropped,
                company=message.company,
            )
        )
        if not self._first.done():
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
        self.gone = self.goodbye or reason or "the engine ended"
        self._on_lost(reason)

    def _ask(self) -> tuple[int, asyncio.Future[EditOutcome | None]]:
        self._running()
        self._number += 1
        answer = asyncio.get_running_loop().create_future()
        self._waiting[self._number] = answer
        return self._number, answer

    def _running(self) -> Channel:
        if self.gone or self._channel is None:
            raise EngineError(self.gone or "the engine is not running")
        return self._channel
