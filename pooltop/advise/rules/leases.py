"""Callers that keep what they have: waiters nobody waits for, unread bodies, nested calls."""

from __future__ import annotations

import math

from pooltop.advise.demand import can_edit_limit, limit_option
from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.sizing import nested_least
from pooltop.advise.view import HostView
from pooltop.core.model import RequestId
from pooltop.core.snapshot import RequestInfo

GHOSTS = 0.1
"""Share of a queue that nobody waits for any more."""
UNREAD_S = 1.0
"""A body that nobody read on in for so long is not being read."""
_MOST_OF_THEM = 0.5
"""Share of the sockets in use that must be held up."""
_LEAST_UNREAD = 5
"""Sockets, where there is no limit that they could fill."""
FULL = 0.95
"""Share of a window with every socket in use."""


def ghosts(view: HostView) -> Finding | None:
    """A21: requests that their callers gave up are in the queue still."""
    origin = view.origin
    count = origin.queued_given_up
    if view.window is None or count == 0 or count < GHOSTS * origin.queued:
        return None
    oldest = origin.oldest_queued_at
    waited = 0.0 if oldest is None else view.snapshot.at - oldest
    return Finding(
        evidence=(
            Evidence("in the queue, given up", count, of=origin.queued),
            Evidence("of the queue", count / origin.queued, "share", GHOSTS),
            Evidence("the oldest has waited for", waited, "s"),
        ),
        why="in Node a request that is aborted while it waits keeps its place until a socket comes "
        "free for it: the queue looks longer than it is",
        samples=origin.queued,
        is_fact=True,
    )


def unread_bodies(view: HostView) -> Finding | None:
    """A22: responses are there that nobody reads, and each keeps its socket."""
    origin, limit = view.origin, view.limits.max_sockets
    window, at = view.window, view.snapshot.at
    if window is None:
        return None
    ages = [
        at - one.unread_since
        for one in origin.sockets
        if one.unread_since is not None and at - one.unread_since > UNREAD_S
    ]
    in_use = len(origin.sockets)
    is_full = len(ages) >= _LEAST_UNREAD if math.isinf(limit) else in_use >= limit
    if not ages or not is_full or len(ages) < _MOST_OF_THEM * in_use:
        return None
    return Finding(
        evidence=(
            Evidence("sockets with an unread body", len(ages), of=in_use),
            Evidence("unread for, the oldest", max(ages), "s", UNREAD_S),
            Evidence("requests queued", origin.queued),
            Evidence("served", window.completed / window.span_s, "/s"),
        ),
        why="a response has its socket until its body is read to the end, or dropped",
        samples=in_use,
        is_fact=True,
    )


def nested_calls(view: HostView) -> Finding | None:
    """A34: every socket is held by a caller that waits for a second one."""
    window, limit = view.window, view.limits.max_sockets
    if window is None or math.isinf(limit) or window.levels.at_limit < FULL:
        return None
    if window.completed or window.count("bytes_in"):
        return None
    origin = view.origin
    holders = {one.id for one in origin.running}
    children = [one for one in origin.requests if one.parent in holders]
    parents = {one.parent for one in children}
    if len(parents) <= _MOST_OF_THEM * len(origin.sockets):
        return None
    everybody = (*origin.running, *origin.requests)
    callers = sum(one.parent is None for one in everybody)
    deep = max(_depth(one, {each.id: each for each in everybody}) for one in children)
    least = nested_least(callers, deep)
    edit = None
    if least > limit and can_edit_limit(view):
        option = limit_option(view)
        edit = Proposal(option, float(least), agent=view.agent.name, host=view.host_of(option))
    return Finding(
        evidence=(
            Evidence("sockets whose caller waits for another", len(parents), of=limit),
            Evidence("callers", callers),
            Evidence("sockets that one of them holds at once", deep),
            Evidence("least limit that cannot deadlock", least, "", limit),
        ),
        why="who holds a socket waits for one, and none can be given back: nothing moves until a "
        "time limit ends it, and where the limit is raised live, until the next request comes",
        edit=edit,
        samples=len(origin.sockets),
        is_fact=True,
    )


def _depth(request: RequestInfo, everybody: dict[RequestId, RequestInfo]) -> int:
    """Give how many sockets its caller holds once it has one, itself included."""
    depth = 1
    while request.parent is not None and request.parent in everybody:
        request = everybody[request.parent]
        depth += 1
    return depth
