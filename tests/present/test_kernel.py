"""The kernel's view and TLS on the screen: a line for a host, a line for each of its sockets."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.snapshot import (
    OriginCounters,
    OriginSnapshot,
    PeerCertificate,
    ProcessFacts,
    SocketInfo,
    TCPInfo,
    TimeWait,
)
from pooltop.core.states import SocketState
from pooltop.present import units
from pooltop.present.columns import COLUMNS
from pooltop.present.handshakes import tls_line
from pooltop.present.history import History
from pooltop.present.hosts import build_rows
from pooltop.present.kernel import kernel_line
from pooltop.present.line import text_of, width_of
from pooltop.present.socket_pane import pane_lines
from pooltop.present.socket_table import SOCKET_COLUMNS, socket_table
from pooltop.present.table import row_line, shown_columns

DAY = 86_400.0
HELD = TimeWait(at=9.0, ours=15_000, fullest=15_000, theirs=3)


def tcp(**more: object) -> TCPInfo:
    values = {"at": 9.0, "rtt": 0.0002, "rtt_var": 0.0001, "unacked": 0, "cwnd": 10}
    return TCPInfo(**({**values, "retransmits": 0, "retransmitted": 0} | more))


def origin_of(make, *kernels: TCPInfo | None, **more: object) -> OriginSnapshot:
    sockets = tuple(
        msgspec.structs.replace(make.socket(n), kernel=kernel, remote=f"10.0.0.{n}:80")
        for n, kernel in enumerate(kernels, 1)
    )
    return msgspec.structs.replace(
        make.origin(), sockets=sockets, active=len(sockets), total=len(sockets), **more
    )


def test_the_line_sums_up_what_the_kernel_says_of_every_socket(make) -> None:
    origin = origin_of(
        make,
        tcp(),
        tcp(rtt=0.0051, unacked=2, retransmitted=3, cwnd=32),
        tcp(retransmitted=1),
        None,
        time_wait=HELD,
    )
    assert (
        "TIME_WAIT 15.0k 53% of ports peer 3  rtt 200us..5.1ms s2  resent 4 s2 3  unacked 2  "
        "cwnd 10..32"
    ) == text_of(kernel_line(origin, 28_232, 200))


def test_what_does_not_fit_is_left_out_whole(make) -> None:
    origin = origin_of(make, tcp(), time_wait=HELD)
    whole = kernel_line(origin, 28_232, 200)
    for width in range(width_of(whole) + 1):
        text = text_of(kernel_line(origin, 28_232, width))
        assert len(text) <= width
        assert "\u2026" not in text
    assert "TIME_WAIT 15.0k 53% of ports peer 3" == text_of(kernel_line(origin, 28_232, 40))


def test_what_was_not_measured_is_not_shown(make) -> None:
    assert () == kernel_line(origin_of(make, None), None, 200)
    assert "cwnd 10" == text_of(kernel_line(origin_of(make, TCPInfo(at=9.0, cwnd=10)), 28_232, 200))
    only = TimeWait(at=9.0, ours=7, fullest=7)
    assert "TIME_WAIT 7" == text_of(kernel_line(origin_of(make, time_wait=only), None, 200))


@pytest.mark.parametrize(("held", "ink"), [(0, "text"), (400, "text"), (600, "warn"), (950, "bad")])
def test_ports_that_run_out_are_seen(make, held, ink) -> None:
    # Two peers hold half each: of the local ports each peer can have all.
    origin = origin_of(make, time_wait=TimeWait(at=9.0, ours=held * 2, fullest=held))
    line = kernel_line(origin, 1000, 200)
    assert ink == line[1][1]
    snapshot = msgspec.structs.replace(
        make.snapshot(10.0, make.agent(origin)), process=ProcessFacts(local_ports=1000)
    )
    (row,) = build_rows(snapshot, History(), window_s=60)
    assert (held * 2, held / 1000) == (row.time_wait, row.ports_held)
    (column,) = (one for one in shown_columns(COLUMNS, 150) if one.id == "time_wait")
    assert (units.count(held * 2), ink if held else "faint") == column.cell(row, 5)[0]


def test_the_column_is_there_only_on_wide_screens_and_a_dash_where_nothing_is_known(make) -> None:
    assert "time_wait" not in [column.id for column in shown_columns(COLUMNS, 149)]
    (row,) = build_rows(make.snapshot(10.0, make.agent(make.origin())), History(), window_s=60)
    assert text_of(row_line(row, shown_columns(COLUMNS, 150), 150)).split()[-4:] == [
        "-",
        "-",
        "-",
        "-",
    ]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.0000004, "1us"),
        (0.000028, "28us"),
        (0.00005, "50us"),
        (2, "2.0s"),
    ],
)
def test_round_trips_of_loopback_are_no_zero(seconds, text) -> None:
    assert text == units.round_trip(seconds)


def https(
    make, *sockets: SocketInfo, names=("DNS:a.example", "DNS:b.example"), ends=400 * DAY, **more
):
    certificate = PeerCertificate(
        subject="the subject", issuer="i", names=names, wall_not_before=0, wall_not_after=ends
    )
    return msgspec.structs.replace(
        make.origin(), scheme="https", sockets=sockets, certificates=(certificate,), **more
    )


def test_the_tls_line_tells_handshakes_certificate_and_what_was_agreed_upon(make) -> None:
    full = make.socket(1, tls="TLSv1.3 X", tls_resumed=False, alpn="http/1.1")
    resumed = make.socket(2, SocketState.FREE, tls="TLSv1.3 X", tls_resumed=True)
    shaking = make.socket(3, SocketState.CONNECTING)
    assert "full 1 resumed 1  cert a.example +1 to 1971-02-05  TLSv1.3 X  alpn http/1.1" == text_of(
        tls_line(https(make, full, resumed, shaking), 0.0, 200)
    )
    older = make.socket(4, tls="TLSv1.2 Y", tls_resumed=False)
    assert "TLSv1.3 X 2  TLSv1.2 Y 1" in text_of(
        tls_line(https(make, full, resumed, older), 0.0, 200)
    )


def test_handshakes_of_sockets_that_are_closed_are_told_as_well(make) -> None:
    one = https(make, counters=OriginCounters(handshakes=20, resumed=19), verified=False)
    assert text_of(tls_line(one, 0.0, 60)).startswith("NOT VERIFIED  20 handshakes, 19 resumed")


def test_plain_http_has_no_tls_line(make) -> None:
    assert () == tls_line(make.origin(use=1), 0.0, 200)


def test_what_nobody_verified_stands_first_and_stays_on_any_width(make) -> None:
    origin = https(make, make.socket(1, tls="TLSv1.3 X", tls_resumed=False), verified=False)
    for width in (12, 30, 56, 200):
        assert text_of(tls_line(origin, 0.0, width)).startswith("NOT VERIFIED")


@pytest.mark.parametrize(
    ("left", "words", "ink"),
    [(400 * DAY, "to 1971", "text"), (10 * DAY, "to 1970", "warn"), (-1.0, "expired 1969", "bad")],
)
def test_a_certificate_that_ends_soon_is_seen(make, left, words, ink) -> None:
    origin = https(make, ends=left)
    (until,) = (span for span in tls_line(origin, 0.0, 200) if words in span[0])
    assert ink == until[1]


def test_a_certificate_without_names_shows_its_subject_and_nothing_that_a_terminal_obeys(
    make,
) -> None:
    assert "cert the subject to" in text_of(tls_line(https(make, names=()), 0.0, 200))
    hostile = https(make, names=("DNS:\x1b]0;x\x07\u202e",), ends=float("inf"))
    assert text_of(tls_line(hostile, 0.0, 200)).isprintable()


def test_the_table_has_a_line_for_each_socket_the_troubled_first(make) -> None:
    origin = origin_of(make, tcp(), tcp(retransmits=2, retransmitted=5), None)
    heading, *rows = (text_of(line).split() for line in socket_table(origin, 10.0, 76, 5))
    assert [
        "SOCKET",
        "SINCE",
        "REQ",
        "RTT",
        "RESENT",
        "UNACK",
        "CWND",
        "SESSION",
        "REMOTE",
    ] == heading
    assert [
        ["s2", "#", "10s", "0", "200us", "5!", "0", "10", "-", "10.0.0.2:80"],
        ["s1", "#", "10s", "0", "200us", "0", "0", "10", "-", "10.0.0.1:80"],
        ["s3", "#", "10s", "0", "-", "-", "-", "-", "-", "10.0.0.3:80"],
    ] == rows


def test_sockets_that_have_no_line_are_told_as_a_number(make) -> None:
    origin = origin_of(make, *[tcp()] * 10)
    lines = [text_of(line) for line in socket_table(origin, 10.0, 100, 6)]
    assert 6 == len(lines)
    assert "   and 6 more sockets" == lines[-1]
    assert 11 == len(socket_table(origin, 10.0, 100, 11))
    assert [] == socket_table(origin, 10.0, 100, 2)


@pytest.mark.parametrize("width", [1, 54, 56, 76, 94, 96, 100, 122, 140, 200])
def test_every_line_of_the_table_is_as_wide_as_its_heading(make, width) -> None:
    socket = make.socket(
        1, tls_resumed=True, verified=False, remote="r" * 99, local="\x1b[2J", kernel=tcp()
    )
    origin = msgspec.structs.replace(make.origin(), sockets=(socket, socket))
    heading, *rows = socket_table(origin, 10.0, width, 9)
    assert [width_of(heading)] * 2 == [width_of(row) for row in rows]
    assert all(text_of(row).isprintable() for row in rows)
    assert width < 54 or width_of(heading) <= width


def test_numbers_read_long_ago_are_faint(make) -> None:
    def inks(at: float) -> set[str]:
        line = socket_table(origin_of(make, tcp()), at, 56, 3)[1]
        return {ink for text, ink in line if text.strip() == "200us"}

    assert ({"text"}, {"faint"}) == (inks(14.0), inks(14.1))


def test_a_handshake_says_whether_it_was_resumed_and_verified(make) -> None:
    sockets = [
        make.socket(n, tls_resumed=resumed, verified=verified)
        for n, (resumed, verified) in enumerate(
            [(None, None), (False, True), (True, True), (False, False)], 1
        )
    ]
    origin = msgspec.structs.replace(make.origin(), sockets=tuple(sockets))
    for width in (56, 96, 160):  # what screens of 120 and 200 cells leave, and a wide one
        heading, *rows = (text_of(line) for line in socket_table(origin, 10.0, width, 9))
        place = heading.index("SESSION")
        assert ["-", "full", "resumed", "full!"] == [row[place : place + 8].strip() for row in rows]


def test_how_many_addresses_were_tried_is_told_where_it_is_known(make) -> None:
    sockets = tuple(make.socket(n, attempts=tried, remote="r") for n, tried in ((1, 2), (2, None)))
    origin = msgspec.structs.replace(make.origin(), sockets=sockets)
    heading, *rows = (text_of(line).split() for line in socket_table(origin, 10.0, 140, 9))
    place = heading.index("TRIED") - len(heading)  # "SINCE" is of two words
    assert ["2", "-"] == [row[place] for row in rows]


def test_every_number_of_a_socket_is_defined_in_a_sentence() -> None:
    assert all(column.definition.endswith(".") for column in SOCKET_COLUMNS)


def pane(make, width: int, height: int, *, sockets: int = 3, limit: int = 10, scheme="http"):
    origin = origin_of(make, *[tcp()] * sockets, time_wait=HELD, scheme=scheme)
    agent = make.agent(origin, max_sockets=limit)
    lines = pane_lines(make.snapshot(10.0, agent), agent, origin, width, height)
    return [text_of(line).split(" ")[0] for line in lines]


def test_the_pane_fills_from_the_strip_to_the_table_as_there_is_room(make) -> None:
    assert [
        ["###......."],
        ["###.......", "oldest"],
        ["###.......", "oldest", "TIME_WAIT"],
        ["###.......", "oldest", "TIME_WAIT", "#"],
    ] == [pane(make, 56, height) for height in (1, 2, 3, 4)]
    assert ["###.......", "oldest", "TIME_WAIT", "#", "SOCKET", ""] == pane(make, 56, 7)[:6]


def test_the_strip_comes_before_the_kernel_where_both_do_not_fit(make) -> None:
    assert ["###...", "oldest", "TIME_WAIT", "#"] == [
        word[:6] if set(word) <= {"#", "."} else word for word in pane(make, 56, 4)
    ]
    assert ["oldest", "#"] == pane(make, 56, 4, limit=100)[2:]


@pytest.mark.parametrize("size", [(1, 1), (10, 3), (56, 6), (96, 16), (200, 40)])
def test_a_pane_of_any_size_fits(make, size) -> None:
    for sockets in (0, 1, 300):
        assert len(pane(make, *size, sockets=sockets, scheme="https")) <= size[1]


def test_a_socket_that_leads_to_a_proxy_says_so_before_the_address(make) -> None:
    direct = make.socket(1, remote="10.0.0.1:80")
    proxied = make.socket(2, remote="10.0.0.9:3128", via="http://proxy:3128")
    origin = msgspec.structs.replace(make.origin(), sockets=(direct, proxied))
    first, second = (text_of(line) for line in socket_table(origin, 10.0, 160, 9)[1:])
    assert " 10.0.0.1:80 " in first
    assert "via" not in first
    assert "via 10.0.0.9:3128 " in second
