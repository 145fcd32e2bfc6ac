"""The load itself: a slow class among fast ones, and a measurement that cannot tell."""

from __future__ import annotations

import math

from pooltop.advise.diagnosis import Evidence, Finding
from pooltop.advise.view import HostView
from pooltop.advise.windows import WorkloadWindow

SPREAD = 10.0
"""Times the median that the slowest twentieth may take."""
_WAITING = 0.5
"""Share of a window in which requests waited."""


def slow_class(view: HostView) -> Finding | None:
    """A30: some requests take many times as long as most, and those wait behind them."""
    window = view.window
    if window is None or not view.is_enough(window.lease_count):
        return None
    if window.levels.waiting < _WAITING:
        return None
    usual, slow = window.lease.quantile(0.5), window.lease.quantile(0.95)
    if usual is None or slow is None or slow <= SPREAD * usual:
        return None
    return Finding(
        evidence=(
            Evidence("service p95", slow, "s", SPREAD * usual),
            Evidence("service, median", usual, "s"),
            Evidence("times the median", slow / usual if usual else math.inf, "times", SPREAD),
            Evidence("queue wait p95", window.queue.quantile(0.95) or 0.0, "s"),
        ),
        why="sockets that slow requests have for long are what fast ones wait for: the wait grows "
        "with the spread of the service times",
        samples=window.lease_count,
    )


def measurement_lies(view: HostView) -> Finding | None:
    """A32: the load cannot show what it is for: it drops arrivals, or never lets anybody wait."""
    load, window = view.workload, view.window
    if load is None or window is None:
        return None
    return _dropped(load) if load.after.model == "open" else _too_few_users(view, load)


def _dropped(load: WorkloadWindow) -> Finding | None:
    dropped, offered = load.count("dropped"), load.count("offered")
    if not dropped:
        return None
    return Finding(
        evidence=(
            Evidence("arrivals dropped", dropped, of=offered),
            Evidence("offered", offered / load.span_s, "/s"),
            Evidence("sent", load.count("sent") / load.span_s, "/s"),
        ),
        why="arrivals beyond max_in_flight were never sent: the times measured are of the others, "
        "and look better than it is",
        samples=offered,
        is_fact=True,
    )


def _too_few_users(view: HostView, load: WorkloadWindow) -> Finding | None:
    users, limit, window = load.after.users, view.limits.max_sockets, view.window
    is_alone = len(view.workloads) == 1
    if window is None or users is None or math.isinf(limit) or not is_alone:
        return None
    if not 0 < users <= limit or window.count("queued") or not view.is_enough(load.count("sent")):
        return None
    if load.after.heading_for is not None or view.agent.options.per_request:
        return None
    return Finding(
        evidence=(
            Evidence("users", users, "", limit),
            Evidence("sent", load.count("sent") / load.span_s, "/s"),
            Evidence("requests that waited", 0),
        ),
        why="each user waits for its answer before it asks again: no more than that many are ever "
        "under way, so that nobody can wait here, however slow the target is",
        samples=load.count("sent"),
    )
