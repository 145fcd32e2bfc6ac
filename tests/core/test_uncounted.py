"""Tunnels through a proxy: sockets that Node does not count until they are up.

Each scenario was run on Node 24's https.Agent behind a proxy that answers when told to.
"""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.commands import Open
from pooltop.core.events import RequestAssigned, RequestFailed, TunnelFailed
from pooltop.core.model import AgentOptions
from pooltop.core.states import AssignReason, CloseReason

FAILED = CloseReason.CONNECT_FAILED


def time_out(pool, socket):
    timed_out = CloseReason.TIMED_OUT
    pool.take(pool.pool.lost(socket, now=pool.now, reason=timed_out, code="T", message="t"))


@pytest.fixture
def tunnels(bench, a, b):
    """Make a pool whose origins are both behind a proxy."""

    def make(**options):
        made = bench(**{"keep_alive": True, **options})
        made.pool.tunnelled |= {a, b}
        return made

    return make


def fail(pool, socket):
    pool.take(pool.pool.lost(socket, now=pool.now, reason=FAILED, code="ERR_PROXY_TUNNEL"))


def test_a_burst_is_held_back_by_no_limit(tunnels):
    pool = tunnels(max_sockets=1, max_total_sockets=1)
    for _ in range(3):
        pool.submit()
    assert ([], [], []) == pool.lists()
    assert (0, 3) == (pool.pool.total_socket_count, len(pool.pool.tunnelling))
    pool.settle()
    assert ([1, 2, 3], [], []) == pool.lists()
    for request in (1, 2, 3):
        pool.respond(request)
    # Node closes at once all that it sees to be over the limit: two go, the last one stays.
    assert ([], [3], []) == pool.lists()


def test_in_mode_drain_a_tunnel_counts_from_its_dial(tunnels):
    pool = tunnels(max_sockets=1, live="drain")
    for _ in range(3):
        pool.submit()
    assert ([1], [], [2, 3]) == pool.lists()


def test_a_tunnel_that_is_up_counts(tunnels):
    pool = tunnels(max_sockets=1)
    pool.submit()
    pool.connect_one(1)
    pool.submit()
    assert ([1], [], [2]) == pool.lists()


def test_a_failed_tunnel_fails_its_request_and_opens_nothing(tunnels):
    pool = tunnels(max_sockets=1)
    for _ in range(2):
        pool.submit()
    fail(pool, 1)
    assert {1: "ERR_PROXY_TUNNEL"} == pool.settled
    assert [1] == [event.socket for event in pool.of(TunnelFailed)]
    assert (0, [2]) == (pool.pool.total_socket_count, list(pool.pool.tunnelling))


def closing_one_with_a_queue(tunnels, **options):
    """Leave requests 2 and 3 queued behind a socket that closes: a tunnel is asked for."""
    pool = tunnels(max_sockets=1, **options)
    pool.request()
    pool.submit()
    pool.submit()
    assert ([1], [], [2, 3]) == pool.lists()
    pool.end(1, reason=CloseReason.CONNECTION_CLOSE)
    pool.close_all()
    return pool


