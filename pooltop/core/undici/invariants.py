"""What must hold between any two inputs, whatever they were: checked after every step of tests."""

from __future__ import annotations

from pooltop.core.undici import session_clocks
from pooltop.core.undici.books import Books
from pooltop.core.undici.client import Client
from pooltop.core.undici.records import ConnRecord, RequestRecord
from pooltop.core.undici.session import Session
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
        elif conn.state is ConnState.LEAVING:
            assert client.conn is not conn, "a session that leaves is still its client's"
            assert conn.client.running, "a session that leaves has nothing to finish"
        if conn.session is not None:
            _check_session(books, client, conn, conn.session)
    waiting = {id_ for line in books.waiting.values() for id_ in line}
    for request in books.requests.values():
        _check_request(request, told=request.id in waiting)
    assert waiting <= books.requests.keys(), "a settled request waits"
    assert all(books.waiting.values()), "an empty line is kept"
    for conn in books.conns.values():
        if conn.idle_until is not None:
            assert conn.state is ConnState.UP, "a dying connection has an idle deadline"
            assert books.exact_deadline <= conn.idle_until, "a deadline would be missed"


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
    for request in client.running.values():
        conn = request.conn
        assert conn is not None, "it runs nowhere"
        assert conn.client is client, "it runs elsewhere"
        if conn.session is None:
            assert conn is client.conn, "it runs elsewhere"
            assert request.state is ReqState.RUNNING or conn.is_going, "a ghost runs"
        else:
            assert request.state is ReqState.RUNNING, "a ghost has a stream"


def _check_session(books: Books, client: Client, conn: ConnRecord, session: Session) -> None:
    used = [r.stream for r in client.running.values() if r.conn is conn]
    if not (conn.is_going or session.is_broken):
        assert all(stream % 2 for stream in used), "a client's streams are odd"
        assert used == sorted(set(used)), "streams are out of order"
        assert max(used, default=0) < session.next_stream, "a stream was not opened"
        due = session_clocks.next_due(conn, session, books.options)
        assert books.exact_deadline <= due, "a deadline would be missed"
    if client.conn is conn and not session.has_settings:
        assert len(used) <= 1 or session.is_broken, "more than one stream before the SETTINGS"
