"""Where edits leave the dashboard: one after the other, each undoable on the agent it was for."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pooltop.core.edits import EDITABLE, Edit, EditOutcome, Value
from pooltop.core.snapshot import AgentSnapshot
from pooltop.errors import PooltopError
from pooltop.present.limits import value_of
from pooltop.present.marks import changed_options
from pooltop.present.outcome import sentence

_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one edit, in words."""

    accepted: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Reverse:
    agent: str
    option: str
    value: Value | None


class EditDesk:
    """Sends edits through a source and keeps the stack of reverse ones."""

    def __init__(self, submit: Callable[[Edit], Awaitable[EditOutcome]]) -> None:
        """Send through ``submit``."""
        self._submit = submit
        self._stack: list[_Reverse] = []
        self._next_id = 1
        self._turn = asyncio.Lock()

    @property
    def undoable(self) -> int:
        """How many edits can be taken back."""
        return len(self._stack)

    async def apply(
        self,
        agent: str,
        changes: tuple[tuple[str, Value | None], ...],
        *,
        by: str = "operator",
        confirmed: bool = False,
    ) -> list[Done]:
        """Submit each option's new value in order; a refused one stops nothing."""
        async with self._turn:
            return [
                await self._send(agent, option, value, by=by, confirmed=confirmed)
                for option, value in changes
            ]

    async def undo(self) -> list[Done]:
        """Take back the latest edit that was not taken back; empty when there is none."""
        async with self._turn:
            if not self._stack:
                return []
            last = self._stack[-1]
            done = await self._send(last.agent, last.option, last.value, by="undo")
            if done.accepted:
                self._stack.remove(last)
            return [done]

    async def restore(self, agent: AgentSnapshot) -> list[Done]:
        """Put every edited option of the agent back to the profile's value; undoable too."""
        # The picture is up to an interval old: what was edited from here since counts too.
        edited = {last.option for last in self._stack if last.agent == agent.name}
        changed = {*changed_options(agent), *edited}
        changes = tuple(
            (option, value_of(agent.initial_options, option))
            for option in EDITABLE
            if option in changed
        )
        return await self.apply(agent.name, changes, by="restore")

    async def _send(
        self, agent: str, option: str, value: Value | None, *, by: str, confirmed: bool = True
    ) -> Done:
        edit = Edit(
            id=self._next_id, agent=agent, option=option, value=value, by=by, confirmed=confirmed
        )
        self._next_id += 1
        try:
            async with asyncio.timeout(_PATIENCE_S):
                outcome = await self._submit(edit)
        except TimeoutError:
            text = f"edit {edit.id}: no answer within {_PATIENCE_S:.0f}s; see the limits strip"
            return Done(accepted=False, text=text)
        except (PooltopError, OSError) as error:
            return Done(accepted=False, text=f"edit {edit.id} was not delivered: {error}")
        if outcome.accepted and by != "undo" and outcome.before != outcome.after:
            self._stack.append(_Reverse(agent, option, _finite(outcome.before)))
        return Done(accepted=outcome.accepted, text=f"edit {edit.id} {sentence(edit, outcome)}")


def _finite(value: Value | None) -> Value | None:
    return None if isinstance(value, float) and math.isinf(value) else value
