"""What connections cost, and where they lead: handshakes, keys, peers, addresses."""

from __future__ import annotations

from pooltop.advise.diagnosis import Evidence, Finding, Proposal
from pooltop.advise.view import HostView

TAX = 0.2
"""Share of all requests' time that connecting takes."""
LEAST_HANDSHAKES = 5
"""Handshakes of a window, without a single one that is resumed, that are more than a start."""
UNEVEN = 2.0
"""Times the mean of the other peers that one of them may carry."""
LIVES = 2.0
"""Lifetimes of an answer that a socket may outlive its name's change."""


def handshake_tax(view: HostView) -> Finding | None:
    """A23: connecting takes a large share of the requests' time, or TLS always begins anew."""
    window = view.window
    if window is None or not view.is_enough(window.completed):
        return None
    spent, connecting = window.seconds("total"), window.seconds("connect")
    share = connecting / spent if spent else 0.0
    handshakes, resumed = window.count("handshakes"), window.count("resumed")
    never_resumed = handshakes >= LEAST_HANDSHAKES and resumed == 0
    # The histogram last: this is asked of every host.
    is_taxed = share > TAX and window.connect.count >= LEAST_HANDSHAKES
    if not is_taxed and not never_resumed:
        return None
    evidence = [
        Evidence("connecting, per second of requests", share, "s", TAX),
        Evidence("connections made", window.connect.count, "", window.completed),
        Evidence("connecting, mean", connecting / max(1, window.connect.count), "s"),
    ]
    if handshakes:
        evidence.append(Evidence("TLS sessions resumed", resumed, of=handshakes))
    edit = None
    if view.is_http_agent and not view.limits.keep_alive and not view.limits.per_request:
        edit = Proposal("keep_alive", value=True, agent=view.agent.name)
    why = "sockets are opened where kept ones could serve: each costs its round trips again"
    if never_resumed:
        why += "; and no TLS session is resumed, so that each handshake is a full one"
    return Finding(evidence=tuple(evidence), why=why, edit=edit, samples=window.completed)


def split_by_key(view: HostView) -> Finding | None:
    """A26: one host and port is under several keys, and each has a pool of its own."""
    window, own = view.window, view.origin
    if window is None or not window.assigned:
        return None
    same = {
        one.key: one
        for one in view.agent.origins
        if one.host == own.host and one.port == own.port and one.key != own.key
    }
    if not same:
        return None
    used = [each for each in view.siblings if each.id.origin in same and each.assigned]
    if not used:
        return None
    sockets = own.total + sum(same[each.id.origin].total for each in used)
    requests = window.assigned + sum(each.assigned for each in used)
    return Finding(
        evidence=(
            Evidence("keys of one host and port", 1 + len(used), "", 1),
            Evidence("sockets under all of them", sockets),
            Evidence("requests under all of them", requests),
            Evidence("requests under this one", window.assigned, of=requests),
        ),
        why="family, localAddress, TLS options and the server's name are part of the key: requests "
        "that differ in one of them never share a socket, and each key has the whole limit",
        samples=requests,
        is_fact=True,
    )


def uneven_peers(view: HostView) -> Finding | None:
    """A27: of several addresses one is given most requests, although all have sockets."""
    window = view.window
    if window is None:
        return None
    open_now = {one.remote for one in (*view.origin.sockets, *view.origin.free_sockets)}
    before = window.before.peers
    uses = {
        peer: max(0, count - before.get(peer, 0))
        for peer, count in window.after.peers.items()
        if peer in open_now
    }
    total = sum(uses.values())
    if len(uses) < 2 or not view.is_enough(total):
        return None
    most = max(uses.values())
    others = (total - most) / (len(uses) - 1)
    if most <= UNEVEN * others:
        return None
    edit = None
    if view.is_http_agent and view.limits.scheduling == "lifo":
        edit = Proposal("scheduling", "fifo", agent=view.agent.name)
    return Finding(
        evidence=(
            Evidence("requests of the peer with most", most, of=total),
            Evidence("of each other, mean", others),
            Evidence("peers with open sockets", len(uses)),
        ),
        why="lifo gives every request the socket that came back last: whose it is, serves nearly "
        "all, while the others' stay idle",
        edit=edit,
        samples=total,
    )


def outlived_dns(view: HostView) -> Finding | None:
    """A28: sockets lead to addresses that their host's name leads to no more."""
    origin, at = view.origin, view.snapshot.at
    moved = origin.moved
    sockets = (*origin.sockets, *origin.free_sockets)
    if view.window is None or moved is None or not sockets:
        return None
    age, allowed = at - min(one.opened_at for one in sockets), LIVES * moved.lifetime_s
    if age <= allowed:
        return None
    return Finding(
        evidence=(
            Evidence("sockets to addresses that are gone", moved.count, of=len(sockets)),
            Evidence("the answer changed before", at - moved.since, "s"),
            Evidence("age of the oldest socket", age, "s", allowed),
        ),
        why="nothing is looked up while kept sockets serve: where the name moved to is not found",
        samples=len(sockets),
        is_fact=True,
    )
