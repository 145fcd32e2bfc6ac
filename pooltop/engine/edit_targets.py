"""What can be edited while it runs, and how: an agent's options, a workload's rate or users."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import msgspec

from pooltop.core.edits import (
    Bounds,
    Edit,
    EditError,
    Value,
    apply_edit,
    apply_workload_edit,
    is_leap,
    is_within,
)
from pooltop.engine.agent import Agent
from pooltop.engine.edit_words import (
    alone_words,
    apart_words,
    bounds_words,
    leap_words,
    pool_effect,
    ramp_words,
    rate_ceiling_words,
    sockets_ceiling_words,
)
from pooltop.engine.workload import WorkloadRunner


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a change did at once."""

    words: str
    note: str = ""
    """What else is to be known: see ``EditOutcome.note``."""
    opened: int = 0
    culled: int = 0
    queued: int = 0
    live: str = "node"


class Target(Protocol):
    """One agent or one workload, as the edit book sees it."""

    @property
    def agent(self) -> str:
        """Give the agent's name, a workload's own agent's included: for the journal."""

    @property
    def has_stages(self) -> bool:
        """Whether there are stages that it can be put back on."""

    @property
    def is_on_stages(self) -> bool:
        """Whether it follows them; False where there are none."""

    def value(self, option: str) -> Value:
        """Give what is in force."""

    def checked(self, edit: Edit, *, returns: bool) -> Value:
        """Give the value that an edit would put in force.

        Args:
            edit: what is asked for.
            returns: it puts a workload back on its stages.

        Raises:
            EditError: it may not; says what is allowed.
        """

    def change(self, option: str, value: Value, *, by: str, returns: bool) -> Effect:
        """Put a value in force that was checked, or was in force before.

        Args:
            option: which.
            value: as ``checked`` gave it.
            by: who.
            returns: as for ``checked``: the stages decide then, not the value.
        """


class AgentTarget:
    """An agent's options."""

    def __init__(
        self,
        name: str,
        agent: Agent,
        bounds: Bounds,
        changed: Callable[[], None],
        *,
        ceiling: float = math.inf,
    ) -> None:
        """Edit ``agent``.

        Args:
            name: its name.
            agent: itself.
            bounds: what its profile lets its options be set to without a question.
            changed: called after every change.
            ceiling: sockets per host that no question leads beyond.
        """
        self.agent = name
        self._agent = agent
        self._bounds = bounds
        self._changed = changed
        self._ceiling = ceiling

    @property
    def has_stages(self) -> bool:
        """Say that there are none."""
        return False

    @property
    def is_on_stages(self) -> bool:
        """Likewise."""
        return False

    def value(self, option: str) -> Value:
        """Give what is in force."""
        value: Value = getattr(self._agent.options, option)
        return value

    def checked(self, edit: Edit, *, returns: bool = False) -> Value:
        """Give the value that an edit would put in force.

        Raises:
            EditError: no such option, not allowed, beyond the ceiling, or outside of the bounds and
                not confirmed.
        """
        del returns
        value: Value = getattr(
            apply_edit(self._agent.options, edit.option, edit.value), edit.option
        )
        if edit.option == "max_sockets" and isinstance(value, float) and value > self._ceiling:
            raise EditError(sockets_ceiling_words(value, self._ceiling))
        if not edit.confirmed and not is_within(self._bounds, edit.option, value):
            raise EditError(bounds_words(self._bounds, edit.option, value))
        return value

    def change(self, option: str, value: Value, *, by: str, returns: bool = False) -> Effect:
        """Put a value in force; ``live`` says what the pool does at once."""
        del returns
        after = apply_edit(self._agent.options, option, value)
        done = self._agent.shell.set_options(after, by=by)
        self._changed()
        return Effect(
            words=pool_effect(done.opened, done.culled, done.queued, done.live),
            note=alone_words(option)
            if after.per_request
            else apart_words(option, self._agent.own.holding(option)),
            opened=done.opened,
            culled=done.culled,
            queued=done.queued,
            live=done.live,
        )


class WorkloadTarget:
    """A workload's rate or users."""

    def __init__(
        self, runner: WorkloadRunner, *, most_rate: Callable[[], float] = lambda: math.inf
    ) -> None:
        """Edit what ``runner`` runs.

        Args:
            runner: whose.
            most_rate: gives the rate that no question leads beyond, as the others are now.
        """
        self._runner = runner
        self._most_rate = most_rate
        self.agent = runner.workload.agent

    @property
    def has_stages(self) -> bool:
        """Whether its profile has any."""
        return self._runner.course.plan is not None

    @property
    def is_on_stages(self) -> bool:
        """Whether it follows them; False where there are none."""
        return self._runner.course.on_stages

    def value(self, option: str) -> Value:
        """Give what is in force, be it on its way there; with stages, what they ask for now."""
        del option  # a workload has one of the two
        return self._runner.in_force

    def checked(self, edit: Edit, *, returns: bool = False) -> Value:
        """Give the value that an edit would put in force.

        Raises:
            EditError: of the other model, not allowed, the workload starts nothing any more, it is
                beyond the ceiling of all workloads, or a leap (``core.edits.is_leap``) and not
                confirmed.
        """
        runner = self._runner
        edited = apply_workload_edit(
            runner.workload, edit.option, edit.value, least=self._least(edit)
        )
        if not runner.is_at_work:
            raise EditError(f"{runner.workload.name} is {runner.state}: it starts nothing more")
        after: float = getattr(edited, edit.option)
        most = runner.most_rate_after(edited, returns=returns)
        if most > runner.most_rate and most > (room := self._most_rate()):
            raise EditError(rate_ceiling_words(most, room))
        if returns:
            return after
        if not edit.confirmed and is_leap(runner.in_force, after):
            raise EditError(leap_words(edit.option, runner.in_force, after))
        return after

    def change(self, option: str, value: Value, *, by: str, returns: bool = False) -> Effect:
        """Put a value in force, or the stages, from now on."""
        del by
        edited = apply_workload_edit(self._runner.workload, option, value, least=0)
        words = self._runner.put_in_force(edited, returns=returns)
        leads = self._runner.course.leads(self._runner.elapsed)
        return Effect(words=words, note="" if leads is None else ramp_words(option, *leads))

    def _least(self, edit: Edit) -> float | None:
        """Give what may be put in force by what leads back to stages: they may be at 0."""
        return 0 if self.has_stages and edit.by != "operator" else None
