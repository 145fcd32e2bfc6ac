"""A step of both sides of a comparison at once, so that they stay comparable."""

from __future__ import annotations

from pooltop.core.edits import EditError
from pooltop.present.editing import Target, WorkloadId
from pooltop.present.history import HostId
from pooltop.present.limits import written
from pooltop.present.versus import Pair, pair_of
from pooltop.ui.asked import ApplyEdits
from pooltop.ui.editable import options_of
from pooltop.ui.view import View

_PART = 10
"""A step of a rate is a tenth of it."""


def stepped(view: View, by: int) -> list[ApplyEdits]:
    """Give the edits that step both sides: by 1 their rates or users, by more their limits.

    Args:
        view: the live instant counts, even on a frozen screen.
        by: up or down.

    Raises:
        EditError: a side cannot be stepped; says why. Nothing is to be edited then.
    """
    pair = pair_of(view.live)
    if pair is None:
        raise EditError("nothing is compared")
    asked: list[ApplyEdits] = []
    for target in _workloads(pair) if abs(by) == 1 else _agents(pair):
        of, _ = options_of(view, target, live=True)
        if of is None:
            continue
        option = of.fields[0].option
        now = of.value(option)
        step = 1 if by > 0 else -1
        if isinstance(target, WorkloadId) and isinstance(now, (int, float)):
            step *= max(1, round(now / _PART))
        try:
            value = of.parse(option, of.stepped(option, written(option, now), step))
        except EditError as error:
            whose = target.name if isinstance(target, WorkloadId) else target.agent
            raise EditError(f"{whose}: {of.fields[0].title} {error}") from error
        if value != now:
            asked.append(ApplyEdits(target, ((option, value),)))
    return asked


def _workloads(pair: Pair) -> list[Target]:
    return [WorkloadId(each.name) for side in (pair.a, pair.b) for each in side.workloads]


def _agents(pair: Pair) -> list[Target]:
    """Give a host of each side: to edit its agent's limit is to edit that of all its hosts."""
    return [HostId(s.agent.name, s.origins[0].key) for s in (pair.a, pair.b) if s.origins]
