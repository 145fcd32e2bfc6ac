"""A limit that is much higher than anything asks for."""

from __future__ import annotations

import math

from pooltop.advise.demand import can_edit_limit, limit_option
from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.sizing import staffing
from pooltop.advise.view import HostView

LOW = 0.3
"""Share of the limit that is in use on average."""
FAR = 0.5
"""A limit is far above the load where such a share of it would do."""
LOW_WINDOWS = 10
"""Windows running of which that has to be so."""


def oversized(view: HostView) -> Finding | None:
    """A33: hardly any of the sockets that are allowed are ever in use."""
    window, limit = view.window, view.limits.max_sockets
    if window is None or math.isinf(limit) or view.agent.options.per_request:
        return None
    if window.utilisation >= LOW or window.count("queued") or not view.is_enough(window.completed):
        return None
    if any(one.session is not None for one in view.origin.sockets):
        return None  # streams are what its requests need
    recent = view.windows[-LOW_WINDOWS:]
    peak = max(one.levels.peak_in_use for one in recent)
    mean = sum(one.levels.mean_in_use for one in recent) / len(recent)
    wanted = max(peak, staffing(max(mean, window.load), view.options.beta))
    if wanted > FAR * limit:
        return None
    edit = None
    if can_edit_limit(view):
        option = limit_option(view)
        edit = Proposal(option, float(wanted), agent=view.agent.name, host=view.host_of(option))
    return Finding(
        evidence=(
            Evidence("sockets in use, mean", mean, of=limit),
            Evidence("of the limit", window.utilisation, "share", LOW),
            Evidence("sockets in use, peak", peak, of=limit),
            Evidence("would do", wanted, "", limit),
        ),
        why="nobody waits, and few sockets are used: a lower limit protects the target when a "
        "spike comes, and costs nothing until then",
        edit=edit,
        samples=window.completed,
    )
