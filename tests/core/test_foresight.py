"""What is foreseen of a socket or a request is what the pool then does."""

from __future__ import annotations

import copy
import math

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pooltop.core.commands import Open
from pooltop.core.detail import Fate, FateKind, Outlook
from pooltop.core.foresight import fates, held_by, outlooks
from pooltop.core.model import HOST_LIMITS, OriginKey
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, QueueReason, RequestState, SocketState


def fate(bench, socket=1):
    record = bench.pool.sockets[socket]
    return dict(fates(bench.pool, record.origin))[record]


def all_outlooks(bench, key, *, pace=None):
    origin = bench.pool.origins[key]
    return list(outlooks(bench.pool, origin, most=1000, pace=pace))


def edited(bench, **options):
    """Give a copy of the bench in which an edit was made, with what it did at once."""
    there = copy.deepcopy(bench)
    edited_here(there, **options)
    there.tick()
    return there


def with_limit(bench, origin, limit):
    """Give a copy in mode "drain" with another maxSockets of the origin's: its own, if it has one."""
    if "max_sockets" not in origin.own:
        return edited(bench, live="drain", max_sockets=limit)
    there = copy.deepcopy(bench)
    there.pool.origins[origin.key].own = {**origin.own, "max_sockets": limit}
    edited_here(there, live="drain")
    there.tick()
    return there


def edited_here(bench, **options):
    new = msgspec.structs.replace(bench.pool.options, **options)
    bench.take(bench.pool.set_options(new, now=bench.now))


def in_use(bench):
    return [s for s in bench.pool.sockets.values() if s.state is SocketState.ACTIVE]


def has_started(bench, request):
    record = bench.pool.requests.get(request)
    return record is not None and record.state is not RequestState.QUEUED


def what_becomes_of(bench, socket):
    """Let the response of a socket be whole, and see who gets the socket, or one in its place."""
    record = bench.pool.sockets[socket]
    request = record.request
    told = len(bench.commands)
    if request.state is RequestState.RUNNING:
        bench.end(request.id)
    bench.take(bench.pool.request_sent(request.id, now=bench.now))
    bench.tick()
    if record.state is SocketState.ACTIVE:
        return Fate(kind=FateKind.HAND_OVER, request=record.request.id)
    kind = FateKind.PARK if record.state is SocketState.FREE else FateKind.CLOSE
    if kind is FateKind.CLOSE:
        bench.closing.remove(socket)
        bench.take(bench.pool.closed(socket, now=bench.now))
        bench.tick()
    opened = [each.socket for each in bench.commands[told:] if isinstance(each, Open)]
    assert len(opened) <= 1
    heir = heir_of(bench, opened[0]) if opened else None
    return Fate(kind=kind, request=heir, reason=record.close_reason)


def heir_of(bench, socket):
    if socket in bench.pool.tunnelling:
        bench.connect_one(socket)
        bench.tick()
    request = bench.pool.sockets[socket].request
    return None if request is None or request.aborted is not None else request.id


def pick(items, n):
    items = list(items)
    return items[n % len(items)] if items else None


def _abort(bench, n):
    waiting = [r.id for o in bench.pool.waiting.values() for r in o.queue.values()]
    if waiting:
        bench.take(bench.pool.abort(pick(waiting, n), now=bench.now))


def _respond(bench, n):
    socket = pick(in_use(bench), n)
    if socket is not None:
        what_becomes_of(bench, socket.id)


def _answer_before_it_is_sent(bench, n):
    running = [s.request for s in in_use(bench) if s.request.state is RequestState.RUNNING]
    if running:
        bench.end(pick(running, n).id, sent=False, hint_s=(None, 0, 1, 5)[n % 4])


def _end_of_peer(bench, n):
    socket = pick(in_use(bench), n)
    if socket is not None:
        bench.take(bench.pool.peer_ended(socket.id, now=bench.now))


def _lose(bench, n):
    socket = pick(bench.pool.sockets, n)
    if socket is not None:
        lost = CloseReason.PEER_RESET
        bench.take(bench.pool.lost(socket, now=bench.now, reason=lost))
        bench.take(bench.pool.judge(socket, Failure("STALE", "stale"), again=n % 2 == 0))


def _fail_a_tunnel(bench, n):
    socket = pick(bench.pool.tunnelling, n)
    if socket is not None:
        failed = CloseReason.CONNECT_FAILED
        bench.take(bench.pool.lost(socket, now=bench.now, reason=failed))


def _connect(bench, n):
    if bench.opening:
        bench.connect_one(pick(bench.opening, n))


def _edit(bench, n):
    option = ("max_sockets", "max_total_sockets")[n % 2]
    edited_here(bench, **{option: (1, 2, 3, 4, math.inf)[n % 5]})


