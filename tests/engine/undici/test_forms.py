"""What undici writes, and what of a request decides where it goes.

The wires were read off undici 8.12.4 on Node 24 (a server that prints what it gets).
"""

from __future__ import annotations

import pytest

from pooltop.core.model import AgentOptions, TLSOptions
from pooltop.engine.undici.forms import closing, for_host, form_of, renamed
from pooltop.engine.way import Way
from pooltop.errors import UsageError

WAY = Way(AgentOptions(), TLSOptions())


def _form(method="GET", headers=(), **more):
    route = WAY.route("http://api.test:8080/a?b=c", list(headers))
    return form_of(method, route.target, headers, route, **more)


@pytest.mark.parametrize(
    ("asked", "wire"),
    [
        ({}, b"GET /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\n\r\n"),
        (
            {"headers": [("X-One", "1"), ("Host", "other.test")]},
            b"GET /a?b=c HTTP/1.1\r\nhost: other.test\r\nconnection: keep-alive\r\nX-One: 1\r\n\r\n",
        ),
        (
            {"method": "POST", "headers": [("a", "b")], "body": b"xyz"},
            b"POST /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\na: b\r\n"
            b"content-length: 3\r\n\r\nxyz",
        ),
        (
            {"method": "PATCH"},
            b"PATCH /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\n"
            b"content-length: 0\r\n\r\n",
        ),
        (
            {"method": "PURGE"},
            b"PURGE /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\n\r\n",
        ),
        (
            {"method": "DELETE", "body": b"x"},
            b"DELETE /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\n"
            b"content-length: 1\r\n\r\nx",
        ),
        (
            {"method": "PUT", "streamed": True},
            b"PUT /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: keep-alive\r\n"
            b"transfer-encoding: chunked\r\n\r\n",
        ),
        (
            {"upgrade": "websocket"},
            b"GET /a?b=c HTTP/1.1\r\nhost: api.test:8080\r\nconnection: upgrade\r\n"
            b"upgrade: websocket\r\n\r\n",
        ),
    ],
)
def test_a_request_is_written_as_undici_writes_it(asked, wire):
    assert wire == _form(**asked).wire


def test_a_request_before_a_close_says_so_and_nothing_else_changes():
    form = _form(headers=[("connection", "keep-alive"), ("x", "connection: keep-alive")])
    assert form.wire.replace(b"\r\nconnection: keep-alive\r\n", b"\r\nconnection: close\r\n") == (
        closing(form.wire)
    )
    assert b"x: connection: keep-alive\r\n" in closing(form.wire)


def test_a_request_to_another_upstream_goes_by_that_ones_name():
    wire = for_host(
        _form("POST", body=b"\r\nhost: api.test:8080\r\n").wire, "api.test:8080", "b.test"
    )
    assert wire.startswith(b"POST /a?b=c HTTP/1.1\r\nhost: b.test\r\nconnection: keep-alive\r\n")
    assert wire.endswith(b"\r\n\r\n\r\nhost: api.test:8080\r\n")


def test_a_callers_own_host_is_sent_to_every_upstream():
    form = _form("POST", [("host", "c.test")], body=b"\r\nhost: a.test\r\n")
    assert for_host(form.wire, "api.test:8080", "b.test") == form.wire
    assert renamed(form, "api.test:8080", "b.test") == form


def test_over_http_2_another_upstream_has_its_own_name_too():
    fields = renamed(_form(headers=[("x", "api.test:8080")]), "api.test:8080", "b.test").headers
    assert [b"b.test", b"api.test:8080"] == [v for n, v in fields if n in (b"host", b"x")]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({}, {"idempotent": True, "blocking": True, "body": "none", "reset": None}),
        ({"method": "HEAD"}, {"idempotent": True, "blocking": False, "is_head": True}),
        ({"method": "QUERY"}, {"idempotent": True, "expects_payload": True}),
        ({"method": "DELETE"}, {"idempotent": False, "expects_payload": False}),
        ({"method": "POST", "body": b"x"}, {"body": "held", "expects_payload": True}),
        ({"method": "POST", "streamed": True}, {"body": "streamed", "idempotent": False}),
        ({"method": "POST", "idempotent": True}, {"idempotent": True}),
        ({"blocking": False}, {"blocking": False}),
        ({"headers": [("Connection", "close")]}, {"reset": True}),
        ({"headers": [("connection", "Keep-Alive")]}, {"reset": False}),
        ({"upgrade": "websocket"}, {"switches": True}),
    ],
)
def test_what_decides_where_a_request_goes_is_undicis_own(asked, said):
    ask = _form(**asked).ask
    assert said == {name: getattr(ask, name) for name in said}


def test_the_name_of_the_server_is_that_of_the_host_field_as_for_an_agent():
    route = WAY.route("https://127.0.0.1:8443/", [("Host", "api.test")])
    assert "api.test" == form_of("GET", "/", [("Host", "api.test")], route).ask.servername


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Connection", "upgrade"),
        ("connection", "close, x"),
        ("Transfer-Encoding", "chunked"),
        ("Keep-Alive", "timeout=5"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
    ],
)
def test_fields_that_undici_refuses_are_refused_by_name(name, value):
    with pytest.raises(UsageError, match=f"invalid {name.lower()} header") as caught:
        _form(headers=[(name, value)])
    assert "UND_ERR_INVALID_ARG" == caught.value.code
    assert value not in str(caught.value)
