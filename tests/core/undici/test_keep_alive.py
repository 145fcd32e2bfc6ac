"""How long an idle connection is kept: after client-keep-alive.js of undici's tests, by arithmetic."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.events import SocketClosed
from pooltop.core.states import CloseReason


def closed_after(client, limit_s=1000.0):
    """Give the seconds until the idle connection is closed."""
    began = client.now
    client.wait(limit_s)
    closes = [e for e in client.of(SocketClosed) if e.reason is CloseReason.IDLE_TIMEOUT]
    return round(closes[-1].at - began, 6) if closes else None


@pytest.mark.parametrize(
    ("hint_s", "options", "kept_s"),
    [
        (None, {}, 4.0),
        (None, {"keep_alive_timeout": 60_000}, 60.0),
        (5, {}, 3.0),
        (3, {}, 1.0),
        (99_999, {}, 600.0),
        (2, {"keep_alive_timeout": 30_000, "keep_alive_timeout_threshold": 500}, 1.5),
        (1, {"keep_alive_timeout": 30_000, "keep_alive_timeout_threshold": 500}, 0.5),
        (30, {"keep_alive_timeout_threshold": 29_000}, 1.0),
        (10, {"keep_alive_max_timeout": 1000}, 1.0),
    ],
)
def test_a_hint_takes_the_place_of_the_option_up_and_down(bench, hint_s, options, kept_s):
    client = bench("client", **options)
    client.respond(_sent(client), hint_s=hint_s)
    assert kept_s == closed_after(client)
    assert (0, None, 0, None, 0, 0) == client.numbers()


def _sent(client, **ask):
    request = client.send(**ask)
    client.settle()
    return request


@pytest.mark.parametrize("hint_s", [0, 1, 2])
def test_a_hint_that_leaves_nothing_closes_after_the_response(bench, hint_s):
    client = bench("client")
    client.respond(_sent(client), hint_s=hint_s)
    assert [CloseReason.HINT_TOO_SHORT] == [e.reason for e in client.of(SocketClosed)]


def test_a_response_without_a_hint_goes_back_to_the_option(bench):
    client = bench("client")
    client.respond(_sent(client), hint_s=60)
    client.respond(_sent(client))
    assert 4.0 == closed_after(client)


def test_the_idle_time_begins_anew_with_each_response(bench):
    client = bench("client")
    client.get()
    client.wait(3.0)
    client.get()
    client.wait(3.9)
    assert 1 == client.stats().connected
    client.wait(0.2)
    assert 0 == client.stats().connected


@pytest.mark.parametrize("reason", [CloseReason.CONNECTION_CLOSE, CloseReason.HTTP_1_0])
def test_a_response_that_says_close_closes(bench, reason):
    client = bench("client")
    client.respond(_sent(client), keep=False, reason=reason)
    assert [reason] == [e.reason for e in client.of(SocketClosed)]


def test_an_interim_head_sets_it_too(bench):
    client = bench("client")
    request = _sent(client)
    client.head(request, status=103, hint_s=1)
    client.respond(request)
    assert 0 == client.stats().connected


def test_a_response_without_a_body_that_has_a_length_is_the_last(bench):
    client = bench("client")
    client.respond(_sent(client), status=204, odd_length=True)
    assert 0 == client.stats().connected


def test_an_idle_connection_comes_back_with_the_next_request(bench):
    client = bench("client")
    client.get()
    client.wait(5.0)
    client.get()
    assert 2 == client.opened
    assert {} == client.settled


def test_one_that_runs_out_while_it_is_looked_at_costs_nobody(bench):
    client = bench("client")
    client.get()
    request = client.send()
    client.now += 4.0
    client.expire()
    client.answer_all()
    assert {} == client.settled
    assert 2 == client.carriers[request]


def test_a_connection_that_was_idle_is_looked_at_for_one_turn(bench):
    client = bench("client")
    client.get()
    request = client.send()
    client.tick()
    assert request not in client.running
    client.turn()
    assert request in client.running


def test_with_pipelining_it_is_so_too(bench, free):
    client = bench("client", pipelining=3)
    client.get(ask=free)
    request = client.send(ask=free)
    assert request not in client.running
    client.turn()
    assert request in client.running


def test_what_comes_in_meanwhile_ends_it_and_the_request_goes_elsewhere(bench):
    client = bench("client")
    client.get()
    request = client.send()
    client.lose(1, reason=CloseReason.DIRTY_IDLE)
    client.answer_all()
    assert {} == client.settled
    assert 2 == client.carriers[request]


def test_one_that_waited_while_the_response_ended_needs_no_look_but_a_turn(bench):
    client = bench("client")
    first, second = client.send(), client.send()
    client.settle()
    client.head(first)
    client.end(first)
    assert second not in client.running
    client.turn()
    assert second in client.running


def test_it_is_looked_at_each_time_it_was_idle(bench):
    client = bench("client")
    client.get()
    for _ in range(3):
        request = client.send()
        client.tick()
        assert request not in client.running
        client.answer_all()
    assert 1 == client.opened


def test_an_edit_does_not_set_the_idle_time_anew(bench):
    client = bench("client")
    client.get()
    client.wait(3.0)
    options = msgspec.structs.replace(client.core.options, pipelining=2)
    client.core.set_options(options, now=client.now)
    client.take()
    client.wait(1.1)
    assert 0 == client.stats().connected
