"""What must hold between any two inputs, whatever they were: checked after every step of tests."""

from __future__ import annotations

from pooltop.core.ledger import Ledger
from pooltop.core.model import HOST_LIMITS
from pooltop.core.records import OriginRecord
from pooltop.core.rules import drain
from pooltop.core.states import HOME, CloseReason, Home, RequestState, SocketState

DYING_STATES = (SocketState.DYING, SocketState.DYING_FREE, SocketState.DROPPED)


def check(pool: Ledger) -> None:
    """Assert everything that must hold between two inputs; for tests.

    Raises:
        AssertionError: the pool contradicts itself.
    """
    listed = set()
    for origin in pool.origins.values():
        _check_origin(origin)
        for limit in HOST_LIMITS:
            agents = getattr(pool.options, limit)
            assert getattr(origin, limit) == origin.own.get(limit, agents), f"a stale {limit}"
        listed |= origin.sockets.keys() | origin.free.keys()
        assert (origin.key in pool.waiting) == bool(origin.queue), "waiting is the queues"
    for socket in pool.sockets.values():
        assert socket.is_dying == (socket.state in DYING_STATES), "who dies has a reason"
        assert (socket.id in listed) == (socket.state is not SocketState.DROPPED)
    assert listed <= pool.sockets.keys(), "a socket is listed but not counted"
    for socket in pool.tunnelling.values():
        assert socket.state is SocketState.TUNNELLING
        assert socket.id not in pool.sockets, "a socket is counted that is not to be"
    for request in pool.requests.values():
        assert request.state is not RequestState.DONE, "a settled request is still known"
        if request.state is RequestState.QUEUED:
            assert request.origin.queue.get(request.id) is request
            assert request.socket is None
        else:
            assert request.socket is not None
            assert request.socket.request is request, "a socket forgot its request"
    if pool.options.per_request:
        assert not pool.waiting, "a request waits for a socket of another agent's"
        assert all(each.carried <= 1 for each in pool.sockets.values()), "a socket served twice"
    if pool.options.live == "drain" and not pool.ticks:
        assert drain.oldest_with_room(pool) is None, "a request waits although there is room"


def _check_origin(origin: OriginRecord) -> None:
    for socket in origin.sockets.values():
        assert HOME[socket.state] is Home.SOCKETS, f"{socket.state} in sockets"
        is_left_over = socket.close_reason is CloseReason.NOBODY_WAITS
        assert is_left_over or socket.request is not None, "a socket is in use by nobody"
        assert socket.expires_at is None, "a socket in use has an idle deadline"
    for socket in origin.free.values():
        assert HOME[socket.state] is Home.FREE_SOCKETS, f"{socket.state} in freeSockets"
        assert socket.request is None, "an idle socket has a request"
    for request in origin.queue.values():
        assert request.state is RequestState.QUEUED
    assert origin.told == sum(request.was_told for request in origin.queue.values())
    assert origin.given_up == sum(r.aborted is not None for r in origin.queue.values())
