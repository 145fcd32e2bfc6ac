"""What state a host is in: derived by looking at one snapshot, never kept beside it."""

from __future__ import annotations

from enum import Enum

from pooltop.core import tunable
from pooltop.core.capacity import in_use, is_saturated, limit_of, options_of, room
from pooltop.core.edits import EDITABLE
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot, WorkloadSnapshot
from pooltop.present.line import Ink


class Mark(Enum):
    """A state with its glyph, its word, what it means and its ink."""

    SATURATED = ("!", "saturated", "requests wait and there is no room for a socket", "bad")
    OVER = ("~", "over limit", "more sockets in use than maxSockets: draining", "warn")
    WAITING = (
        "q",
        "queue, with room",
        (
            "requests wait although there is room: in NODE mode only a new request opens a "
            "socket; undici's clients have reasons of their own"
        ),
        "warn",
    )
    SILENT = ("?", "no data", "nothing was sent to it yet, or the engine is silent", "dim")
    UNVERIFIED = (
        "u",
        "unverified",
        "its certificates are accepted unchecked (tls.verify = false): anybody could answer",
        "warn",
    )
    TUNNELLING = (
        "p",
        "tunnels pending",
        "sockets whose tunnel through the proxy is not up: Node holds them against no limit yet",
        "warn",
    )
    ERRORS = ("x", "errors", "requests failed, or were answered 5xx, within the window", "bad")
    CHANGED = ("*", "edited", "its agent's options, or its own, differ from the profile", "accent")

    def __init__(self, glyph: str, word: str, meaning: str, ink: Ink) -> None:
        """Name the parts."""
        self.glyph = glyph
        self.word = word
        self.meaning = meaning
        self.ink: Ink = ink


def changed_options(agent: AgentSnapshot) -> tuple[str, ...]:
    """Give the options that an edit has moved away from the profile, in their fixed order."""
    now, before = tunable.in_force(agent), tunable.at_first(agent)
    return tuple(
        option
        for option in tunable.editable(agent)
        if _value(now, option) != _value(before, option)
    )


def changed_limits(origin: OriginSnapshot) -> tuple[str, ...]:
    """Give the limits that a host has for itself and that an edit has moved.

    An older engine does not tell what they were, and moves none.
    """
    own, before = origin.own_limits, origin.initial_limits
    if own == before or not before:
        return ()
    return tuple(option for option in EDITABLE if own.get(option) != before.get(option))


def changed_load(workload: WorkloadSnapshot) -> tuple[tuple[str, float, float], ...]:
    """Give each option that an edit has moved away from the profile, its value there, and now."""
    pairs = (
        ("rate", workload.initial_rate, workload.rate),
        ("users", workload.initial_users, workload.users),
    )
    return tuple(
        (option, before, after)
        for option, before, after in pairs
        if before is not None and after is not None and before != after
    )


def edited(snapshot: Snapshot) -> int:
    """Count what is not as in the profile: the options of its agents, and its workloads' load."""
    options = sum(
        # Compared as a whole first: with hundreds of agents nearly all are as they were.
        len(changed_options(agent)) if tunable.in_force(agent) != tunable.at_first(agent) else 0
        for agent in snapshot.agents
    )
    limits = sum(
        len(changed_limits(origin)) for agent in snapshot.agents for origin in agent.origins
    )
    loads = sum(len(changed_load(workload)) for workload in snapshot.workloads)
    return options + limits + loads


def _value(options: tunable.Options, option: str) -> object:
    return getattr(options, option)


def marks_of(
    agent: AgentSnapshot, origin: OriginSnapshot, *, errors: float | None, stale: bool = False
) -> tuple[Mark, ...]:
    """Give the host's marks, the gravest first.

    Args:
        agent: The agent that owns the origin's pool.
        origin: The host.
        errors: Share of errors in the window, 0..1; None when nothing ended in it.
        stale: The engine has gone silent: the numbers are old.
    """
    found: list[Mark] = []
    if stale or not origin.counters.submitted:
        found.append(Mark.SILENT)
    if is_saturated(agent, origin):
        found.append(Mark.SATURATED)
    elif in_use(origin) > options_of(agent, origin).max_sockets:
        found.append(Mark.OVER)
    elif origin.queued > 0:
        found.append(Mark.WAITING)
    if not origin.verified:
        found.append(Mark.UNVERIFIED)
    if origin.tunnelling:
        found.append(Mark.TUNNELLING)
    if errors:
        found.append(Mark.ERRORS)
    if changed_options(agent) or changed_limits(origin):
        found.append(Mark.CHANGED)
    return tuple(found)


__all__ = [
    "Mark",
    "changed_limits",
    "changed_load",
    "changed_options",
    "edited",
    "in_use",
    "is_saturated",
    "limit_of",
    "marks_of",
    "options_of",
    "room",
]
