"""What this machine has left: local ports and descriptors."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.sizing import most_closes_per_s
from pooltop.advise.view import HostView
from pooltop.core.states import CloseReason

PORTS = 0.7
"""Share of the local ports, or of the closes a second that they last for."""
DESCRIPTORS = 0.5
"""Share of the descriptors that this process may have."""
_CEILING = 0.9
"""Share of the profile's own ceiling on them, where that is the lower."""
_THEIRS = (
    CloseReason.PEER_FIN,
    CloseReason.PEER_RESET,
    CloseReason.CONNECT_FAILED,
    CloseReason.DETACHED,
)
"""Closes that hold no port of ours."""
_NO_PORT = "EADDRNOTAVAIL"


def ports_run_out(view: HostView) -> Finding | None:
    """A24: this side closes so many connections that local ports become scarce."""
    window, ports = view.window, view.snapshot.process.local_ports
    if window is None or ports is None:
        return None
    most, held = most_closes_per_s(ports), view.origin.time_wait
    fullest = 0 if held is None else held.fullest
    # Both may have wanted to close: where the kernel holds none of ours the peer was first.
    is_ours = held is None or held.ours > 0
    closed = sum(window.closed.values()) - window.closed_by(*_THEIRS) if is_ours else 0
    closes = closed / window.span_s
    refused = window.failed.get(_NO_PORT, 0)
    if closes <= PORTS * most and fullest <= PORTS * ports and not refused:
        return None
    edit = None
    if view.is_http_agent and not view.limits.keep_alive and not view.limits.per_request:
        edit = Proposal("keep_alive", value=True, agent=view.agent.name)
    return Finding(
        evidence=(
            Evidence("connections closed on this side", closes, "/s", PORTS * most),
            Evidence("ports held by closed connections", fullest, "", PORTS * ports),
            Evidence("requests that found no port", refused),
        ),
        why="who closes first holds the local port for a minute: to one address and port there are "
        "no more connections than ports",
        edit=edit,
        samples=max(fullest, sum(window.closed.values()), refused),
        is_fact=True,
    )


def descriptors_run_out(view: HostView) -> Finding | None:
    """A25: this process has more than half of the descriptors that it may have."""
    process = view.snapshot.process
    if view.window is None or process.open_fds is None or process.max_fds is None:
        return None
    limit = DESCRIPTORS * process.max_fds
    if process.fd_ceiling is not None:
        limit = min(limit, _CEILING * process.fd_ceiling)
    if process.open_fds <= limit:
        return None
    sockets = sum(each.total_socket_count for each in view.snapshot.agents)
    idle = sum(one.free for each in view.snapshot.agents for one in each.origins)
    return Finding(
        evidence=(
            Evidence("descriptors open", process.open_fds, "", limit),
            Evidence("may be open", process.max_fds),
            Evidence("sockets of all agents", sockets),
            Evidence("of these idle", idle),
        ),
        why="each socket is a descriptor, and files and look-ups need some: without one a request "
        "fails, whatever the limits of its agent say",
        samples=process.open_fds,
        is_fact=True,
    )