DEEDS = {
    "submit to a": lambda bench, n: bench.submit(KEYS[0], keep_alive=n % 4 > 0),
    "submit to b": lambda bench, n: bench.submit(KEYS[1], keep_alive=n % 4 > 0),
    "submit to c": lambda bench, n: bench.submit(KEYS[2], keep_alive=n % 4 > 0),
    "connect": _connect,
    "connect all": lambda bench, _: bench.connect(),
    "respond": _respond,
    "answer early": _answer_before_it_is_sent,
    "peer ends": _end_of_peer,
    "lose": _lose,
    "a tunnel fails": _fail_a_tunnel,
    "see closes": lambda bench, _: bench.close_all(),
    "abort": _abort,
    "edit a limit": _edit,
}
OFTEN = ["submit to a", "submit to b", "submit to c", "connect all"]
MANY = [*DEEDS, *OFTEN * 3, "abort", "edit a limit", "peer ends", "lose", "see closes"]
KEYS = [OriginKey("a:80:"), OriginKey("b:80:"), OriginKey("c:443:")]
LIMITS = st.sampled_from([1, 2, 3, 5, math.inf])


@settings(
    max_examples=500,
    deadline=None,
    database=None,
    # The fixture gives a class.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    options=st.fixed_dictionaries(
        {
            "keep_alive": st.sampled_from([True, True, False]),
            "max_sockets": LIMITS,
            "max_total_sockets": LIMITS,
            "max_free_sockets": st.sampled_from([0, 1, 256]),
            "live": st.sampled_from(["node", "drain"]),
            "per_request": st.sampled_from([False, False, False, True]),
        }
    ),
    tunnelled=st.sets(st.sampled_from(KEYS)),
    own=st.dictionaries(
        st.sampled_from(KEYS), st.dictionaries(st.sampled_from(HOST_LIMITS), LIMITS)
    ),
    deeds=st.lists(st.tuples(st.sampled_from(MANY), st.integers(0, 30)), min_size=8, max_size=50),
)
def test_what_is_foreseen_is_what_happens(bench, options, tunnelled, own, deeds):
    pool = bench(**options)
    pool.pool.tunnelled |= tunnelled
    pool.pool.own_limits |= own
    for deed, n in deeds:
        DEEDS[deed](pool, n)
        pool.tick()
    pool.events.clear()
    pool.commands.clear()
    check_fates(pool)
    check_outlooks(pool)


def check_fates(bench):
    for origin in bench.pool.origins.values():
        foreseen = dict(fates(bench.pool, origin))
        assert [*origin.sockets.values(), *origin.free.values()] == list(foreseen)
        for socket, fate in foreseen.items():
            if socket.state is SocketState.ACTIVE:
                assert fate == what_becomes_of(copy.deepcopy(bench), socket.id)
            else:
                assert fate is None


def check_outlooks(bench):
    for origin in bench.pool.waiting.values():
        for request, outlook in outlooks(bench.pool, origin, most=1000, pace=None):
            least = outlook.at_once_from
            if request.aborted is not None:
                assert least is None
            elif least is None:
                there = with_limit(bench, origin, math.inf)
                assert not has_started(there, request.id)
            else:
                there = with_limit(bench, origin, least)
                assert has_started(there, request.id)
                there = with_limit(bench, origin, least - 1)
                assert not has_started(there, request.id)


def test_a_socket_is_foreseen_to_go_to_the_oldest_that_waits(bench, a):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.request()
    oldest, _ = pool.request(), pool.request()
    assert Fate(kind=FateKind.HAND_OVER, request=oldest) == fate(pool)


def test_no_second_tunnel_is_foreseen_for_a_request_of_another_origin(bench, a, b):
    pool = bench(max_total_sockets=2, keep_alive=True)
    pool.pool.tunnelled.add(b)
    first, _, other = pool.request(a), pool.request(a), pool.request(b)
    assert Fate(kind=FateKind.PARK, request=other) == fate(pool, 2)
    pool.end(first)
    pool.tick()
    parks = Fate(kind=FateKind.PARK)
    assert parks == fate(pool, 2) == what_becomes_of(pool, 2), "one is under way"


def test_who_was_given_up_in_the_queue_is_passed_over(bench, a):
    pool = bench(max_sockets=1, keep_alive=True)
    pool.request()
    given_up, waiting = pool.request(), pool.request()
    pool.take(pool.pool.abort(given_up, now=0))
    assert Fate(kind=FateKind.HAND_OVER, request=waiting) == fate(pool)
    assert [(0, None), (1, 2)] == [(o.ahead, o.at_once_from) for _, o in all_outlooks(pool, a)]
    pool.take(pool.pool.abort(waiting, now=0))
    assert Fate(kind=FateKind.PARK) == fate(pool)


def test_a_socket_that_is_closed_says_why_and_for_whom_one_is_opened(bench, b):
    pool = bench(max_sockets=1, max_total_sockets=1, keep_alive=True)
    first = pool.request()
    other = pool.request(b)
    assert Fate(kind=FateKind.PARK, request=other) == fate(pool), "Node opens one all the same"
    pool.take(pool.pool.peer_ended(1, now=0))
    closes = Fate(kind=FateKind.CLOSE, reason=CloseReason.NOT_WRITABLE, request=other)
    assert closes == fate(pool) == what_becomes_of(pool, pool.running[first])


