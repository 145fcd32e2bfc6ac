"""What is sent behind what on one connection, and which requests end it.

After client-pipelining.js, client-head-reset-override.js and get-head-body.js of undici's tests.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import RequestAssigned, SocketClosed
from pooltop.core.states import AssignReason, CloseReason


def sent(client):
    return list(client.running)


def test_requests_block_each_other_until_the_head_of_a_response(bench):
    client = bench("client", pipelining=3)
    first, second, third = (client.send() for _ in range(3))
    client.settle()
    assert [first] == sent(client)
    client.head(first)
    assert [first, second] == sent(client)
    client.end(first)
    assert [second] == sent(client)
    client.respond(second)
    assert [third] == sent(client)
    assert {first: 1, second: 1, third: 1} == client.carriers


def test_as_many_run_as_may_and_each_end_lets_one_in(bench, free):
    client = bench("client", pipelining=10)
    requests = [client.send(ask=free) for _ in range(20)]
    client.settle()
    assert requests[:10] == sent(client)
    for n, request in enumerate(requests):
        assert 10 >= len(sent(client))
        client.respond(request)
        assert requests[n + 1 : n + 11] == sent(client)
    assert [1] * 20 == list(client.carriers.values())
    reasons = [e.reason for e in client.of(RequestAssigned)]
    assert [AssignReason.NEW] + [AssignReason.PIPELINED] * 19 == reasons


def test_one_that_is_not_idempotent_waits_until_nothing_runs(bench, free, post):
    client = bench("client", pipelining=10)
    first = client.send(ask=free)
    second = client.send(ask=post)
    third = client.send(ask=free)
    client.settle()
    assert [first] == sent(client)
    client.respond(first)
    assert [second] == sent(client)
    client.respond(second)
    assert [third] == sent(client)


def test_one_that_says_it_is_idempotent_does_not(bench, free, post):
    client = bench("client", pipelining=2)
    requests = [
        client.send(ask=free),
        client.send(ask=post, idempotent=True, blocking=False),
    ]
    client.settle()
    assert requests == sent(client)


@pytest.mark.parametrize(
    "more", [{"switches": True}, {"body": "streamed", "expects_payload": True}]
)
def test_an_upgrade_and_a_streamed_body_wait_until_nothing_runs(bench, free, more):
    client = bench("client", pipelining=10)
    first = client.send(ask=free)
    second = client.send(ask=free, **more)
    client.settle()
    assert [first] == sent(client)
    client.respond(first)
    assert [second] == sent(client)


def test_a_request_of_its_own_lets_nothing_be_sent_behind_it_that_blocks(bench, free):
    client = bench("client", pipelining=10)
    first = client.send(ask=free, blocking=True)
    second = client.send(ask=free)
    client.settle()
    assert [first] == sent(client)
    assert client.core.root.of("a:80:").is_busy
    client.head(first)
    assert [first, second] == sent(client)


def test_a_head_that_blocks_does_so_until_its_connection_is_gone(bench, head, free):
    client = bench("client", pipelining=3)
    first = client.send(ask=head, blocking=True, reset=False)
    second = client.send(ask=free)
    client.settle()
    client.respond(first)
    client.wait(60.0)
    assert [] == sent(client)
    client.lose(1)
    client.settle()
    assert {first: 1, second: 2} == client.carriers


def test_a_head_ends_its_connection_unless_it_says_otherwise(bench, head):
    client = bench("client")
    client.get(ask=head)
    assert [CloseReason.RESET] == [e.reason for e in client.of(SocketClosed)]
    client.get(ask=head, reset=False)
    assert 1 == client.stats().connected


def test_nothing_is_sent_behind_one_that_ends_the_connection(bench, free):
    client = bench("client", pipelining=3)
    first = client.send(ask=free, reset=True)
    second = client.send(ask=free)
    client.settle()
    assert [first] == sent(client)
    client.respond(first)
    assert {first: 1, second: 2} == client.carriers


def test_what_runs_before_one_that_ends_the_connection_is_answered_first(bench, free):
    client = bench("client", pipelining=3)
    first = client.send(ask=free)
    second = client.send(ask=free, reset=True)
    client.settle()
    client.respond(first)
    assert 1 == client.stats().connected
    client.respond(second)
    assert 0 == client.stats().connected
    assert {} == client.settled


@pytest.mark.parametrize(
    ("more", "kept"),
    [
        ({"body": "held"}, False),
        ({"body": "held", "reset": False}, True),
        ({"body": "held", "expects_payload": True}, True),
        ({}, True),
    ],
)
def test_a_body_that_its_method_does_not_expect_ends_the_connection(bench, more, kept):
    client = bench("client")
    request = client.get(**more)
    assert kept == bool(client.stats().connected)
    assert [False] == client.sent[request], "the wire does not say so"


def test_without_pipelining_every_request_says_close_and_has_its_own(bench):
    client = bench("client", pipelining=0)
    requests = [client.get() for _ in range(3)]
    assert [1, 2, 3] == [client.carriers[request] for request in requests]
    assert [[True]] * 3 == [client.sent[request] for request in requests]
    assert [CloseReason.KEEP_ALIVE_OFF] * 3 == [e.reason for e in client.of(SocketClosed)]


def test_an_upgrade_leaves_with_its_connection_and_the_next_dials(bench):
    client = bench("client")
    upgrade = client.send(switches=True)
    second = client.send()
    client.settle()
    client.core.detach(upgrade, now=0.0)
    client.running.pop(upgrade)
    client.take()
    client.settle()
    assert {upgrade: 1, second: 2} == client.carriers
    assert [CloseReason.DETACHED] == [e.reason for e in client.of(SocketClosed)]
    assert {} == client.settled


def test_an_upgrade_with_others_behind_it_fails_and_they_go_elsewhere(bench, free):
    client = bench("client", pipelining=2)
    upgrade = client.send(ask=free, switches=True, reset=False)
    second = client.send(ask=free)
    client.settle()
    assert [upgrade, second] == sent(client)
    client.core.detach(upgrade, now=0.0)
    client.take()
    client.settle()
    assert {upgrade: "ERR_ASSERTION"} == client.settled
    assert {second: 2} == client.running


def test_a_connection_is_closed_after_as_many_requests_as_it_may_carry(bench):
    client = bench("client", max_requests_per_client=2)
    requests = [client.get() for _ in range(4)]
    assert [1, 1, 2, 2] == [client.carriers[request] for request in requests]
    assert [[False], [True]] * 2 == [client.sent[request] for request in requests]
    assert {CloseReason.MAX_REQUESTS} == {e.reason for e in client.of(SocketClosed)}


def test_so_it_is_with_requests_that_run_together(bench, free):
    client = bench("client", max_requests_per_client=2, pipelining=10)
    requests = [client.send(ask=free) for _ in range(4)]
    client.answer_all()
    assert [1, 1, 2, 2] == [client.carriers[request] for request in requests]


@pytest.mark.parametrize("limit", [0, float("inf")])
def test_without_a_limit_a_connection_carries_them_all(bench, limit):
    client = bench("client", max_requests_per_client=limit)
    assert {1} == {client.carrier(client.get()) for _ in range(20)}


def test_nothing_is_sent_behind_an_upgrade(bench, free):
    client = bench("client", pipelining=3)
    upgrade = client.send(ask=free, switches=True)
    client.send(ask=free)
    client.settle()
    assert [upgrade] == sent(client)


def test_what_waits_for_a_streamed_body_is_sent_when_all_of_that_is(bench, free):
    client = bench("client", pipelining=3)
    upload = client.send(ask=free, body="streamed", expects_payload=True)
    second = client.send(ask=free)
    client.settle()
    assert [upload] == sent(client)
    client.core.request_sent(upload, now=client.now)
    client.take()
    assert [upload, second] == sent(client)
