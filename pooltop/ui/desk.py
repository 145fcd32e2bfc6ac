"""Where edits leave the dashboard: one after the other, each undoable on what it was for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pooltop.core.edits import Edit, EditOutcome, Value
from pooltop.core.snapshot import AgentSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.tunable import at_first, editable
from pooltop.errors import PooltopError
from pooltop.present.editing import Target, WorkloadId
from pooltop.present.history import HostId
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.limits import value_of
from pooltop.present.marks import changed_limits, changed_options
from pooltop.present.outcome import sentence, subject

_PATIENCE_S = 5.0

Changes = tuple[tuple[str, Value | None], ...]
"""Each option with its new value; None is "no limit"."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one edit, in words."""

    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Who:
    """Whose option it is: of an agent, of one of its hosts, or of a workload."""

    agent: str = ""
    workload: str = ""
    host: str = ""
    """``host:port`` where it is that host's own."""


_Asked = tuple[_Who, str, Value | None]
"""Whose option, which, and its new value."""


@dataclass(frozen=True, slots=True)
class Undoes:
    """What an undo would take back."""

    agent: str
    """Whose option; empty for a workload's."""
    number: int | None
    """Of the edit's record; None from an engine that keeps none."""


@dataclass(frozen=True, slots=True)
class _Reverse:
    who: _Who
    option: str
    value: Value | None
    number: int | None
    """Of the record that it takes back; None from an engine that keeps none."""


