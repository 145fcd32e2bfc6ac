"""A connection is lost: the request at its front is told, and all others go on elsewhere.

After client-errors.js, client-idempotent-body.js and pipeline-pipelining.js of undici's tests.
"""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.events import RequestAssigned, RequestRequeued, SocketOpened
from pooltop.core.states import AssignReason, OpenReason


def lost_with_three(bench, free, **options):
    client = bench("client", pipelining=3, **options)
    requests = [client.send(ask=free) for _ in range(3)]
    client.settle()
    return client, requests


def test_the_front_fails_and_the_others_are_sent_again_in_order(bench, free):
    client, (first, second, third) = lost_with_three(bench, free)
    assert 3 == client.stats().running
    client.lose(1)
    assert 3 == client.stats().running, "its close is not seen yet"
    client.settle()
    assert {first: "UND_ERR_SOCKET"} == client.settled
    assert [second, third] == [e.request for e in client.of(RequestRequeued)]
    assert {first: 1, second: 2, third: 2} == client.carriers
    assert [AssignReason.REPLAYED] * 2 == [e.reason for e in client.of(RequestAssigned)][-2:]
    assert [OpenReason.DISPATCHED, OpenReason.REQUEUED] == [
        e.reason for e in client.of(SocketOpened)
    ]


def test_they_go_before_those_that_were_not_sent_yet(bench, free):
    client, (first, second, third) = lost_with_three(bench, free)
    fourth = client.send(ask=free)
    client.lose(1)
    client.answer_all()
    assert [second, third, fourth] == client.ended
    assert {first} == client.settled.keys()


@pytest.mark.parametrize("pipelining", [1, 3])
def test_each_error_costs_one_request_and_one_connection(bench, pipelining, free):
    client = bench("client", pipelining=pipelining)
    requests = [client.send(ask=free) for _ in range(4)]
    client.settle()
    for socket, request in enumerate(requests[:2], 1):
        assert client.running[request] == socket
        client.lose(socket)
        client.settle()
    client.answer_all()
    assert dict.fromkeys(requests[:2], "UND_ERR_SOCKET") == client.settled
    assert requests[2:] == client.ended


def test_an_abort_of_the_second_has_the_first_sent_again(bench, free):
    client, (first, second, third) = lost_with_three(bench, free)
    client.abort(second)
    assert {second: "UND_ERR_ABORTED"} == client.settled
    client.answer_all()
    assert [first, third] == client.ended
    assert {first: 2, second: 1, third: 2} == client.carriers


def test_a_connection_that_closes_after_its_response_gives_back_what_was_sent_behind_it(
    bench, free
):
    client, (first, second, third) = lost_with_three(bench, free)
    client.respond(first, keep=False)
    assert {} == client.settled
    client.answer_all()
    assert [first, second, third] == client.ended
    assert {first: 1, second: 2, third: 2} == client.carriers


def test_a_timeout_of_the_front_spares_the_others(bench, free):
    client, (first, second, third) = lost_with_three(bench, free, headers_timeout=500)
    client.wait(1.5)
    assert {first: "UND_ERR_HEADERS_TIMEOUT"} == client.settled
    assert 2 == client.opened
    client.answer_all()
    assert [second, third] == client.ended


def test_a_reused_connection_that_was_closed_fails_its_request(bench):
    client = bench("client")
    client.get()
    request = client.send()
    client.turn()
    assert {request: 1} == client.running
    client.lose(1)
    client.settle()
    assert {request: "UND_ERR_SOCKET"} == client.settled


@pytest.mark.parametrize("status", [100, 101])
def test_an_interim_response_that_nobody_asked_for_is_an_error(bench, status):
    client = bench("client")
    request = client.send()
    client.settle()
    client.head(request, status=status)
    client.settle()
    assert {request: "UND_ERR_SOCKET"} == client.settled


@pytest.mark.parametrize("code", ["UND_ERR_RES_EXCEEDED_MAX_SIZE", "HPE_INVALID_CONSTANT"])
def test_a_response_that_cannot_be_taken_fails_its_own_request_alone(bench, free, code):
    client, (first, second, third) = lost_with_three(bench, free)
    fourth = client.send(ask=free)
    client.head(first)
    client.lose(1, code)
    client.answer_all()
    assert {first: code} == client.settled
    assert [second, third, fourth] == client.ended


def test_they_wait_before_those_that_were_not_sent_yet(bench, a, free):
    client, (_, second, third) = lost_with_three(bench, free)
    fourth = client.send(ask=free)
    client.lose(1)
    client.quiet()
    assert [second, third, fourth] == list(client.core.waiting[a])


def test_one_that_is_to_be_sent_again_is_told_at_once_and_costs_nothing(bench, free):
    client, (_, second, third) = lost_with_three(bench, free)
    client.core.set_options(msgspec.structs.replace(client.core.options, pipelining=1), now=0.0)
    client.lose(1)
    client.settle()
    assert {second: 2} == client.running
    client.abort(third)
    assert "UND_ERR_ABORTED" == client.settled[third]
    assert 1 == client.stats().pending, "it keeps its place until its turn"
    client.answer_all()
    assert [second] == client.ended
    assert 2 == len(client.of(SocketOpened))
    assert 0 == client.stats().size
