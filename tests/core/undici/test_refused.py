"""A stream ends otherwise than with its response: refused, reset, faulty, lost or given up.

After http2-refused-stream.js, http2-abort.js and http2-stream-cancel.js of undici's tests.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import (
    RequestAssigned,
    RequestFailed,
    RequestQueued,
    RequestRequeued,
    SocketClosed,
)
from pooltop.core.states import AssignReason, CloseReason, QueueReason

REFUSED = 7
CANCEL = 8


def told(client, request):
    return next((e.code, e.message) for e in client.of(RequestFailed) if e.request == request)


@pytest.mark.parametrize("body", ["none", "held"])
def test_refused_once_it_is_sent_again_on_the_same_session(h2, post, body):
    client = h2()
    first = client.send(ask=post, body=body)
    client.settle()
    second = client.send()
    client.peer_resets(first, REFUSED)
    assert {second: 3, first: 5} == client.streams
    assert [CloseReason.REFUSED] == [e.reason for e in client.of(RequestRequeued)]
    assert AssignReason.REPLAYED is client.of(RequestAssigned)[-1].reason
    client.answer_all()
    assert (1, {}, 2) == (client.opened, client.settled, len(client.ended))


def test_it_goes_before_those_that_waited(h2):
    client = h2(most=1)
    first, second, third = client.running_with(3)
    client.peer_resets(first, REFUSED)
    assert {first: 1} == client.running
    client.answer_all()
    assert [first, second, third] == client.ended


def test_refused_twice_it_fails(h2):
    client = h2()
    request, other = client.running_with(2)
    client.peer_resets(request, REFUSED)
    client.peer_resets(request, REFUSED)
    assert (
        "ERR_HTTP2_STREAM_ERROR",
        "Stream closed with error code NGHTTP2_REFUSED_STREAM",
    ) == told(client, request)
    assert {other: 1} == client.running


def test_a_body_that_can_be_had_only_once_is_not_sent_again(h2, post):
    client = h2()
    request = client.send(ask=post, body="streamed")
    client.settle()
    client.peer_resets(request, REFUSED)
    assert ("ERR_STREAM_PREMATURE_CLOSE", "Premature close") == told(client, request)


def test_nor_if_all_of_it_was_sent(h2, post):
    client = h2()
    request = client.send(ask=post, body="streamed")
    client.settle()
    client.core.request_sent(request, now=client.now)
    client.peer_resets(request, REFUSED)
    assert "ERR_HTTP2_STREAM_ERROR" == client.settled[request]


def test_nor_what_has_begun_to_be_answered(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.head(request)
    client.peer_resets(request, REFUSED)
    assert "ERR_HTTP2_STREAM_ERROR" == client.settled[request]


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (0, "UND_ERR_INFO", "HTTP/2: stream half-closed (remote)"),
        (1, "ERR_HTTP2_STREAM_ERROR", "Stream closed with error code NGHTTP2_PROTOCOL_ERROR"),
        (2, "ERR_HTTP2_STREAM_ERROR", "Stream closed with error code NGHTTP2_INTERNAL_ERROR"),
        (8, "UND_ERR_INFO", "HTTP/2: stream closed before the response was complete"),
        (11, "ERR_HTTP2_STREAM_ERROR", "Stream closed with error code NGHTTP2_ENHANCE_YOUR_CALM"),
        (99, "ERR_HTTP2_STREAM_ERROR", "Stream closed with error code 99"),
    ],
)
def test_any_other_reset_fails_the_one_request(h2, code, error, words):
    client = h2()
    request, other = client.running_with(2)
    client.peer_resets(request, code)
    assert (error, words) == told(client, request)
    assert {other: 1} == client.running
    assert ([], 1) == (client.resets, client.opened)


@pytest.mark.parametrize(
    ("code", "has_length", "error"),
    [
        (0, False, "UND_ERR_INFO"),
        (0, True, "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"),
        (2, True, "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"),
        (2, False, "ERR_HTTP2_STREAM_ERROR"),
        (8, True, "UND_ERR_RES_CONTENT_LENGTH_MISMATCH"),
        (8, False, "UND_ERR_INFO"),
    ],
)
def test_inside_a_body_it_depends_on_whether_a_length_was_said(h2, code, has_length, error):
    client = h2()
    (request,) = client.running_with(1)
    client.head(request, has_length=has_length)
    client.peer_resets(request, code)
    assert {request: error} == client.settled


@pytest.mark.parametrize("code", ["UND_ERR_SOCKET", "ECONNRESET"])
def test_so_it_does_when_the_session_is_lost(h2, code):
    client = h2()
    first, second = client.running_with(2)
    client.head(first, has_length=True), client.head(second)
    client.lose(1, code)
    client.settle()
    assert {first: "UND_ERR_RES_CONTENT_LENGTH_MISMATCH", second: code} == client.settled


def test_a_stream_that_broke_a_rule_fails_alone(h2):
    client = h2()
    request, other = client.running_with(2)
    client.core.stream_failed(request, now=client.now, code="ERR_HTTP2_STREAM_ERROR", message="m")
    client.take()
    assert {request: "ERR_HTTP2_STREAM_ERROR"} == client.settled
    assert ({other: 1}, []) == (client.running, client.resets)


def test_one_that_is_given_up_is_reset_and_its_neighbours_go_on(h2):
    client = h2()
    first, second, third = client.running_with(3)
    client.head(second)
    client.abort(second)
    client.abort(second)
    assert [(second, 0)] == client.resets, "undici's stream.close() says NO_ERROR"
    client.answer_all()
    assert [first, third] == client.ended
    assert 1 == client.opened


def test_an_upload_that_is_given_up_is_cancelled(h2, post):
    client = h2()
    request = client.send(ask=post, body="streamed")
    client.settle()
    client.abort(request)
    assert [(request, CANCEL)] == client.resets


def test_what_is_given_up_makes_room_for_who_waits(h2):
    client = h2(most=1)
    first, second = client.running_with(2)
    client.core.time_out(first, now=client.now, code="T", message="t")
    client.take()
    assert {second: 1} == client.running


def test_a_session_that_ends_fails_all_that_run_and_what_waits_goes_on(h2):
    client = h2(most=2)
    first, second, third = client.running_with(3)
    client.lose(1)
    client.answer_all()
    assert dict.fromkeys((first, second), "UND_ERR_SOCKET") == client.settled
    assert [third] == client.ended


def test_a_session_that_is_reset_fails_those_who_wait_in_its_client_as_well(h2):
    client = h2(most=2)
    requests = client.running_with(4)
    client.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    client.settle()
    assert dict.fromkeys(requests, "ECONNRESET") == client.settled


def test_and_those_of_the_pool_whom_the_ending_streams_made_room_for(h2):
    pool = h2("pool", most=2, connections=1)
    requests = pool.running_with(4)
    assert 2 == pool.stats().queued
    pool.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    pool.settle()
    assert dict.fromkeys(requests, "ECONNRESET") == pool.settled


def test_but_not_who_asks_again_at_once(h2):
    client = h2()
    client.running_with(1)
    client.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    client.tick()
    again = client.send()
    assert 2 == client.opened, "before the close is seen"
    client.answer_all()
    assert [again] == client.ended


def test_a_peer_that_breaks_the_protocol_costs_all_that_run_and_all_that_wait(h2):
    client = h2(most=2)
    first, second, third, fourth = client.running_with(4)
    client.lose(1, "ERR_HTTP2_ERROR", CloseReason.PROTOCOL_ERROR)
    client.settle()
    assert (
        dict.fromkeys((first, second), "ERR_HTTP2_ERROR")
        | dict.fromkeys((third, fourth), "ERR_HTTP2_INVALID_SESSION")
        == client.settled
    )
    assert {third: 1, fourth: 1} == {r: client.carrier(r) for r in (third, fourth)}
    assert [CloseReason.PROTOCOL_ERROR] == [e.reason for e in client.of(SocketClosed)]
    assert client.get() in client.ended


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("ERR_HTTP2_ERROR", CloseReason.PROTOCOL_ERROR),
        ("ECONNRESET", CloseReason.PEER_RESET),
    ],
)
def test_in_the_kind_h2_it_costs_what_runs_and_those_who_wait_go_on_elsewhere(h2, code, reason):
    pool = h2("h2", most=2, connections=1)
    first, second, *others = pool.running_with(6)
    pool.lose(1, code, reason)
    pool.answer_all()
    assert dict.fromkeys((first, second), code) == pool.settled
    assert others == pool.ended
    assert 2 == pool.opened


def test_but_where_nothing_ran_those_who_wait_fail_so_that_nobody_dials_for_ever(h2):
    pool = h2("h2", most=0, connections=1)
    requests = pool.running_with(3)
    pool.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    pool.settle()
    assert requests[0] in pool.settled


def test_a_close_of_which_nothing_was_said_before_fails_what_ran(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.core.closed(1, now=client.now)
    client.take()
    assert {request: "UND_ERR_SOCKET"} == client.settled


def test_an_idle_session_that_is_lost_costs_nothing(h2):
    client = h2()
    client.get()
    client.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    client.settle()
    assert client.get() in client.ended
    assert {} == client.settled


def test_a_name_that_changes_waits_until_nothing_runs_and_takes_another_session(h2, a):
    client = h2()
    client.core.secure.add(a)
    first = client.running_with(1)[0]
    second = client.send(servername="other")
    client.settle()
    assert {first: 1} == client.running
    client.respond(first)
    assert {second: 2} == client.running


def test_destroy_fails_every_stream(h2):
    client = h2(most=2)
    requests = client.running_with(3)
    client.core.destroy(now=client.now)
    client.take()
    client.settle()
    assert dict.fromkeys(requests, "UND_ERR_DESTROYED") == client.settled
    assert client.core.is_over


def test_close_lets_all_be_served_first(h2):
    client = h2(most=1)
    requests = client.running_with(3)
    client.core.close(now=client.now)
    client.take()
    assert not client.ask()
    client.answer_all()
    assert requests == client.ended
    assert client.core.is_over


def test_a_response_that_ends_when_its_session_is_lost_counts_no_more(h2):
    client = h2()
    (request,) = client.running_with(1)
    client.head(request)
    client.lose(1)
    client.core.response_ended(request, now=client.now)
    client.settle()
    assert {request: "UND_ERR_SOCKET"} == client.settled


def test_a_session_in_the_place_of_one_that_was_lost_does_not_go_with_it(h2):
    client = h2()
    client.running_with(1)
    client.lose(1)
    client.tick()
    again = client.send()
    client.connect(2)
    client.settings(2)
    client.see_close(1)
    assert {again: 2} == client.running
    assert 1 == client.stats().connected


def test_who_comes_when_the_protocol_has_been_broken_waits_for_its_end(h2):
    client = h2(most=1)
    client.running_with(1)
    client.lose(1, "ERR_HTTP2_ERROR", CloseReason.PROTOCOL_ERROR)
    client.send()
    assert QueueReason.CLOSING is client.of(RequestQueued)[-1].reason


def test_nothing_is_sent_on_a_session_whose_close_is_seen_before_its_streams_are_told(h2):
    client = h2(most=1)
    first, second = client.running_with(2)
    client.lose(1)
    client.see_close(1)
    client.settle()
    assert {first: "UND_ERR_SOCKET"} == client.settled
    assert {second: 2} == client.running
