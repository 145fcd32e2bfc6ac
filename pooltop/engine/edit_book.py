"""The book of live edits: what was accepted, by whom, what became of it, and what is put back when.

The timers live here and not in a front end: an edit that nobody keeps is put back even when the
viewer that asked for it has died.

What an operator is promised: as long as nobody says "keep", the option goes back to the last value
that somebody stands for, that of the profile or one that was kept or was meant for good. So

- a second edit before the first was kept gets a clock of its own and takes over where the first
  would have gone back to: 20 > 50 > 80, then silence, ends at 20 and not at the untried 50;
- an undo in such a series is a step within it: 20 > 50 > 80, undo, stands at 50, and the clock of
  the edit that was undone still runs, to 20. Nobody kept 50;
- an edit without a clock (a restore; an operator who has switched the timer off) is meant for
  good and ends the series, as does whatever leads to where the series would have gone back to. An
  undo of it goes on with the series, clock and all: 20 > 50, restore, undo, stands at 50, which
  still nobody kept.

So there is at most one clock for each option of each agent or workload.

Where a workload left its stages, what is put back is not the level that they had then: the workload
is put on them again, where they are by now. It goes by the edit that is taken back, for at another
time the same level is only a level.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Mapping
from itertools import islice
from typing import NamedTuple

import msgspec

from pooltop.core.edits import (
    ASKERS,
    LONGEST_REVERT_S,
    Edit,
    EditError,
    EditOutcome,
    EditRecord,
    Fate,
    Value,
)
from pooltop.engine.edit_targets import Target
from pooltop.engine.edit_words import kept_words, no_own_limit_words, record_words
from pooltop.engine.journal import Journal
from pooltop.errors import UsageError

MOST_RECORDS = 50
"""Edits that every snapshot carries: the latest."""
MOST_REMEMBERED = 1000
"""Edits whose undo is known for what it is: an operator may go back a long way."""


class Who(NamedTuple):
    """Whose option it is: an agent's, one of its hosts', or a workload's."""

    agent: str = ""
    workload: str = ""
    host: str = ""


_Slot = tuple[Who, str]
"""And which option."""
_REVERSES = ("undo", "revert")


class Owed(NamedTuple):
    """What an option is put back to, unless it is kept."""

    value: Value
    to_stages: bool
    """The workload's stages have it then, and ``value`` is what they asked for once."""


class _Clock(msgspec.Struct, frozen=True, kw_only=True):
    """A series of edits of one option that nobody kept, and when it is put back."""

    number: int
    """The latest of them."""
    series: tuple[int, ...]
    """All of them."""
    back_to: Value
    to_stages: bool
    """It goes back to the workload's stages, and not to the level that they had."""
    at: float
    delay_s: float
    """How long the latest of them was to be tried."""
    timer: asyncio.TimerHandle


