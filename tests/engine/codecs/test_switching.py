"""Where HTTP ends on a connection: an upgrade, and CONNECT."""

from __future__ import annotations

import pytest

from pooltop.engine.codecs.base import Answer
from pooltop.engine.request import prepare
from pooltop.errors import PeerError, UsageError

SWITCH = b"HTTP/1.1 101 Go\r\nUpgrade: x\r\nConnection: keep-alive, Upgrade\r\n\r\n"


@pytest.mark.parametrize("cut", [0, 1, len(SWITCH) - 1])
def test_what_comes_behind_the_head_of_a_101_is_handed_over_unread(talk, cut):
    transcript = talk.begin(upgrade="x")
    octets = SWITCH + b"HTTP/1.1 junk\0"
    talk.feed([octets[:cut], octets[cut:]])
    assert talk.error is None
    assert [101] == [head.status for head in transcript.heads]
    assert ("switched", b"HTTP/1.1 junk\0") == transcript.events[-1]


def test_an_interim_response_may_come_before_the_101(talk):
    transcript = talk.begin(upgrade="x")
    talk.feed([b"HTTP/1.1 100 C\r\n\r\n" + SWITCH])
    assert [100, 101] == [head.status for head in transcript.heads]
    assert ("switched", b"") == transcript.events[-1]


def test_a_server_that_does_not_switch_answers_as_ever_and_the_connection_is_kept(talk):
    octets = (
        b"HTTP/1.1 200 OK\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nhi"
    )
    for _ in range(2):
        transcript = talk.begin(upgrade="x")
        talk.feed([octets])
        assert talk.error is None
        assert b"hi" == transcript.body
        assert transcript.end.keep


def test_the_head_that_answered_an_upgrade_means_nothing_to_the_next_request(talk):
    """The guard remembers the last head; what it means depends on what was asked."""
    talk.get(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    talk.begin(upgrade="x")
    talk.feed([b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"])
    with pytest.raises(PeerError) as raised:
        talk.get(SWITCH)
    assert "ERR_UNEXPECTED_UPGRADE" == raised.value.code


@pytest.mark.parametrize(
    "fields",
    [b"", b"Upgrade: x\r\n", b"Connection: Upgrade\r\n", b"Upgrade: x\r\nConnection: upgraded\r\n"],
)
def test_a_101_that_does_not_say_what_to_is_refused(talk, fields):
    with pytest.raises(PeerError) as raised:
        talk.begin(upgrade="x")
        talk.codec.receive(memoryview(b"HTTP/1.1 101 S\r\n" + fields + b"\r\n"))
    assert "ERR_UNEXPECTED_UPGRADE" == raised.value.code


@pytest.mark.parametrize("status", [200, 204, 299, 302, 407, 500])
@pytest.mark.parametrize(
    "fields", [b"", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n"]
)
def test_every_answer_to_connect_hands_the_connection_over(talk, status, fields):
    transcript = talk.begin("CONNECT", authority="b:443")
    talk.feed([b"HTTP/1.1 %d X\r\n%b\r\nearly" % (status, fields)])
    assert talk.error is None
    assert [status] == [head.status for head in transcript.heads]
    assert ("switched", b"early") == transcript.events[-1]


def test_an_interim_response_to_connect_hands_nothing_over(talk):
    transcript = talk.begin("CONNECT", authority="b:443")
    talk.feed([b"HTTP/1.1 103 E\r\n\r\n"])
    assert [103] == [head.status for head in transcript.heads]
    talk.feed([b"HTTP/1.1 200 X\r\n\r\n"])
    assert ("switched", b"") == transcript.events[-1]


def test_a_101_to_connect_is_refused(talk):
    talk.begin("CONNECT", authority="b:443")
    talk.feed([SWITCH])
    assert "ERR_UNEXPECTED_UPGRADE" == talk.error.code


def test_an_upgrade_says_so_and_asks_to_keep_the_socket_as_node_does_then():
    request = prepare("GET", "/", host_header="a", keep_alive=False, upgrade="websocket")
    assert request.wire == (
        b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    )
    assert not request.wants_close
    assert Answer.TO_UPGRADE is request.answer


def test_the_callers_own_upgrade_fields_are_sent_instead():
    given = [("connection", "Upgrade, HTTP2-Settings"), ("upgrade", "h2c")]
    request = prepare("GET", "/", given, host_header="a", keep_alive=False, upgrade="other")
    assert request.wire == (
        b"GET / HTTP/1.1\r\nconnection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nHost: a\r\n\r\n"
    )


def test_connect_is_sent_as_node_sends_it_its_first_bytes_without_a_length():
    request = prepare(
        "CONNECT", "/", host_header="proxy:3128", keep_alive=False, authority="b:443", body=b"Head"
    )
    assert request.wire == (
        b"CONNECT b:443 HTTP/1.1\r\nHost: proxy:3128\r\nConnection: close\r\n\r\nHead"
    )


@pytest.mark.parametrize(
    ("method", "more"),
    [
        ("CONNECT", {}),
        ("GET", {"authority": "b:443"}),
        ("CONNECT", {"authority": "b:443\r\nX: y"}),
        ("CONNECT", {"authority": "b:443", "streamed": True}),
        ("GET", {"upgrade": "x", "streamed": True}),
        ("GET", {"upgrade": "x\r\nY: z"}),
    ],
)
def test_what_cannot_end_http_in_order_is_refused(method, more):
    with pytest.raises(UsageError):
        prepare(method, "/", host_header="a", keep_alive=True, **more)
