"""Idle sockets: more than anybody needs, or fewer than come back."""

from __future__ import annotations

import math

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.sizing import free_sockets
from pooltop.advise.view import HostView
from pooltop.core.states import CloseReason

_FREE = "max_free_sockets"
PILE_WINDOWS = 5
"""Windows in which the same idle sockets must have been of no use."""
_LEAST_PILE = 4
"""Idle sockets that are not worth a word, however little they are used."""
CHURN = 0.01
"""Share of requests whose socket was closed for want of room in the free list."""
_REOPENED = 0.5
"""Share of these that were opened again within the window."""


def pile(view: HostView) -> Finding | None:
    """A3: idle sockets that nobody used for a whole window, and more of them than are used."""
    window = view.window
    if window is None or not view.is_http_agent or not view.is_enough(window.completed):
        return None
    if view.agent.options.per_request:
        return None  # each agent has one, and none of them is over any limit
    if view.limits.scheduling == "lifo":
        # The coldest stay where they are: since when each is idle says it to the moment.
        unused = sum(one.since <= window.opened_at for one in view.origin.free_sockets)
    else:
        unused = window.levels.least_free
    recent = view.windows[-PILE_WINDOWS:]
    peak = max(one.levels.peak_in_use for one in recent)
    if unused < max(_LEAST_PILE, peak):
        return None
    keep = max(1, free_sockets(peak, min(one.levels.least_in_use for one in recent)))
    edit = None
    if keep < min(view.limits.max_free_sockets, view.origin.free):
        edit = Proposal(_FREE, float(keep), agent=view.agent.name, host=view.host_of(_FREE))
    return Finding(
        evidence=(
            Evidence("idle for the whole window", unused, of=view.origin.free),
            Evidence("sockets in use, peak", peak),
            Evidence("idle sockets worth keeping", keep),
        ),
        why="these sockets hold descriptors here and memory at the server, and serve nobody",
        edit=edit,
        samples=window.completed,
    )


def churn(view: HostView) -> Finding | None:
    """A4: sockets are closed as the free list is full, and opened again at once."""
    window = view.window
    if window is None or not view.is_enough(window.assigned):
        return None
    full = window.closed_by(CloseReason.OVER_MAX_FREE_SOCKETS)
    if full <= CHURN * window.assigned or window.opened < _REOPENED * full:
        return None
    limits = view.limits
    swing = free_sockets(window.levels.peak_in_use, window.levels.least_in_use)
    wanted = max(float(swing), 2 * limits.max_free_sockets, 1.0)
    if not math.isinf(limits.max_sockets):
        # As many as can ever be idle at a time: more is never closed for it.
        wanted = limits.max_sockets
    edit = None
    if wanted > limits.max_free_sockets:
        edit = Proposal(_FREE, wanted, agent=view.agent.name, host=view.host_of(_FREE))
    return Finding(
        evidence=(
            Evidence("closed, free list full", full, "", CHURN * window.assigned),
            Evidence("opened again", window.opened),
            Evidence("of requests", full / window.assigned, "share", CHURN),
            Evidence("opened", window.opened / window.span_s, "/s"),
        ),
        why="each burst closes the sockets that the next one opens, with a handshake each",
        edit=edit,
        samples=window.assigned,
    )
