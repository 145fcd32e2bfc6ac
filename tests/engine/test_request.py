"""Preparing requests: what goes on the wire, and what may not."""

from __future__ import annotations

from typing import Any

import pytest

from pooltop.engine.request import prepare
from pooltop.errors import UsageError

HOST = b"Host: a:80\r\n"
KEEP = b"Connection: keep-alive\r\n"


def wire(method: str = "GET", headers: Any = (), **more: Any) -> bytes:
    return prepare(
        method, "/x?y=1", headers, **{"host_header": "a:80", "keep_alive": True, **more}
    ).wire


# As Node 24 sends them.
@pytest.mark.parametrize(
    ("method", "more", "expected"),
    [
        ("GET", {}, HOST + KEEP + b"\r\n"),
        ("GET", {"keep_alive": False}, HOST + b"Connection: close\r\n\r\n"),
        ("DELETE", {}, HOST + KEEP + b"\r\n"),
        ("POST", {}, HOST + KEEP + b"Content-Length: 0\r\n\r\n"),
        ("PATCH", {}, HOST + KEEP + b"Content-Length: 0\r\n\r\n"),
        ("PROPFIND", {}, HOST + KEEP + b"Content-Length: 0\r\n\r\n"),
        ("POST", {"body": b"hi"}, HOST + KEEP + b"Content-Length: 2\r\n\r\nhi"),
        ("PUT", {"streamed": True}, HOST + KEEP + b"Transfer-Encoding: chunked\r\n\r\n"),
        (
            "POST",
            {"headers": [("X-A", "1"), ("connection", "close")], "body": b"x"},
            b"X-A: 1\r\nconnection: close\r\n" + HOST + b"Content-Length: 1\r\n\r\nx",
        ),
        (
            "POST",
            {"headers": [("Content-Length", "2")], "body": b"hi"},
            b"Content-Length: 2\r\n" + HOST + KEEP + b"\r\nhi",
        ),
        (
            "GET",
            {"headers": [("Connection", "TE")], "keep_alive": False},
            b"Connection: TE\r\n" + HOST + b"\r\n",
        ),
        ("GET", {"headers": [("host", "b")]}, b"host: b\r\n" + KEEP + b"\r\n"),
    ],
)
def test_a_request_goes_on_the_wire_as_node_sends_it(
    method: str, more: dict[str, Any], expected: bytes
) -> None:
    assert method.encode() + b" /x?y=1 HTTP/1.1\r\n" + expected == wire(method, **more)


def test_a_body_on_get_gets_its_length_which_node_leaves_out() -> None:
    assert wire(body=b"hi").endswith(b"Content-Length: 2\r\n\r\nhi")


@pytest.mark.parametrize(
    ("headers", "keep_alive", "wants_close"),
    [
        ((), True, False),
        ((), False, True),
        ([("Connection", "close")], True, False),
        ([("connection", "x, Close")], False, True),
        ([("Connection", "Keep-Alive")], False, False),
        ([("Connection", "closed")], False, False),
        ([("Connection", "x"), ("Connection", "close")], False, False),
    ],
)
def test_a_connection_field_of_the_caller_decides_as_in_node(
    headers: Any, *, keep_alive: bool, wants_close: bool
) -> None:
    request = prepare("GET", "/", headers, host_header="a", keep_alive=keep_alive)

    assert wants_close is request.wants_close


def test_what_was_prepared_can_be_read_back() -> None:
    request = prepare("POST", "/", [("X", b" 1 ")], host_header=b"a", keep_alive=True, body=b"hi")

    expected = ((b"X", b"1"), (b"Host", b"a"), (b"Connection", b"keep-alive"),
                (b"Content-Length", b"2"))  # fmt: skip
    assert (b"POST", b"/", b"hi", False) == (
        request.method,
        request.target,
        request.body,
        request.streamed,
    )
    assert expected == request.headers


def test_a_value_of_text_goes_out_as_latin_1() -> None:
    assert b"X: caf\xe9\r\n" in wire(headers=[("X", "caf\u00e9")])


@pytest.mark.parametrize(
    ("headers", "message"),
    [
        ([("X-Key", "secret\r\nY: z")], "header X-Key "),
        ([("X-Key", "secret\n")], "header X-Key "),
        ([("X-Key", "secret\x00")], "header X-Key "),
        ([("X-Key", "secret\x1b")], "header X-Key .* control octet"),
        ([("X-Key", "secret\u20ac")], "header X-Key .* latin-1"),
        ([("X Key", "secret")], "header X Key "),
        ([("X-Key:", "secret")], "header X-Key: "),
        ([("", "secret")], "header with an empty name "),
        ([("X\x1b[2J", "secret")], r"header X\\x1b\[2J "),
        ([("Host", "a"), ("host", "b")], "Host"),
        ([("Content-Length", "-1")], "Content-Length"),
        ([("Content-Length", "5")], "Content-Length does not match"),
        ([("Content-Length", "0"), ("Content-Length", "0")], "Content-Length"),
        ([("Transfer-Encoding", "chunked")], "Transfer-Encoding"),
        ([("Content-Length", "0"), ("Transfer-Encoding", "chunked")], "Content-Length and Transf"),
    ],
)
def test_a_header_that_cannot_be_sent_is_named_and_its_value_is_not_shown(
    headers: Any, message: str
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        wire(headers=headers)

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("coding", ["gzip", "gzip, chunked"])
def test_a_streamed_body_has_no_coding_but_chunked(coding: str) -> None:
    with pytest.raises(UsageError, match="Transfer-Encoding"):
        wire("POST", [("Transfer-Encoding", coding)], streamed=True)


@pytest.mark.parametrize("target", ["", "/a b", "/a\r\nX: y", "/\u00e9", "/\x00"])
def test_a_target_that_cannot_be_sent_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="target"):
        prepare("GET", target, host_header="a", keep_alive=True)


@pytest.mark.parametrize("method", ["", "G T", "GET\r\n", "G\u00c9T"])
def test_a_method_that_cannot_be_sent_is_refused(method: str) -> None:
    with pytest.raises(UsageError, match="method"):
        prepare(method, "/", host_header="a", keep_alive=True)


def test_connect_is_refused() -> None:
    with pytest.raises(UsageError, match="authority"):
        prepare("CONNECT", "a:80", host_header="a", keep_alive=True)


def test_a_streamed_request_takes_no_body() -> None:
    with pytest.raises(UsageError, match="streamed"):
        wire("POST", body=b"x", streamed=True)


def test_a_host_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(UsageError, match="header Host"):
        wire(host_header="a\r\nX: y")


def test_what_a_request_says_in_its_fields_its_query_and_its_body_is_not_shown() -> None:
    fields = [("Authorization", "Bearer hunter2")]
    request = prepare(
        "POST", "/a?key=hunter2", fields, host_header="a", keep_alive=True, body=b"hunter2"
    )
    expected = "<PreparedRequest POST /a (Authorization, Host, Connection, Content-Length)>"
    assert expected == repr(request)
