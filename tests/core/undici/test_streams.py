"""Many requests on one HTTP/2 session: how many at a time, in which order, on how many sessions.

After http2-connection.js, http2-pipelining-default.js, issue-5390.js, h2c-client.js and
http2-max-concurrent-streams-zero.js of undici's tests.
"""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.commands import Open
from pooltop.core.events import (
    RequestAssigned,
    RequestQueued,
    SocketClosed,
    SocketOpened,
    StreamsAllowed,
)
from pooltop.core.model import OriginKey
from pooltop.core.states import AssignReason, CloseReason, OpenReason, QueueReason
from pooltop.core.undici.records import Ask
from pooltop.core.undici.session import LAST_STREAM


def test_all_that_wait_go_out_with_the_settings_of_the_server(h2):
    client = h2(is_mute=True)
    requests = client.running_with(5)
    assert {requests[0]: 1} == client.running, "before them one may run"
    client.settings(1)
    assert {1: 1, 2: 3, 3: 5, 4: 7, 5: 9} == client.streams
    assert 1 == client.opened
    assert [AssignReason.NEW] + [AssignReason.STREAM] * 4 == [
        e.reason for e in client.of(RequestAssigned)
    ]
    client.answer_all()
    assert requests == sorted(client.ended)


@pytest.mark.parametrize("pipelining", [0, 1, 4])
def test_pipelining_is_of_no_account(h2, pipelining):
    client = h2(pipelining=pipelining)
    client.running_with(5)
    assert 5 == client.stats().running
    client.core.set_options(msgspec.structs.replace(client.core.options, pipelining=2), now=0.0)
    client.running_with(5)
    assert 10 == client.stats().running


def test_neither_a_method_nor_a_body_holds_others_up(h2, post, head):
    client = h2()
    upload = client.send(ask=post, body="streamed")
    client.settle()
    requests = [
        client.send(ask=post),
        client.send(ask=head),
        client.send(reset=True),
        client.send(ask=post, expects_payload=False),
    ]
    assert len(requests) + 1 == client.stats().running
    client.answer_all()
    assert {} == client.settled
    assert 1 == client.opened
    assert [(upload, 0)] == client.resets, "its response came first: the rest is not sent"


@pytest.mark.parametrize(
    ("own", "peer", "running"), [(100, 2, 2), (2, 100, 2), (3, None, 3), (3, 3, 3)]
)
def test_the_lower_of_both_ceilings_counts(h2, own, peer, running):
    client = h2(most=peer, max_concurrent_streams=own)
    client.running_with(5)
    assert running == client.stats().running
    assert running == client.core.view().sockets[1].most_streams
    assert [(own, peer)] == [(e.own, e.peer) for e in client.of(StreamsAllowed)]


def test_above_it_they_go_one_at_a_time_in_order(h2):
    client = h2(most=1)
    requests = client.running_with(5)
    peak = 0
    while client.running:
        peak = max(peak, len(client.running))
        client.respond(next(iter(client.running)))
    assert (1, requests) == (peak, client.ended)


def test_responses_may_come_in_any_order(h2):
    client = h2(most=2)
    first, second, third = client.running_with(3)
    client.respond(second)
    assert {first: 1, third: 5} == {r: client.streams[r] for r in client.running}


def test_settings_raise_and_lower_the_ceiling_while_streams_run(h2):
    client = h2(most=1)
    client.running_with(6)
    client.settings(1, 3)
    assert 3 == client.stats().running
    client.settings(1, 1)
    assert 3 == client.stats().running, "what runs stays"
    client.respond(1), client.respond(2)
    assert {3} == client.running.keys()
    client.respond(3)
    assert {4} == client.running.keys()


def test_dispatch_says_whether_there_is_room_for_streams(h2):
    client = h2(most=2)
    client.get()
    assert [True, False, False] == [client.ask(), client.ask(), client.ask()]


