"""Node's rules, one sentence each. Traces of the real agent are compared in tests/scenarios."""

from __future__ import annotations

import math

import msgspec

from pooltop.core.events import (
    OptionsChanged,
    RequestAssigned,
    RequestFailed,
    RequestQueued,
    RequestRetried,
    SocketClosed,
    TimeoutRaised,
)
from pooltop.core.model import SocketId
from pooltop.core.records import Failure
from pooltop.core.states import AssignReason, CloseReason, QueueReason


def change(bench, **options):
    new = msgspec.structs.replace(bench.pool.options, **options)
    step = bench.take(bench.pool.set_options(new, now=bench.now))
    bench.settle()
    return next(e for e in step.events if isinstance(e, OptionsChanged))


def closes(bench):
    return [e.reason for e in bench.of(SocketClosed)]


def test_a_request_beyond_max_sockets_waits_and_says_why(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.request()
    waiting = pool.request()
    assert pool.lists() == ([1], [], [waiting])
    assert [e.reason for e in pool.of(RequestQueued)] == [QueueReason.MAX_SOCKETS]


def test_a_cancelled_request_leaves_the_queue_at_once_and_takes_its_socket_along(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, second, third = (pool.request() for _ in range(3))
    pool.take(pool.pool.cancel(second, now=0, code="C", message="c", outcome="gone"))
    assert pool.lists() == ([1], [], [third])
    pool.take(pool.pool.cancel(first, now=0, code="C", message="c", outcome="gone"))
    pool.settle()
    assert closes(pool) == [CloseReason.ABORTED]
    assert [(second, "gone"), (first, "gone")] == [
        (e.request, e.outcome) for e in pool.of(RequestFailed)
    ]
    assert pool.running == {third: 2}
    late = len(pool.events)
    pool.take(pool.pool.cancel(first, now=0, code="C", message="c"))
    assert late == len(pool.events)


def test_a_cleared_queue_is_empty_and_no_other_is_touched(bench, a, b):
    pool = bench(max_sockets=1, keep_alive=True)
    for key in (a, a, a, b, b):
        pool.request(key)
    pool.take(pool.pool.clear_queue(a, now=0, code="C", message="c"))
    assert pool.lists(a) == ([1], [], [])
    assert pool.lists(b) == ([2], [], [5])
    assert {2: "C", 3: "C"} == pool.settled
    pool.take(pool.pool.clear_queue(a, now=0, code="C", message="c"))


def test_a_tunnel_for_a_queue_ends_when_the_queue_is_cleared(bench, a):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.pool.tunnelled.add(a)
    first = pool.request()
    pool.submit()
    pool.respond(first, reason=CloseReason.CONNECTION_CLOSE)
    pool.submit(), pool.submit()
    pool.take(pool.pool.clear_queue(a, now=0, code="C", message="c"))
    assert {} == pool.pool.tunnelling


def test_a_freed_socket_goes_to_the_oldest_waiter(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, second, third = (pool.request() for _ in range(3))
    pool.respond(first)
    assert pool.running == {second: 1}
    assert pool.lists() == ([1], [], [third])
    assert pool.of(RequestAssigned)[-1].reason is AssignReason.HANDED_OVER


def test_a_socket_is_released_one_tick_after_the_response_ended(bench):
    pool = bench(keep_alive=True)
    first = pool.request()
    pool.end(first)
    assert pool.lists() == ([1], [], [])
    pool.tick()
    assert pool.lists() == ([], [1], [])


def test_a_socket_is_not_released_before_its_request_is_sent(bench):
    pool = bench(keep_alive=True)
    first = pool.submit()
    pool.tick()
    pool.connect()
    pool.end(first, sent=False)
    pool.tick()
    assert pool.lists() == ([1], [], [])
    pool.take(pool.pool.request_sent(first, now=0))
    pool.tick()
    assert pool.lists() == ([], [1], [])


def test_without_keep_alive_the_queue_still_reuses_sockets(bench):
    pool = bench(max_sockets=1)
    first, second = pool.request(), pool.request()
    pool.respond(first)
    assert pool.running == {second: 1}
    pool.respond(second)
    assert pool.lists() == ([], [], [])
    assert closes(pool) == [CloseReason.KEEP_ALIVE_OFF]


def test_over_max_free_sockets_the_newest_freed_is_closed(bench):
    pool = bench(keep_alive=True, max_free_sockets=1)
    first, second = pool.request(), pool.request()
    pool.respond(first)
    pool.respond(second)
    assert pool.lists() == ([], [1], [])
    assert closes(pool) == [CloseReason.OVER_MAX_FREE_SOCKETS]


def test_lifo_takes_the_last_freed_and_fifo_the_first(bench):
    for scheduling, taken in (("lifo", 2), ("fifo", 1)):
        pool = bench(keep_alive=True, scheduling=scheduling)
        first, second = pool.request(), pool.request()
        pool.respond(first)
        pool.respond(second)
        pool.request()
        assert pool.lists()[0] == [taken]


def test_lifo_picks_a_destroyed_tail_and_the_request_on_it_fails(bench):
    pool = bench(keep_alive=True)
    first, second = pool.request(), pool.request()
    pool.respond(first)
    pool.respond(second)
    pool.take(pool.pool.lost(2, now=0, reason=CloseReason.PEER_FIN))
    victim = pool.request()
    assert pool.settled == {victim: "ECONNRESET"}
    assert pool.lists() == ([], [1], [])


def test_admission_drops_destroyed_sockets_from_the_head_only(bench):
    pool = bench(keep_alive=True, max_sockets=2)
    first, second = pool.request(), pool.request()
    pool.respond(first)
    pool.respond(second)
    pool.take(pool.pool.lost(1, now=0, reason=CloseReason.PEER_FIN))
    third = pool.submit()
    assert pool.lists() == ([2], [], [])
    assert pool.pool.total_socket_count == 2
    pool.settle()
    assert pool.running == {third: 2}
    assert pool.pool.total_socket_count == 1


def test_a_closed_socket_is_replaced_for_the_queue_without_a_look_at_the_limit(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, second = pool.request(), pool.request()
    change(pool, max_sockets=-1)
    pool.take(pool.pool.lost(1, now=0, reason=CloseReason.PEER_RESET))
    pool.settle()
    assert pool.settled == {first: "ECONNRESET"}
    assert pool.running == {second: 2}


def test_a_park_can_open_a_socket_for_another_origin_over_the_total(bench, a, b):
    pool = bench(keep_alive=True, max_total_sockets=1)
    first = pool.request(a)
    second = pool.request(b)
    pool.respond(first)
    assert pool.running == {second: 2}
    assert pool.pool.total_socket_count == 2


def test_the_search_for_another_origin_stops_at_the_first_that_has_a_socket(bench, a, b):
    pool = bench(keep_alive=True, max_total_sockets=2, max_sockets=1)
    on_a, on_b = pool.request(a), pool.request(b)
    more_a = pool.request(a)
    pool.request(b)
    pool.respond(on_b)
    assert pool.lists(b)[2] == []
    assert pool.lists(a)[2] == [more_a]
    pool.respond(on_a)
    assert pool.lists(a)[2] == []


def test_an_aborted_waiter_stays_in_the_queue_until_its_turn_and_sends_nothing(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, ghost, third = (pool.request() for _ in range(3))
    pool.take(pool.pool.abort(ghost, now=0))
    assert pool.lists()[2] == [ghost, third]
    pool.respond(first)
    assert pool.settled == {ghost: "ECONNRESET"}
    assert pool.running == {third: 1}


def test_a_request_aborted_in_its_own_tick_leaves_a_parked_socket_that_is_still_connecting(bench):
    pool = bench(keep_alive=True)
    first = pool.submit()
    pool.take(pool.pool.abort(first, now=0))
    pool.tick()
    assert pool.settled == {first: "ECONNRESET"}
    assert pool.lists() == ([], [1], [])
    second = pool.request()
    assert pool.running == {second: 1}
    assert pool.of(RequestAssigned)[-1].nth == 1


def test_aborting_a_running_request_takes_its_socket_and_serves_the_queue(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, second = pool.request(), pool.request()
    pool.take(pool.pool.abort(first, now=0))
    assert pool.settled == {}
    pool.settle()
    assert pool.settled == {first: "ECONNRESET"}
    assert pool.running == {second: 2}


def test_a_request_that_times_out_in_the_queue_leaves_it_at_once(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.request()
    second, third = pool.request(), pool.request()
    pool.take(pool.pool.time_out(second, now=1, code="ERR_QUEUE_TIMEOUT", message="waited 1 s"))
    assert pool.settled == {second: "ERR_QUEUE_TIMEOUT"}
    assert pool.lists()[2] == [third]


def test_a_hint_within_the_buffer_closes_and_a_longer_one_only_lowers_a_timeout_that_is_set(bench):
    for timeout, hint, expected in (
        (0, 5, 0),
        (60_000, 5, 4000),
        (2000, 5, 2000),
        (60_000, 1, None),
    ):
        pool = bench(keep_alive=True, timeout=timeout)
        pool.respond(pool.request(), hint_s=hint)
        if expected is None:
            assert closes(pool) == [CloseReason.HINT_TOO_SHORT]
        else:
            assert pool.pool.sockets[1].free_timeout_ms == expected


def test_an_idle_socket_is_closed_when_its_timeout_is_over(bench):
    pool = bench(keep_alive=True, timeout=500)
    pool.now = 10.0
    pool.respond(pool.request())
    assert pool.pool.deadline == 10.5
    pool.take(pool.pool.expire(now=10.4))
    assert pool.lists() == ([], [1], [])
    pool.take(pool.pool.expire(now=10.5))
    pool.settle()
    assert pool.lists() == ([], [], [])
    assert pool.pool.deadline == math.inf


def test_the_idle_time_of_a_socket_that_was_parked_while_connecting_counts_from_its_connect(bench):
    pool = bench(keep_alive=True, timeout=600)
    orphan = pool.submit()
    pool.take(pool.pool.abort(orphan, now=0))
    pool.tick()
    pool.now = 0.4
    pool.connect()
    pool.take(pool.pool.expire(now=0.9))
    assert pool.lists() == ([], [1], [])
    assert pool.pool.deadline == 1.0
    pool.take(pool.pool.expire(now=1.0))
    assert [1] == pool.closing


def test_destroy_closes_sockets_but_the_queue_opens_new_ones(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    first, second = pool.request(), pool.request()
    pool.take(pool.pool.destroy(now=0))
    pool.settle()
    assert pool.settled == {first: "ECONNRESET"}
    assert pool.running == {second: 2}


def test_in_node_mode_a_raise_drains_nothing_and_the_next_request_overtakes(bench):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.request()
    waiting = pool.request()
    edit = change(pool, max_sockets=4)
    assert (edit.opened, edit.queued) == (0, 1)
    younger = pool.request()
    assert younger in pool.running
    assert pool.lists()[2] == [waiting]
    assert pool.of(RequestAssigned)[-1].overtook == 1


def test_in_drain_mode_a_raise_opens_for_the_queue_first_in_first_out(bench):
    pool = bench(max_sockets=1, keep_alive=True, live="drain")
    waiting = [pool.request() for _ in range(5)][1:]
    edit = change(pool, max_sockets=4)
    assert (edit.opened, edit.queued) == (3, 4)
    assert [r for r in waiting if r in pool.running] == waiting[:3]
    assert pool.lists()[2] == waiting[3:]


def test_in_drain_mode_lowering_closes_the_longest_idle_at_once(bench):
    pool = bench(keep_alive=True, live="drain")
    for request in [pool.request() for _ in range(4)]:
        pool.now += 1
        pool.respond(request)
    edit = change(pool, max_sockets=2)
    assert edit.culled == 2
    assert pool.lists() == ([], [3, 4], [])


def test_in_drain_mode_busy_sockets_converge_exactly_on_a_lower_limit(bench):
    pool = bench(keep_alive=True, live="drain", max_sockets=4)
    busy = [pool.request() for _ in range(8)]
    change(pool, max_sockets=2)
    for request in busy[:4]:
        pool.respond(request)
    assert len(pool.running) == 2
    assert pool.pool.total_socket_count == 2
    for request in busy[4:]:
        pool.respond(request)
    assert pool.pool.total_socket_count == 2


def test_in_node_mode_four_that_finish_together_under_a_limit_of_one_leave_none(bench):
    pool = bench(keep_alive=True)
    busy = [pool.request() for _ in range(4)]
    change(pool, max_sockets=1)
    for request in busy:
        pool.end(request)
    pool.tick()
    pool.settle()
    assert pool.pool.total_socket_count == 0


def test_in_drain_mode_the_total_is_kept_by_closing_idle_sockets_of_any_origin(bench, a, b):
    pool = bench(keep_alive=True, live="drain")
    for key in (a, b, a, b):
        pool.now += 1
        pool.request(key)
    for request in list(pool.running):
        pool.now += 1
        pool.respond(request)
    edit = change(pool, max_total_sockets=1)
    assert edit.culled == 3
    assert pool.lists(b)[1] == [4]


def test_unlimited_is_infinity(bench):
    pool = bench(keep_alive=True, max_sockets=1)
    assert pool.pool.options.max_total_sockets == math.inf


def test_a_peer_that_ends_before_an_assigned_request_is_attached_hangs_it_up(bench):
    pool = bench(keep_alive=True)
    pool.respond(pool.request())
    late = pool.submit()
    pool.take(pool.pool.peer_ended(SocketId(1), now=pool.now))
    pool.settle()
    assert {late: "ECONNRESET"} == pool.settled
    assert ([], [], []) == pool.lists()


def test_in_drain_mode_an_edit_leaves_the_time_that_a_server_hinted_at(bench):
    pool = bench(keep_alive=True, live="drain", timeout=60_000)
    pool.respond(pool.request(), hint_s=3)
    (socket,) = pool.pool.sockets.values()
    timeouts = []
    for edit in ({"max_sockets": 4}, {"timeout": 1000}, {"timeout": 0}, {"timeout": 30_000}):
        change(pool, **edit)
        timeouts.append((socket.free_timeout_ms, socket.expires_at))
    assert timeouts == [(2000, 2.0), (1000, 1.0), (0, None), (2000, 2.0)]
    pool.respond(pool.request())
    assert socket.free_timeout_ms == 30_000
    change(pool, timeout=60_000)
    assert socket.free_timeout_ms == 60_000


def test_in_drain_mode_an_edit_leaves_the_time_that_the_caller_decided(bench):
    pool = bench(keep_alive=True, live="drain", timeout=100)
    pool.pool.keep_socket_alive = lambda _: 60_000
    pool.respond(pool.request(), hint_s=3)
    (socket,) = pool.pool.sockets.values()
    for edit in ({"max_free_sockets": 10}, {"timeout": 1000}):
        change(pool, **edit)
        assert (60_000, 60.0) == (socket.free_timeout_ms, socket.expires_at)
    pool.pool.keep_socket_alive = lambda _: True
    pool.respond(pool.request())
    change(pool, timeout=2000)
    assert socket.free_timeout_ms == 2000


def test_in_drain_mode_keep_alive_off_closes_every_idle_socket_at_once(bench):
    pool = bench(keep_alive=True, live="drain")
    for request in [pool.request() for _ in range(3)]:
        pool.respond(request)
    assert change(pool, keep_alive=False).culled == 3
    assert pool.lists() == ([], [], [])


def test_in_drain_mode_the_room_of_a_raise_goes_to_the_oldest_of_all_origins(bench, a, b):
    pool = bench(max_total_sockets=1, keep_alive=True, live="drain")
    _, first, second, _ = [pool.request(key) for key in (a, b, a, b)]
    change(pool, max_total_sockets=3)
    assert [r for r in pool.running if r in (first, second)] == [first, second]
    assert pool.lists(b)[2] == [4]


def test_in_drain_mode_busy_sockets_of_all_origins_converge_on_a_lower_total(bench, a, b):
    pool = bench(keep_alive=True, live="drain", max_total_sockets=4)
    busy = [pool.request(key) for key in (a, b, a, b, a, b)]
    change(pool, max_total_sockets=2)
    for request in busy[:2]:
        pool.respond(request)
    assert pool.pool.total_socket_count == 2
    assert closes(pool) == [CloseReason.OVER_MAX_TOTAL_SOCKETS] * 2
    assert (pool.lists(a)[2], pool.lists(b)[2]) == ([5], [6])


def test_a_socket_that_leaves_the_pool_is_in_no_list_and_no_count_at_once(bench):
    pool = bench(keep_alive=True)
    first = pool.request()
    pool.detach(first)
    assert pool.lists() == ([], [], [])
    assert 0 == pool.pool.total_socket_count
    assert [CloseReason.DETACHED] == closes(pool)
    assert {} == pool.settled


def test_a_socket_that_leaves_the_pool_is_replaced_for_the_queue_like_one_that_closed(bench):
    pool = bench(max_sockets=1)
    first, second, third = (pool.request() for _ in range(3))
    pool.detach(first)
    assert pool.lists() == ([2], [], [third])
    pool.settle()
    assert pool.running == {second: 2}


def test_a_socket_cannot_leave_the_pool_before_it_is_connected_or_after_it_was_destroyed(bench):
    pool = bench()
    early = pool.submit()
    pool.tick()
    pool.detach(early)
    assert pool.lists() == ([1], [], [])
    pool.connect()
    pool.take(pool.pool.lost(SocketId(1), now=0, reason=CloseReason.PEER_RESET))
    pool.detach(early)
    assert pool.lists() == ([1], [], [])
    pool.close_all()
    assert {early: "ECONNRESET"} == pool.settled


STALE = Failure("ECONNRESET", "it was stale", "stale reuse")


def reused_and_lost(bench, **options):
    """Give a pool whose request 2 reused socket 1, which is dying; 3 waits where it has to."""
    pool = bench(keep_alive=True, **options)
    pool.respond(pool.request())
    request = pool.request()
    pool.take(pool.pool.lost(SocketId(1), now=0, reason=CloseReason.PEER_FIN))
    return pool, request


def test_a_request_on_a_stale_socket_fails_with_what_was_said_of_it(bench):
    pool, request = reused_and_lost(bench)
    pool.pool.judge(SocketId(1), STALE, again=False)
    pool.settle()
    assert pool.settled == {request: "ECONNRESET"}
    (failed,) = pool.of(RequestFailed)
    assert (failed.message, failed.outcome) == ("it was stale", "stale reuse")


def test_a_request_that_may_be_sent_again_is_admitted_like_a_new_one(bench):
    pool, request = reused_and_lost(bench)
    pool.pool.judge(SocketId(1), STALE, again=True)
    pool.settle()
    (retried,) = pool.of(RequestRetried)
    assert (retried.request, retried.socket, retried.message) == (request, 1, "it was stale")
    assert pool.running == {request: 2}
    assert pool.of(RequestAssigned)[-1].reason is AssignReason.NEW
    assert not pool.settled
    pool.respond(request)
    assert pool.lists() == ([], [2], [])


def test_a_request_that_is_sent_again_queues_behind_those_that_waited(bench):
    pool, request = reused_and_lost(bench, max_sockets=1)
    waiting = pool.submit()
    pool.pool.judge(SocketId(1), STALE, again=True)
    pool.close_all()
    assert pool.lists() == ([2], [], [request])  # the replacement is the waiter's: Node's order
    pool.settle()
    assert pool.running == {waiting: 2}
    pool.respond(waiting)
    assert pool.running == {request: 2}


def test_a_request_that_is_given_up_before_it_could_be_sent_again_fails_of_that(bench):
    for give_up in (
        lambda pool, request: pool.abort(request, now=0, code="ABORT_ERR"),
        lambda pool, request: pool.time_out(request, now=0, code="ABORT_ERR", message="late"),
        lambda pool, _: pool.forget_queue(now=0, code="ABORT_ERR", message="closed"),
    ):
        pool, request = reused_and_lost(bench)
        pool.pool.judge(SocketId(1), STALE, again=True)
        pool.take(give_up(pool.pool, request))
        pool.settle()
        assert pool.settled == {request: "ABORT_ERR"}
        assert not pool.of(RequestRetried)


def test_a_handed_over_socket_has_no_timeout_and_a_parked_one_has_it_again(bench):
    pool = bench(keep_alive=True, max_sockets=1, timeout=5000)
    first, second = pool.request(), pool.request()
    socket = pool.pool.sockets[SocketId(1)]
    assert socket.timeout_ms == 5000
    pool.respond(first)
    assert (pool.running, socket.timeout_ms) == ({second: 1}, 0)
    pool.respond(second)
    assert socket.timeout_ms == 5000


def test_a_requests_own_timeout_counts_unless_it_is_the_agents(bench):
    pool = bench(keep_alive=True, timeout=5000, agent_keep_alive_timeout_buffer=1000)
    pool.respond(pool.request(), hint_s=3)
    request = pool.request()
    socket = pool.pool.sockets[SocketId(1)]
    pool.pool.set_timeout(request, timeout_ms=5000)
    assert socket.timeout_ms == 2000  # the hint's: Node ignores one that is equal to its own
    pool.pool.set_timeout(request, timeout_ms=40)
    assert socket.timeout_ms == 40
    pool.pool.set_timeout(request, timeout_ms=0)
    assert socket.timeout_ms == 0


def test_a_timeout_is_told_of_a_request_that_is_not_settled(bench):
    pool = bench(max_sockets=1)
    request = pool.request()
    for _ in range(2):
        pool.take(pool.pool.raise_timeout(request, 1, now=1, silent_s=0.5))
        pool.respond(request)
    (told,) = pool.of(TimeoutRaised)
    assert (told.request, told.socket, told.silent_s) == (request, 1, 0.5)
    assert not told.ends_tunnel


def test_a_dial_has_its_requests_timeout_or_the_agents_be_it_counted_or_not(bench, a, b):
    pool = bench(timeout=100)
    pool.pool.tunnelled.add(b)
    counted, uncounted = pool.submit(a), pool.submit(b)
    records = [pool.pool.requests[request].socket for request in (counted, uncounted)]
    for own, expected in ((0, 100), (40, 40), (0, 40)):
        for record in records:
            pool.pool.set_dial_timeout(record.id, timeout_ms=own)
        assert [expected] * 2 == [record.timeout_ms for record in records]
    pool.pool.set_dial_timeout(99, timeout_ms=40)
