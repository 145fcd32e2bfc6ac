"""What an edit really did, in one sentence that never promises what Node does not do."""

from __future__ import annotations

import math

from pooltop.core.edits import Edit, EditOutcome, Value
from pooltop.present.clean import clean
from pooltop.present.limits import BY_OPTION, written

_COUNTS = ("max_sockets", "max_total_sockets", "max_free_sockets")


def sentence(edit: Edit, outcome: EditOutcome) -> str:
    """Give e.g. ``starved maxSockets 4 > 40: 36 dialled, DRAIN``; clean."""
    head = subject(edit)
    if not outcome.accepted:
        return f"{head} refused: {clean(outcome.error) or 'no reason was given'}"
    before = written(edit.option, outcome.before)
    after = written(edit.option, outcome.after)
    if before == after:
        return f"{head} stays {after}"
    note = f"; {clean(outcome.note)}" if outcome.note else ""
    return f"{head} {before} > {after}: {_effect(edit.option, outcome)}{note}"


def subject(edit: Edit) -> str:
    """Give what an edit is about, e.g. ``undo: starved maxSockets``, ``browse rate``; clean."""
    field = BY_OPTION.get(edit.option)
    name = field.title if field else clean(edit.option)
    host = f" {clean(edit.host)}" if edit.host else ""
    head = f"{clean(edit.workload or edit.agent)}{host} {name}"
    return f"{edit.by}: {head}" if edit.by in ("undo", "restore") else head


def _effect(option: str, outcome: EditOutcome) -> str:
    if option in _OF_LOAD:
        return _OF_LOAD[option]
    done = _done(outcome)
    if outcome.live == "drain":
        return f"{done}, DRAIN"
    if option in ("max_sockets", "max_total_sockets"):
        if outcome.opened or outcome.culled:
            return f"{done}, NODE"
        if _number(outcome.after) > _number(outcome.before):
            waiting = f", {outcome.queued} still queued" if outcome.queued else ""
            return (
                f"raised, 0 dialled{waiting}: NODE mode drains nothing; "
                "the next new request opens a socket"
            )
        return "lowered, 0 closed: NODE mode lets sockets go as they are released and nothing waits"
    return f"{done}; NODE mode: {_LATER.get(option, 'it counts from the next decision on')}"


_OF_LOAD = {
    "rate": "arrivals go on from here, none lost and none made up for",
    "users": "new ones begin at once, those too many leave after their request",
}
_LATER = {
    "max_free_sockets": "it counts when the next socket is freed",
    "timeout": "it counts for new sockets and those freed from now on",
    "keep_alive": "it counts from the next release on; idle sockets stay",
    "scheduling": "it counts from the next request on",
    "live": "the next edit does only what Node does",
    "pipelining": "undici's own setter: it counts from the next request on",
}


def _done(outcome: EditOutcome) -> str:
    culled = f", {outcome.culled} idle closed" if outcome.culled else ""
    return f"{outcome.opened} dialled{culled}"


def _number(value: Value | None) -> float:
    return math.inf if value is None or isinstance(value, str) else float(value)
