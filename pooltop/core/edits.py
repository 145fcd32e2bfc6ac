"""Live edits and controls: what a front end may ask of an engine, and what it answers."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from pooltop.core.model import AgentOptions

EDITABLE = (
    "max_sockets",
    "max_free_sockets",
    "max_total_sockets",
    "timeout",
    "keep_alive",
    "scheduling",
    "live",
)
"""The agent options that can be changed while traffic flows."""

Value = bool | float | str


def node_name(option: str) -> str:
    """Give Node's spelling of an option: ``max_sockets`` is ``maxSockets``."""
    first, *rest = option.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to change one option of one agent."""

    id: int
    """Chosen by the sender; comes back in the outcome."""
    agent: str
    option: str
    """One of EDITABLE."""
    value: Value | None
    """None is "no limit" (JSON and TOML know no infinity that survives every tool)."""
    by: str = "operator"
    """Who: "operator", "undo", "restore" ..."""


class EditOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an edit."""

    id: int
    accepted: bool
    error: str = ""
    """Why not, with what is allowed."""
    before: Value | None = None
    after: Value | None = None
    opened: int = 0
    """Sockets opened by the edit itself."""
    culled: int = 0
    """Idle sockets closed by the edit itself."""
    queued: int = 0
    """Requests waiting when it came."""
    live: str = "node"


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A command to the engine's load."""

    action: Literal["pause", "resume", "stop"]
    """"pause" holds arrivals back; "stop" ends every workload, aborts what is under way and
    destroys the agents: nothing is left open a second later."""
    workload: str | None = None
    """None means all of them; "stop" always means all."""


class EditError(ValueError):
    """An edit that cannot be applied; the message says what is allowed."""


def apply_edit(options: AgentOptions, option: str, value: Value | None) -> AgentOptions:
    """Give the options after an edit.

    Raises:
        EditError: the option cannot be edited, or the value is not allowed.
    """
    if option not in EDITABLE:
        raise EditError(f"{option} cannot be edited live; editable are {', '.join(EDITABLE)}")
    return msgspec.structs.replace(options, **{option: _checked(option, value)})


def _checked(option: str, value: Value | None) -> Value:
    if option == "keep_alive":
        if not isinstance(value, bool):
            raise EditError("keep_alive is on or off")
        return value
    if option == "scheduling":
        if value not in ("lifo", "fifo"):
            raise EditError("scheduling is lifo or fifo")
        return value
    if option == "live":
        if value not in ("node", "drain"):
            raise EditError("live is node or drain")
        return value
    if option == "timeout":
        if value is None:
            return 0.0
        number = _number(option, value)
        if number < 0 or math.isinf(number):
            raise EditError("timeout must be 0 (none) or more milliseconds")
        return number
    if value is None:
        return math.inf
    number = _number(option, value)
    # 0 is a number here: the "0 means the default" of Node is its constructor's alone.
    if number < 0 or (not math.isinf(number) and number != int(number)):
        raise EditError(f"{option} must be a whole number, 0 or more, or unlimited")
    return number


def _number(option: str, value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise EditError(f"{option} must be a number")
    try:
        number = float(value)
    except OverflowError:
        raise EditError(f"{option} is too large a number") from None
    if math.isnan(number):
        raise EditError(f"{option} must be a number")
    return number
