"""Limits of sockets: too low for a target that is well, or for one that is not; or none at all."""

from __future__ import annotations

import math

from pooltop.advise.demand import (
    can_edit_limit,
    limit_option,
    load_of,
    most_sockets,
    wanted_limit,
)
from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.pace import gradient, is_flat, is_slowing
from pooltop.advise.sizing import SLOWING, envoy_limit
from pooltop.advise.view import HostView
from pooltop.advise.windows import HostWindow

FULL = 0.95
"""Share of a window with no socket to spare from which on a limit is what requests wait for."""
SPIKY = 4.0
"""A peak of so many times the mean is a spike."""
_LEAST_PEAK = 8
"""Sockets below which a spike harms nobody."""


def saturated_healthy(view: HostView) -> Finding | None:
    """A1: the limit is what requests wait for, and the target could take more."""
    window = _saturated(view)
    if window is None or is_slowing(view):
        return None
    limit, wanted = view.limits.max_sockets, wanted_limit(view, window)
    edit = None
    why = "requests wait for the limit alone: the target answers as fast as with fewer at a time"
    if wanted is not None and wanted > limit:
        edit = _limit(view, wanted)
    elif most_sockets(view) <= limit:
        why += "; a ceiling lets no advice lead higher"
    return Finding(evidence=_evidence(view, window), why=why, edit=edit, samples=window.assigned)


def saturated_slowing(view: HostView) -> Finding | None:
    """A2: the limit is what requests wait for, but the target is slower the more it gets."""
    window = _saturated(view)
    if window is None or not is_slowing(view):
        return None
    g = gradient(view)
    why = (
        "the target takes longer the more requests it has at a time: "
        "a wider pool would only move the queue into it"
    )
    if is_flat(view):
        why += "; more in use did not get more done"
    edit = None
    if g is not None and g < SLOWING:
        lower = max(1, math.floor(envoy_limit(view.limits.max_sockets, g)))
        edit = _limit(view, lower) if lower < view.limits.max_sockets else None
    return Finding(evidence=_evidence(view, window), why=why, edit=edit, samples=window.assigned)


def unlimited(view: HostView) -> Finding | None:
    """A7: there is no limit, and spikes open many times the sockets that the mean needs."""
    window = view.window
    if window is None or view.agent.options.per_request or not view.is_enough(window.completed):
        return None
    if not math.isinf(view.limits.max_sockets) or not math.isinf(view.limits.max_total_sockets):
        return None
    load, peak = load_of(view, window), window.levels.peak_in_use
    if load is None or peak < max(_LEAST_PEAK, SPIKY * load):
        return None
    wanted = wanted_limit(view, window)
    # The formulas know nothing of spikes: half of one is let through.
    cap = None if wanted is None else max(wanted, peak // 2)
    return Finding(
        evidence=(
            Evidence("sockets in use, peak", peak, against=load),
            Evidence("sockets in use, mean", load),
            Evidence("requests", window.rate, "/s"),
        ),
        why="a spike opens as many sockets as it has requests: nothing protects the target from it",
        edit=None if cap is None else _limit(view, cap),
        samples=window.completed,
    )


def _saturated(view: HostView) -> HostWindow | None:
    """Give the newest window if its requests waited for the host's own limit, else None."""
    window = view.window
    limit = view.limits.max_sockets
    if window is None or math.isinf(limit) or not view.is_enough(window.assigned):
        return None
    if any(socket.session is not None for socket in view.origin.sockets):
        return None  # streams are what its requests wait for
    levels = window.levels
    if levels.mean_in_use < FULL * limit or levels.at_limit < FULL or levels.waiting < FULL:
        return None
    wait = window.queue.quantile(0.95)
    return window if wait is not None and wait > view.options.queue_p95_s else None


def _evidence(view: HostView, window: HostWindow) -> tuple[Evidence, ...]:
    levels, lease, g = window.levels, window.lease_mean_s, gradient(view)
    found = [
        Evidence("at the limit, share of the time", levels.at_limit, "share", FULL),
        Evidence("sockets in use, mean", levels.mean_in_use, of=view.limits.max_sockets),
        Evidence("queued, mean", levels.mean_queued),
        Evidence("queue wait p95", window.queue.quantile(0.95) or 0.0, "s", _target(view)),
        Evidence("requests", window.rate, "/s"),
        Evidence("served", window.completed / window.span_s, "/s"),
    ]
    if lease is not None:
        found.append(Evidence("service, mean", lease, "s"))
    if g is not None:
        found.append(Evidence("gradient of the target", g, "", SLOWING))
    return tuple(found)


def _target(view: HostView) -> float:
    return view.options.queue_p95_s


def _limit(view: HostView, value: int) -> Proposal | None:
    if not can_edit_limit(view):
        return None
    option = limit_option(view)
    return Proposal(option, float(value), agent=view.agent.name, host=view.host_of(option))
