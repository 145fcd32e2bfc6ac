"""undici's Client: its answers, its one connection, and who is told what when that is not had.

After client.js, client-errors.js, client-abort.js, client-connector-throw.js of undici's tests.
"""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.events import (
    DrainEmitted,
    RequestFailed,
    RequestQueued,
    RequestWithdrawn,
    SocketClosed,
)
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, QueueReason


def test_the_first_request_fills_a_client_that_does_not_pipeline(bench):
    client = bench("client")
    assert not client.ask()
    assert 1 == client.opened
    assert (0, None, 1, None, 0, 1) == client.numbers()
    client.connect()
    assert (1, None, 0, None, 1, 1) == client.numbers()


def test_a_client_that_pipelines_has_room_until_as_many_run_as_may(bench, free):
    client = bench("client", pipelining=2)
    client.get()
    client.wait(0.1)
    # The used connection is looked at first: for so long nothing more is wanted.
    assert not client.ask(ask=free)
    client.turn()
    assert (1, None, 0, None, 1, 1) == client.numbers()
    assert not client.ask(ask=free)
    assert (1, None, 0, None, 2, 2) == client.numbers()
    assert not client.ask(ask=free)
    assert (1, None, 1, None, 2, 3) == client.numbers()


def test_one_drain_follows_an_answer_of_no(bench):
    client = bench("client")
    first, second = client.send(), client.send()
    client.settle()
    client.respond(first)
    assert [] == client.of(DrainEmitted)
    client.respond(second)
    assert 1 == len(client.of(DrainEmitted))
    assert {first: 1, second: 1} == client.carriers


def test_connected_is_a_connection_that_is_not_dying(bench):
    client = bench("client")
    client.send()
    assert 0 == client.stats().connected
    client.connect()
    assert 1 == client.stats().connected
    client.lose(1)
    assert 0 == client.stats().connected
    client.settle()
    assert (0, None, 0, None, 0, 0) == client.numbers()


def test_pipelining_that_is_raised_sends_what_waits_at_once(bench, free):
    client = bench("client")
    client.send(ask=free), client.send(ask=free)
    client.settle()
    assert 1 == client.stats().running
    options = msgspec.structs.replace(client.core.options, pipelining=2)
    client.core.set_options(options, now=client.now)
    client.take()
    assert (1, None, 0, None, 2, 2) == client.numbers()


def test_what_undici_never_takes_again_is_refused_by_its_name(bench):
    client = bench("client")
    options = msgspec.structs.replace(client.core.options, keep_alive_timeout=1)
    with pytest.raises(ValueError, match="keep_alive_timeout"):
        client.core.set_options(options, now=0.0)


def test_a_failed_dial_is_held_against_all_who_wait(bench):
    client = bench("client")
    requests = [client.send() for _ in range(3)]
    client.refuse()
    assert dict.fromkeys(requests, "ECONNREFUSED") == client.settled
    assert 1 == client.opened
    assert (0, None, 0, None, 0, 0) == client.numbers()
    assert [CloseReason.CONNECT_FAILED] == [e.reason for e in client.of(SocketClosed)]


def test_a_socket_error_while_connecting_fails_nobody_and_dials_again(bench):
    client = bench("client")
    request = client.send()
    client.refuse(Failure("UND_ERR_SOCKET", "other side closed"))
    assert {} == client.settled
    assert 2 == client.opened
    client.answer_all()
    assert [request] == client.ended


def test_a_certificate_for_another_name_fails_those_who_asked_for_it(bench, a):
    client = bench("client")
    client.core.secure.add(a)
    first, second = (client.send(servername="a") for _ in range(2))
    other = client.send(servername="b")
    client.refuse(Failure("ERR_TLS_CERT_ALTNAME_INVALID", "no"), altname=True)
    assert {first, second} == client.settled.keys()
    client.answer_all()
    assert [other] == client.ended


