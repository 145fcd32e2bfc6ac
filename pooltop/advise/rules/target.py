"""A target that is in trouble: retried ever more as it slows down, or not there at all."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding
from pooltop.advise.pace import gradient, is_slowing
from pooltop.advise.sizing import SLOWING
from pooltop.advise.view import HostView
from pooltop.core.causes import Cause, totals_by_cause

STORM = 0.2
"""Share of requests that are sent again."""
DEAD = 0.5
"""Share of requests that end without a connection."""
_WAITING = 0.5
"""Share of a window in which requests waited."""
_NO_CONNECTION = (
    Cause.DNS,
    Cause.CONNECT_REFUSED,
    Cause.CONNECT_TIMEOUT,
    Cause.UNREACHABLE,
    Cause.TLS,
    Cause.PROXY,
)


def retry_storm(view: HostView) -> Finding | None:
    """A31: many requests are sent again while the target is slower with each."""
    window = view.window
    if window is None or not view.is_enough(window.assigned) or not is_slowing(view):
        return None
    again = window.count("retried") + window.count("requeued")
    share = again / window.assigned
    if share <= STORM:
        return None
    evidence = [
        Evidence("sent again", again, of=window.assigned),
        Evidence("of requests", share, "share", STORM),
    ]
    if (g := gradient(view)) is not None:
        evidence.append(Evidence("gradient of the target", g, "", SLOWING))
    if (lease := window.lease_mean_s) is not None:
        evidence.append(Evidence("service, mean", lease, "s"))
    return Finding(
        evidence=tuple(evidence),
        why="what is sent again is more work for a target that cannot do what it has",
        samples=window.assigned,
    )


def dead_target(view: HostView) -> Finding | None:
    """A35: no connection can be made, and requests wait for one."""
    window = view.window
    if window is None or window.completed or window.levels.waiting < _WAITING:
        return None
    causes = totals_by_cause(window.failed)
    unconnected = sum(causes.get(cause, 0) for cause in _NO_CONNECTION)
    ended = sum(causes.values())
    if not unconnected or unconnected <= DEAD * ended:
        return None
    oldest = view.origin.oldest_queued_at
    evidence = [
        Evidence("ended without a connection", unconnected, of=ended),
        Evidence("of all that ended", unconnected / ended, "share", DEAD),
        Evidence("requests queued", view.origin.queued),
    ]
    if oldest is not None:
        evidence.append(Evidence("the oldest has waited for", view.snapshot.at - oldest, "s"))
    return Finding(
        evidence=tuple(evidence),
        why="nobody answers there: each request waits for its turn to find that out",
        samples=ended,
    )
