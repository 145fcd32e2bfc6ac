"""How agents are cut: one left open, one for everything, one total that starves a host."""

from __future__ import annotations

import math

from pooltop.advise.diagnosis import Evidence, Finding
from pooltop.advise.view import HostView

OVER = ("done", "stopped")
"""States of a workload that sends no more."""
UNLIKE = 5.0
"""Service times that differ by so many times belong to different agents."""
ON_ONE = 0.8
"""Share of an agent's queue on one host."""
_SOME_TIME = 0.5
"""Share of a window in which requests must have waited."""
STARVED = 0.2
"""Share of a window in which a host's requests waited and it had no socket at all."""


def left_open(view: HostView) -> Finding | None:
    """A10: the load is over, and sockets are still open that nothing will ever close."""
    window = view.window
    loads = [each for each in view.snapshot.workloads if each.agent == view.agent.name]
    if window is None or not loads or any(each.state not in OVER for each in loads):
        return None
    origins = view.agent.origins
    forgotten = sum(one.free_timeout_ms == 0 for each in origins for one in each.free_sockets)
    busy = sum(len(each.sockets) for each in origins)
    queued = sum(each.queued for each in origins)
    if forgotten + busy == 0 or window.arrivals:
        return None
    return Finding(
        evidence=(
            Evidence("idle sockets without a timer", forgotten),
            Evidence("sockets in use", busy),
            Evidence("requests queued", queued),
        ),
        why="in Node open sockets keep a process alive, and destroy() with a queue opens new ones",
        is_fact=True,
    )


def one_for_all(view: HostView) -> Finding | None:
    """A11: unlike hosts share an agent, and one of them has nearly all its queue."""
    window = view.window
    if window is None or window.lease_mean_s is None or window.levels.waiting < _SOME_TIME:
        return None
    others = [
        one.lease_mean_s
        for one in view.siblings
        if one.lease_mean_s is not None and view.is_enough(one.lease_count)
    ]
    if not others or not view.is_enough(window.lease_count):
        return None
    ratio = window.lease_mean_s / min(others)
    queued = window.levels.mean_queued
    share = queued / (queued + sum(one.levels.mean_queued for one in view.siblings))
    if ratio <= UNLIKE or share < ON_ONE:
        return None
    return Finding(
        evidence=(
            Evidence("service, mean", window.lease_mean_s, "s", min(others)),
            Evidence("times the fastest host's", ratio, "times", UNLIKE),
            Evidence("of the agent's queue", share, "share", ON_ONE),
        ),
        why="one set of limits cannot suit both: what the slow host needs starves the fast one",
        samples=window.lease_count,
    )


def starved(view: HostView) -> Finding | None:
    """A12: a host's requests wait without a socket while its agent's others have them all."""
    window = view.window
    total = view.agent.options.max_total_sockets
    if window is None or math.isinf(total) or view.agent.options.per_request:
        return None
    busy = sum(one.levels.mean_in_use + one.levels.mean_free for one in view.siblings)
    if window.levels.starved < STARVED or busy == 0:
        return None
    return Finding(
        evidence=(
            Evidence("waiting without a socket", window.levels.starved, "share", STARVED),
            Evidence("queued, mean", window.levels.mean_queued),
            Evidence("sockets of the other hosts, mean", busy, of=total),
        ),
        why="maxTotalSockets is reached by other hosts: Node reserves none for this one",
        samples=sum(one.assigned for one in view.siblings),
    )
