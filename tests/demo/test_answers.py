"""What a target is answered with, and how an answer looks on the wire."""

from __future__ import annotations

import pytest

from pooltop.demo.answers import MAX_BODY_BYTES, Answer, answer, page, serialise

USUAL = Answer(b"usual")


@pytest.mark.parametrize("target", [b"/", b"/orders", b"/status", b"/statusx/404", b"*", b""])
def test_a_path_that_is_no_control_gets_the_usual_page(target: bytes) -> None:
    assert answer(target, USUAL) is USUAL


@pytest.mark.parametrize(
    ("target", "delay_s"),
    [
        (b"/delay/250ms", 0.25),
        (b"/delay/1.5s", 1.5),
        (b"/delay/500us", 0.0005),
        (b"/delay/0s", 0.0),
        (b"/delay/60s?why=this", 60.0),
    ],
)
def test_a_delay_path_sets_the_time_to_work(target: bytes, delay_s: float) -> None:
    given = answer(target, USUAL)
    assert (200, b"usual") == (given.status, given.body)
    assert pytest.approx(delay_s) == given.delay_s


def test_a_bytes_path_gives_a_body_of_that_size() -> None:
    assert [0, 1024, MAX_BODY_BYTES] == [
        len(answer(b"/bytes/%d" % size, USUAL).body) for size in (0, 1024, MAX_BODY_BYTES)
    ]


@pytest.mark.parametrize("status", [200, 204, 299, 304, 404, 503, 599])
def test_a_status_path_gives_that_status(status: int) -> None:
    assert status == answer(b"/status/%d" % status, USUAL).status


@pytest.mark.parametrize(
    "target",
    [
        b"/status/199",
        b"/status/600",
        b"/status/-1",
        b"/status/404ms",
        b"/status/",
        b"/status/404/x",
        b"/delay/61s",
        b"/delay/1",
        b"/delay/0",
        b"/delay/-1s",
        b"/delay/1h",
        b"/bytes/16777217",
        b"/bytes/9999999999999999999999",
        b"/bytes/1.5",
        "/bytes/\N{SUPERSCRIPT TWO}".encode(),
    ],
)
def test_a_wrong_control_path_is_a_bad_request(target: bytes) -> None:
    assert 400 == answer(target, USUAL).status


def test_a_page_names_its_host_and_has_the_size_asked_for() -> None:
    assert page("kept", 256).startswith(b"kept.localhost")
    assert [0, 3, 256] == [len(page("kept", size)) for size in (0, 3, 256)]


def test_a_kept_response_is_exactly_these_bytes() -> None:
    expected = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
        b"Connection: keep-alive\r\nKeep-Alive: timeout=5\r\n\r\nusual"
    )
    assert expected == serialise(USUAL, keep="timeout=5", is_head=False)


def test_a_response_to_head_has_the_same_fields_and_no_body() -> None:
    whole = serialise(USUAL, keep=None, is_head=False)
    assert whole.removesuffix(b"usual") == serialise(USUAL, keep=None, is_head=True)


@pytest.mark.parametrize(("status", "length"), [(204, None), (304, None), (205, b"0")])
def test_a_status_without_a_body_sends_none(status: int, length: bytes | None) -> None:
    wire = serialise(Answer(b"ignored", status=status), keep="", is_head=False)
    assert wire.endswith(b"\r\n\r\n")
    expected = b"" if length is None else b"\r\nContent-Length: " + length
    assert expected in wire
    assert (length is not None) == (b"Content-Length" in wire)
