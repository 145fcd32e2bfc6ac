"""What a proposal is expected to do to the queue, by the formulas alone."""

from __future__ import annotations

import math

from pooltop.advise.demand import is_closed_model, load_of
from pooltop.advise.diagnosis import Prediction, Proposal
from pooltop.advise.sizing import MOST_SERVERS, wait_quantile_s
from pooltop.advise.view import HostView

_LIMITS = ("max_sockets", "connections")


def predict(view: HostView, proposal: Proposal) -> Prediction | None:
    """Give what a limit of sockets would do; None of other options, and where nothing is known."""
    window = view.window
    if proposal.option not in _LIMITS or window is None:
        return None
    limit = math.inf if proposal.value is None else float(proposal.value)
    load, lease = load_of(view, window), window.lease_mean_s
    if load is None or lease is None or load >= MOST_SERVERS:
        return None
    if is_closed_model(view):
        # Nobody beyond the users can come: those that have no socket wait for as long as it takes
        # to serve the others.
        wait = lease * max(0.0, load - limit) / limit
    else:
        wait = wait_quantile_s(load, lease, limit)
    return Prediction(
        queue_p95_s=wait,
        queue_p95_now_s=window.queue.quantile(0.95),
        utilisation=None if math.isinf(limit) else min(1.0, load / limit),
    )
