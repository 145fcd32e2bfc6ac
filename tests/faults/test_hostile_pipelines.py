"""Hostile and broken responses with others awaited behind them: nobody hears another's octets.

What is read of a pipeline is what is read of its responses one by one, each on a codec of its own
and octet by octet, as long as the one before lets the connection be used again; after one that does
not, nobody hears anything. However TCP cuts the octets, and with each codec.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest
from faults.test_hostile_responses import (
    CASES,
    CODECS,
    CUTS,
    OK,
    POISON,
    Case,
    Exchange,
)

from pooltop.engine.codecs.factory import make_codec, make_pipelined
from pooltop.engine.request import prepare
from pooltop.errors import PeerError

OWN = [OK + b"Content-Length: 6\r\n\r\nsecond", OK + b"Content-Length: 5\r\n\r\nthird"]


class Heard(NamedTuple):
    """What one request was told."""

    status: int | None
    body: bytes | None
    """None for part of one, or none: how much of a broken one is told depends on the cuts."""


NOTHING = Heard(None, None)


def heard(seen):
    status = None if seen.head is None else seen.head.status
    return Heard(status, None if seen.end is None else seen.body)


def requests(case):
    return [
        prepare(method, "/", host_header="a", keep_alive=True)
        for method in (case.method, "GET", "GET")
    ]


@cache
def one_by_one(case, octets, codec_name):
    """Give what each is told by a codec of its own, from where the one before ended."""
    told, at = [], 0
    for request in requests(case):
        codec, seen = make_codec(codec_name), Exchange()
        codec.start(request, seen)
        try:
            while seen.end is None and at < len(octets):
                codec.receive(memoryview(octets[at : at + 1]))
                at += 1
            if seen.end is None and case.eof:
                codec.receive_eof()
        except PeerError:
            pass
        told.append(heard(seen))
        if seen.end is None or not codec.is_idle:
            break
    told += [NOTHING] * (3 - len(told))
    return told


def in_a_pipeline(case, octets, codec_name, cut):
    codec = make_pipelined(codec_name)
    seen = [Exchange() for _ in range(3)]
    for request, exchange in zip(requests(case), seen, strict=True):
        codec.start(request, exchange)
    try:
        for at in range(0, len(octets), cut):
            codec.receive(memoryview(octets[at : at + cut]))
        if case.eof:
            codec.receive_eof()
    except PeerError:
        assert not codec.is_idle
    return codec, [heard(exchange) for exchange in seen]


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("codec_name", CODECS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_pipeline_is_read_as_its_responses_one_by_one(case, codec_name, cut):
    octets = case.octets if case.eof else case.octets + b"".join(OWN)
    codec, told = in_a_pipeline(case, octets, codec_name, cut)
    assert one_by_one(case, octets, codec_name) == told
    if not codec.is_idle:
        with pytest.raises(PeerError):
            codec.receive(memoryview(POISON))


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("codec_name", CODECS)
def test_each_gets_its_own_of_a_good_pipeline(codec_name, cut):
    case = Case("good", OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n0\r\n\r\n", ...)
    codec, told = in_a_pipeline(case, case.octets + b"".join(OWN), codec_name, cut)
    assert [each.body for each in told] == [b"first", b"second", b"third"]
    assert codec.is_idle


@pytest.mark.parametrize("cut", CUTS)
@pytest.mark.parametrize("codec_name", CODECS)
def test_what_is_behind_the_last_that_was_asked_for_ends_the_connection(codec_name, cut):
    case = Case("one too many", OK + b"Content-Length: 5\r\n\r\nfirst", ...)
    codec, told = in_a_pipeline(case, case.octets + b"".join(OWN) + POISON, codec_name, cut)
    assert [each.body for each in told] == [b"first", b"second", b"third"]
    assert not codec.is_idle


@pytest.mark.parametrize("codec_name", CODECS)
def test_one_that_is_asked_for_after_octets_came_unasked_is_refused(codec_name):
    codec, first = make_pipelined(codec_name), Exchange()
    request = prepare("GET", "/", host_header="a", keep_alive=True)
    codec.start(request, first)
    codec.receive(memoryview(OWN[0] + POISON))
    assert heard(first).body == b"second"
    with pytest.raises(AssertionError, match="an exchange begun"):
        codec.start(request, Exchange())


def test_the_head_that_is_known_is_known_to_the_next_of_the_pipeline_too():
    codec, seen = make_pipelined("h11"), [Exchange() for _ in range(4)]
    request = prepare("GET", "/", host_header="a", keep_alive=True)
    for exchange in seen:
        codec.start(request, exchange)
    same = OK + b"Content-Length: 3\r\n\r\n"
    codec.receive(memoryview(same + b"one"))
    codec.receive(memoryview(same + b"two"))
    codec.receive(memoryview(same + b"thr" + same + b"fou"))
    assert [heard(exchange).body for exchange in seen] == [b"one", b"two", b"thr", b"fou"]
    assert codec.is_idle
