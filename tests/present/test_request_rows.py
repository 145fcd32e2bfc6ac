"""The Queue page: who waits, why and for how long yet, and who is being served."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.detail import HostDetail, Outlook, RequestDetail
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.snapshot import RequestInfo
from pooltop.core.states import QueueReason, RequestState
from pooltop.present.history import HostId
from pooltop.present.line import text_of, width_of
from pooltop.present.query import parse
from pooltop.present.request_columns import QUEUE_COLUMNS, RUNNING_COLUMNS, across_hosts
from pooltop.present.request_rows import RequestKey, build_queue_rows, build_running_rows
from pooltop.present.table import column_named, row_line, shown_columns, title_line


def request(number: int, state: RequestState = RequestState.QUEUED, **more) -> RequestInfo:
    values = {
        "id": RequestId(number),
        "state": state,
        "method": "POST",
        "target": "/charge",
        "label": "checkout",
        "submitted_at": 8.75,
        "why": QueueReason.MAX_SOCKETS,
    }
    return RequestInfo(**(values | more))


def origin_of(make, host: str = "a", *, queued=(), running=(), use: int = 0):
    origin = make.origin(host, use=use, queued=len(queued))
    return msgspec.structs.replace(origin, requests=tuple(queued), running=tuple(running))


def snapshot_of(make, *origins, details=(), **options):
    snapshot = make.snapshot(10.0, make.agent(*origins, **options))
    told = tuple(
        HostDetail(agent="one", origin=OriginKey("a:80:"), requests=(detail,)) for detail in details
    )
    return msgspec.structs.replace(snapshot, details=told)


def queue_text(row, name: str) -> str:
    return column_named(QUEUE_COLUMNS, name).text(row)


def test_each_host_s_queue_stands_in_its_own_order(make) -> None:
    snapshot = snapshot_of(
        make,
        origin_of(make, "a", queued=[request(5), request(3)]),
        origin_of(make, "b", queued=[request(9)]),
    )
    assert [("a:80", 5, 1), ("a:80", 3, 2), ("b:80", 9, 1)] == [
        (row.name, row.request.id, row.position) for row in build_queue_rows(snapshot)
    ]
    only = build_queue_rows(snapshot, HostId("one", OriginKey("b:80:")))
    assert [RequestKey("one", RequestId(9))] == [row.id for row in only]


def test_the_queue_at_eighty_cells_tells_place_wait_request_reason_and_outlook(make) -> None:
    detail = RequestDetail(id=RequestId(8716), outlook=Outlook(ahead=0, held_by=None, in_s=0.62))
    snapshot = snapshot_of(make, origin_of(make, queued=[request(8716)]), details=[detail])
    (row,) = build_queue_rows(snapshot)
    columns = shown_columns(QUEUE_COLUMNS, 80)
    assert [
        " PLACE WAITED METHOD  TARGET             REQUEST WHY             START IN",
        "     1   1.2s POST    /charge              r8716 maxSockets        ~620ms",
    ] == [text_of(line) for line in (title_line(columns, 74), row_line(row, columns, 74))]


@pytest.mark.parametrize(
    ("outlook", "start", "at_once"),
    [
        (None, "-", "-"),
        (Outlook(ahead=3, held_by=None), "?", "-"),
        (
            Outlook(ahead=96, held_by=QueueReason.MAX_SOCKETS, in_s=0.6, at_once_from=147),
            "~600ms",
            "147",
        ),
    ],
)
def test_when_a_request_would_start_is_what_the_pool_says(make, outlook, start, at_once) -> None:
    detail = RequestDetail(id=RequestId(1), outlook=outlook)
    (row,) = build_queue_rows(
        snapshot_of(make, origin_of(make, queued=[request(1)]), details=[detail])
    )
    assert (start, at_once) == (queue_text(row, "start"), queue_text(row, "at_once_from"))
    assert (None if outlook is None else outlook.in_s) == column_named(
        QUEUE_COLUMNS, "start"
    ).value(row)


def test_of_a_host_that_nobody_watches_no_start_is_guessed(make) -> None:
    (row,) = build_queue_rows(snapshot_of(make, origin_of(make, queued=[request(1)])))
    assert ("-", "-") == (queue_text(row, "start"), queue_text(row, "left"))


def test_who_was_overtaken_or_given_up_says_so(make) -> None:
    queued = [request(1, overtaken_by=3), request(2, aborted=True)]
    first, second = build_queue_rows(snapshot_of(make, origin_of(make, queued=queued)))
    assert ("3", "queued") == (queue_text(first, "overtaken"), queue_text(first, "state"))
    assert ("0", "given up, queued") == (
        queue_text(second, "overtaken"),
        queue_text(second, "state"),
    )


def test_a_running_request_tells_its_socket_its_phase_and_how_long_it_was_queued(make) -> None:
    running = request(7, RequestState.RUNNING, socket=SocketId(1))
    origin = origin_of(make, running=[running], use=1)
    socket = msgspec.structs.replace(origin.sockets[0], request=RequestId(7), connected_at=1.0)
    origin = msgspec.structs.replace(origin, sockets=(socket,))
    detail = RequestDetail(
        id=RequestId(7), assigned_at=9.0, sent_at=9.5, deadline_at=38.0, body_bytes=412
    )
    (row,) = build_running_rows(snapshot_of(make, origin, details=[detail]))
    names = ("request", "since", "socket", "phase", "phase_for", "queued", "left")
    assert ["r7", "1.2s", "s1", "wait", "500ms", "250ms", "28s"] == [
        column_named(RUNNING_COLUMNS, name).text(row) for name in names
    ]
    again = column_named(RUNNING_COLUMNS, "again")
    assert ("no", False) == (again.text(row), again.value(row))
    assert parse("again=no", RUNNING_COLUMNS).matches(row)
    assert "again> : AGAIN is no number: use : or =" == parse("again>1", RUNNING_COLUMNS).problem
    assert 412 == column_named(RUNNING_COLUMNS, "body").value(row)


def test_a_request_whose_socket_is_gone_is_no_crash(make) -> None:
    running = request(7, RequestState.RUNNING, socket=SocketId(99))
    (row,) = build_running_rows(snapshot_of(make, origin_of(make, running=[running])))
    for column in RUNNING_COLUMNS:
        column.text(row)
    assert "running" == row.state


@pytest.mark.parametrize("columns", [QUEUE_COLUMNS, RUNNING_COLUMNS], ids=["queue", "running"])
def test_nothing_hostile_reaches_a_line_or_a_value(make, columns) -> None:
    bad = "\x1b]0;x\x07\u202e\n"
    hostile = request(1, method=bad, target=bad, label=bad)
    origin = origin_of(make, bad, queued=[hostile], running=[hostile])
    snapshot = snapshot_of(make, origin, name=bad)
    for row in (*build_queue_rows(snapshot), *build_running_rows(snapshot)):
        assert text_of(row_line(row, columns, 400)).isprintable()
        assert all(column.text(row).isprintable() for column in columns)


@pytest.mark.parametrize("columns", [QUEUE_COLUMNS, RUNNING_COLUMNS], ids=["queue", "running"])
@pytest.mark.parametrize("width", [80, 92, 100, 104, 116, 120, 132, 160, 200])
def test_requests_of_many_hosts_always_tell_the_host(columns, width: int) -> None:
    shown = shown_columns(across_hosts(columns), width)
    assert "host" in [column.id for column in shown]
    assert width_of(title_line(shown, width)) <= width
