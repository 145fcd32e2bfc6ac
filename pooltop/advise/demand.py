"""How many sockets a host would need, and how many it may have."""

from __future__ import annotations

import math

from pooltop.advise.sizing import MOST_SERVERS, advised_limit, staffing
from pooltop.advise.view import HostView
from pooltop.advise.windows import HostWindow
from pooltop.core.undici.edits import editable, is_taken

_FD_SHARE = 0.5
"""Share of the process' descriptors that advice lets sockets have."""


def is_closed_model(view: HostView) -> bool:
    """Say whether users who wait for their answers are all that a host's requests come from."""
    return bool(view.workloads) and all(one.after.model == "closed" for one in view.workloads)


def load_of(view: HostView, window: HostWindow) -> float | None:
    """Give the sockets that would be in use if nobody had to wait; None where it is not known.

    By Little's law, a = λS. Users of a closed model ask for the next thing only when they have the
    last: of them it is those who are in the pool, waiting or served.
    """
    if is_closed_model(view):
        return window.levels.mean_in_use + window.levels.mean_queued
    lease = window.lease_mean_s
    return None if lease is None else window.rate * lease


def most_sockets(view: HostView) -> float:
    """Give the sockets per host beyond which nothing is proposed; inf without any such bound."""
    bounds = view.agent.bounds.get(limit_option(view), (0.0, math.inf))
    asked = (view.options.max_sockets, view.agent.ceiling, bounds[1], _descriptors(view))
    return min(each for each in (*asked, math.inf) if each is not None)


def wanted_limit(view: HostView, window: HostWindow) -> int | None:
    """Give the limit of sockets that suits what a host gets, under every bound (F6).

    The wait and the utilisation that are wanted are the options'; None where the load is not known.
    """
    load, lease = load_of(view, window), window.lease_mean_s
    if load is None or lease is None or load >= MOST_SERVERS:
        return None
    most = most_sockets(view)
    if is_closed_model(view):
        return max(1, math.floor(min(math.ceil(load), most)))
    options = view.options
    by_wait = advised_limit(load, lease, options.queue_p95_s, ceiling=most)
    wanted = max(by_wait, staffing(load, options.beta), math.ceil(load / options.utilisation))
    return max(1, math.floor(min(wanted, most)))


def limit_option(view: HostView) -> str:
    """Give the name of the option that limits a host's sockets."""
    return "max_sockets" if view.is_http_agent else "connections"


def can_edit_limit(view: HostView) -> bool:
    """Say whether an edit of that option would be taken."""
    dispatcher = view.agent.dispatcher
    if dispatcher is None:
        return True
    option = limit_option(view)
    return option in editable(dispatcher.kind) and is_taken(dispatcher, option)


def _descriptors(view: HostView) -> float | None:
    process = view.snapshot.process
    if process.max_fds is None or process.open_fds is None:
        return None
    others = process.open_fds - view.origin.total
    return max(1.0, _FD_SHARE * process.max_fds - others)
