"""Edits of a limit that are not felt yet: Node serves who comes next, and closes nothing.

Source: Node v24 lib/_http_agent.js addRequest, removeSocket; both looked at in core/rules.
"""

from __future__ import annotations

import math

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.view import HostView
from pooltop.core.edits import EditRecord

_LIMITS = ("max_sockets", "max_total_sockets")
_TAKEN_BACK = ("reverted", "undone")


def raise_not_felt(view: HostView) -> Finding | None:
    """A19: a limit was raised, and requests that waited before still wait while others go first."""
    window, since = view.window, view.origin.oldest_queued_at
    edit = _latest(view)
    if window is None or since is None or edit is None or not _acts_as_node(view):
        return None
    at = view.snapshot.at
    if not _is_raise(edit) or since > edit.at or at - edit.at < (window.lease_mean_s or 0.0):
        return None
    still = [one for one in view.origin.requests if not one.aborted and one.submitted_at <= edit.at]
    overtaken = max((one.overtaken_by for one in still), default=0)
    in_use, limit = len(view.origin.sockets), view.limits.max_sockets
    if not still or (overtaken == 0 and in_use >= limit):
        return None
    return Finding(
        evidence=(
            Evidence("since the edit", at - edit.at, "s", window.lease_mean_s),
            Evidence("waiting since before it", len(still), of=edit.queued),
            Evidence("younger requests that went first", overtaken),
            Evidence("sockets in use", in_use, of=limit),
        ),
        why="raising the limit opens nothing by itself: a request that comes later opens a socket "
        "for itself, and who waits gets one that is given back",
        edit=Proposal("live", "drain", agent=view.agent.name),
        samples=len(still),
        is_fact=True,
    )


def lower_not_felt(view: HostView) -> Finding | None:
    """A20: a limit was lowered, and more sockets than it allows stay open."""
    window, limit = view.window, view.limits.max_sockets
    if window is None or math.isinf(limit) or not _acts_as_node(view):
        return None
    origin = view.origin
    open_now = origin.total - origin.closing
    mean = window.levels.mean_in_use + window.levels.mean_free
    if open_now <= limit or mean <= limit:
        return None
    at = view.snapshot.at
    coldest = max((at - one.since for one in origin.free_sockets), default=0.0)
    return Finding(
        evidence=(
            Evidence("sockets open", open_now, "", limit),
            Evidence("of these idle", origin.free),
            Evidence("idle for, the coldest", coldest, "s"),
        ),
        why="lowering the limit closes nothing: idle sockets stay until a timeout or the server "
        "closes them, and with lifo the coldest are never used again",
        edit=Proposal("live", "drain", agent=view.agent.name),
        samples=open_now,
        is_fact=True,
    )


def _acts_as_node(view: HostView) -> bool:
    options = view.limits
    return view.is_http_agent and options.live == "node" and not options.per_request


def _latest(view: HostView) -> EditRecord | None:
    """Give the newest edit of a limit of sockets that is in force for the host."""
    for edit in reversed(view.snapshot.edits):
        is_its = edit.agent == view.agent.name and edit.host in ("", view.origin.authority)
        if is_its and edit.option in _LIMITS:
            return None if edit.fate in _TAKEN_BACK else edit
    return None


def _is_raise(edit: EditRecord) -> bool:
    before, after = (math.inf if value is None else value for value in (edit.before, edit.after))
    return isinstance(before, int | float) and isinstance(after, int | float) and after > before