@pytest.mark.parametrize(
    ("options", "kind", "reason"),
    [
        ({}, FateKind.PARK, None),
        ({"keep_alive": False}, FateKind.CLOSE, CloseReason.KEEP_ALIVE_OFF),
        ({"max_sockets": 1}, FateKind.CLOSE, CloseReason.OVER_MAX_SOCKETS),
        ({"max_total_sockets": 1}, FateKind.CLOSE, CloseReason.OVER_MAX_TOTAL_SOCKETS),
        ({"max_free_sockets": 0}, FateKind.CLOSE, CloseReason.OVER_MAX_FREE_SOCKETS),
    ],
)
@pytest.mark.parametrize("live", ["node", "drain"])
def test_the_limits_of_now_decide(bench, live, options, kind, reason):
    pool = bench(keep_alive=True, live=live)
    pool.request(), pool.request()
    there = edited(pool, **options)
    assert Fate(kind=kind, reason=reason) == fate(there) == what_becomes_of(there, 1)


def test_the_hint_of_a_response_that_is_here_already_counts(bench):
    pool = bench(keep_alive=True)
    first = pool.submit()
    pool.tick()
    pool.connect()
    pool.end(first, sent=False, hint_s=1)
    closes = Fate(kind=FateKind.CLOSE, reason=CloseReason.HINT_TOO_SHORT)
    assert closes == fate(pool) == what_becomes_of(pool, 1)


def test_nothing_is_foreseen_of_a_socket_that_is_not_in_use(bench):
    pool = bench(keep_alive=True)
    request = pool.submit()
    pool.tick()
    assert fate(pool) is None, "it connects"
    pool.connect()
    assert fate(pool) is not None
    pool.respond(request)
    assert fate(pool) is None, "it is idle"


def test_the_limit_that_holds_a_queue_is_named(bench, a, b):
    pool = bench(max_sockets=1, max_total_sockets=2, keep_alive=True)
    for key in (a, a, b, b):
        pool.request(key)
    origins = pool.pool.origins
    assert QueueReason.MAX_SOCKETS is held_by(pool.pool, origins[a])
    there = edited(pool, max_sockets=2.0)
    assert QueueReason.MAX_TOTAL_SOCKETS is held_by(there.pool, there.pool.origins[a])
    there = edited(pool, max_sockets=2.0, max_total_sockets=3.0)
    assert held_by(there.pool, there.pool.origins[a]) is None
    assert [1] == [len(o.queue) for o in there.pool.waiting.values() if o.key == a], "as in Node"


def test_an_outlook_says_who_is_ahead_how_long_and_from_which_limit_on(bench, a):
    pool = bench(max_sockets=2, keep_alive=True)
    for _ in range(5):
        pool.request()
    held = QueueReason.MAX_SOCKETS
    assert [
        Outlook(ahead=0, held_by=held, in_s=0.25, at_once_from=3),
        Outlook(ahead=1, held_by=held, in_s=0.5, at_once_from=4),
        Outlook(ahead=2, held_by=held, in_s=0.75, at_once_from=5),
    ] == [outlook for _, outlook in all_outlooks(pool, a, pace=4.0)]
    assert [None] * 3 == [outlook.in_s for _, outlook in all_outlooks(pool, a, pace=0.0)]


def test_older_requests_of_other_origins_take_the_room_that_is_left_over_all(bench, a, b):
    pool = bench(max_sockets=1, max_total_sockets=4, keep_alive=True)
    for key in (a, b, b, a, a):
        pool.request(key)
    assert [(4, 2), (5, None)] == [(r.id, o.at_once_from) for r, o in all_outlooks(pool, a)]
    assert [(3, 2)] == [(r.id, o.at_once_from) for r, o in all_outlooks(pool, b)]


def test_a_request_keeps_what_was_counted_against_which_limit(bench, a, b):
    pool = bench(max_sockets=1, max_total_sockets=2, keep_alive=True)
    first, second, third = pool.request(a), pool.request(a), pool.request(b)
    fourth = pool.request("c:80:")
    requests = pool.pool.requests
    assert [(None, None), (1, 1), (None, None), (2, 2)] == [
        (requests[r].counted, requests[r].limit) for r in (first, second, third, fourth)
    ]


def test_a_socket_counts_the_seconds_in_which_it_was_in_use(bench):
    pool = bench(keep_alive=True)
    request = pool.submit()
    pool.tick()
    socket = pool.pool.sockets[1]
    pool.now = 1.0
    assert 0.0 == socket.busy_s(pool.now), "it connects"
    pool.connect()
    pool.now = 3.0
    assert 2.0 == socket.busy_s(pool.now)
    pool.respond(request)
    pool.now = 10.0
    assert 2.0 == socket.busy_s(pool.now), "it is idle"
    request = pool.request()
    pool.now = 11.0
    assert 3.0 == socket.busy_s(pool.now)
    pool.respond(request)
    pool.now = 20.0
    pool.take(pool.pool.lost(1, now=pool.now, reason=CloseReason.PEER_FIN))
    assert 3.0 == socket.busy_s(21.0), "it closes"
