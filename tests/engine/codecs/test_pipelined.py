"""Several responses on one connection: each goes to its own request, however the octets are cut."""

from __future__ import annotations

import pytest
from support.transcript import Transcript

from pooltop.core.states import CloseReason
from pooltop.engine.codecs.factory import make_pipelined
from pooltop.engine.codecs.pipelined import Cut
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

ROOMS = (1, 2, 7, 4096)


def _request(method="GET", **more):
    return prepare(method, "/", host_header="a", keep_alive=True, **more)


def _response(body, fields=""):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{fields}\r\n{body}".encode()


def _chunked(body):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def _feed(codec, octets, size):
    for start in range(0, len(octets), size):
        codec.receive(memoryview(octets[start : start + size]))


@pytest.fixture(params=["h11", "llhttp"])
def codec(request):
    return make_pipelined(request.param)


@pytest.mark.parametrize("size", ROOMS)
def test_each_response_goes_to_its_own_request_in_the_order_of_the_requests(codec, size):
    sinks = [Transcript() for _ in range(4)]
    for sink, method in zip(sinks, ("GET", "HEAD", "GET", "GET"), strict=True):
        codec.start(_request(method), sink)
    octets = _response("one") + b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
    _feed(codec, octets + _chunked(b"three") + _response("four"), size)
    assert [b"one", b"", b"three", b"four"] == [sink.body for sink in sinks]
    assert [True] * 4 == [sink.end.keep for sink in sinks]
    assert codec.is_idle


@pytest.mark.parametrize("size", [1, 4096])
def test_what_follows_the_last_response_is_surplus(codec, size):
    first, second = Transcript(), Transcript()
    codec.start(_request(), first)
    codec.start(_request(), second)
    octets = _response("one") + _response("two") + b"x"
    if size == 1:
        with pytest.raises(PeerError, match="while idle"):
            _feed(codec, octets, size)
        assert [True, True] == [first.end.keep, second.end.keep]
    else:
        _feed(codec, octets, size)
        assert [None, CloseReason.SURPLUS] == [first.end.reason, second.end.reason]


def test_what_follows_a_response_that_closes_is_nobodys(codec):
    first, second = Transcript(), Transcript()
    codec.start(_request(), first)
    codec.start(_request(), second)
    codec.receive(memoryview(_response("one", "Connection: close\r\n") + _response("two")))
    assert (b"one", CloseReason.SURPLUS) == (first.body, first.end.reason)
    assert [] == second.events


def test_a_response_that_is_none_behind_a_good_one_spoils_only_itself(codec):
    first, second = Transcript(), Transcript()
    codec.start(_request(), first)
    codec.start(_request(), second)
    with pytest.raises(PeerError):
        codec.receive(memoryview(_response("one") + b"ICY 200 OK\r\n\r\n"))
    assert (b"one", True) == (first.body, first.end.keep)
    assert [] == second.events


def test_a_request_begun_as_a_response_ends_waits_behind_those_that_were_there(codec):
    order = []

    class Asking(Transcript):
        def on_end(self, end):
            super().on_end(end)
            order.append("one")
            codec.start(_request(), third)

    class Told(Transcript):
        def __init__(self, name):
            super().__init__()
            self.name = name

        def on_end(self, end):
            super().on_end(end)
            order.append(self.name)

    first, second, third = Asking(), Told("two"), Told("three")
    codec.start(_request(), first)
    codec.start(_request(), second)
    codec.receive(memoryview(_response("1") + _response("2") + _response("3")))
    assert ["one", "two", "three"] == order
    assert [b"1", b"2", b"3"] == [first.body, second.body, third.body]


def test_many_responses_in_one_read_need_no_deep_stack(codec):
    sinks = [Transcript() for _ in range(3000)]
    for sink in sinks:
        codec.start(_request(), sink)
    codec.receive(memoryview(_response("x") * 3000))
    assert {b"x"} == {sink.body for sink in sinks}


def test_nothing_is_told_any_more_once_it_was_stopped(codec):
    class Stopping(Transcript):
        def on_end(self, end):
            super().on_end(end)
            codec.stop()

    first, second = Stopping(), Transcript()
    codec.start(_request(), first)
    codec.start(_request(), second)
    codec.receive(memoryview(_response("one") + _response("two")))
    assert (b"one", []) == (first.body, second.events)


def test_the_end_of_the_connection_cuts_the_response_at_the_front(codec):
    first, second = Transcript(), Transcript()
    codec.start(_request(), first)
    codec.start(_request(), second)
    codec.receive(memoryview(_response("one") + _response("four")[:-2]))
    with pytest.raises(PeerError, match="aborted: received 2 of 4 body bytes"):
        codec.receive_eof()
    assert (True, None) == (first.end.keep, second.end)


@pytest.mark.parametrize(("fields", "cut"), [("", Cut.CLEAN), ("Connection: close\r\n", Cut.SHORT)])
def test_a_cut_body_is_short_where_the_connection_was_to_end_anyway(codec, fields, cut):
    codec.start(_request(), Transcript())
    codec.receive(memoryview(_response("four", fields)[:-2]))
    assert cut is codec.cut


def test_a_body_that_is_streamed_behind_others_is_framed_as_its_own_request_says(codec):
    codec.start(_request(), Transcript())
    upload = _request("POST", headers=[("Content-Length", "3")], streamed=True)
    codec.start(upload, Transcript())
    codec.receive(memoryview(_response("one")))
    assert b"abc" == codec.send_body(b"abc")
    assert b"" == codec.end_body()
