"""Edits of a dispatcher at work: node mode refuses what undici cannot do, drain does it at once."""

from __future__ import annotations

import math

import pytest
from msgspec.structs import replace

from pooltop.core.events import ClientRetired, DrainEmitted, SocketClosing
from pooltop.core.states import RetireReason


def _set(pool, **options):
    changed = pool.core.set_options(replace(pool.core.options, **options), now=pool.now)
    pool.take()
    pool.settle()
    return changed


def _retired(pool):
    return [e.reason for e in pool.events if isinstance(e, ClientRetired)]


@pytest.mark.parametrize("option", ["connections", "max_concurrent_streams"])
def test_in_mode_node_what_undici_takes_when_it_is_made_cannot_be_changed(bench, option):
    pool = bench(connections=2)
    with pytest.raises(ValueError, match=f"undici takes {option} when a dispatcher is made"):
        pool.core.set_options(replace(pool.core.options, **{option: 9}), now=pool.now)
    assert 2 == pool.core.options.connections


@pytest.mark.parametrize("kind", ["pool", "round-robin-pool", "agent"])
def test_more_connections_serve_at_once_what_is_queued(bench, kind):
    pool = bench(kind, connections=2, live="drain")
    for _ in range(10):
        pool.send()
    pool.settle()
    assert 2 == pool.opened
    changed = _set(pool, connections=7)
    assert 5 == changed.opened
    assert 7 == pool.opened
    assert (10, 7) == (pool.numbers()[-1], pool.numbers()[0])
    _set(pool, connections=math.inf)
    assert 10 == pool.opened


def test_a_pool_that_told_its_user_to_wait_tells_them_to_go_on(bench):
    pool = bench(connections=2, live="drain")
    assert [True, False] == [pool.ask(), pool.ask()]
    pool.settle()
    before = sum(isinstance(e, DrainEmitted) for e in pool.events)
    _set(pool, connections=5)
    assert before + 1 == sum(isinstance(e, DrainEmitted) for e in pool.events)
    assert pool.ask()


@pytest.mark.parametrize("kind", ["pool", "round-robin-pool"])
def test_of_fewer_connections_the_idle_ones_are_closed_and_the_busy_ones_finish(bench, kind):
    pool = bench(kind, connections=5, live="drain")
    requests = [pool.send() for _ in range(5)]
    pool.settle()
    for request in requests[:2]:
        pool.respond(request)
    pool.settle()
    changed = _set(pool, connections=2)
    assert [RetireReason.LIMIT] * 3 == _retired(pool)
    assert 2 == changed.culled, "the third has a request"
    closing = [e for e in pool.events if isinstance(e, SocketClosing)]
    assert 2 == len(closing)
    for request in requests[2:]:
        pool.respond(request)
    pool.settle()
    assert [] == [r for r, code in pool.settled.items() if code]
    assert set(requests) == set(pool.ended)
    assert 2 == len(pool.core.conns), "the third is closed when its request is answered"


def test_an_agent_that_had_a_client_for_each_origin_has_pools_once_it_may_connect_more(bench):
    agent = bench("agent", connections=1, live="drain")
    for _ in range(6):
        agent.send()
    agent.settle()
    assert 1 == agent.opened
    changed = _set(agent, connections=4)
    assert 3 == changed.opened
    assert (4, 0, 2, 2, 4, 6) == agent.numbers()
    agent.answer_all()
    assert [1, 2, 3, 4, 5, 6] == sorted(agent.ended)
    _set(agent, connections=1)
    assert (1, 1, 0, 0, 0, 0) == agent.numbers()


def test_so_it_has_where_the_one_client_dials_or_has_nothing(bench, a):
    agent = bench("agent", connections=1, live="drain")
    agent.core.secure.add(a)
    agent.send(), agent.send(), agent.send()
    _set(agent, connections=2)
    assert 2 == agent.opened, "the first has learnt that it is HTTP/1.1"
    agent.answer_all()
    _set(agent, connections=3)
    for _ in range(4):
        agent.send()
    agent.settle()
    assert (3, 3, 1) == (agent.opened, agent.numbers()[0], agent.numbers()[3])


def test_and_the_streams_of_its_session_go_on(h2):
    agent = h2("agent", connections=1, max_concurrent_streams=3, live="drain")
    agent.running_with(8)
    assert (3, 5) == (agent.stats().running, agent.stats().pending)
    _set(agent, connections=2)
    assert (6, 2) == (agent.stats().running, agent.stats().pending)
    agent.answer_all()
    assert 8 == len(agent.ended)


def test_a_client_that_leaves_takes_nothing_more(bench):
    pool = bench(connections=3, live="drain")
    first = [pool.send() for _ in range(3)]
    pool.settle()
    _set(pool, connections=1)
    later = pool.send()
    for request in first:
        pool.respond(request)
    pool.settle()
    assert 1 == pool.carriers[later]


def test_what_was_changed_in_mode_drain_can_be_taken_back_in_mode_node(bench):
    pool = bench(connections=2, live="drain")
    _set(pool, connections=4)
    _set(pool, live="node")
    back = replace(pool.core.options, connections=2)
    pool.core.set_options(back, now=pool.now, drains=True)
    assert 2 == pool.core.options.connections


@pytest.mark.parametrize("kind", ["client", "h2"])
def test_fewer_streams_hold_back_what_comes_and_more_let_it_go_at_once(h2, kind):
    client = h2(kind, connections=1, max_concurrent_streams=4, live="drain")
    client.running_with(6)
    assert 4 == client.stats().running
    _set(client, max_concurrent_streams=2)
    assert 4 == client.stats().running, "what runs stays"
    client.respond(1), client.respond(2)
    assert {3, 4} == client.running.keys()
    client.respond(3)
    assert {4, 5} == client.running.keys()
    _set(client, max_concurrent_streams=9)
    assert {4, 5, 6} == client.running.keys()


def test_more_streams_of_ours_are_no_more_than_the_peer_allows(h2):
    client = h2(most=3, max_concurrent_streams=2, live="drain")
    client.running_with(6)
    assert 2 == client.stats().running
    _set(client, max_concurrent_streams=100)
    assert 3 == client.stats().running


def test_fewer_streams_hold_for_the_session_that_is_still_to_come(h2):
    client = h2("h2", connections=1, max_concurrent_streams=4, live="drain")
    client.get()
    client.lose(1)
    client.settle()
    _set(client, max_concurrent_streams=2)
    client.is_mute = True
    client.running_with(6)
    assert 2 >= client.stats().running
    client.settings(2)
    assert 2 == client.stats().running


def test_a_session_that_leaves_keeps_what_it_has_and_the_next_goes_by_the_edit(h2):
    client = h2("h2", connections=1, max_concurrent_streams=4, live="drain")
    client.running_with(3)
    client.goaway(1)
    _set(client, max_concurrent_streams=2)
    client.running_with(5)
    assert [1, 1, 1] == list(client.running.values())
    client.answer_all()
    assert 8 == len(client.ended)