def test_the_ceiling_outlives_the_session(h2):
    client = h2(most=2)
    client.get()
    client.lose(1)
    client.settle()
    client.is_mute = True
    client.send()
    client.settle()
    assert {2: 2} == client.running
    client.send()
    assert 1 == client.stats().running, "one at a time before the SETTINGS, as ever"
    client.settings(2, None)
    assert 2 == client.stats().running


def test_a_pool_puts_all_on_the_session_of_its_probe(h2):
    pool = h2("pool")
    for _ in range(10):
        pool.send()
    assert (0, 0, 10, 9, 0, 10) == pool.numbers()
    pool.settle()
    assert (1, 1, 0, 0, 10, 10) == pool.numbers()
    assert [OpenReason.PROBE] == [e.reason for e in pool.of(SocketOpened)]


def test_the_gate_is_open_with_the_settings_and_not_before(h2):
    pool = h2("pool", is_mute=True)
    pool.running_with(3)
    assert (1, 0, 2, 2, 1, 3) == pool.numbers()
    assert [QueueReason.CONNECTING, QueueReason.ALPN, QueueReason.ALPN] == [
        e.reason for e in pool.of(RequestQueued)
    ]
    pool.send()
    assert QueueReason.SETTINGS is pool.of(RequestQueued)[-1].reason
    pool.settings(1)
    assert (1, 1, 0, 0, 4, 4) == pool.numbers()


@pytest.mark.parametrize(("connections", "sessions", "waiting"), [(0, 3, 0), (1, 1, 4), (2, 2, 2)])
def test_a_pool_opens_a_session_more_when_all_are_full(h2, connections, sessions, waiting):
    pool = h2("pool", most=2, connections=connections)
    pool.running_with(6)
    assert (sessions, waiting) == (pool.opened, pool.stats().pending)
    pool.answer_all()
    assert 6 == len(pool.ended)


def test_a_pool_whose_origin_turns_out_to_speak_http_1_goes_on_with_more(h2):
    pool = h2("pool")
    pool.speaks_h2 = False
    pool.running_with(4)
    assert (4, 4) == (pool.opened, pool.stats().running)


def test_a_probe_that_is_lost_leaves_the_queue_to_another(h2):
    pool = h2("pool", is_mute=True, connections=1)
    first, second, third = pool.running_with(3)
    pool.lose(1)
    pool.is_mute = False
    pool.answer_all()
    assert {first} == pool.settled.keys()
    assert [second, third] == sorted(pool.ended)
    assert 2 == pool.opened


def test_a_round_robin_pool_asks_nobody_first_and_forgets_prior_knowledge(h2, a):
    pool = h2("round-robin-pool", connections=3)
    pool.core.secure.add(a)
    pool.running_with(4)
    assert (3, 4) == (pool.opened, pool.stats().running)
    plain = h2("round-robin-pool")
    plain.send()
    assert [False] == [c.h2 for c in plain.commands if isinstance(c, Open)]


@pytest.mark.parametrize(
    ("key", "options", "ask", "offered"),
    [
        ("https", {}, {}, True),
        ("https", {"allow_h2": False}, {}, False),
        ("https", {}, {"allow_h2": False}, False),
        ("http", {}, {}, False),
        ("http", {"use_h2c": True}, {}, True),
        ("http", {"kind": "h2"}, {}, True),
        ("https", {"kind": "agent", "connections": 1}, {"allow_h2": False}, False),
        ("https", {"kind": "agent", "connections": 1}, {}, True),
    ],
)
def test_http_2_is_offered_where_it_may_be_spoken(bench, key, options, ask, offered):
    made = bench(**{"kind": "agent", **options})
    origin = OriginKey(key)
    if key == "https":
        made.core.secure.add(origin)
    made.send(origin, **ask)
    assert [offered] == [c.h2 for c in made.commands if isinstance(c, Open)]


