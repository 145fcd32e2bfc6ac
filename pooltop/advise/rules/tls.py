"""TLS: certificates that nobody checks."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding
from pooltop.advise.view import HostView


def unverified(view: HostView) -> Finding | None:
    """A8: any certificate is accepted, so that anybody on the way can read and answer."""
    origin = view.origin
    if origin.verified:
        return None
    open_now = (*origin.sockets, *origin.free_sockets)
    accepted = sum(one.verified is False for one in open_now)
    return Finding(
        evidence=(Evidence("sockets whose peer was not verified", accepted, of=len(open_now)),),
        why="encryption to whoever answers is no protection: the peer can be anybody",
        is_fact=True,
    )
