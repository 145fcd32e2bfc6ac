"""Clocks that do not run while a request waits for a socket."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding
from pooltop.advise.view import HostView
from pooltop.core.model import Timeouts


def blind_to_queue(view: HostView) -> Finding | None:
    """A18: requests wait for longer than their time limit, which does not count the queue."""
    window = view.window
    timeouts = view.origin.timeouts or view.agent.timeouts
    limit = _limit_s(timeouts)
    if window is None or limit is None or not view.is_enough(window.assigned):
        return None
    wait = window.queue.quantile(0.95)
    if wait is None or wait <= limit:
        return None
    return Finding(
        evidence=(
            Evidence("queue wait p95", wait, "s", limit),
            Evidence("time limit", limit, "s"),
            Evidence("requests that waited", window.count("queued"), of=window.assigned),
        ),
        why="the limit begins with the socket: in the queue a request can wait for ever",
        samples=window.assigned,
    )


def _limit_s(timeouts: Timeouts) -> float | None:
    """Give the longest of the clocks that do not run in the queue; None where one does, or none is.

    In mode "node" there is ``idle`` alone, which begins with the socket.
    """
    if timeouts.mode == "node":
        return timeouts.idle or None
    if timeouts.queue is not None or timeouts.total is not None:
        return None
    clocks = [each for each in (timeouts.idle, timeouts.connect) if each is not None]
    return max(clocks, default=None)