def test_another_servername_ends_the_connection_when_nothing_runs(bench, a):
    client = bench("client", pipelining=3)
    client.core.secure.add(a)
    first = client.send(servername="a", blocking=False)
    client.settle()
    second = client.send(servername="b", blocking=False)
    assert 1 == client.stats().running
    client.respond(first)
    assert CloseReason.SERVERNAME_CHANGED in [e.reason for e in client.of(SocketClosed)]
    client.answer_all()
    assert {first: 1, second: 2} == client.carriers


def test_an_error_that_nothing_which_runs_is_to_blame_for_is_of_all_who_wait(bench):
    client = bench("client")
    client.get()
    first, second = client.send(), client.send()
    client.lose(1, "ECONNRESET", CloseReason.PEER_RESET)
    client.tick()
    assert {first: "ECONNRESET", second: "ECONNRESET"} == client.settled


def test_a_close_by_the_peer_is_held_against_nobody_who_waits(bench):
    client = bench("client")
    client.get()
    first, second = client.send(), client.send()
    client.lose(1)
    client.answer_all()
    assert {} == client.settled
    assert {1: 1, first: 2, second: 2} == client.carriers


def test_a_response_before_all_of_its_request_ends_the_connection(bench):
    client = bench("client")
    request = client.send(body="streamed", expects_payload=True)
    client.settle()
    client.respond(request)
    assert [request] == client.ended
    assert [CloseReason.RESET] == [e.reason for e in client.of(SocketClosed)]


def test_streamed_bodies_run_one_at_a_time(bench):
    client = bench("client", pipelining=10)
    asks = {"body": "streamed", "expects_payload": True, "blocking": False}
    first, second = client.send(**asks), client.send(**asks)
    client.settle()
    assert [first] == list(client.running)
    client.core.request_sent(first, now=client.now)
    client.settle()
    assert [first] == list(client.running)
    client.respond(first)
    assert [second] == list(client.running)


def test_a_streamed_body_is_looked_at_one_microtask_later(bench):
    client = bench("client")
    client.ask(body="streamed")
    assert 0 == client.opened
    client.tick()
    assert 1 == client.opened


def test_a_request_that_is_aborted_while_it_runs_is_told_at_once_and_takes_its_connection(bench):
    client = bench("client")
    request = client.send()
    client.settle()
    client.abort(request)
    assert {request: "UND_ERR_ABORTED"} == client.settled
    client.settle()
    assert 1 == client.opened, "nothing waits, so nothing is dialled"
    assert (0, None, 0, None, 0, 0) == client.numbers()


def test_one_that_is_aborted_while_it_waits_is_told_at_its_turn_and_costs_a_connection(bench):
    client = bench("client")
    client.get()
    first, second, third = client.send(), client.send(), client.send()
    client.abort(second)
    assert {} == client.settled
    client.answer_all()
    assert {second: "UND_ERR_ABORTED"} == client.settled
    assert {1: 1, first: 1, third: 2} == client.carriers


def test_one_that_is_aborted_before_the_connection_is_up_costs_that(bench):
    client = bench("client")
    request = client.send()
    client.abort(request)
    client.settle()
    assert {request: "UND_ERR_ABORTED"} == client.settled
    assert [CloseReason.ABORTED] == [e.reason for e in client.of(SocketClosed)]


def test_an_abort_after_the_response_is_nothing(bench):
    client = bench("client")
    request = client.get()
    client.abort(request)
    assert {} == client.settled
    assert 1 == client.stats().connected


def test_a_cancelled_request_leaves_the_queue_at_once(bench):
    client = bench("client")
    first, second = client.send(), client.send()
    client.core.cancel(second, now=0.0, code="C", message="c", outcome="gone")
    client.take()
    assert {second: "C"} == client.settled
    assert (0, None, 1, None, 0, 1) == client.numbers()
    assert ["gone"] == [e.outcome for e in client.of(RequestFailed)]
    assert 1 == len(client.of(RequestWithdrawn))
    client.answer_all()
    assert [first] == client.ended


