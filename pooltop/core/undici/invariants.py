"""What must hold between any two inputs, whatever they were: checked after every step of tests."""

from __future__ import annotations

from pooltop.core.undici.books import Books
from pooltop.core.undici.client import Client
from pooltop.core.undici.records import RequestRecord
from pooltop.core.undici.states import ConnState, ReqState, Resuming


def check(books: Books) -> None:
    """Assert everything that must hold between two inputs; for tests.

    Raises:
        AssertionError: the dispatcher contradicts itself.
    """
    assert books.retired <= books.clients.keys(), "a client retired that is not there"
    for client in books.clients.values():
        assert isinstance(client, Client)
        _check_client(client)
    for id_, conn in books.conns.items():
        assert conn.id == id_
        client = conn.client
        assert isinstance(client, Client)
        if conn.state is ConnState.DIALLING:
            assert client.is_destroyed or client.dial is conn, "a dial is nobody's"
        elif conn.state is ConnState.UP:
            assert client.conn is conn, "a connection is nobody's"
    waiting = {id_ for line in books.waiting.values() for id_ in line}
    for request in books.requests.values():
        _check_request(request, told=request.id in waiting)
    assert waiting <= books.requests.keys(), "a settled request waits"
    assert all(books.waiting.values()), "an empty line is kept"
    for conn in books.conns.values():
        if conn.idle_until is not None:
            assert conn.state is ConnState.UP, "a dying connection has an idle deadline"
            assert books.idle_deadline <= conn.idle_until, "a deadline would be missed"


def _check_request(request: RequestRecord, *, told: bool) -> None:
    assert request.state is not ReqState.DONE, "a settled request is still known"
    assert told == (request.state is not ReqState.RUNNING), "who does not run waits, and knows"
    assert (request.conn is not None) == (request.state is ReqState.RUNNING)
    assert (request.place is None) == (request.state is ReqState.RUNNING), "who waits has a place"
    if request.conn is not None:
        client = request.conn.client
        assert isinstance(client, Client)
        assert client.running.get(request.id) is request, "a connection forgot its request"


def _check_client(client: Client) -> None:
    assert client.resuming is not Resuming.AT_IT
    assert client.dial is None or client.conn is None, "two connections at a time"
    for request in client.pending.values():
        # One that was given up while it ran comes back, and is dropped at its turn.
        is_ghost = request.is_done and request.was_requeued
        assert request.state is ReqState.PENDING or is_ghost, "a settled request is to be sent"
        assert is_ghost or request.place is client
    is_dying = client.conn is not None and client.conn.is_going
    for request in client.running.values():
        assert request.state is ReqState.RUNNING or is_dying, "a ghost runs"
        assert request.conn is client.conn, "it runs elsewhere"
