"""One engine and all who watch it, whatever they came through.

Rules of this file:
- The engine never waits for a viewer. While an update of its is still unsent it gets no other, and
  the journal keeps its bounded past for it meanwhile; a viewer that asks and never reads the
  answers is dropped.
- Only the holder of the write lock changes anything; "stop" is carried out for everybody.
- Whoever comes or goes, and whoever takes or loses the lock, is told to all at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import Callable
from typing import assert_never

import msgspec

from pooltop.core.detail import HostDetail, Watch
from pooltop.core.edits import EditOutcome
from pooltop.core.model import Profile
from pooltop.engine.engine import Engine
from pooltop.errors import PooltopError
from pooltop.exports.running import RunningExports
from pooltop.sources.base import Update
from pooltop.sources.channel import Channel
from pooltop.sources.consent import require_consent
from pooltop.sources.pump import Feed, Pump
from pooltop.sources.roll import Roll
from pooltop.sources.wire import (
    ControlDone,
    EditDone,
    FromWatching,
    Refused,
    ReleaseLock,
    SetWatch,
    SubmitControl,
    SubmitEdit,
    TakeLock,
)
from pooltop.sources.wire import Update as WireUpdate

_CLOSE_S = 0.8
_LOADS = ("running", "paused", "stopped", "done")
"""What a workload can be at; of several, the first says most."""
_MOST_UNREAD_BYTES = 1024 * 1024
"""Of answers that a viewer does not take, beside the update that it is sent."""


class Seat:
    """One viewer, as the engine holds it."""

    def __init__(self, number: int, channel: Channel) -> None:
        """Keep; ``Hosting.join`` makes it."""
        self.number = number
        self.watch: Watch | None = None
        """The host that it looks at."""
        self.feed: Feed | None = None
        self.channel = channel
        self._update_bytes = 0

    def is_ready(self) -> bool:
        """Tell whether everything that was sent has left."""
        return self.channel.backlog_bytes == 0

    def update(self, message: WireUpdate) -> None:
        """Send an update."""
        self._update_bytes = self.channel.send(message)

    def answer(self, message: EditDone | ControlDone | Refused) -> None:
        """Send an answer, unless the viewer takes none."""
        if self.channel.backlog_bytes > self._update_bytes + _MOST_UNREAD_BYTES:
            self.channel.abort("it asks and does not read the answers")
        else:
            self.channel.send(message)


class Hosting:
    """Runs the engine of a profile for any number of viewers; make it inside the event loop."""

    def __init__(
        self, profile: Profile, *, is_shared: bool, wall_clock: Callable[[], float] = time.time
    ) -> None:
        """Make the engine; nothing is sent yet.

        Args:
            profile: with every ``demo:`` resolved.
            is_shared: whether viewers may come and go; they are told of each other then.
            wall_clock: gives Unix time.

        Raises:
            PooltopError: a host needs consent, a port for an export cannot be had, or the profile
                cannot be run.
        """
        require_consent(profile)
        self._exports = RunningExports(profile.exports)
        try:
            self.engine = Engine(profile)
        except BaseException:
            self._exports.give_up()
            raise
        self.roll = Roll()
        self._pump = Pump(self.engine)
        self._is_shared = is_shared
        self._wall_clock = wall_clock
        self._seats: dict[int, Seat] = {}
        self._pauses: set[asyncio.Task[None]] = set()
        """Whose answers wait for a last count."""

    def start(self) -> None:
        """Start the load."""
        # The 24,000 objects of the imports stay for good. In the collector's care each full
        # collection stops the loop for 7 ms (measured), which would be shown as latency.
        gc.collect()
        gc.freeze()
        self._exports.start(self.engine.snapshot, self.engine.journal.write)
        self.engine.start()

    @property
    def load(self) -> str:
        """What the load does: ``running``, ``paused``, ``stopped`` or ``done``; "" for none."""
        states = {runner.state for runner in self.engine.workloads}
        return next((each for each in _LOADS if each in states), "")

    def join(
        self,
        channel: Channel,
        *,
        interval_s: float,
        pid: int = 0,
        kind: str = "dashboard",
        read_only: bool = False,
    ) -> Seat:
        """Let a viewer watch from now on; its first update is sent at once.

        Whatever prevents that, nobody is there who was not there before.

        Raises:
            EngineError: there are too many.
        """
        info = self.roll.join(pid=pid, kind=kind, read_only=read_only, wall_at=self._wall_clock())
        seat = Seat(info.number, channel)
        self._seats[seat.number] = seat
        how = "" if info.wall_holds_since is None else " and holds the write lock"
        self._tell(f"{info} is attached{how}")
        try:
            seat.feed = self._pump.add(
                interval_s=interval_s,
                emit=lambda update: self._ship(seat, update),
                may_emit=seat.is_ready,
            )
        except BaseException:
            self.roll.leave(seat.number)
            del self._seats[seat.number]
            self._tell(f"{info} could not be told anything and is gone")
            raise
        return seat

    def leave(self, seat: Seat) -> None:
        """Forget a viewer that is gone; harmless when it was forgotten before."""
        info = self.roll.leave(seat.number)
        if info is None:
            return
        del self._seats[seat.number]
        if seat.feed is not None:
            self._pump.remove(seat.feed)
        self._look()
        freed = "" if info.wall_holds_since is None else ": the write lock is free"
        self._tell(f"{info} is gone{freed}")
        self._pump.now()

    def take(self, seat: Seat, message: FromWatching) -> None:
        """Do what a viewer asks, or refuse it in words."""
        match message:
            case SubmitEdit():
                self._edit(seat, message)
            case SubmitControl():
                self._control(seat, message)
            case SetWatch():
                seat.watch = message.watch
                self._look()
                self._pump.now()
            case TakeLock():
                self._take_lock(seat, message)
            case ReleaseLock():
                if self.roll.release(seat.number):
                    self._tell(f"viewer {seat.number} let the write lock go: it is free")
                seat.answer(ControlDone(number=message.number))
                self._pump.now()
            case _:
                assert_never(message)

    async def close(self) -> None:
        """Stop the load at once, and wait until every socket is closed."""
        self.engine.stop()
        await self._exports.close()
        for pausing in self._pauses:
            pausing.cancel()
        await asyncio.gather(*self._pauses, return_exceptions=True)
        self._pump.now()  # the last picture: nothing is open any more
        await self._pump.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self.engine.aclose()

    def _edit(self, seat: Seat, message: SubmitEdit) -> None:
        refusal = self.roll.refusal(seat.number)
        if refusal:
            outcome = EditOutcome(id=message.edit.id, accepted=False, error=refusal)
        else:
            outcome = self.engine.edit(message.edit)
        seat.answer(EditDone(number=message.number, outcome=outcome))
        if not refusal:
            self._pump.now()

    def _control(self, seat: Seat, message: SubmitControl) -> None:
        control = message.control
        refusal = "" if control.action == "stop" else self.roll.refusal(seat.number)
        if refusal:
            seat.answer(Refused(number=message.number, reason=refusal))
            return
        try:
            self.engine.control(control)
        except PooltopError as error:
            seat.answer(Refused(number=message.number, reason=str(error)))
            return
        if control.action == "stop":
            self._tell(f"the load was stopped by viewer {seat.number}")
        if control.action == "pause":
            counting = self._count_again(seat, message.number)
            task = asyncio.create_task(counting, name="pooltop-pause")
            self._pauses.add(task)
            task.add_done_callback(self._pauses.discard)
            return
        self._pump.now()
        seat.answer(ControlDone(number=message.number))

    async def _count_again(self, seat: Seat, number: int) -> None:
        """Answer a pause with a picture in which nothing is a few seconds old."""
        await self.engine.count_again()
        self._pump.now()
        seat.answer(ControlDone(number=number))

    def _take_lock(self, seat: Seat, message: TakeLock) -> None:
        try:
            former = self.roll.take(seat.number, force=message.force, wall_at=self._wall_clock())
        except PooltopError as error:
            seat.answer(Refused(number=message.number, reason=str(error)))
            return
        whose = "" if former is None else f" from {former}"
        self._tell(f"viewer {seat.number} took the write lock{whose}")
        seat.answer(ControlDone(number=message.number))
        self._pump.now()

    def _look(self) -> None:
        """Have the details of what the viewers look at, each host once."""
        self.engine.watch(
            tuple(seat.watch for seat in self._seats.values() if seat.watch is not None)
        )

    def _tell(self, text: str) -> None:
        if self._is_shared:
            self.engine.journal.write("INFO", text)

    def _ship(self, seat: Seat, update: Update) -> None:
        snapshot = update.snapshot
        if len(self._seats) > 1 and snapshot.details:
            details = self._details_for(seat, snapshot.details)
            snapshot = msgspec.structs.replace(snapshot, details=details)
        seat.update(
            WireUpdate(
                snapshot=snapshot,
                entries=update.entries,
                dropped=update.dropped,
                company=self.roll.company(seat.number) if self._is_shared else None,
            )
        )

    def _details_for(self, seat: Seat, details: tuple[HostDetail, ...]) -> tuple[HostDetail, ...]:
        """Give what this viewer looks at: of several who look at one host, each has its own."""
        if seat.watch is None:
            return ()
        host = (seat.watch.agent, seat.watch.origin)
        before = 0
        for each in self._seats.values():
            if each is seat:
                break
            before += each.watch is not None and (each.watch.agent, each.watch.origin) == host
        of_host = [detail for detail in details if (detail.agent, detail.origin) == host]
        return tuple(of_host[before : before + 1])
