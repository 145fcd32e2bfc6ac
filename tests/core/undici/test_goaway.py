"""A session goes away: what it takes is finished there, what it leaves out is sent again, once.

After http2-goaway.js, http2-goaway-retry-body.js and http2-goaway-refusal-storm.js of undici's
tests; issue-5638.js is about CONNECT, which HTTP/2 has not here.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import (
    DrainEmitted,
    RequestAssigned,
    RequestFailed,
    RequestQueued,
    RequestRequeued,
    SessionGoingAway,
    SocketClosed,
    SocketOpened,
)
from pooltop.core.states import AssignReason, CloseReason, OpenReason, QueueReason
from pooltop.core.undici.states import ConnState


def messages(client):
    return {e.request: (e.code, e.message) for e in client.of(RequestFailed)}


def test_streams_that_it_takes_finish_on_it_and_it_is_closed_after_the_last(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    assert ConnState.LEAVING is client.core.view().sockets[1].state
    assert (0, 2) == (client.stats().connected, client.stats().running)
    client.respond(first)
    assert [] == client.of(SocketClosed)
    client.respond(second)
    assert [CloseReason.GOAWAY] == [e.reason for e in client.of(SocketClosed)]
    assert ([first, second], {}) == (client.ended, client.settled)


def test_an_idle_session_goes_at_once_and_the_next_request_opens_another(h2):
    client = h2()
    client.get()
    client.goaway(1)
    client.settle()
    assert [CloseReason.GOAWAY] == [e.reason for e in client.of(SocketClosed)]
    assert client.get() in client.ended
    assert 2 == client.opened


def test_what_is_left_out_is_sent_again_in_order_before_what_waited(h2):
    client = h2(most=3)
    first, second, third, fourth = client.running_with(4)
    client.goaway(1, 1)
    assert [second, third] == [e.request for e in client.of(RequestRequeued)]
    assert (1, 3) == (client.stats().running, client.stats().pending)
    client.answer_all()
    assert [first, second, third, fourth] == client.ended
    assert {second: 1, third: 3, fourth: 5} == {
        r: client.streams[r] for r in (second, third, fourth)
    }
    assert [(1, 0, 1, 3)] == [
        (e.socket, e.code, e.last_stream, e.running) for e in client.of(SessionGoingAway)
    ]
    replayed = [e.request for e in client.of(RequestAssigned) if e.reason is AssignReason.REPLAYED]
    assert [second, third] == replayed
    assert [] == client.resets, "the server knows nothing of those streams"


def test_nothing_is_dialled_while_anything_runs_on_it(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    third = client.send()
    client.settle()
    assert QueueReason.CLOSING is client.of(RequestQueued)[-1].reason
    assert 1 == client.opened
    client.respond(first), client.respond(second)
    assert {third: 2} == client.running


def test_with_a_pipelining_above_one_a_second_session_is_opened_beside_it(h2):
    client = h2(pipelining=10)
    first, second = client.running_with(2)
    client.goaway(1)
    third = client.send()
    client.settle()
    assert {first: 1, second: 1, third: 2} == client.running
    client.lose(2)
    client.answer_all()
    assert {third: "UND_ERR_SOCKET"} == client.settled
    assert [first, second] == client.ended


def test_the_next_connection_may_speak_http_1_while_streams_are_finished(h2):
    client = h2(pipelining=3)
    first = client.running_with(1)[0]
    client.goaway(1)
    client.speaks_h2 = False
    second, third = client.send(), client.send()
    client.settle()
    assert {first: 1, second: 2} == client.running
    client.respond(second)
    assert {first: 1, third: 2} == client.running
    client.lose(2)
    client.answer_all()
    assert {third: "UND_ERR_SOCKET"} == client.settled
    assert [second, first] == client.ended


@pytest.mark.parametrize(
    ("code", "error"), [(0, "UND_ERR_INFO"), (2, "UND_ERR_SOCKET"), (11, "UND_ERR_SOCKET")]
)
def test_what_cannot_be_sent_again_fails(h2, post, code, error):
    client = h2()
    begun = client.send()
    streamed = client.send(ask=post, body="streamed")
    held = client.send(ask=post)
    client.settle()
    client.head(begun)
    client.goaway(1, 0, code=code)
    told = (error, f'HTTP/2: "GOAWAY" frame received with code {code}')
    assert {begun: told, streamed: told} == messages(client)
    client.answer_all()
    assert [held] == client.ended


def test_with_an_error_the_streams_that_it_takes_die_as_well(h2):
    client = h2()
    first, second, third, fourth = client.running_with(4)
    client.goaway(1, 3, code=2)
    client.answer_all()
    told = ("ERR_HTTP2_SESSION_ERROR", "Session closed with error code 2")
    assert {first: told, second: told} == messages(client)
    assert [third, fourth] == client.ended


@pytest.mark.parametrize("code", [0, 2, 11])
def test_one_that_is_left_out_again_and_again_fails(h2, code):
    client = h2()
    request = client.running_with(1)[0]
    for socket in (1, 2):
        client.goaway(socket, 0, code=code)
        client.settle()
    assert {request} == client.settled.keys()
    assert 2 == client.opened


def test_nor_does_the_kind_h2_dial_for_ever_a_server_that_takes_nothing(h2):
    client = h2("h2", connections=1)
    request = client.running_with(1)[0]
    for socket in (1, 2):
        client.goaway(socket, 0)
        client.settle()
    assert {request} == client.settled.keys()
    assert 2 == client.opened


def test_in_the_kind_h2_there_is_no_end_of_retries_while_each_session_takes_something(h2):
    client = h2("h2", connections=1)
    requests = client.running_with(6)
    for socket, served in enumerate(requests, 1):
        client.goaway(socket, 1)
        client.respond(served)
    assert (requests, {}) == (client.ended, client.settled)


def test_in_the_kind_h2_what_a_session_says_that_leaves_is_not_of_the_next(h2):
    client = h2("h2", connections=1)
    client.running_with(2)
    client.goaway(1)
    client.running_with(3)
    client.settings(1, 1)
    client.running_with(3)
    assert [1, 1, 2, 2, 2, 2, 2, 2] == list(client.running.values())


def test_the_first_on_the_next_session_is_not_called_one_beside_others(h2):
    client = h2("h2", connections=1)
    client.running_with(2)
    client.goaway(1)
    client.running_with(2)
    reasons = [AssignReason.NEW, AssignReason.STREAM]
    assert reasons * 2 == [e.reason for e in client.of(RequestAssigned)]


def test_a_second_one_refuses_the_streams_that_it_leaves_out(h2):
    client = h2()
    first, second, third = client.running_with(3)
    client.goaway(1)
    client.goaway(1, 1)
    assert {first: 1} == client.running
    client.respond(first)
    assert [third, second] == list(client.running), "each before the last that came back"
    assert [2, 2] == [client.carrier(r) for r in (second, third)]
    assert [3, 3] == [e.running for e in client.of(SessionGoingAway)]


def test_a_second_one_fails_who_was_refused_before(h2):
    client = h2()
    first, second = client.running_with(2)
    client.peer_resets(second, 7)
    client.goaway(1)
    client.goaway(1, 1)
    assert {second: "ERR_HTTP2_STREAM_ERROR"} == client.settled
    assert {first: 1} == client.running


def test_a_second_one_with_an_error_ends_all_that_ran(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    client.goaway(1, 1, code=2)
    client.settle()
    assert dict.fromkeys((first, second), "ERR_HTTP2_SESSION_ERROR") == client.settled


def test_an_upload_ends_too_early_with_a_session_that_is_reset_while_it_goes(h2, post):
    client = h2()
    upload = client.send(ask=post, body="streamed")
    client.settle()
    client.goaway(1)
    client.lose(1, "ECONNRESET")
    client.settle()
    assert {upload: "ERR_STREAM_PREMATURE_CLOSE"} == client.settled


def test_a_head_that_never_left_is_sent_again_on_the_same_budget(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    client.core.stream_unsent(second, now=client.now)
    client.take()
    client.respond(first)
    assert {second: 2} == client.running
    client.goaway(2, 0)
    assert {second: "UND_ERR_INFO"} == client.settled


def test_a_head_that_never_left_fails_without_a_goaway(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.core.stream_unsent(request, now=client.now)
    client.take()
    assert {request: "UND_ERR_INFO"} == client.settled


def test_a_pool_does_not_open_more_for_what_goes_back_into_a_client(h2):
    pool = h2("pool", most=2)
    pool.running_with(2)
    opened, clients = pool.opened, pool.clients
    pool.goaway(1, 1)
    pool.settle()
    assert (opened, clients) == (pool.opened, pool.clients)
    pool.answer_all()
    assert 2 == len(pool.ended)


def test_a_burst_with_an_error_in_the_middle_is_served(h2):
    pool = h2("pool", connections=10)
    for _ in range(40):
        pool.send()
    pool.settle()
    pool.goaway(1, 0, code=2)
    pool.answer_all()
    assert (40, {}) == (len(pool.ended), pool.settled)
    assert [OpenReason.PROBE, OpenReason.REQUEUED] == [e.reason for e in pool.of(SocketOpened)]


def test_a_refusing_origin_leaves_others_alone(h2, a, b):
    agent = h2("agent")
    refused = agent.send(a)
    agent.settle()
    for socket in (1, 2):
        agent.goaway(socket, 0)
        agent.settle()
        assert agent.get(b) in agent.ended
    assert {refused} == agent.settled.keys()
    assert 3 == agent.opened


def test_an_agent_keeps_the_pool_while_something_is_to_be_sent_again(h2, a):
    agent = h2("agent")
    agent.running_with(2)
    agent.goaway(1, 0)
    agent.answer_all()
    assert 2 == len(agent.ended)
    agent.goaway(2)
    agent.settle()
    assert None is agent.stats(a)


def test_its_disconnect_makes_a_balanced_pool_think_less_of_it_only_with_an_error(bench, a, b):
    for code, weight in ((0, 100), (2, 85)):
        pool = bench("balanced-pool", upstreams=(a, b), use_h2c=True)
        pool.speaks_h2 = True
        pool.send()
        pool.settle()
        pool.goaway(1, code=code)
        root = pool.core.root
        assert weight == root.weights[root.upstream(a)]


@pytest.mark.parametrize(
    ("code", "error"), [("UND_ERR_SOCKET", "UND_ERR_SOCKET"), ("ECONNRESET", "UND_ERR_INFO")]
)
def test_a_session_that_is_lost_while_it_goes_away_fails_what_it_had(h2, code, error):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    third = client.send()
    client.lose(1, code)
    client.settle()
    assert {first: error, second: error} == client.settled
    assert {third: 2} == client.running


def test_a_request_given_up_while_it_waits_for_the_next_session_costs_nothing(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1, 1)
    client.abort(second)
    assert {second: "UND_ERR_ABORTED"} == client.settled
    client.answer_all()
    assert ([first], 1) == (client.ended, client.opened)


@pytest.mark.parametrize(("kind", "spared"), [("client", False), ("h2", True)])
def test_such_an_abort_fails_all_that_wait_where_nothing_runs(h2, kind, spared):
    client = h2(kind)
    first, second, third = client.running_with(3)
    client.goaway(1, 0)
    client.abort(second)
    assert (second in client.settled, first in client.settled) == (True, not spared)
    client.answer_all()
    assert (client.ended, third in client.settled) == (
        ([first, third], False) if spared else ([], True)
    )


def test_one_that_was_left_out_and_refused_since_is_given_up_alone(h2):
    client = h2(most=1)
    first, _ = client.running_with(2)
    client.goaway(1, 0)
    client.settle()
    client.settings(2, 0)
    client.peer_resets(first, 7)
    client.abort(first)
    assert {first: "UND_ERR_ABORTED"} == client.settled
    assert 2 == client.stats().pending, "it keeps its place"


def test_destroy_reaches_a_session_that_goes_away(h2):
    client = h2()
    first, second = client.running_with(2)
    client.goaway(1)
    client.core.destroy(now=client.now)
    client.take()
    client.settle()
    assert dict.fromkeys((first, second), "UND_ERR_DESTROYED") == client.settled
    assert client.core.is_over


def test_close_waits_for_a_session_that_goes_away(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.goaway(1)
    client.core.close(now=client.now)
    client.take()
    client.settle()
    assert not client.core.is_over
    client.respond(request)
    assert client.core.is_over


def test_who_was_told_to_wait_hears_a_drain_from_the_next_session(h2):
    client = h2()
    client.get()
    client.goaway(1)
    client.settle()
    before = len(client.of(DrainEmitted))
    assert not client.ask()
    client.settle()
    assert before < len(client.of(DrainEmitted))


def test_a_connection_that_is_closed_after_its_response_is_so_while_streams_are_finished(h2):
    client = h2(pipelining=2)
    (first,) = client.running_with(1)
    client.goaway(1)
    client.speaks_h2 = False
    second = client.send(reset=True)
    client.settle()
    client.respond(second)
    assert [2] == [e.socket for e in client.of(SocketClosed)]
    assert {first: 1} == client.running
