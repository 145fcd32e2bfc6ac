"""Whether a target is slowing: the one question before any advice to send it more at a time.

Requests that take longer the more of them are under way wait in the target: a wider pool moves the
queue from where it is seen to where it is not.
"""

from __future__ import annotations

from pooltop.advise.sizing import SLOWING, envoy_gradient
from pooltop.advise.view import HostView

_NOISE_S = 0.002
"""A difference of the mean leases that measuring alone can make."""
_MORE_IN_USE = 1.25
_FLAT = 1.05
"""Throughput that grew by less than this, while so many more were in use, is flat."""


def gradient(view: HostView) -> float | None:
    """Give Envoy's gradient of the newest window's lease; below 1 the target slows.

    The leases are means of windows; the least is of all windows that are kept. None where no
    earlier window had enough requests.
    """
    window = view.window
    if window is None or window.lease_mean_s is None:
        return None
    earlier = [
        one.lease_mean_s
        for one in view.windows[:-1]
        if one.lease_mean_s is not None and view.is_enough(one.lease_count)
    ]
    if not earlier:
        return None
    least, now = min(earlier), window.lease_mean_s
    if now - least < _NOISE_S:
        least = now
    return envoy_gradient(least, now)


def is_flat(view: HostView) -> bool:
    """Say whether throughput stayed what it was although many more sockets were in use."""
    window = view.window
    if window is None or not view.is_enough(window.completed):
        return False
    served = window.completed / window.span_s
    in_use = window.levels.mean_in_use
    return any(
        in_use > _MORE_IN_USE * one.levels.mean_in_use
        and served < _FLAT * one.completed / one.span_s
        for one in view.windows[:-1]
        if one.levels.mean_in_use >= 1 and view.is_enough(one.completed)
    )


def is_slowing(view: HostView) -> bool:
    """Say whether the target is known to slow down under what it gets: then nothing is raised."""
    g = gradient(view)
    return (g is not None and g < SLOWING) or is_flat(view)