def test_a_server_that_allows_no_stream_fails_who_waits_and_is_left(h2):
    client = h2(headers_timeout=700, most=0)
    client.get()
    client.settings(1, 0)
    requests = [client.send(), client.send()]
    assert (0, 2) == (client.stats().running, client.stats().pending)
    client.wait(0.6)
    assert {} == client.settled
    client.wait(0.2)
    assert dict.fromkeys(requests, "UND_ERR_HEADERS_TIMEOUT") == client.settled
    assert [CloseReason.NO_STREAMS] == [e.reason for e in client.of(SocketClosed)]
    client.most = 5
    assert client.get() in client.ended
    assert 2 == client.opened


def test_while_a_stream_runs_who_waits_is_not_late(h2):
    client = h2(headers_timeout=700)
    first = client.send(headers_ms=0)
    client.settle()
    client.settings(1, 0)
    second = client.send()
    client.wait(5.0)
    assert {} == client.settled
    client.respond(first)
    client.wait(0.7)
    assert {second: "UND_ERR_HEADERS_TIMEOUT"} == client.settled


def test_who_comes_later_does_not_make_the_others_wait_longer(h2):
    client = h2(headers_timeout=700)
    client.get()
    client.settings(1, 0)
    client.send()
    client.wait(0.5)
    client.send()
    client.wait(0.2)
    assert 2 == len(client.settled)


def test_settings_that_allow_streams_again_end_the_wait(h2):
    client = h2(headers_timeout=700)
    client.get()
    client.settings(1, 0)
    request = client.send()
    assert QueueReason.NO_STREAMS is client.of(RequestQueued)[-1].reason
    client.wait(0.6)
    client.settings(1, 5)
    client.wait(0.6)
    assert {request: 1} == client.running
    assert {} == client.settled


def test_a_new_session_after_none_were_allowed_is_given_nothing_before_its_settings(h2):
    client = h2(headers_timeout=700)
    client.get()
    client.settings(1, 0)
    client.send()
    client.wait(1.0)
    client.is_mute = True
    request = client.send()
    client.settle()
    assert {} == client.running
    client.settings(2, 1)
    assert {request: 2} == client.running


def test_without_a_clock_of_heads_who_waits_for_streams_waits_on(h2):
    client = h2(headers_timeout=0)
    client.get()
    client.settings(1, 0)
    client.send()
    client.wait(1000.0)
    assert {} == client.settled


def test_a_pool_does_not_pile_up_sessions_on_a_server_that_allows_none(h2):
    pool = h2("pool", headers_timeout=500, most=0, connections=4)
    for _ in range(3):
        for _ in range(4):
            pool.send()
        for _ in range(20):
            pool.settle()
            pool.wait(0.5)
        assert len(pool.core.conns) <= 4
    assert 12 == len(pool.settled)


@pytest.mark.parametrize(
    ("ask", "code", "waits"),
    [
        ({"upgrade": "other"}, "UND_ERR_INVALID_ARG", False),
        ({"upgrade": "websocket"}, "UND_ERR_INFO", True),
        ({}, "UND_ERR_NOT_SUPPORTED", True),
    ],
)
def test_what_switches_protocols_is_refused_at_its_turn(h2, ask, code, waits):
    client = h2(is_mute=True)
    request = client.send(switches=True, **ask)
    other = client.send()
    client.settle()
    assert waits == (client.settled == {}), "the SETTINGS would have to allow it"
    client.settings(1)
    assert {request: code} == client.settled
    assert {other: 1} == client.running


@pytest.mark.parametrize(
    ("upgrade", "code"), [("other", "UND_ERR_INVALID_ARG"), ("websocket", "UND_ERR_ABORTED")]
)
def test_what_it_is_counts_before_whether_it_was_given_up(h2, upgrade, code):
    client = h2()
    request = client.send(switches=True, upgrade=upgrade)
    client.abort(request)
    client.settle()
    assert {request: code} == client.settled