class EditDesk:
    """Sends edits through a source and keeps the stack of reverse ones.

    The stack is of what this viewer has done. What the engine has put back, or another viewer has
    undone, leaves it: hand every snapshot of the running engine to ``see``.
    """

    def __init__(
        self, submit: Callable[[Edit], Awaitable[EditOutcome]], keys: Keymap = STANDARD
    ) -> None:
        """Send through ``submit``; say what ``keys`` do."""
        self._submit = submit
        self._keys = keys
        self._stack: list[_Reverse] = []
        self._next_id = 1
        self._turn = asyncio.Lock()
        self._auto_revert_s: float | None = None
        self._latest: Snapshot | None = None

    @property
    def undoable(self) -> int:
        """How many edits can be taken back."""
        return len(self._stack)

    @property
    def undoes(self) -> Undoes | None:
        """What would be taken back next; None for nothing."""
        last = self._stack[-1] if self._stack else None
        return None if last is None else Undoes(last.who.agent, last.number)

    def see(self, snapshot: Snapshot) -> None:
        """Learn how long an edit may stay unkept, and which of those here were taken back."""
        self._auto_revert_s = snapshot.auto_revert_s
        self._latest = snapshot
        if self._stack:
            gone = {r.number for r in snapshot.edits if r.fate in ("reverted", "undone")}
            self._stack = [each for each in self._stack if each.number not in gone]

    async def apply(
        self,
        target: Target,
        changes: Changes,
        *,
        confirmed: bool = False,
        by: str = "operator",
    ) -> list[Done]:
        """Submit each option's new value in order; a refused one stops nothing.

        Where the engine puts back what nobody keeps, it does so with these.

        Args:
            target: an agent, named by any of its hosts, or a workload.
            changes: what is asked for.
            confirmed: the operator was asked, and these may leave the profile's bounds.
            by: "operator", or "advisor" where advice was taken up.
        """
        if isinstance(target, WorkloadId):
            who = _Who(workload=target.name)
            asked = [(who, option, value) for option, value in changes]
        else:
            asked = [(self._who(target, option), option, value) for option, value in changes]
        return await self._apply(asked, by=by, confirmed=confirmed)

    def _who(self, target: HostId, option: str) -> _Who:
        """Say whose an option is: a host's that has it for itself, else its agent's.

        An engine that does not tell what such a limit was at first would take it for the agent's.
        """
        for agent in () if self._latest is None else self._latest.agents:
            for origin in agent.origins:
                is_it = agent.name == target.agent and origin.key == target.origin
                if is_it and option in origin.initial_limits:
                    return _Who(agent=target.agent, host=origin.authority)
        return _Who(agent=target.agent)

    async def undo(self) -> list[Done]:
        """Take back the latest edit that was not taken back; empty when there is none."""
        async with self._turn:
            if not self._stack:
                return []
            last = self._stack[-1]
            done = await self._send(last.who, last.option, last.value, by="undo", confirmed=True)
            if done.accepted and last in self._stack:  # the snapshot that tells it may be here
                self._stack.remove(last)
            return [done]

    def holds(self, number: int) -> bool:
        """Tell whether an edit was made here, and was not taken back."""
        return any(each.number == number for each in self._stack)

    async def take_back(self, number: int) -> list[Done]:
        """Take back one edit, whatever was edited since; empty where it was not made here."""
        async with self._turn:
            one = next((each for each in self._stack if each.number == number), None)
            if one is None:
                return []
            done = await self._send(one.who, one.option, one.value, by="undo", confirmed=True)
            if done.accepted and one in self._stack:
                self._stack.remove(one)
            return [done]

    async def restore(self, agent: AgentSnapshot) -> list[Done]:
        """Put every edited option of the agent back to the profile's value; undoable too."""
        who = _Who(agent=agent.name)
        # The picture is up to an interval old: what was edited from here since counts too.
        changed = {*changed_options(agent), *self._edited(who)}
        asked = [
            (who, option, value_of(at_first(agent), option))
            for option in editable(agent)
            if option in changed
        ]
        for origin in agent.origins:
            host = _Who(agent=agent.name, host=origin.authority)
            own = {*changed_limits(origin), *self._edited(host)}
            asked += [
                (host, option, _finite(limit))
                for option, limit in origin.initial_limits.items()
                if option in own
            ]
        # Several origins may be at one host: its limits are put back once.
        return await self._apply(list(dict.fromkeys(asked)), by="restore", confirmed=True)

    async def restore_workload(self, workload: WorkloadSnapshot) -> list[Done]:
        """Put a workload's rate or users back to the profile's; undoable too."""
        who = _Who(workload=workload.name)
        edited = self._edited(who)
        pairs = (
            ("rate", workload.rate, workload.initial_rate),
            ("users", workload.users, workload.initial_users),
        )
        asked: list[_Asked] = [
            (who, option, initial)
            for option, now, initial in pairs
            if initial is not None and (now != initial or option in edited)
        ]
        return await self._apply(asked, by="restore", confirmed=True)

    def _edited(self, who: _Who) -> set[str]:
        return {last.option for last in self._stack if last.who == who}

    async def _apply(self, asked: list[_Asked], *, by: str, confirmed: bool) -> list[Done]:
        async with self._turn:
            return [
                await self._send(who, option, value, by=by, confirmed=confirmed)
                for who, option, value in asked
            ]

    async def _send(
        self, who: _Who, option: str, value: Value | None, *, by: str, confirmed: bool
    ) -> Done:
        # What leads back was in force before: it needs no clock and has no bounds.
        revert_after_s = self._auto_revert_s if by == "operator" else None
        edit = Edit(
            id=self._next_id,
            agent=who.agent,
            workload=who.workload,
            host=who.host,
            option=option,
            value=value,
            by=by,
            revert_after_s=revert_after_s,
            confirmed=confirmed,
        )
        self._next_id += 1
        try:
            async with asyncio.timeout(_PATIENCE_S):
                outcome = await self._submit(edit)
        except TimeoutError:
            text = f"{subject(edit)}: no answer within {_PATIENCE_S:.0f}s; see the limits strip"
            return Done(accepted=False, text=text)
        except (PooltopError, OSError) as error:
            return Done(accepted=False, text=f"{subject(edit)} was not delivered: {error}")
        is_changed = outcome.accepted and outcome.before != outcome.after
        if is_changed and by != "undo":
            reverse = _Reverse(who, option, _finite(outcome.before), outcome.number)
            self._stack.append(reverse)
        number = "" if outcome.number is None else f"edit {outcome.number} "
        text = f"{number}{sentence(edit, outcome)}"
        if is_changed and revert_after_s is not None:
            text += f"; back in {revert_after_s:g}s unless {self._keys.first('keep')} keeps it"
        return Done(accepted=outcome.accepted, text=text)


def _finite(value: Value | None) -> Value | None:
    return None if isinstance(value, float) and math.isinf(value) else value
