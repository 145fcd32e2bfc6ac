"""undici's Agent: after agent.js and agent-connection-management.js of its tests."""

from __future__ import annotations

import pytest

from pooltop.core.events import ClientRetired, DrainEmitted
from pooltop.core.records import Failure
from pooltop.core.states import RetireReason


def test_each_origin_has_a_pool_of_its_own(bench, a, b):
    agent = bench("agent")
    agent.send(a), agent.send(b)
    agent.settle()
    assert [(1, 0, 0, 0, 1, 1)] * 2 == [agent.numbers(key) for key in (a, b)]
    assert 2 == agent.core.total_stats().running


def test_one_connection_makes_it_a_bare_client(bench, a):
    agent = bench("agent", connections=1)
    assert not agent.ask(a)
    assert agent.stats(a).queued is None


def test_two_connections_make_it_a_pool(bench, a):
    agent = bench("agent", connections=2)
    assert agent.ask(a)
    assert 0 == agent.stats(a).queued


def test_beyond_its_origins_it_refuses_and_known_ones_go_on(bench, a, b):
    agent = bench("agent", max_origins=1)
    first = agent.send(a)
    assert not agent.ask(b)
    assert {2: "UND_ERR_MAX_ORIGINS_REACHED"} == agent.settled
    second = agent.send(a)
    agent.answer_all()
    assert {first, second} == set(agent.ended)


def test_an_answer_of_no_is_followed_by_one_drain(bench, a):
    agent = bench("agent", connections=1)
    assert not agent.ask(a)
    agent.answer_all()
    assert [a] == [e.key for e in agent.of(DrainEmitted)]


def test_a_pool_that_lost_its_last_connection_is_closed_and_forgotten(bench, a, b):
    agent = bench("agent", max_origins=1)
    agent.get(a)
    agent.wait(4.1)
    assert agent.stats(a) is None
    assert 0 == agent.clients
    assert {RetireReason.UNUSED} == {e.reason for e in agent.of(ClientRetired)}
    agent.get(b)
    assert {} == agent.settled, "its place among the origins is free"


def test_so_is_one_that_could_not_connect(bench, a):
    agent = bench("agent")
    agent.send(a)
    agent.refuse()
    agent.settle()
    assert agent.stats(a) is None


def test_one_with_another_connection_is_not(bench, a):
    agent = bench("agent")
    first, second = agent.send(a), agent.send(a)
    agent.settle()
    agent.respond(first, keep=False)
    assert 1 == agent.stats(a).connected
    agent.respond(second, keep=False)
    assert agent.stats(a) is None


def test_one_for_which_something_waits_is_not(bench, a):
    agent = bench("agent", connections=1)
    first, second = agent.send(a), agent.send(a)
    agent.settle()
    agent.lose(1)
    agent.answer_all()
    assert {first: "UND_ERR_SOCKET"} == agent.settled
    assert [second] == agent.ended


def test_requests_that_do_not_allow_http_2_have_a_pool_of_their_own(bench, a):
    agent = bench("agent", max_origins=1)
    agent.core.secure.add(a)
    first = agent.send(a)
    agent.settle()
    second = agent.send(a, allow_h2=False)
    agent.settle()
    assert 2 == len(set(agent.carriers.values()))
    assert (1, 0, 0, 0, 1, 1) == agent.numbers(a), "the later one hides the other, as in undici"
    assert 2 == agent.core.total_stats().running
    agent.respond(first), agent.respond(second)
    assert {} == agent.settled


@pytest.mark.parametrize("most", [3])
def test_connections_change_after_as_many_requests_as_they_may_carry(bench, a, most):
    agent = bench("agent", connections=1, max_requests_per_client=most)
    assert [1, 1, 1, 2, 2] == [agent.carrier(agent.get(a)) for _ in range(5)]


def test_a_close_ends_all_pools_once_they_are_served(bench, a, b):
    agent = bench("agent")
    requests = [agent.send(key) for key in (a, a, b)]
    agent.core.close(now=0.0)
    agent.take()
    assert not agent.core.is_over
    agent.answer_all()
    assert set(requests) == set(agent.ended)
    assert agent.core.is_over
    assert not agent.ask(a)
    assert "UND_ERR_DESTROYED" == agent.settled[4]


def test_a_destroy_ends_them_at_once(bench, a, b):
    agent = bench("agent")
    requests = [agent.send(key) for key in (a, a, b)]
    agent.settle()
    agent.core.destroy(now=0.0, error=Failure("BOOM", "boom"))
    agent.take()
    agent.settle()
    assert dict.fromkeys(requests, "BOOM") == agent.settled
    assert agent.core.is_over


def test_a_pool_for_which_something_waits_in_a_client_is_not_forgotten(bench, a):
    agent = bench("agent")
    agent.get(a)
    request = agent.send(a)
    agent.lose(1)
    agent.see_close(1)
    assert 1 == agent.stats(a).pending
    agent.answer_all()
    assert request in agent.ended


def test_a_pool_without_room_is_not_forgotten_before_its_last_connection_is(bench, a):
    agent = bench("agent", connections=2)
    agent.send(a), agent.send(a)
    agent.settle()
    agent.lose(1), agent.lose(2)
    agent.see_close(2)
    assert agent.stats(a) is not None
    agent.see_close(1)
    assert agent.stats(a) is None
