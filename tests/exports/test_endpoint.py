"""The web server: what it answers, and that nobody keeps it busy."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from pooltop.errors import EngineError
from pooltop.exports import endpoint as module
from pooltop.exports.endpoint import MOST, Endpoint, Unanswered

Answering = Callable[..., Endpoint]


def connect(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection(endpoint._server.server_address[:2], timeout=5)


def ask(endpoint: Endpoint, head: str) -> tuple[str, str]:
    """Give the status and the body of the answer to a request."""
    with connect(endpoint) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n")
        with connection.makefile("rb") as answer:
            said = answer.read().decode()
    head, _, body = said.partition("\r\n\r\n")
    return head.partition("\r\n")[0].partition(" ")[2], body


@pytest.mark.parametrize(
    ("head", "answer"),
    [
        ("GET /metrics HTTP/1.1\nHost: 127.0.0.1:9464", ("200 OK", "numbers\n")),
        ("GET /metrics?name[]=x HTTP/1.1\nHost: localhost", ("200 OK", "numbers\n")),
        ("GET /metrics HTTP/1.1\nHost: [::1]:1", ("200 OK", "numbers\n")),
        ("GET /metrics HTTP/1.0", ("200 OK", "numbers\n")),
        ("GET / HTTP/1.1\nHost: localhost", ("404 Not Found", "the numbers are at /metrics\n")),
        ("POST /metrics HTTP/1.1\nHost: localhost", ("405 Method Not Allowed", "only GET\n")),
        ("GET /metrics HTTP/1.1\nHost: evil.example:80", ("403 Forbidden", "not a name of this machine\n")),
        ("GET /metrics HTTP/1.1\nHost: 192.0.2.1", ("403 Forbidden", "not a name of this machine\n")),
    ],
)  # fmt: skip
def test_it_answers_get_of_its_one_path_and_nothing_else(
    answering: Answering, head: str, answer: tuple[str, str]
) -> None:
    assert answer == ask(answering(), head)


def test_it_says_so_where_there_is_nothing_to_tell(answering: Answering) -> None:
    def content() -> bytes:
        raise Unanswered("the engine has ended")

    assert ("503 Service Unavailable", "the engine has ended\n") == ask(
        answering(content), "GET /metrics HTTP/1.0"
    )


def test_a_connection_that_drips_is_cut_and_others_are_answered_meanwhile(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECTION_S", 0.3)
    endpoint = answering()
    with connect(endpoint) as slow:
        slow.sendall(b"GET /met")

        assert "200 OK" == ask(endpoint, "GET /metrics HTTP/1.0")[0]
        began = time.monotonic()
        assert b"" == slow.recv(1)
        assert time.monotonic() - began < 5


def test_one_connection_too_many_is_closed_at_once(answering: Answering) -> None:
    endpoint = answering()
    held = [connect(endpoint) for _ in range(MOST)]
    try:
        for each in held:
            each.sendall(b"GET")
        with connect(endpoint) as more:
            assert b"" == more.recv(1)
    finally:
        for each in held:
            each.close()


def test_a_port_that_is_taken_is_said_with_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineError) as told:
            Endpoint("127.0.0.1", port)

    assert f"metrics cannot be served on 127.0.0.1:{port}: Address already in use" == str(
        told.value
    )


def test_it_is_gone_when_it_is_closed() -> None:
    endpoint = Endpoint("127.0.0.1", 0)
    endpoint.start(lambda: b"", "text/plain")
    where = endpoint._server.server_address[:2]
    endpoint.close()

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, timeout=5)
