"""What a lesson is: a profile whose load is held, and steps that are predicted, run and judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from pooltop.core.edits import Control, Edit
from pooltop.lessons.seen import Seen
from pooltop.present import units

Unit = Literal["", "s", "share"]
"""Of a number: none, seconds, or a share of 1."""
Action = Edit | Control
"""What a step asks of the engine, in the order in which it does."""

_MOST_S = 8.0
"""A step that has not come to its end by then has failed."""


@dataclass(frozen=True, slots=True)
class Number:
    """One measured number, large on the presenter's screen."""

    name: str
    value: float
    unit: Unit = ""

    @property
    def text(self) -> str:
        """The value as all of pooltop's screens write it."""
        if self.unit == "s":
            return units.duration(self.value)
        return units.share(self.value) if self.unit == "share" else units.count(self.value)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a claim."""

    held: bool
    says: str
    """One sentence, with what was measured."""
    numbers: tuple[Number, ...]
    """The few that it rests on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One prediction, what is done about it, and what came of it."""

    question: str
    choices: tuple[str, ...]
    """Two to four."""
    answer: int
    """Which of them is right, from 0."""
    does: str
    """What the run does, in words."""
    do: tuple[Action, ...]
    """What is asked of the engine when the step is run."""
    look: str
    """Where on the screen it is to be seen."""
    until: Callable[[Seen], bool]
    """Whether enough was seen to judge."""
    claim: Callable[[Seen], Verdict]
    """The judgement of what was seen from before the run up to then."""
    why: tuple[str, str]
    """Two lines."""
    most_s: float = _MOST_S
    """Seconds after which it has failed: ``until`` was never so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One subject, with the traffic to see it on."""

    name: str
    """As ``pooltop demo lesson NAME`` has it: small letters and hyphens."""
    title: str
    terms: tuple[str, ...]
    """Node's own words for it, as its documentation and ``pooltop explain`` have them."""
    about: str
    """One sentence: what the documentation says, or what is often believed."""
    profile: str
    """TOML. Its load is held until a step resumes it."""
    steps: tuple[Step, ...]
    cure: tuple[str, ...]
    """``KEY=VALUE`` that take the cause away: with them a claim of the lesson fails."""
    notes: tuple[str, ...] = field(default=())
    """What to know besides: where the article, or a belief, is dated."""


def resume(*workloads: str) -> tuple[Control, ...]:
    """Give the controls that let workloads go on."""
    return tuple(Control(action="resume", workload=name) for name in workloads)


def pause(*workloads: str) -> tuple[Control, ...]:
    """Give the controls that hold workloads back."""
    return tuple(Control(action="pause", workload=name) for name in workloads)


def set_option(agent: str, option: str, value: bool | float | str | None) -> Edit:
    """Give the edit of one agent's option."""
    return Edit(id=0, agent=agent, option=option, value=value, confirmed=True)
