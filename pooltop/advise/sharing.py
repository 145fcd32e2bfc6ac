"""Limits that hosts of an agent share: what is proposed for one must suit the others too.

A rule looks at one host. Most limits are the agent's, though, and bind each of its hosts, so that
an edit of them reaches hosts that are nothing like the one that it is proposed for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from pooltop.advise.diagnosis import Finding, Proposal
from pooltop.advise.pace import gradient, is_slowing
from pooltop.advise.rules.size import FAR
from pooltop.advise.sizing import SLOWING, envoy_limit, free_sockets
from pooltop.advise.view import HostView
from pooltop.core.model import HostId

_LIMITS = ("max_sockets", "connections")
_FREE = "max_free_sockets"
_SLOWING = "a host that shares the limit is slowing, so that it is not raised for all"
_NEEDED = "the limit is the agent's, and its other hosts need it as it is"


class Sharing:
    """The hosts of an agent, of which some share each limit; asked only for what is proposed."""

    def __init__(self, views: Sequence[HostView]) -> None:
        """Begin with every host of an agent, at the end of the same window."""
        self._views = views
        self._needs: dict[str, list[tuple[float, HostId]]] = {}
        self._slows: dict[str, bool] = {}

    def suited(
        self, finding: Finding, view: HostView, *, is_of_limit: bool = False
    ) -> Finding | None:
        """Give a finding whose proposal does no harm to the hosts that share the limit.

        What lowers a limit goes no lower than the others need; what raises one is not proposed
        while any of them is slowing. Where nothing is left of a proposal, it is said why.

        Args:
            finding: of a rule.
            view: what the rule saw.
            is_of_limit: it is nothing but that the limit is too high; None is given where it is
                not, for another host.
        """
        edit = finding.edit
        if edit is None or edit.option not in (*_LIMITS, _FREE) or edit.workload:
            return finding
        before, after = _in_force(view, edit), _number(edit)
        if after > before:
            is_barred = edit.option in _LIMITS and self._is_slowing(view, edit)
            return _without(finding, _SLOWING) if is_barred else finding
        if edit.host or (needed := self._needed(view.id, edit.option)) <= after:
            return finding
        if is_of_limit and needed > FAR * before:
            return None
        if needed >= before:
            return _without(finding, _NEEDED)
        return replace(finding, edit=edit._replace(value=needed))

    def _sharing(self, option: str) -> list[HostView]:
        return [one for one in self._views if not one.host_of(option)]

    def _needed(self, host: HostId, option: str) -> float:
        """Give what the neediest of the other hosts that share a limit needs of it."""
        if option not in self._needs:
            need = _idle_needed if option == _FREE else _sockets_needed
            needs = [(need(one), one.id) for one in self._sharing(option)]
            self._needs[option] = sorted(needs, reverse=True)[:2]
        return next((need for need, one in self._needs[option] if one != host), 0.0)

    def _is_slowing(self, view: HostView, edit: Proposal) -> bool:
        if edit.host:
            return is_slowing(view)
        if edit.option not in self._slows:
            self._slows[edit.option] = any(map(is_slowing, self._sharing(edit.option)))
        return self._slows[edit.option]


def _sockets_needed(view: HostView) -> float:
    """Give the most sockets that were in use; where requests waited, all that are allowed."""
    if view.window is None:
        return 0.0
    if view.window.count("queued"):
        g, limit = gradient(view), view.limits.max_sockets
        return limit if g is None or g >= SLOWING else math.floor(envoy_limit(limit, g))
    return max(one.levels.peak_in_use for one in view.windows)


def _idle_needed(view: HostView) -> float:
    """Give the idle sockets that a host's swings take up again."""
    if view.window is None:
        return 0.0
    levels = [one.levels for one in view.windows]
    peak = max(one.peak_in_use for one in levels)
    return free_sockets(peak, min(one.least_in_use for one in levels))


def _in_force(view: HostView, edit: Proposal) -> float:
    limits = view.limits
    return limits.max_free_sockets if edit.option == _FREE else limits.max_sockets


def _number(edit: Proposal) -> float:
    value = edit.value
    return float(value) if isinstance(value, int | float) else math.inf


def _without(finding: Finding, why: str) -> Finding:
    return replace(finding, edit=None, why=f"{finding.why}; {why}")
