"""Live edits and controls: what a front end may ask of an engine, and what it answers."""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId

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

WORKLOAD_EDITABLE = ("rate", "users")
"""Likewise of a workload: arrivals per second of an open model, users of a closed one."""

Value = bool | float | str


def node_name(option: str) -> str:
    """Give Node's spelling of an option: ``max_sockets`` is ``maxSockets``."""
    first, *rest = option.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Edit(msgspec.Struct, frozen=True, kw_only=True):
    """A wish to change one option of one agent, or of one workload."""

    id: int
    """Chosen by the sender; comes back in the outcome."""
    agent: str = ""
    """Whose option; empty for a workload's."""
    workload: str = ""
    """Whose option; empty for an agent's."""
    option: str
    """One of EDITABLE, or of WORKLOAD_EDITABLE."""
    value: Value | None
    """None is "no limit" (JSON and TOML know no infinity that survives every tool)."""
    by: str = "operator"
    """Who: "operator", "undo", "restore" ..."""
    revert_after_s: float | None = None
    """Put back after so many seconds unless it is kept; None leaves it for good."""
    confirmed: bool = False
    """The operator was asked about it: it may leave the profile's bounds."""


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
    number: int | None = None
    """Its EditRecord's; None where nothing was changed."""


class EditRecord(msgspec.Struct, frozen=True, kw_only=True):
    """An edit that was accepted, and what became of it: the same for every viewer."""

    number: int
    """Counts from 1 in each engine."""
    at: float
    """Monotonic seconds of the engine's clock."""
    wall_at: float
    agent: str = ""
    workload: str = ""
    option: str
    before: Value | None
    """None is "no limit"."""
    after: Value | None
    by: str
    opened: int = 0
    culled: int = 0
    queued: int = 0
    live: str = "node"
    revert_at: float | None = None
    """When it is put back, in monotonic seconds; None if it is not, or no more."""
    fate: Literal["", "kept", "reverted", "undone", "superseded"] = ""
    """Empty while it is simply in force."""


class Control(msgspec.Struct, frozen=True, kw_only=True):
    """A command to the engine: to its load, or about one thing in a pool."""

    action: Literal[
        "pause", "resume", "stop", "keep", "destroy_socket", "abort_request", "clear_queue"
    ]
    """"pause" holds arrivals back; "stop" ends every workload, aborts what is under way and
    destroys the agents: nothing is left open a second later. "keep" lets an edit stay in force;
    the others are what their names say, of one ``agent``."""
    workload: str | None = None
    """None means all of them; "stop" always means all."""
    edit: int | None = None
    """For "keep": the EditRecord's number; None for all that would be reverted."""
    agent: str = ""
    origin: OriginKey | None = None
    """For "clear_queue"."""
    socket: SocketId | None = None
    """For "destroy_socket"."""
    request: RequestId | None = None
    """For "abort_request"."""


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
