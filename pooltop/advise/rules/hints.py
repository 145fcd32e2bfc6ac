"""The server's Keep-Alive hint: broken, not looked at, not read, too short, or taken for a limit.

Node's rules: ``timeout`` counts only as the first parameter; less the agent's buffer it lowers an
agent timeout that is set, and does nothing without one.

Source: Node v24 lib/_http_agent.js keepSocketAlive, setRequestSocket.
"""

from __future__ import annotations

import re

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.sizing import safe_idle_s
from pooltop.advise.view import HostView
from pooltop.core.hints import keep_alive_timeout
from pooltop.core.snapshot import SocketInfo
from pooltop.core.states import CloseReason

LEAST_STALE = 2
"""Stale sockets of a window that are no mishap."""
NEVER_POOLED = 0.9
"""Share of requests whose socket was not kept because of the hint."""
_COARSE_FROM_MS, _COARSE_MS = 1000, 100
"""From so many milliseconds on a timeout is proposed in whole steps, rounded down."""
_LONGEST_MS = 2.0**31 - 1
"""Node's TIMEOUT_MAX, lib/internal/timers.js."""
_ANYWHERE = re.compile(r"(?:^|[,;\s])timeout\s*=\s*(\d{1,9})", re.IGNORECASE)


def stale_race(view: HostView) -> Finding | None:
    """A13: the server closes idle sockets before we do, and requests run into it."""
    window = view.window
    if window is None or (stale := window.count("stale_reuse")) < LEAST_STALE:
        return None
    hint = _hint_s(view)
    evidence = [
        Evidence("stale sockets", stale, of=window.reused),
        Evidence("sent again", window.count("retried")),
    ]
    if hint is not None:
        evidence.append(Evidence("the server keeps idle sockets for", hint, "s"))
    if (kept := _kept_s(view)) is not None:
        evidence.append(Evidence("the agent keeps them for", kept, "s", hint))
    return Finding(
        evidence=tuple(evidence),
        why="the server's end of an idle socket is on its way as a request is written to it",
        is_fact=True,
        edit=None if hint is None else _shorter(view, hint),
        samples=window.assigned,
    )


def ignored(view: HostView) -> Finding | None:
    """A14: the server says how long it keeps a socket, and the agent has no timer to heed it."""
    hint = _hint_s(view)
    if hint is None or not view.is_http_agent or view.limits.timeout or not view.limits.keep_alive:
        return None
    idle = [one for one in view.origin.free_sockets if _seconds(one.hint) is not None]
    unheeded = sum(one.free_timeout_ms == 0 for one in idle)
    clocks = view.origin.timeouts or view.agent.timeouts
    has_clock = clocks.mode == "fail" and clocks.free is not None
    # With every socket in use as the window closes there is none to look at: what was seen in it
    # counts, or the card would come and go with them.
    if not unheeded if idle else has_clock:
        return None
    evidence = [Evidence("the server keeps idle sockets for", hint, "s")]
    if idle:
        evidence.append(Evidence("idle sockets without a timer", unheeded, of=len(idle)))
    return Finding(
        evidence=tuple(evidence),
        why="in Node a hint only lowers an agent timeout that is set: without one it does nothing",
        is_fact=True,
        edit=_shorter(view, hint),
        samples=_answered(view),
    )


def unread(view: HostView) -> Finding | None:
    """A15: the hint's timeout is not its first parameter, so Node does not see it."""
    if not view.is_http_agent or not view.limits.keep_alive:
        return None
    unseen = [
        (one, int(found[1]))
        for one in _sockets(view)
        if one.hint and _seconds(one.hint) is None and (found := _ANYWHERE.search(one.hint[:256]))
    ]
    if not unseen:
        return None
    hint = min(seconds for _, seconds in unseen)
    kept_ms = view.limits.timeout
    if 0 < kept_ms <= hint * 1000 - view.limits.agent_keep_alive_timeout_buffer:
        return None  # set by hand already
    return Finding(
        evidence=(
            Evidence("the server keeps idle sockets for", hint, "s"),
            Evidence("the agent keeps them for", kept_ms / 1000, "s", hint),
            Evidence("sockets with such a hint", len(unseen)),
        ),
        why="Node reads a hint only where timeout is its first word; 0 s is for ever",
        is_fact=True,
        edit=_shorter(view, hint),
        samples=_answered(view),
    )


