"""Reuse: none at all and why, only in bursts, or never as every request has an agent of its own."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.view import HostView
from pooltop.core.states import CloseReason

NO_REUSE = 0.05
"""Share of requests on a used socket below which there is no reuse."""
LEAST_REQUESTS = 20
_MOST_CLOSED = 0.5
"""Sockets closed, as a share of those opened: where few were closed, reuse may yet come."""
SOME_REUSE = 0.05
OWN_AGENT = 0.9
"""Agents made, as a share of requests: from here on each has its own."""

_CAUSES = {
    CloseReason.CONNECTION_CLOSE: "request or response say Connection: close",
    CloseReason.HTTP_1_0: "the server answers in HTTP/1.0, without keep-alive",
    CloseReason.EOF_FRAMED: "the server ends each body by closing: it has no length",
    CloseReason.KEEP_ALIVE_OFF: "the agent has keepAlive off",
    CloseReason.HINT_TOO_SHORT: "the server's Keep-Alive hint is within the agent's buffer",
    CloseReason.OVER_MAX_FREE_SOCKETS: "the free list is too short",
    CloseReason.OVER_MAX_TOTAL_SOCKETS: "the agent's hosts together are over maxTotalSockets",
    CloseReason.ABORTED: "requests are given up, or bodies are not read to their end",
    CloseReason.TIMED_OUT: "requests run out of time",
    CloseReason.PEER_FIN: "the server closes each connection when it has answered",
    CloseReason.PEER_RESET: "the server resets each connection when it has answered",
    CloseReason.IDLE_TIMEOUT: "sockets are idle for longer than the agent's timeout",
    CloseReason.PROTOCOL_ERROR: "responses that are no HTTP cost their connection",
    CloseReason.RESET: "responses are such that undici uses no connection again after them",
}


def none(view: HostView) -> Finding | None:
    """A5: hardly any request is on a socket that served before; names the cause."""
    window = view.window
    if window is None or window.assigned < LEAST_REQUESTS:
        return None
    reuse = max(0.0, 1 - window.opened / window.assigned)
    closed = sum(window.closed.values())
    if reuse >= NO_REUSE or closed < _MOST_CLOSED * window.opened:
        return None
    edit = None
    if view.is_http_agent and not view.limits.keep_alive:
        # It says Connection: close itself where it has no limit: the cause is its own.
        cause = _CAUSES[CloseReason.KEEP_ALIVE_OFF]
        edit = Proposal("keep_alive", value=True, agent=view.agent.name)
    else:
        reason = max(window.closed, key=window.closed.__getitem__)
        cause = _CAUSES.get(CloseReason(reason), "its sockets are closed")
    return Finding(
        evidence=(
            Evidence("on a used socket", reuse, "share", NO_REUSE),
            Evidence("sockets opened", window.opened, "", window.assigned),
            Evidence("sockets closed", closed),
        ),
        why=f"every request pays for a connection: {cause}",
        edit=edit,
        samples=window.assigned,
    )


def only_bursts(view: HostView) -> Finding | None:
    """A6: keepAlive is off, and yet sockets are used again: by those who happened to wait."""
    window = view.window
    if window is None or not view.is_http_agent or view.limits.keep_alive:
        return None
    queued = window.count("queued")
    if not view.is_enough(window.assigned) or not queued:
        return None
    share = window.reused / window.assigned
    if share < SOME_REUSE:
        return None
    return Finding(
        evidence=(
            Evidence("on a used socket", share, "share", SOME_REUSE),
            Evidence("requests that waited", queued, of=window.assigned),
            Evidence("sockets opened", window.opened),
        ),
        why="only a request that waits as another ends gets its socket: in a quiet hour none does",
        edit=Proposal("keep_alive", value=True, agent=view.agent.name),
        samples=window.assigned,
    )


def agent_per_request(view: HostView) -> Finding | None:
    """A9: as many agents are made as there are requests."""
    window = view.window
    if window is None or view.agent.agents_made is None or window.assigned < LEAST_REQUESTS:
        return None
    requests = window.assigned + sum(one.assigned for one in view.siblings)
    if window.agents_made < OWN_AGENT * requests:
        return None
    return Finding(
        evidence=(
            Evidence("agents made", window.agents_made, "", requests),
            Evidence("sockets opened", window.opened, "", window.assigned),
            Evidence("sockets open now", view.origin.total),
        ),
        why="what an agent keeps is lost with it: no socket is used twice, and no limit holds",
        samples=requests,
        is_fact=True,
    )
