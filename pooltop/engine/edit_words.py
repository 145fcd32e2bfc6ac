"""What the journal says of edits: who, what, before > after, and what it really did at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pooltop.core.edits import Bounds, EditRecord, Value, node_name

_LIMITS = ("max_sockets", "max_free_sockets", "max_total_sockets")
_MOST_APART = 3
"""Hosts that are named, of those that an edit does not reach."""
_UNITS = (("h", 3_600_000), ("m", 60_000), ("s", 1000))


def value_words(option: str, value: Value | None) -> str:
    """Give a value with its unit, as ``50``, ``unlimited``, ``30s``, ``on``, ``50/s``."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        return value
    if option == "timeout" and (value is None or value in (0, math.inf)):
        return "none"
    if value is None or math.isinf(value):
        return "unlimited"
    if option == "timeout":
        return _time(value)
    number = f"{value:.0f}" if value == int(value) else f"{value:g}"
    return f"{number}/s" if option == "rate" else number


def _time(ms: float) -> str:
    for unit, size in _UNITS:
        if ms >= size and ms % size == 0:
            return f"{ms / size:.0f}{unit}"
    return f"{ms:g}ms"


def record_words(record: EditRecord, effect: str, *, taken_back: int | None = None) -> str:
    """Tell of an edit that was carried out.

    Args:
        record: what was done.
        effect: what it did at once.
        taken_back: the number of the edit that it takes back; None where it is no reverse.
    """
    of = "" if taken_back is None else f" of edit {taken_back}"
    words = f"edit {record.number} {_change(record)} by {record.by}{of}: {effect}"
    if record.revert_at is not None:
        words += f"; reverts in {record.revert_at - record.at:.3g} s unless kept"
    return words


def kept_words(record: EditRecord) -> str:
    """Tell of an edit that is not put back any more."""
    return f"edit {record.number} kept: {_subject(record)} {_shown(record, 'after')} stays"


def pool_effect(opened: int, culled: int, queued: int, live: str) -> str:
    """Say what an edit did to an agent's pools at once."""
    done = f"{opened} dialled, {culled} idle closed, {queued} were queued"
    return f"{done}, {live.upper()} mode"


def apart_words(option: str, holding: Mapping[str, float]) -> str:
    """Say which hosts an agent's option does not reach; empty for none.

    Args:
        option: that was edited.
        holding: each host that has a limit of its own in its place, and that limit.
    """
    if not holding:
        return ""
    shown = [f"{host} ({value_words(option, limit)})" for host, limit in holding.items()]
    more = len(shown) - _MOST_APART
    names = ", ".join(shown[:_MOST_APART]) + (f" and {more} more" if more > 0 else "")
    return f"not of hosts with a {node_name(option)} of their own: {names}"


def no_own_limit_words(option: str, host: str, own: Mapping[str, float]) -> str:
    """Refuse an edit of what a host has not for itself.

    Args:
        option: that was to be edited.
        host: whose.
        own: its own limits.
    """
    has = " and ".join(node_name(each) for each in own) or "no limit"
    return f"{host} has {has} of its own: {node_name(option)} is its agent's, and edited there"


def alone_words(option: str) -> str:
    """Say what an edit means where a new agent is made for every request."""
    made = "it is of the agents that are made from now on, one for each request"
    return f"{made}: it binds within each of them only" if option in _LIMITS else made


def ramp_words(option: str, to: float, in_s: float) -> str:
    """Say that a load is raised step by step.

    Args:
        option: rate or users.
        to: what it leads to.
        in_s: seconds until it is there.
    """
    return f"ramps to {value_words(option, to)} over {in_s:.1f} s"


def rate_effect(state: str) -> str:
    """Say what another rate did to a workload in this state at once."""
    return _in_state("arrivals go on from here, none lost and none made up for", state)


def users_effect(state: str, before: int, after: int, asked: int) -> str:
    """Say what another number of users did to a workload at once.

    Args:
        state: the workload's.
        before: users that were there.
        after: users that are there now.
        asked: users that are to be there; who is too many has a request under way.
    """
    if after > before:
        words = f"{after - before} more begin at once"
    else:
        words = f"{before - after} left at once"
    if after > asked:
        words += f", {after - asked} leave when their request is over"
    return _in_state(words, state)


def _in_state(words: str, state: str) -> str:
    if state == "running":
        return words
    return f"{words}, once it is resumed" if state == "paused" else f"it is {state}"


def bounds_words(bounds: Bounds, option: str, value: Value | None) -> str:
    """Refuse a value that is outside of the profile's bounds."""
    least, most = (value_words(option, end) for end in bounds[option])
    return (
        f"{node_name(option)} {value_words(option, value)} is outside of the profile's bounds, "
        f"{least} to {most}: it has to be confirmed"
    )


def leap_words(option: str, before: Value, after: Value) -> str:
    """Refuse a value that multiplies a load."""
    change = f"{option} {value_words(option, before)} > {value_words(option, after)}"
    return f"{change} more than doubles the load: it has to be confirmed"


def sockets_ceiling_words(value: float, ceiling: float) -> str:
    """Refuse more sockets than the profile's ceiling lets through."""
    return (
        f"maxSockets {value_words('max_sockets', value)} is above the ceiling of {ceiling:g} to "
        "one host: it is max_sockets in the profile's [safety]"
    )


def rate_ceiling_words(wanted: float, room: float) -> str:
    """Refuse a rate that would lead all workloads together above the profile's ceiling.

    Args:
        wanted: the most that the workload would ask for.
        room: what the others leave it.
    """
    return (
        f"rate {value_words('rate', wanted)} is above the ceiling: beside the other workloads "
        f"{max(0.0, room):g}/s is the most; it is max_rate in the profile's [safety]"
    )


def _change(record: EditRecord) -> str:
    return f"{_subject(record)} {_shown(record, 'before')} > {_shown(record, 'after')}"


def _subject(record: EditRecord) -> str:
    # An agent's lines have its name in a field of their own, and its host's in another; a
    # workload's have its agent's there.
    if record.workload:
        return f"{record.workload} {record.option}"
    return f"own {node_name(record.option)}" if record.host else node_name(record.option)


def _shown(record: EditRecord, side: Literal["before", "after"]) -> str:
    return value_words(record.option, record.before if side == "before" else record.after)
