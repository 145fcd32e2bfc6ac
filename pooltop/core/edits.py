"""Live edits and controls: what a front end may ask of an engine, and what it answers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.traffic import Workload

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

ASKERS = ("operator", "undo", "restore", "advisor", "tuner")
"""By whom an edit can be asked for: the operator, the two ways to take edits back, whoever
took up a piece of advice, and the search for a limit (``pooltop tune``)."""

MOST_RATE = 1_000_000
"""Arrivals per second that a workload can be asked for."""
MOST_USERS = 1_000_000
EVERYDAY_LOAD = 100
"""Arrivals per second, or users, up to which a workload may be led in one step, unasked."""
_LEAST_RATE = 1e-9
"""Below it, divisions overflow sooner or later; it is one arrival in thirty years."""
LONGEST_REVERT_S = 2_147_483
"""As long as Node's longest timer: 596 hours."""

Value = bool | float | str
Bounds = Mapping[str, tuple[float, float]]
"""Option to the least and the most that it may be set to without a question asked."""


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
    host: str = ""
    """``host:port`` of one of the agent's hosts that has the limit for itself: that is meant, and
    not the agent's; empty for the agent's."""
    option: str
    """One of EDITABLE, or of WORKLOAD_EDITABLE; of a host one of HOST_LIMITS."""
    value: Value | None
    """None is "no limit" (JSON and TOML know no infinity that survives every tool)."""
    by: str = "operator"
    """Who: one of ASKERS; the engine itself is "revert"."""
    revert_after_s: float | None = None
    """Put back after so many seconds unless it is kept, above 0; None leaves it for good."""
    confirmed: bool = False
    """The operator was asked about it: it may leave the profile's bounds, and be a leap."""


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
    note: str = ""
    """What else is to be known of it, in words: whom it does not reach, how long it takes."""


Fate = Literal["", "kept", "reverted", "undone", "superseded"]
"""What became of an edit: "kept" by the operator; "reverted" when its time was over; "undone" by an
undo that set the option back to what it was before; "superseded" by a later edit of the same option
while it was still to be reverted. The later one then goes back to the value before the first of
the edits that nobody kept, and if it does, all of them are "reverted"."""


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
    fate: Fate = ""
    """Empty where nothing more became of it: see ``Fate``."""
    was_on_stages: bool = False
    """The workload followed its stages before it; False too for what has none."""
    on_stages: bool = False
    """Likewise after it."""
    host: str = ""
    """As of the Edit."""


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


def apply_workload_edit(
    workload: Workload, option: str, value: Value | None, *, least: float | None = None
) -> Workload:
    """Give the workload after an edit; its limits are those of a profile.

    Args:
        workload: before it.
        option: one of WORKLOAD_EDITABLE.
        value: what is wanted.
        least: what is allowed at least, as where it was in force before; None for the usual.

    Raises:
        EditError: the option cannot be edited, belongs to the other model, or the value is not
            allowed.
    """
    if option not in WORKLOAD_EDITABLE:
        allowed = ", ".join(WORKLOAD_EDITABLE)
        raise EditError(f"{option} cannot be edited live; of a workload editable are {allowed}")
    if option == "rate":
        if workload.model != "open":
            raise EditError("rate is of the open model; this workload is closed and has users")
        rate = math.nan if value is None else _number(option, value)
        if not (_LEAST_RATE if least is None else least) <= rate <= MOST_RATE:
            raise EditError(
                f"rate must be above 0 and at most {MOST_RATE} arrivals per second; "
                "a pause holds them back"
            )
        return msgspec.structs.replace(workload, rate=rate)
    if workload.model != "closed":
        raise EditError("users are of the closed model; this workload is open and has a rate")
    users = math.nan if value is None else _number(option, value)
    if not (1 if least is None else least) <= users <= MOST_USERS or users != int(users):
        raise EditError(f"users must be a whole number from 1 to {MOST_USERS}")
    most = workload.max_requests
    if most is not None and users > most:
        raise EditError(f"users must be at most max_requests, {most}: more would never send")
    return msgspec.structs.replace(workload, users=int(users))


def is_leap(before: float, after: float) -> bool:
    """Say whether a workload's new rate, or number of users, is so much more that it is asked for.

    A slip of the finger adds a digit; it is at once on its way to a server that may be in use.

    Args:
        before: what is in force.
        after: what is wanted; anything less is no leap.
    """
    return after > max(2 * before, EVERYDAY_LOAD)


def is_within(bounds: Bounds, option: str, value: Value | None) -> bool:
    """Say whether an option may be set to a value without a question asked.

    Args:
        bounds: of the agent's profile.
        option: one of EDITABLE.
        value: as an Edit has it; no ``timeout`` is longer than any.
    """
    if option not in bounds or isinstance(value, (bool, str)):
        return True
    number = math.inf if value is None or (option == "timeout" and value == 0) else value
    least, most = bounds[option]
    return least <= number <= most


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
