"""HTTP/2: sessions that are full, and sessions that carry a single stream."""

from __future__ import annotations

import math

from pooltop.advise.demand import can_edit_limit
from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.view import HostView

ROOM = 0.8
"""Share of the streams that may be open on average, so that few wait."""
_WAITING = 0.5
"""Share of a window in which requests waited."""
MANY_SESSIONS = 4
_ALONE = 1.5
"""Streams per session, on average, that use nothing of what HTTP/2 is for."""


def stream_cap(view: HostView) -> Finding | None:
    """A29: every session has as many streams as it may, or many sessions have one stream each."""
    window = view.window
    if window is None or view.is_http_agent or not view.is_enough(window.assigned):
        return None
    sessions = [one.session for one in view.origin.sockets if one.session is not None]
    caps = [math.inf if one.cap is None else one.cap for one in sessions]
    streams = sum(one.streams for one in sessions)
    if not sessions or not streams:
        return None
    is_full = streams >= sum(caps) and window.levels.waiting >= _WAITING
    is_thin = len(sessions) >= MANY_SESSIONS and streams <= _ALONE * len(sessions) < sum(caps)
    if not is_full and not is_thin:
        return None
    each = max(1.0, sum(caps) / len(sessions))
    load = streams + (window.levels.mean_queued if is_full else 0.0)
    wanted = 1 if math.isinf(each) else max(1, math.ceil(load / (ROOM * each)))
    now = view.limits.max_sockets
    edit = None
    if can_edit_limit(view) and (now < wanted if is_full else wanted < now):
        edit = Proposal("connections", float(wanted), agent=view.agent.name)
    return Finding(
        evidence=(
            Evidence("sessions", len(sessions), "", wanted),
            Evidence("streams open", streams, of=None if math.isinf(each) else sum(caps)),
            Evidence("queued, mean", window.levels.mean_queued),
        ),
        why="the server lets no more streams be open: whoever comes waits for one to end"
        if is_full
        else "each session carries about one stream: one session could carry them all",
        edit=edit,
        samples=window.assigned,
    )