def test_one_that_was_given_up_while_it_waited_costs_nothing(h2):
    client = h2(most=1)
    first, second, third = client.running_with(3)
    client.abort(second)
    assert {} == client.settled
    client.answer_all()
    assert {second: "UND_ERR_ABORTED"} == client.settled
    assert [first, third] == client.ended
    assert 1 == client.opened


@pytest.mark.parametrize(
    ("options", "most", "reason"),
    [
        ({}, 1, QueueReason.PEER_STREAMS),
        ({"max_concurrent_streams": 1}, 1, QueueReason.OWN_STREAMS),
        ({"max_concurrent_streams": 1}, None, QueueReason.OWN_STREAMS),
    ],
)
def test_who_waits_knows_whose_ceiling_it_is(h2, options, most, reason):
    client = h2(most=most, **options)
    client.running_with(1)
    client.send()
    assert reason is client.of(RequestQueued)[-1].reason


def test_who_waits_for_settings_knows_it(h2):
    client = h2(is_mute=True)
    client.running_with(1)
    client.send()
    assert QueueReason.SETTINGS is client.of(RequestQueued)[-1].reason


def test_a_session_whose_numbers_are_used_up_is_finished_and_another_goes_on(h2):
    client = h2()
    first = client.running_with(1)[0]
    client.core.conns[1].session.next_stream = LAST_STREAM
    second, third = client.send(), client.send()
    assert LAST_STREAM == client.streams[second]
    client.respond(first), client.respond(second)
    assert {third: 2} == client.running
    assert 1 == client.streams[third]
    assert [CloseReason.STREAM_IDS] == [e.reason for e in client.of(SocketClosed)]


def test_what_a_session_said_late_is_nothing(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.lose(1)
    client.settings(1, 0)
    client.goaway(1)
    client.peer_resets(request, 8)
    client.pong(1)
    client.settle()
    assert {request: "UND_ERR_SOCKET"} == client.settled
    assert 100 == client.core.clients[1].max_streams


class TestKindH2:
    """pooltop's own kind: a pool of sessions that speaks nothing else."""

    def test_it_has_as_many_sessions_as_it_may(self, h2):
        pool = h2("h2", connections=1, most=2)
        pool.running_with(5)
        assert (1, 2) == (pool.opened, pool.stats().running)
        pool.answer_all()
        assert 5 == len(pool.ended)

    def test_a_request_that_is_given_up_is_cancelled(self, h2):
        pool = h2("h2")
        (request,) = pool.running_with(1)
        pool.abort(request)
        assert [(request, 8)] == pool.resets

    def test_after_a_goaway_a_second_session_takes_what_is_new_at_once(self, h2):
        pool = h2("h2", connections=1)
        old = pool.running_with(2)
        pool.goaway(1)
        new = pool.running_with(2)
        assert {**dict.fromkeys(old, 1), **dict.fromkeys(new, 2)} == pool.running
        pool.lose(2)
        pool.settle()
        assert dict.fromkeys(new, "UND_ERR_SOCKET") == pool.settled, "the old ones go on"
        pool.answer_all()
        assert old == pool.ended

    def test_a_goaway_of_the_second_leaves_the_streams_of_the_first_alone(self, h2):
        pool = h2("h2", connections=1)
        old = pool.running_with(3)
        pool.goaway(1)
        new = pool.running_with(2)
        pool.goaway(2, 1)
        pool.answer_all()
        assert sorted([*old, *new]) == sorted(pool.ended)
        assert 3 == pool.opened


@pytest.mark.parametrize("kind", ["client", "pool", "agent", "h2"])
def test_every_kind_serves_many_requests_over_a_few_sessions(h2, kind):
    made = h2(kind, most=10, connections=3)
    made.is_checked = False
    asks = [Ask(), Ask(idempotent=False, body="held"), Ask(is_head=True)]
    requests = [made.send(ask=asks[i % 3]) for i in range(300)]
    made.answer_all()
    assert requests == sorted(made.ended)
    assert made.opened <= 3