def never_pooled(view: HostView) -> Finding | None:
    """A16: the hint less the buffer leaves nothing, so that no socket is kept."""
    window = view.window
    if window is None or not view.is_enough(window.assigned):
        return None
    closed = window.closed_by(CloseReason.HINT_TOO_SHORT)
    if not closed or closed < NEVER_POOLED * window.opened:
        return None
    buffer = view.limits.agent_keep_alive_timeout_buffer / 1000
    evidence = [
        Evidence("not kept because of the hint", closed, of=window.opened),
        Evidence("agentKeepAliveTimeoutBuffer", buffer, "s"),
    ]
    if (hint := _hint_s(view)) is not None:
        evidence.append(Evidence("the server keeps idle sockets for", hint, "s", buffer))
    return Finding(
        evidence=tuple(evidence),
        why="the server promises no longer than the agent takes off for safety",
        samples=window.assigned,
    )


def dies_early(view: HostView) -> Finding | None:
    """A17: a slow reply on a used socket runs into the hint, not into the agent's timeout."""
    window, hint = view.window, _hint_s(view)
    if window is None or hint is None or not view.is_http_agent or not window.timeout_events:
        return None
    own = view.limits.timeout / 1000
    left = hint - view.limits.agent_keep_alive_timeout_buffer / 1000
    if not 0 < left < own or not window.reused:
        return None
    slowest = window.lease.quantile(1.0)
    if slowest is None or not left <= slowest < own:
        return None
    return Finding(
        evidence=(
            Evidence("timeout events", window.timeout_events),
            Evidence("hint less buffer", left, "s", own),
            Evidence("the agent's timeout", own, "s"),
            Evidence("slowest reply", slowest, "s", left),
        ),
        why="on a socket that was idle the shortened timer goes on while the next request runs",
        is_fact=True,
        samples=window.completed,
    )


def _sockets(view: HostView) -> tuple[SocketInfo, ...]:
    return (*view.origin.free_sockets, *view.origin.sockets)


def _seconds(hint: str) -> int | None:
    """Give the seconds that Node reads of a hint; None where it reads none."""
    return keep_alive_timeout(hint.encode("latin-1", "replace")) if hint else None


def _hint_s(view: HostView) -> int | None:
    """Give the shortest hint that Node reads of the host's sockets; None without any."""
    hints = {one.hint for one in _sockets(view)}
    if view.window is not None:
        hints.add(view.window.levels.hint)
    return min((s for hint in hints if (s := _seconds(hint)) is not None), default=None)


def _kept_s(view: HostView) -> float | None:
    kept = [one.free_timeout_ms / 1000 for one in view.origin.free_sockets]
    return max(kept) if kept else None


def _shorter(view: HostView, hint_s: float) -> Proposal | None:
    """Propose a timeout that is over before the server's; None where the agent has a safe one.

    None too where replies take longer than it, as Node's timer goes on while a request runs, and
    where no timer lasts as long: setTimeout takes such a one for 1 ms.
    """
    if not view.is_http_agent:
        return None
    limits, window = view.limits, view.window
    buffer = limits.agent_keep_alive_timeout_buffer / 1000
    rtt = (window.connect.quantile(0.99) if window is not None else None) or 0.0
    safe_ms = 1000.0 * safe_idle_s(hint_s, buffer, rtt)
    step = _COARSE_MS if safe_ms >= _COARSE_FROM_MS else 1
    wanted = float(step * int(safe_ms / step))
    if not 1 <= wanted <= _LONGEST_MS or 0 < limits.timeout <= wanted:
        return None
    slowest = None if window is None else window.lease.quantile(1.0)
    if slowest is not None and 1000 * slowest >= wanted:
        return None
    return Proposal("timeout", wanted, agent=view.agent.name)


def _answered(view: HostView) -> int:
    return 0 if view.window is None else view.window.completed
