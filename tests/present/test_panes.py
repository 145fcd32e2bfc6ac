"""Plots, the socket strip and the queue's head."""

from __future__ import annotations

import math

import msgspec
import pytest

from pooltop.core.model import RequestId
from pooltop.core.snapshot import RequestInfo
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.present.journal import event_line
from pooltop.present.line import fit, spread, text_of, width_of
from pooltop.present.plot import Plot, draw, nice_top, spark_line
from pooltop.present.sockets import (
    cell_of,
    legend_line,
    notable_line,
    queue_lines,
    strip_lines,
)


def drawn(plot: Plot, width: int, height: int) -> list[str]:
    return [text_of(line) for line in draw(plot, width, height, ascii_only=True)]


def test_a_plot_has_a_fixed_axis_gaps_and_the_limit_line() -> None:
    values = (None, None, 0, 1, 2, 3, 4, 4)
    plot = Plot("t", values, 4, 60, limits=(None, None, 4, 4, 4, 4, 4, 4))
    lines = drawn(plot, 14, 4)
    assert "    4   ---.||" == lines[0]
    assert "          .|||" == lines[1].replace(":", ".")
    assert "    0    :||||" == lines[2]


def test_a_flat_series_stands_at_its_share_of_the_axis() -> None:
    lines = drawn(Plot("t", (50.0,) * 4, 100, 60), 10, 5)
    assert ["    ", "    ", "||||", "||||"] == [line[6:] for line in lines[:4]]


def test_what_happened_is_never_invisible() -> None:
    assert "." == drawn(Plot("t", (1.0,), 10_000, 60), 7, 4)[2][-1]


def test_no_limit_draws_no_line() -> None:
    plot = Plot("t", (1.0, 1.0), 10, 60, limits=(math.inf, None))
    assert "-" not in "".join(drawn(plot, 8, 4)[:3])


@pytest.mark.parametrize("height", range(6))
@pytest.mark.parametrize("width", [0, 1, 5, 6, 7, 8, 30])
def test_a_plot_of_any_size_is_no_crash(width: int, height: int) -> None:
    lines = draw(Plot("t", (1.0, None, 5.0), 10, 60, limits=(3.0, 3.0, 3.0)), width, height)
    assert height == len(lines)
    assert all(width_of(line) <= max(width, 0) for line in lines)


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 10), (10, 10), (11, 20), (24, 25), (26, 50), (212, 250), (1324, 2000)]
)
def test_axes_end_at_round_numbers(highest: float, top: float) -> None:
    assert top == nice_top(highest)


def test_a_sparkline_tells_nothing_from_zero() -> None:
    line = spark_line([None, 0, 5, 10], [None, 10, 10, 10], 10, ascii_only=True)
    assert " ..|" == text_of(line).replace(":", ".")


@pytest.mark.parametrize(
    ("state", "glyph"),
    [
        (
            state,
            {"active": "#", "free": "=", "connecting": "c", "free-connecting": "c"}.get(state, "x"),
        )
        for state in SocketState
    ],
)
def test_every_socket_state_has_a_cell(make, state: SocketState, glyph: str) -> None:
    assert glyph == cell_of(make.socket(1, state), "http").glyph


def test_a_handshake_is_told_from_a_connect_where_that_is_known(make) -> None:
    waiting = make.socket(1, SocketState.CONNECTING)
    shaking = make.socket(1, SocketState.CONNECTING, tcp=0.01)
    assert ["c", "t", "c"] == [
        cell_of(waiting, "https").glyph,
        cell_of(shaking, "https").glyph,
        cell_of(shaking, "http").glyph,
    ]


def test_the_strip_shows_sockets_by_id_and_then_the_room(make) -> None:
    origin = make.origin(use=3, free=2)
    assert ["###==...", ".."] == [
        text_of(line) for line in strip_lines(make.agent(origin, max_sockets=10), origin, 8, 2)
    ]


def test_sockets_that_do_not_fit_are_told_as_a_number(make) -> None:
    origin = make.origin(use=100)
    lines = [text_of(line) for line in strip_lines(make.agent(origin), origin, 20, 2)]
    assert 2 == len(lines)
    assert lines[1].endswith("+67")
    assert max(len(line) for line in lines) <= 20


@pytest.mark.parametrize("size", [(0, 0), (1, 1), (3, 1), (7, 1), (8, 2), (500, 9)])
def test_a_strip_of_any_size_fits(make, size) -> None:
    origin = make.origin(use=30)
    lines = strip_lines(make.agent(origin, max_sockets=40), origin, *size)
    assert len(lines) <= size[1]


def test_an_empty_pool_says_so(make) -> None:
    origin = make.origin()
    assert "no socket is open" == text_of(strip_lines(make.agent(origin), origin, 30, 1)[0])
    assert "no socket is open" == text_of(notable_line(origin, 1.0))


def test_connections_to_a_proxy_that_is_silent_are_not_said_to_be_none(make) -> None:
    origin = msgspec.structs.replace(
        make.origin(), tunnelling=6, tunnelling_since=4.0, tunnel_requests=6
    )
    limited = make.agent(origin, max_sockets=3)
    assert ["6 tunnels pending (not counted by Node yet)"] == [
        text_of(line) for line in strip_lines(limited, origin, 60, 2)
    ]
    assert "6 requests wait for them, the oldest is 6s old" == text_of(notable_line(origin, 10.0))


def test_tunnels_for_a_queue_are_told_beside_the_sockets_that_count(make) -> None:
    origin = msgspec.structs.replace(make.origin(use=1), tunnelling=1, tunnelling_since=4.0)
    assert "#.." == text_of(strip_lines(make.agent(origin, max_sockets=3), origin, 60, 1)[0])
    assert text_of(notable_line(origin, 10.0)).startswith(
        "1 tunnel pending (not counted by Node yet): the oldest is 6s old  oldest s1"
    )


def test_the_legend_names_every_glyph() -> None:
    assert (
        "# active  = free  c connecting  t TLS  x closing  . room" == text_of(legend_line()).strip()
    )


def request(number: int, **more) -> RequestInfo:
    return RequestInfo(
        **(
            {
                "id": RequestId(number),
                "state": RequestState.QUEUED,
                "method": "POST",
                "target": "/charge",
                "label": "checkout",
                "submitted_at": 8.7,
                "why": QueueReason.MAX_SOCKETS,
            }
            | more
        )
    )


def test_the_queue_head_tells_who_waits_for_how_long_and_why(make) -> None:
    origin = make.origin(queued=3)
    origin = type(origin)(
        **{
            **{name: getattr(origin, name) for name in origin.__struct_fields__},
            "requests": (request(1, overtaken_by=2), request(2, aborted=True)),
        }
    )
    assert [
        " 1  1.3s POST /charge  checkout  r1  overtaken by 2  maxSockets",
        " 2  1.3s POST /charge  checkout  r2  given up, still queued",
        "   and 1 more",
    ] == [text_of(line) for line in queue_lines(origin, 10.0, 5)]
    assert "   and 2 more" == text_of(queue_lines(origin, 10.0, 2)[1])


def test_an_event_line_is_clean() -> None:
    text = text_of(event_line(0.0, "ED\x1bIT", "h\n", "\u202etext"))
    assert text.isprintable()


def test_fitting_and_spreading_keep_to_the_width() -> None:
    line = (("hello ", "text"), ("world", "bad"))
    for width in range(15):
        assert width_of(fit(line, width)) <= width
        assert width_of(spread(line, (("right", "dim"),), width)) <= width
    assert "hello wor\u2026" == text_of(fit(line, 10))
