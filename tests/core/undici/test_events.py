"""Each thing that happens is told once, of the right request, client and connection.

After the diagnostics-channel tests of undici.
"""

from __future__ import annotations

from pooltop.core.events import (
    ClientAdded,
    DrainEmitted,
    ProtocolKnown,
    RequestAssigned,
    RequestEnded,
    RequestFailed,
    RequestQueued,
    RequestRequeued,
    SocketClosed,
    SocketClosing,
    SocketConnected,
    SocketOpened,
)


def kinds(one):
    return [type(event) for event in one.events]


def test_a_request_and_its_connection_from_the_first_to_the_last(bench, a):
    client = bench("client")
    client.get()
    client.wait(5.0)
    assert [
        ClientAdded,
        SocketOpened,
        RequestQueued,
        SocketConnected,
        ProtocolKnown,
        RequestAssigned,
        RequestEnded,
    ] == kinds(client)[:7]
    assert [SocketClosing, SocketClosed] == kinds(client)[-2:]
    assert {a} == {event.key for event in client.events}


def test_a_dial_that_fails_is_told_of_the_connection_and_of_who_waited(bench):
    client = bench("client")
    client.send(), client.send()
    client.refuse()
    assert [SocketClosed, RequestFailed, RequestFailed, DrainEmitted] == kinds(client)[-4:]
    assert [None, None] == [e.socket for e in client.of(RequestFailed)]


def test_who_runs_is_told_of_with_client_count_and_wait(bench):
    pool = bench(connections=1)
    pool.send(), pool.send()
    pool.settle()
    pool.now = 2.0
    pool.respond(1)
    first, second = pool.of(RequestAssigned)
    assert (1, 1, 1, 0.0) == (first.client, first.socket, first.nth, first.waited)
    assert (1, 1, 2, 2.0) == (second.client, second.socket, second.nth, second.waited)


def test_who_waits_is_told_so_once_wherever_it_is_moved(bench):
    pool = bench(connections=1)
    for _ in range(5):
        pool.send()
    pool.answer_all()
    assert [1, 2, 3, 4, 5] == [e.request for e in pool.of(RequestQueued)]


def test_who_is_sent_at_once_is_not_told_to_wait(bench, free):
    client = bench("client", pipelining=2)
    client.send(ask=free)
    client.settle()
    client.send(ask=free)
    assert [1] == [e.request for e in client.of(RequestQueued)]


def test_who_is_requeued_is_told_so_with_the_connection_that_was_lost(bench, free):
    client = bench("client", pipelining=2)
    client.send(ask=free), client.send(ask=free)
    client.settle()
    client.lose(1)
    client.settle()
    assert [(2, 1)] == [(e.request, e.socket) for e in client.of(RequestRequeued)]


def test_a_younger_request_that_is_served_first_is_told_to_have_overtaken(bench):
    pool = bench(connections=2)
    pool.send(), pool.send(), pool.send()
    pool.connect(2)
    pool.respond(2)
    assert {1: 0, 2: 1, 3: 1} == {e.request: e.overtook for e in pool.of(RequestAssigned)}