def test_the_queue_stays_as_it_is_until_its_tunnel_is_up(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    assert ([], [], [2, 3]) == pool.lists()
    assert [2] == list(pool.pool.tunnelling)
    pool.settle()
    assert ([2], [], [3]) == pool.lists()
    assert AssignReason.REPLACEMENT is pool.of(RequestAssigned)[-1].reason


def test_a_newer_request_does_not_get_the_tunnel_of_the_queue(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    newer = pool.submit()
    assert [2, 3] == list(pool.pool.tunnelling)
    pool.settle()
    by_socket = {event.socket: event.request for event in pool.of(RequestAssigned)}
    assert {1: 1, 2: 2, 3: newer} == by_socket


def test_who_was_told_is_not_counted_in_the_queue_once_an_edit_took_it_out(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    fail(pool, 2)
    (origin,) = pool.pool.waiting.values()
    assert (2, 1) == (len(origin.queue), origin.told)
    new = msgspec.structs.replace(pool.pool.options, live="drain")
    pool.take(pool.pool.set_options(new, now=pool.now))
    assert (1, 0) == (len(origin.queue), origin.told), "before its tick"
    pool.settle()
    assert {3: 3} == pool.running


def test_a_request_whose_replacement_failed_is_told_and_stays_in_the_queue(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    fail(pool, 2)
    assert {2: "ERR_PROXY_TUNNEL"} == pool.settled
    assert ([], [], [2, 3]) == pool.lists()
    assert {} == pool.pool.tunnelling, "nothing is opened instead: the queue stands still"
    pool.settle()
    assert ([], [], [2, 3]) == pool.lists()
    # The next request brings a socket. When that is released, both of the queue have their turn.
    newer = pool.submit()
    pool.settle()
    pool.respond(newer)
    assert ([3], [], []) == pool.lists()
    assert [2] == [e.request for e in pool.of(RequestFailed)], "told once"
    pool.respond(3)
    assert ([], [3], []) == pool.lists()


def test_a_tunnel_that_comes_when_nobody_waits_is_closed(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    newer = pool.submit()
    pool.connect_one(3)
    pool.tick()
    for request in (newer, 2, 3):
        pool.end(request)
        pool.take(pool.pool.request_sent(request, now=0.0))
        pool.tick()
    assert ([], [3], []) == pool.lists()
    pool.connect_one(2)
    pool.settle()
    assert ([], [3], []) == pool.lists()
    assert CloseReason.NOBODY_WAITS is pool.events[-1].reason


def test_a_clock_that_ends_the_queues_tunnel_takes_its_head_out_and_the_next_is_dialled_for(
    tunnels,
):
    pool = closing_one_with_a_queue(tunnels)
    time_out(pool, 2)
    assert {2: "T"} == pool.settled
    assert ([], [], [3]) == pool.lists()
    assert [3] == list(pool.pool.tunnelling)
    time_out(pool, 3)
    assert {2: "T", 3: "T"} == pool.settled
    assert (([], [], []), {}) == (pool.lists(), pool.pool.tunnelling)
    assert [CloseReason.TIMED_OUT] * 2 == [event.reason for event in pool.of(TunnelFailed)]


def test_a_tunnel_whose_head_is_gone_ends_by_the_clock_alone_and_the_queue_goes_on(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    pool.take(pool.pool.time_out(2, now=0.0, code="Q", message="q"))
    assert [2] == list(pool.pool.tunnelling), "the next one of the queue waits for it"
    time_out(pool, 2)
    assert {2: "Q"} == pool.settled
    assert [3] == list(pool.pool.tunnelling)
    pool.settle()
    assert ([3], [], []) == pool.lists()


def test_a_tunnel_goes_with_the_last_that_a_clock_takes_out_of_the_queue(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    for request in (2, 3):
        assert [2] == list(pool.pool.tunnelling)
        pool.take(pool.pool.time_out(request, now=0.0, code="Q", message="q"))
    assert {} == pool.pool.tunnelling
    assert CloseReason.NOBODY_WAITS is pool.of(TunnelFailed)[-1].reason


def test_after_a_clock_one_that_was_given_up_is_dialled_for_last(tunnels):
    pool = closing_one_with_a_queue(tunnels)
    pool.take(pool.pool.abort(3, now=0.0))
    pool.pool.set_options(AgentOptions(keep_alive=True, max_total_sockets=0), now=0.0)
    fourth = pool.submit()
    time_out(pool, 2)
    assert [1, 2, fourth] == [c.request for c in pool.commands if isinstance(c, Open)]
    time_out(pool, 3)
    assert [fourth, 3] == [c.request for c in pool.commands if isinstance(c, Open)][-2:]
    time_out(pool, 4)
    assert {2: "T", fourth: "T", 3: "ECONNRESET"} == pool.settled


def test_a_request_given_up_while_its_tunnel_is_opened_takes_that_with_it(tunnels):
    """Node leaves the attempt, which no limit counts, and settles the request when it is up."""
    pool = tunnels()
    pool.submit()
    pool.take(pool.pool.abort(1, now=0.0))
    assert {1: "ECONNRESET"} == pool.settled
    assert {} == pool.pool.tunnelling
    assert [CloseReason.ABORTED] == [event.reason for event in pool.of(TunnelFailed)]


def test_a_clock_that_runs_out_gives_the_tunnel_up_at_once(tunnels):
    pool = tunnels()
    pool.submit()
    pool.take(pool.pool.time_out(1, now=0.0, code="T", message="t"))
    assert {1: "T"} == pool.settled
    assert {} == pool.pool.tunnelling


def test_destroy_does_not_reach_a_tunnel_that_is_not_up(tunnels):
    pool = tunnels()
    pool.submit()
    pool.take(pool.pool.destroy(now=0.0))
    pool.settle()
    assert ([1], [], []) == pool.lists()


def test_closing_for_good_ends_the_attempts_too(tunnels):
    pool = tunnels()
    pool.submit()
    pool.take(pool.pool.forget_queue(now=0.0, code="ERR_AGENT_CLOSED", message="closed"))
    assert ({1: "ERR_AGENT_CLOSED"}, {}) == (pool.settled, pool.pool.tunnelling)


def test_another_origins_socket_asks_once_for_the_same_request(tunnels, a, b):
    pool = tunnels(max_total_sockets=2)
    first, second = pool.request(a), pool.request(a)
    pool.submit(b)
    for request in (first, second):
        pool.end(request, reason=CloseReason.CONNECTION_CLOSE)
    pool.close_all()
    assert 1 == len(pool.pool.tunnelling)


def test_origins_that_are_forgotten_are_forgotten_here_too(tunnels, a):
    pool = tunnels()
    pool.submit(a)
    assert [] == pool.pool.forget_unused_origins()
    fail(pool, 1)
    pool.tick()
    assert [a] == pool.pool.forget_unused_origins()
    assert a not in pool.pool.tunnelled
    assert AgentOptions(keep_alive=True) == pool.pool.options