class EditBook:
    """Carries out edits and keeps their records. Make it inside the event loop."""

    def __init__(
        self,
        targets: Mapping[Who, Target],
        journal: Journal,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        """Begin with no edit.

        Args:
            targets: what can be edited, under the names that edits use.
            journal: is told of every change.
            now: the event loop's clock.
            wall: Unix time.
        """
        self._targets = targets
        self._journal = journal
        self._now = now
        self._wall = wall
        self._loop = asyncio.get_running_loop()
        self._records: dict[int, EditRecord] = {}
        self._clocks: dict[_Slot, _Clock] = {}
        self._ended: dict[int, _Clock] = {}
        """By the number of the edit that ended it, a series as it was: an undo goes on with it."""
        self._last = 0

    @property
    def records(self) -> tuple[EditRecord, ...]:
        """The latest accepted edits, oldest first, MOST_RECORDS at most."""
        return tuple(islice(reversed(self._records.values()), MOST_RECORDS))[::-1]

    def submit(self, edit: Edit) -> EditOutcome:
        """Carry out an edit; gives what really happened, or why it was refused.

        One that changes nothing is accepted and leaves no record; a clock that runs goes on.
        """
        try:
            _check_asker(edit.by)
            target = self._target(edit)
            taken_back = self._taken_back(edit)
            returns = self._returns(edit, target, taken_back)
            after = target.checked(edit, returns=returns)
            _check_delay(edit.revert_after_s)
        except EditError as error:
            return EditOutcome(id=edit.id, accepted=False, error=str(error))
        before = target.value(edit.option)
        is_there = target.is_on_stages and _leads_back(edit.by) and taken_back is None
        if is_there or (before == after and not returns):
            return EditOutcome(id=edit.id, accepted=True, before=before, after=before)
        return self._carry_out(edit, target, after, taken_back=taken_back, returns=returns)

    def keep(self, number: int | None) -> None:
        """Let an edit stay in force; None keeps all that would be reverted.

        Raises:
            UsageError: there is no such edit, or it is not in force any more.
        """
        slots = [s for s, clock in self._clocks.items() if number in (None, clock.number)]
        if not slots:
            self._keep_without_clock(number)
        for slot in slots:
            clock = self._clocks.pop(slot)
            clock.timer.cancel()
            self._mark(clock.number, "kept")
            record = self._records.get(clock.number)
            if record is not None:
                self._tell(record, kept_words(record))

    def owed(self, agent: str, workload: str, option: str) -> Owed | None:
        """Give what an option is put back to, unless it is kept; None if it is not put back."""
        clock = self._clocks.get((Who(agent, workload), option))
        return None if clock is None else Owed(clock.back_to, clock.to_stages)

    def close(self) -> None:
        """Put nothing back any more."""
        for clock in self._clocks.values():
            clock.timer.cancel()
        self._clocks.clear()

    def _target(self, edit: Edit) -> Target:
        target = self._targets.get(_who(edit))
        if target is not None:
            return target
        if edit.workload and (edit.agent or edit.host):
            raise EditError("an edit is of an agent or of a workload, not of both")
        if edit.host and Who(edit.agent) in self._targets:
            raise EditError(no_own_limit_words(edit.option, edit.host, {}))
        kind, name = ("workload", edit.workload) if edit.workload else ("agent", edit.agent)
        known = ", ".join(
            who[kind == "workload"]
            for who in self._targets
            if who[kind == "workload"] and not who.host
        )
        raise EditError(f"no {kind} {name!r}: there are {known or 'none'}")

    def _returns(self, edit: Edit, target: Target, taken_back: int | None) -> bool:
        """Say whether an edit puts a workload back on its stages."""
        if not target.has_stages or target.is_on_stages:
            return False
        if edit.by == "restore":
            return True
        return taken_back is not None and self._records[taken_back].was_on_stages

    def _carry_out(
        self, edit: Edit, target: Target, after: Value, *, taken_back: int | None, returns: bool
    ) -> EditOutcome:
        before, was_on_stages = target.value(edit.option), target.is_on_stages
        effect = target.change(edit.option, after, by=edit.by, returns=returns)
        if returns:
            after = target.value(edit.option)
        self._last += 1
        record = EditRecord(
            number=self._last,
            at=self._now(),
            wall_at=self._wall(),
            agent=edit.agent,
            workload=edit.workload,
            host=edit.host,
            option=edit.option,
            before=before,
            after=after,
            by=edit.by,
            opened=effect.opened,
            culled=effect.culled,
            queued=effect.queued,
            live=effect.live,
            was_on_stages=was_on_stages,
            on_stages=target.is_on_stages,
        )
        clock = self._next_clock(edit, record, taken_back)
        if edit.by == "undo" and taken_back is not None:
            self._mark(taken_back, "undone")
        if clock is not None:
            self._clocks[_slot(record)] = clock
            record = msgspec.structs.replace(record, revert_at=clock.at)
        self._records[record.number] = record
        if len(self._records) > MOST_REMEMBERED:
            forgotten = next(iter(self._records))
            del self._records[forgotten]
            self._ended.pop(forgotten, None)
        words = f"{effect.words}; {effect.note}" if effect.note else effect.words
        self._tell(record, record_words(record, words, taken_back=taken_back))
        return EditOutcome(
            id=edit.id,
            accepted=True,
            before=before,
            after=after,
            opened=effect.opened,
            culled=effect.culled,
            queued=effect.queued,
            live=effect.live,
            number=record.number,
            note=effect.note,
        )

    def _taken_back(self, edit: Edit) -> int | None:
        """Name the edit that an undo takes back; None for what is none, or of nothing."""
        if edit.by != "undo":
            return None
        no_limit = 0.0 if edit.option == "timeout" else math.inf
        value = no_limit if edit.value is None else edit.value
        for record in reversed(self._records.values()):
            if (
                _slot(record) == _slot(edit)
                and record.before == value
                and record.by not in _REVERSES
                and record.fate not in ("reverted", "undone")
            ):
                return record.number
        return None

    def _next_clock(self, edit: Edit, record: EditRecord, taken_back: int | None) -> _Clock | None:
        """End the option's clock, and give the next one; the head of this file has the rules."""
        slot = _slot(record)
        old = self._clocks.pop(slot, None)
        if old is not None:
            old.timer.cancel()
            if edit.by == "revert":
                for one in old.series:
                    self._mark(one, "reverted")
            else:
                self._mark(old.number, "superseded")
        going_on, delay_s = old, edit.revert_after_s
        due = None if delay_s is None else record.at + delay_s
        if edit.by == "undo":
            going_on = self._series_of(taken_back, old)
            if going_on is not None:
                delay_s = going_on.delay_s
                due = going_on.at if going_on.at > record.at else record.at + delay_s
        back_to, to_stages = record.before, record.was_on_stages
        if going_on is not None:
            back_to, to_stages = going_on.back_to, going_on.to_stages
        assert back_to is not None
        is_there = record.on_stages if to_stages else back_to == record.after
        if due is None or delay_s is None or is_there:
            if old is not None and edit.by not in _REVERSES:
                self._ended[record.number] = old
            return None
        before = () if going_on is None else going_on.series[1 - MOST_REMEMBERED :]
        return _Clock(
            number=record.number,
            series=(*before, record.number),
            back_to=back_to,
            to_stages=to_stages,
            at=due,
            delay_s=delay_s,
            timer=self._loop.call_at(due, self._revert, slot),
        )

    def _series_of(self, taken_back: int | None, running: _Clock | None) -> _Clock | None:
        """Give the series that an undo is a step within; None where it leads to what is for good.

        Args:
            taken_back: the edit that is undone; None where it is forgotten.
            running: the option's series at that time.
        """
        ended = None if taken_back is None else self._ended.get(taken_back)
        if ended is not None:
            return ended
        if running is not None and (taken_back is None or taken_back in running.series):
            return running
        return None

    def _revert(self, slot: _Slot) -> None:
        who, option = slot
        clock = self._clocks[slot]
        edit = Edit(
            id=0,
            agent=who.agent,
            workload=who.workload,
            host=who.host,
            option=option,
            value=clock.back_to,
            by="revert",
        )
        # Not checked anew: it was in force before, whatever the bounds, or the load's end, say.
        self._carry_out(
            edit,
            self._targets[who],
            clock.back_to,
            taken_back=clock.number,
            returns=clock.to_stages,
        )

    def _mark(self, number: int, fate: Fate) -> None:
        """Note what became of an edit, if it is remembered."""
        record = self._records.get(number)
        if record is None or (fate == "reverted" and record.fate == "undone"):
            return
        self._records[number] = msgspec.structs.replace(record, fate=fate, revert_at=None)

    def _keep_without_clock(self, number: int | None) -> None:
        if number is None:
            raise UsageError("no edit is about to be reverted")
        record = self._records.get(number)
        if record is None:
            raise UsageError(f"no edit {number} is remembered")
        if record.fate in ("reverted", "undone", "superseded"):
            raise UsageError(f"edit {number} cannot be kept: it was {record.fate}")
        if record.fate == "":
            self._mark(number, "kept")
            self._tell(record, kept_words(record))

    def _tell(self, record: EditRecord, words: str) -> None:
        agent = self._targets[_who(record)].agent
        self._journal.write("EDIT", words, agent=agent, host=record.host)


def _slot(of: EditRecord | Edit) -> _Slot:
    return (_who(of), of.option)


def _who(of: EditRecord | Edit) -> Who:
    return Who(of.agent, of.workload, of.host)


def _leads_back(by: str) -> bool:
    return by in ("undo", "restore")


def _check_asker(by: str) -> None:
    if by not in ASKERS:
        raise EditError(f"an edit is by {', '.join(ASKERS)}: not by {by!r}")


def _check_delay(revert_after_s: float | None) -> None:
    if revert_after_s is not None and not 0 < revert_after_s <= LONGEST_REVERT_S:
        raise EditError(f"it can be put back after more than 0 s, at most {LONGEST_REVERT_S} s")
