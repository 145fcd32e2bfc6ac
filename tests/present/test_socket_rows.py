"""The Sockets page: a row for each socket of one host, or of all."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.detail import HostDetail, RequestDetail
from pooltop.core.model import OriginKey, RequestId
from pooltop.core.snapshot import RequestInfo, TCPInfo
from pooltop.core.states import RequestState, SocketState
from pooltop.present.history import HostId
from pooltop.present.line import text_of
from pooltop.present.socket_columns import COLUMNS
from pooltop.present.socket_rows import SocketKey, build_socket_rows
from pooltop.present.table import column_named, row_line, shown_columns, title_line


def request(number: int = 7, **more) -> RequestInfo:
    values = {
        "id": RequestId(number),
        "state": RequestState.RUNNING,
        "method": "POST",
        "target": "/charge",
        "submitted_at": 8.0,
    }
    return RequestInfo(**(values | more))


def with_sockets(make, *sockets, running=(), scheme="http", host="a"):
    idle = tuple(s for s in sockets if s.state is SocketState.FREE)
    used = tuple(s for s in sockets if s.state is not SocketState.FREE)
    return msgspec.structs.replace(
        make.origin(host), sockets=used, free_sockets=idle, running=tuple(running), scheme=scheme
    )


def rows_of(make, *origins, details=(), host=None, at=10.0, **options):
    snapshot = make.snapshot(at, make.agent(*origins, **options))
    return build_socket_rows(msgspec.structs.replace(snapshot, details=tuple(details)), host)


def shown(row, name: str) -> str:
    return column_named(COLUMNS, name).text(row)


def value(row, name: str):
    return column_named(COLUMNS, name).value(row)


def test_the_sockets_of_one_host_or_of_all_have_a_row_each(make) -> None:
    origins = [make.origin("a", use=2, free=1), make.origin("b", use=1)]
    assert [("a:80", 1), ("a:80", 2), ("a:80", 3), ("b:80", 1)] == [
        (row.name, row.socket.id) for row in rows_of(make, *origins)
    ]
    only = rows_of(make, *origins, host=HostId("one", OriginKey("b:80:")))
    assert [SocketKey("one", 1)] == [row.id for row in only]
    assert [] == rows_of(make, *origins, host=HostId("two", OriginKey("b:80:")))


def test_a_row_at_eighty_cells_tells_state_use_and_request(make) -> None:
    socket = make.socket(
        17, request=RequestId(7), requests=1204, connected_at=0.0, busy_s=5.0, bytes_in=1_900_000
    )
    (row,) = rows_of(make, with_sockets(make, socket, running=[request()]))
    columns = shown_columns(COLUMNS, 80)
    assert (
        " SOCKET HOST              STATE        SINCE   REQ  BUSY NOW                FOR"
        == text_of(title_line(columns, 80))
    )
    assert (
        "    s17 a:80              # active       10s  1204   50% r7 POST /charge   2.0s"
        == text_of(row_line(row, columns, 80))
    )


def test_what_is_not_there_is_a_dash_and_no_value(make) -> None:
    (row,) = rows_of(make, with_sockets(make, make.socket(1, SocketState.CONNECTING)))
    for name in ("busy", "now", "for", "phase", "session", "rtt", "left", "version", "cost"):
        assert ("-", name) == (shown(row, name), name)
        assert value(row, name) in (None, "")


@pytest.mark.parametrize(
    ("more", "left"), [({"free_timeout_ms": 0.0}, None), ({"free_timeout_ms": 15_000.0}, 5.0)]
)
def test_an_idle_socket_says_how_long_it_is_kept(make, more, left) -> None:
    (row,) = rows_of(make, with_sockets(make, make.socket(1, SocketState.FREE, **more)))
    assert left == value(row, "left")
    (row,) = rows_of(make, with_sockets(make, make.socket(1, **more)))
    assert value(row, "left") is None


@pytest.mark.parametrize(
    ("socket", "scheme", "phase"),
    [
        ({}, "http", ("dns", 10.0)),
        ({"tcp": 1.0, "dns": 2.0}, "https", ("tls", 7.0)),
        ({"tcp": 1.0, "via": "http://p"}, "https", ("tunnel", 9.0)),
        ({"tcp": 1.0, "tunnel": 3.0, "via": "http://p"}, "https", ("tls", 6.0)),
    ],
)
def test_a_socket_that_is_dialled_says_for_what_its_request_waits(
    make, socket, scheme, phase
) -> None:
    one = make.socket(1, SocketState.CONNECTING, request=RequestId(7), **socket)
    (row,) = rows_of(make, with_sockets(make, one, running=[request()], scheme=scheme))
    assert phase == tuple(row.phase)


@pytest.mark.parametrize(
    ("detail", "phase"),
    [
        ({"assigned_at": 8.5}, ("send", 1.0)),
        ({"assigned_at": 8.5, "sent_at": 9.5}, ("wait", 0.5)),
        ({"assigned_at": 8.5, "sent_at": 9.5, "first_byte_at": 9.75}, ("receive", 0.25)),
        ({}, ("", None)),
    ],
)
def test_of_a_host_that_is_watched_every_phase_is_told(make, detail, phase) -> None:
    one = make.socket(1, request=RequestId(7), connected_at=9.0)
    told = HostDetail(
        agent="one",
        origin=OriginKey("a:80:"),
        requests=(RequestDetail(id=RequestId(7), **detail),),
    )
    (row,) = rows_of(make, with_sockets(make, one, running=[request()]), details=[told])
    assert phase == tuple(row.phase)


def test_tls_says_how_it_began_which_version_and_that_nobody_checked_it(make) -> None:
    one = make.socket(
        1, tls="TLSv1.3 TLS_AES_256_GCM_SHA384", tls_resumed=True, verified=False, handshake=0.25
    )
    (row,) = rows_of(make, with_sockets(make, one, scheme="https"))
    names = ("session", "version", "cipher", "checked", "cost", "tls")
    assert [
        "resumed!",
        "TLSv1.3",
        "TLS_AES_256_GCM_SHA384",
        "NOT VERIFIED",
        "250ms",
        "250ms",
    ] == [shown(row, name) for name in names]


def test_the_kernel_s_numbers_are_values_and_the_unanswered_resend_is_marked(make) -> None:
    kernel = TCPInfo(at=9.0, rtt=0.0002, retransmits=1, retransmitted=5)
    (row,) = rows_of(make, with_sockets(make, make.socket(1, kernel=kernel)))
    assert ("200us", 0.0002) == (shown(row, "rtt"), value(row, "rtt"))
    assert ("5!", 5) == (shown(row, "resent"), value(row, "resent"))


def test_nothing_hostile_reaches_a_line_or_a_value(make) -> None:
    bad = "\x1b]0;x\x07\u202e\n"
    one = make.socket(
        1, request=RequestId(7), local=bad, remote=bad, via=bad, tls=bad, alpn=bad, hint=bad
    )
    running = [request(method=bad, target=bad, label=bad)]
    (row,) = rows_of(make, with_sockets(make, one, running=running, host=bad), name=bad)
    for column in COLUMNS:
        assert (column.id, True) == (column.id, column.text(row).isprintable())
    assert text_of(row_line(row, COLUMNS, 400)).isprintable()
