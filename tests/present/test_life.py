"""A request's life as a bar, and a socket's seconds as a strip."""

from __future__ import annotations

import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.scenes import ACTIVE, RUNNING, RUNNING_DETAIL, queued

from pooltop.core.model import SocketId
from pooltop.core.states import RequestState
from pooltop.present.life import (
    Phase,
    Stretch,
    busy_legend,
    busy_strip,
    doing,
    life_bar,
    life_legend,
    life_of,
    scale_of,
)
from pooltop.present.line import text_of, width_of

replace = msgspec.structs.replace
FRESH = replace(ACTIVE, requests=1, opened_at=998.0, connected_at=998.6, dns=0.1, tcp=0.2)
FRESH = replace(FRESH, handshake=0.3)


def spans(life: list[Stretch], at: float = 1000.0) -> str:
    return " ".join(f"{one.phase.letter}{one.lasts(at):.1f}" for one in life)


def told(**more):
    return replace(
        RUNNING_DETAIL, **({"assigned_at": 998.0, "sent_at": 999.0, "first_byte_at": None} | more)
    )


def test_a_request_whose_socket_was_opened_for_it_waited_for_the_dial() -> None:
    assert "q1.0 d0.1 c0.2 t0.3 s0.4 w1.0" == spans(life_of(RUNNING, told(), FRESH, "https"))
    plain = replace(FRESH, handshake=None, connected_at=998.3)
    assert "q1.0 d0.1 c0.2 s0.7 w1.0" == spans(life_of(RUNNING, told(), plain, "http"))


def test_a_unix_socket_has_no_look_up() -> None:
    unix = replace(FRESH, dns=None, handshake=None, connected_at=998.2)
    assert "q1.0 c0.2 s0.8 w1.0" == spans(life_of(RUNNING, told(), unix, "http"))


def test_a_tunnel_that_came_before_the_assignment_is_part_of_the_life() -> None:
    tunnelled = replace(FRESH, tunnel=0.2, connected_at=998.8)
    life = life_of(RUNNING, told(assigned_at=998.5), tunnelled, "https")
    assert "q1.0 d0.1 c0.2 p0.2 t0.3 s0.2 w1.0" == spans(life)


def test_a_request_on_a_kept_socket_waited_for_no_dial() -> None:
    assert "q0.9 s0.0 w2.1" == spans(life_of(RUNNING, RUNNING_DETAIL, ACTIVE, "https"))


def test_a_socket_that_was_opened_meanwhile_for_another_is_no_dial_of_its_own() -> None:
    handed_over = replace(FRESH, requests=2, opened_at=997.2, connected_at=997.8)
    assert "q1.0 s1.0 w1.0" == spans(life_of(RUNNING, told(), handed_over, "https"))


def test_a_start_without_a_queue_is_told_only_where_it_took_time() -> None:
    late = replace(RUNNING, why=None)
    assert "o1.0" == spans(life_of(late, told(), FRESH, "https"))[:4]
    prompt = replace(late, submitted_at=998.0)
    assert "d0.1" == spans(life_of(prompt, told(), FRESH, "https"))[:4]


def test_a_response_that_begins_before_all_is_sent_was_not_waited_for() -> None:
    early = told(sent_at=None, first_byte_at=999.5)
    assert "s0.9 r0.5" == spans(life_of(RUNNING, early, FRESH, "https"))[-9:]
    assert (
        "s0.9 r0.5"
        == spans(life_of(RUNNING, told(sent_at=999.9, first_byte_at=999.5), FRESH, "https"))[-9:]
    )


@pytest.mark.parametrize(
    ("request_", "detail", "words"),
    [
        (queued(0), None, ("waits for a socket", 998.7)),
        (replace(RUNNING, state=RequestState.TUNNELLING), None, (Phase.TUNNEL.doing, 997.0)),
        (RUNNING, None, ("under way", None)),
        (RUNNING, RUNNING_DETAIL, ("waits for the first byte", 997.901)),
    ],
)
def test_what_it_does_now_is_the_last_stretch_in_words(request_, detail, words) -> None:
    assert words == doing(request_, detail, ACTIVE, "https")


def test_a_bar_has_one_scale_and_a_cell_for_everything_that_happened() -> None:
    life = life_of(RUNNING, told(), FRESH, "https")
    assert 5.0 == scale_of(life, 1000.0)
    assert "qqqqqqdcttsswwwwww>............" == text_of(
        life_bar(life, 1000.0, 5.0, 31, ascii_only=True)
    )
    assert "qqqqqqdctsswwwwww\u25b8......." == text_of(life_bar(life, 1000.0, 4.2, 25))
    assert [
        "q queue 1.0s",
        "d dns 100ms",
        "c tcp 200ms",
        "t tls 300ms",
        "s send 400ms",
        "w wait 1.0s",
    ] == [text_of(line) for line in life_legend(life, 1000.0)]


def test_the_scale_is_round_so_that_a_bar_grows_and_does_not_shimmer() -> None:
    life = [Stretch(Phase.QUEUE, 0.0, None)]
    assert [1.0, 2.5, 2.5, 5.0] == [scale_of(life, at) for at in (0.9, 2.1, 2.4, 2.6)]
    bars = [text_of(life_bar(life, at, 2.5, 26, ascii_only=True)) for at in (2.1, 2.4)]
    assert ["q" * 21 + ">....", "q" * 24 + ">."] == bars


STRETCHES = st.lists(
    st.tuples(st.sampled_from(list(Phase)), st.floats(0, 1e6)), min_size=1, max_size=9
).map(
    lambda marks: [
        Stretch(phase, start, None if place == len(marks) - 1 else start + 1)
        for place, (phase, start) in enumerate(marks)
    ]
)


@given(STRETCHES, st.floats(0, 1e7), st.integers(-1, 60), st.booleans())
def test_a_bar_of_any_life_fits(life, at: float, width: int, ascii_only: bool) -> None:
    line = life_bar(life, at, scale_of(life, at), width, ascii_only=ascii_only)
    assert width_of(line) in {0, width}


def test_a_second_is_in_use_in_part_idle_or_unknown() -> None:
    shares = [None, 0.0, 0.1, 0.5, 0.96, 1.0, math.nan]
    assert " =::## " == text_of(busy_strip(shares, 7, ascii_only=True))
    assert " =\u2581\u2584\u2588\u2588 " == text_of(busy_strip(shares, 7))
    assert "## " == text_of(busy_strip(shares, 3, ascii_only=True))
    assert () == busy_strip(shares, 0)


@given(st.lists(st.none() | st.floats(), max_size=80), st.integers(-1, 70), st.booleans())
def test_a_strip_of_anything_fits(shares, width: int, ascii_only: bool) -> None:
    line = busy_strip(shares, width, ascii_only=ascii_only)
    assert max(0, min(len(shares), width)) == width_of(line)


def test_the_legend_names_every_cell_in_words() -> None:
    assert "40s: # in use  : in part  = idle" == text_of(busy_legend(40, ascii_only=True))
    assert "1m: \u2588 in use  \u2584 in part  = idle" == text_of(busy_legend(60))


def test_a_request_whose_socket_is_not_in_the_picture_has_no_life() -> None:
    assert [] == life_of(replace(RUNNING, socket=SocketId(99)), told(), None, "https")
