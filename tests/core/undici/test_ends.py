"""Close, which serves what there is, and destroy, which does not.

After close-and-destroy.js, pool.js, client-errors.js and inflight-and-close.js of undici's tests.
"""

from __future__ import annotations

import pytest

from pooltop.core.events import AgentDestroyed, ClientRetired, SocketClosed
from pooltop.core.records import Failure
from pooltop.core.states import CloseReason, RetireReason

KINDS = pytest.mark.parametrize("kind", ["client", "pool", "round-robin-pool", "agent"])
BOOM = Failure("BOOM", "boom")


def close(dispatcher):
    dispatcher.core.close(now=dispatcher.now)
    dispatcher.take()


def destroy(dispatcher, error=None):
    how = {} if error is None else {"error": error}
    dispatcher.core.destroy(now=dispatcher.now, **how)
    dispatcher.take()


@KINDS
def test_a_close_waits_for_what_runs_and_what_is_queued(bench, kind):
    one = bench(kind, connections=1)
    requests = [one.send() for _ in range(3)]
    one.settle()
    close(one)
    one.quiet()
    assert not one.core.is_over
    assert not one.ask()
    assert {4: "UND_ERR_CLOSED"} == one.settled
    one.answer_all()
    assert requests == one.ended
    assert one.core.is_over
    assert {RetireReason.CLOSED} == {e.reason for e in one.of(ClientRetired)}


@KINDS
def test_a_close_dials_again_where_it_must(bench, kind):
    one = bench(kind, connections=1)
    first, second = one.send(), one.send()
    one.settle()
    close(one)
    one.respond(first, keep=False)
    one.answer_all()
    assert {first: 1, second: 2} == one.carriers
    assert one.core.is_over


@KINDS
def test_a_close_of_what_has_nothing_to_do_ends_with_its_sockets(bench, kind):
    one = bench(kind)
    one.get()
    close(one)
    one.tick()
    assert not one.core.is_over
    one.settle()
    assert one.core.is_over
    assert [CloseReason.AGENT_DESTROYED] == [e.reason for e in one.of(SocketClosed)]


def test_a_second_close_is_nothing_more(bench):
    one = bench()
    one.send()
    close(one), close(one)
    one.answer_all()
    close(one)
    one.settle()
    assert one.core.is_over
    assert [1] == one.ended


@KINDS
@pytest.mark.parametrize("error", [None, BOOM])
def test_a_destroy_fails_what_waits_at_once_and_what_runs_with_its_socket(bench, kind, error):
    one = bench(kind, connections=1)
    first, *others = (one.send() for _ in range(3))
    one.settle()
    destroy(one, error)
    code = "UND_ERR_DESTROYED" if error is None else "BOOM"
    assert dict.fromkeys(others, code) == one.settled
    assert not one.core.is_over
    one.settle()
    assert code == one.settled[first]
    assert one.core.is_over
    assert 1 == len(one.of(AgentDestroyed))
    destroy(one)
    assert 1 == len(one.of(AgentDestroyed))


@KINDS
def test_a_dial_that_is_under_way_goes_on_and_is_closed_when_it_succeeds(bench, kind):
    one = bench(kind, connect_timeout=0)
    request = one.send()
    destroy(one)
    one.quiet()
    assert {request: "UND_ERR_DESTROYED"} == one.settled
    assert not one.core.is_over
    one.settle()
    assert one.core.is_over
    assert [CloseReason.AGENT_DESTROYED] == [e.reason for e in one.of(SocketClosed)]


def test_one_that_fails_meanwhile_is_nobodys(bench):
    one = bench()
    one.send()
    destroy(one)
    one.refuse()
    one.settle()
    assert one.core.is_over
    assert {1: "UND_ERR_DESTROYED"} == one.settled


def test_a_destroy_while_it_closes_ends_it_at_once(bench):
    one = bench()
    first, second = one.send(), one.send()
    one.settle()
    close(one)
    destroy(one)
    one.settle()
    assert {first, second} == one.settled.keys()
    assert one.core.is_over


def test_a_destroy_reaches_clients_that_retired(bench):
    one = bench(client_ttl=10)
    first = one.send()
    one.settle()
    one.wait(0.020)
    second = one.send()
    one.settle()
    assert 1 == len(one.of(ClientRetired))
    destroy(one)
    one.settle()
    assert {first, second} == one.settled.keys()
    assert one.core.is_over


def test_a_close_waits_for_clients_that_retired(bench):
    one = bench(client_ttl=10)
    first = one.send()
    one.settle()
    one.wait(0.020)
    one.get()
    close(one)
    one.settle()
    assert not one.core.is_over
    one.respond(first)
    assert one.core.is_over


def test_an_agent_that_was_closed_no_longer_reaches_its_pools(bench):
    one = bench("agent")
    request = one.send()
    one.settle()
    close(one)
    destroy(one)
    one.settle()
    assert {} == one.settled
    one.respond(request)
    assert one.core.is_over


def test_what_is_cancelled_lets_a_close_go_on(bench):
    one = bench(connections=1)
    first, second = one.send(), one.send()
    one.settle()
    close(one)
    one.core.cancel(second, now=0.0, code="C", message="c")
    one.take()
    one.respond(first)
    assert one.core.is_over
