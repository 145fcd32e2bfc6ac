"""What advice is made of: evidence, a finding, a proposal, a diagnosis, and the card of all.

Numbers are told as numbers: whoever shows a card puts units and words to them. A card names
hosts and workloads by their keys alone, so that nothing here needs cleaning but those.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from pooltop.advise.view import HostView
from pooltop.core.edits import Value
from pooltop.core.model import OriginKey

Unit = Literal["", "s", "/s", "share", "times", "bytes"]
"""Of a number of evidence: a count, seconds, per second, a share of 1, how many times as much."""
Scope = Literal["host", "agent", "workload", "engine"]
"""What a diagnosis is of; one card for each of them."""
Confidence = Literal["low", "medium", "high"]


class Evidence(NamedTuple):
    """One number that a finding rests on."""

    name: str
    """In our words: "in use, share of the time"."""
    value: float
    unit: Unit = ""
    against: float | None = None
    """What it is compared with: what is wanted, or where it begins to matter; None for nothing."""
    of: float | None = None
    """The whole that it is a part of; None or inf for none."""


class Proposal(NamedTuple):
    """A live edit that would help; whoever applies it makes a ``core.edits.Edit`` of it."""

    option: str
    """One of ``core.edits.EDITABLE``, of WORKLOAD_EDITABLE, or of a dispatcher's own."""
    value: Value | None
    """None is "no limit"."""
    agent: str = ""
    host: str = ""
    """``host:port`` where the host has the limit for itself; "" for the agent's."""
    workload: str = ""
    """Whose option, if it is a workload's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule saw in one view."""

    evidence: tuple[Evidence, ...]
    why: str
    """What the numbers mean here, in a sentence of ours: no text from the network."""
    edit: Proposal | None = None
    """None where no live edit helps: the diagnosis' recommendation says what does."""
    samples: int = 0
    """Requests, or sockets, that it rests on; 0 where it is a matter of settings."""
    is_fact: bool = False
    """It was seen as it is, and not inferred from samples: its confidence is high."""


class Subject(NamedTuple):
    """Whom a card is of; fields that do not matter for its scope are empty."""

    scope: Scope
    agent: str = ""
    origin: OriginKey = OriginKey("")
    workload: str = ""


Rule = Callable[[HostView], Finding | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One of the table's."""

    id: str
    """"A1" to "A35"."""
    title: str
    symptom: str
    """What one sees, in a sentence."""
    recommendation: str
    """What to do about it, in a sentence."""
    rule: Rule
    scope: Scope = "host"
    windows: int = 2
    """Windows running in which it must hold. 0: it is a matter of settings, and is looked at as
    soon as its host is there, without any window."""
    gravity: int = 1
    """0 for what hurts now, 1 for what will, or could, 2 for what is merely wasteful."""
    beats: tuple[str, ...] = ()
    """Diagnoses of the same subject that are not told beside it: it is their cause."""
    raises: bool = False
    """It proposes to raise a limit of sockets: never while the target is slowing."""
    of_limit: bool = False
    """It is nothing but that a limit is too high: not told where another host needs it as it is."""


class Prediction(NamedTuple):
    """What a proposal is expected to do."""

    queue_p95_s: float
    """Seconds that requests will wait at the 95th percentile; inf where the queue has no end."""
    queue_p95_now_s: float | None
    """As measured in the newest window; None without requests."""
    utilisation: float | None
    """Share of the limit that will be in use; None without a limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One piece of advice at an instant."""

    diagnosis: Diagnosis
    subject: Subject
    since: float
    """When it was raised, in monotonic seconds."""
    finding: Finding
    """Of the newest window in which it held."""
    confidence: Confidence
    prediction: Prediction | None = None
    """None where there is no proposal, or nothing to reckon with."""
    windows: int = 0
    """In how many windows running it held."""
    ended_at: float | None = field(default=None)
    """When it was over; None while it lasts."""

    @property
    def id(self) -> str:
        """Give the diagnosis' id."""
        return self.diagnosis.id