def test_a_cleared_queue_is_empty_and_what_runs_goes_on(bench, a):
    client = bench("client")
    first, *others = (client.send() for _ in range(4))
    client.settle()
    client.core.clear_queue(a, now=0.0, code="C", message="c")
    client.take()
    assert dict.fromkeys(others, "C") == client.settled
    client.answer_all()
    assert [first] == client.ended


def test_every_wait_says_what_it_is_for(bench, post):
    client = bench("client", pipelining=3)
    first = client.send()
    assert QueueReason.CONNECTING is client.of(RequestQueued)[-1].reason
    client.settle()
    client.send()
    assert QueueReason.BLOCKING is client.of(RequestQueued)[-1].reason
    client.head(first)
    client.send(ask=post)
    client.send()
    assert [QueueReason.BLOCKING] * 2 == [e.reason for e in client.of(RequestQueued)][-2:]
    client.end(first)
    client.answer_all()
    client.send()
    assert QueueReason.IDLE_CHECK is client.of(RequestQueued)[-1].reason
    client.turn()
    client.core.head_received(client.submitted, now=0.0, status=200, keep=True)
    client.take()
    client.send(ask=post)
    assert QueueReason.NOT_IDEMPOTENT is client.of(RequestQueued)[-1].reason
    client.lose(1)
    client.send()
    assert QueueReason.CLOSING is client.of(RequestQueued)[-1].reason


def test_a_drain_that_comes_of_a_callers_own_call_is_told_a_tick_later(bench, free):
    client = bench("client")
    client.send(ask=free)
    client.settle()
    options = msgspec.structs.replace(client.core.options, pipelining=5)
    client.core.set_options(options, now=client.now)
    client.take()
    assert [] == client.of(DrainEmitted)
    client.tick()
    assert 1 == len(client.of(DrainEmitted))


def test_nothing_is_written_to_a_connection_that_is_dying(bench):
    client = bench("client")
    client.get()
    client.lose(1)
    request = client.send()
    client.turn()
    assert {} == client.running
    client.answer_all()
    assert 2 == client.carrier(request)
    assert {} == client.settled


@pytest.mark.parametrize(("keep", "code"), [(False, None), (True, "UND_ERR_SOCKET")])
def test_the_end_of_a_connection_completes_a_response_that_only_that_can_end(bench, keep, code):
    client = bench("client")
    request = client.send()
    client.settle()
    client.head(request, keep=keep)
    client.lose(1)
    client.end(request, CloseReason.EOF_FRAMED)
    client.settle()
    assert code == client.settled.get(request)
    assert (code is None) == (request not in client.settled)


def test_a_cleared_queue_lets_nobody_run_who_waited_behind_another(bench, a, free, post):
    client = bench("client", pipelining=3)
    first = client.send(ask=free)
    others = [client.send(ask=post), client.send(ask=free)]
    client.settle()
    client.core.clear_queue(a, now=0.0, code="C", message="c")
    client.take()
    assert [first] == list(client.running)
    assert dict.fromkeys(others, "C") == client.settled


@pytest.mark.parametrize(
    ("before", "own", "why"),
    [
        ({"reset": True}, {}, QueueReason.CLOSING),
        ({}, {"switches": True}, QueueReason.SWITCHES),
        ({}, {"body": "streamed"}, QueueReason.STREAMED_BODY),
        ({"body": "streamed", "expects_payload": True}, {}, QueueReason.STREAMED_BODY),
    ],
)
def test_so_does_a_wait_for_one_that_runs(bench, free, before, own, why):
    client = bench("client", pipelining=3)
    client.send(ask=free, **before)
    client.settle()
    client.send(ask=free, **own)
    assert why is client.of(RequestQueued)[-1].reason


def test_so_does_a_wait_for_room_in_the_pipeline(bench, free):
    client = bench("client", pipelining=2)
    client.send(ask=free), client.send(ask=free)
    client.settle()
    client.send(ask=free)
    assert QueueReason.PIPELINING is client.of(RequestQueued)[-1].reason
