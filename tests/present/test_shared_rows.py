"""Beneath a connection that carries several requests stands a row for each of them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.undici_scenes import (
    CLIENT,
    GONE,
    SESSION,
    STREAMS,
    client,
    picture,
    pool,
    request,
    side_by_side,
    sockets,
    streams,
)

from pooltop.core.detail import HostDetail, RequestDetail
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import AgentSnapshot, Snapshot
from pooltop.present.carried import aborting, carried, carried_by, destroying
from pooltop.present.line import text_of
from pooltop.present.query import parse
from pooltop.present.request_rows import build_running_rows
from pooltop.present.sharing_columns import SHARING_COLUMNS
from pooltop.present.socket_columns import COLUMNS
from pooltop.present.socket_rows import SocketKey, SocketRow, are_shared, build_socket_rows
from pooltop.present.table import column_named, row_line, shown_columns, sort_rows

FEW = replace(SESSION, streams=3, own=8)


def cell(row: SocketRow, name: str) -> str:
    column = column_named(SHARING_COLUMNS, name)
    assert column is not None
    return "".join(text for text, _ in column.cell(row, column.width)).strip()


def cells(rows: list[SocketRow], name: str) -> list[str]:
    return [cell(row, name) for row in rows]


def rows_of(*agents: AgentSnapshot) -> list[SocketRow]:
    return build_socket_rows(picture(*agents))


def test_the_streams_of_a_session_stand_beneath_its_socket() -> None:
    rows = rows_of(streams(FEW))

    assert [SocketKey("streams", SocketId(1), number) for number in (0, 1, 3, 5)] == [
        row.id for row in rows
    ]
    assert ["s1", "/1", "/3", "/5"] == cells(rows, "socket")
    assert ["# active", "# stream", "# stream", "# stream"] == cells(rows, "state")
    assert ["r1 GET /1 and 2 more", "r1 GET /1", "r2 GET /2", "r3 GET /3"] == [
        row.now for row in rows
    ]


def test_a_session_has_a_row_for_its_only_stream_too() -> None:
    rows = rows_of(streams(replace(FEW, streams=1)))
    assert [(0, "1/8"), (1, "")] == [(row.id.stream, cell(row, "streams")) for row in rows]


def test_what_is_of_the_whole_connection_is_shown_once() -> None:
    rows = rows_of(streams(FEW))

    assert [["3/8", "", "", ""], ["ours", "", "", ""], ["12ms", "", "", ""]] == [
        cells(rows, name) for name in ("streams", "cap", "ping")
    ]
    assert [["h2"] * 4, ["c1"] * 4] == [cells(rows, name) for name in ("proto", "client")]


def test_a_pipeline_has_rows_from_the_second_request_on() -> None:
    three = client()
    origin = three.origins[0]
    one = replace(three, origins=(replace(origin, running=origin.running[:1]),))

    assert [
        (0, "3/3", "r1 GET /1 and 2 more"),
        (1, "", "r1 GET /1"),
        (2, "", "r2 GET /2"),
        (3, "", "r3 GET /3"),
    ] == [(row.id.stream, cell(row, "streams"), row.now) for row in rows_of(three)]
    assert [(0, "1/3", "r1 GET /1")] == [
        (row.id.stream, cell(row, "streams"), row.now) for row in rows_of(one)
    ]
    assert {"pipelining"} == {row.load.capped_by for row in rows_of(three) if row.load}
    assert ["# active", *["# pipelined"] * 3] == cells(rows_of(three), "state")


def test_a_socket_of_an_http_agent_carries_one_request_and_says_nothing_of_streams() -> None:
    rows = rows_of(sockets())

    assert 100 == len(rows)
    assert ("-", "-", "-") == tuple(cell(rows[0], name) for name in ("streams", "cap", "ping"))


def test_a_late_ping_and_a_goaway_are_seen_in_the_row() -> None:
    row = rows_of(streams(GONE))[0]
    assert ("3/0", "GOAWAY", "12ms!") == tuple(cell(row, n) for n in ("streams", "cap", "ping"))


@pytest.mark.parametrize("descending", [False, True])
def test_however_connections_are_sorted_their_streams_stay_beneath_them(
    *, descending: bool
) -> None:
    both = (streams(FEW), replace(streams(FEW), name="zweite"))
    column = column_named(SHARING_COLUMNS, "requests")
    assert column is not None

    found = sort_rows(rows_of(*both), column, descending=descending)

    keys = [(row.id.agent, row.id.stream) for row in found]
    assert [(name, n) for name in ("streams", "zweite") for n in (0, 1, 3, 5)] == keys


def test_a_filter_finds_streams_by_what_is_theirs_and_by_what_their_connection_has() -> None:
    rows = rows_of(streams(FEW), pool())

    def found(text: str) -> list[str]:
        query = parse(text, SHARING_COLUMNS)
        assert "" == query.problem
        return [f"{row.id.agent} {row.id.stream}" for row in query.filtered(rows)]

    assert ["streams 5"] == found("now:/3 stream>0")
    assert ["streams 1", "streams 3", "streams 5"] == found("proto:h2 stream>0")
    assert ["streams 0", "streams 1", "streams 3", "streams 5"] == found("cap=ours")
    assert ["streams 3"] == found("r2 stream>0")


def test_each_stream_has_the_phase_of_its_own_request() -> None:
    agent = streams(FEW)
    origin = agent.origins[0]
    unnamed = (replace(origin.sockets[0], request=None),)
    agent = replace(agent, origins=(replace(origin, sockets=unnamed),))
    details = tuple(
        RequestDetail(id=RequestId(n), assigned_at=998.0, sent_at=998.5, first_byte_at=first)
        for n, first in ((1, None), (2, 999.0))
    )
    told = HostDetail(agent="streams", origin=STREAMS.origin, requests=details)
    snapshot = replace(picture(agent), details=(told,))

    assert ["wait", "wait", "receive", ""] == [
        row.phase.word for row in build_socket_rows(snapshot)
    ]


def test_requests_on_one_session_are_running_rows_with_its_socket() -> None:
    rows = build_running_rows(picture(streams(FEW)))
    assert [(1, 1), (2, 1), (3, 1)] == [
        (row.request.id, row.socket.id if row.socket else None) for row in rows
    ]


def test_only_dispatchers_share_connections() -> None:
    both = side_by_side()
    assert (True, True, False) == (
        are_shared(both, None),
        are_shared(both, STREAMS),
        are_shared(picture(sockets()), None),
    )


def test_the_columns_of_shared_connections_are_the_same_as_of_all_others() -> None:
    assert {column.id for column in COLUMNS} == {column.id for column in SHARING_COLUMNS}
    assert {column.id: column.definition for column in COLUMNS} == {
        column.id: column.definition for column in SHARING_COLUMNS
    }


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_a_row_of_a_stream_is_as_wide_as_its_connections(width: int) -> None:
    columns = shown_columns(SHARING_COLUMNS, width)
    lines = [text_of(row_line(row, columns, width)) for row in rows_of(streams(FEW))]
    assert 1 == len({len(line) for line in lines})


def test_what_a_socket_carries_is_known_by_its_number() -> None:
    origin = client().origins[0]
    assert {SocketId(1): [1, 2, 3]} == {
        socket: [each.id for each in its] for socket, its in carried(origin).items()
    }
    assert ([1, 2, 3], []) == (
        [each.id for each in carried_by(origin, SocketId(1))],
        list(carried_by(origin, SocketId(2))),
    )


def test_what_a_destroyed_socket_does_to_its_requests_is_said_before() -> None:
    def said(snapshot: Snapshot) -> str:
        origin = snapshot.agents[0].origins[0]
        return destroying(origin, (*origin.sockets, *origin.free_sockets)[0])

    idle = pool().origins[0]
    assert [
        "all 3 requests on its session fail",
        "r1 on it fails, the 2 behind it are sent again",
        "r1 on it fails",
        "no request is on it",
    ] == [
        said(picture(streams(FEW))),
        said(picture(client())),
        said(picture(pool())),
        destroying(idle, idle.free_sockets[0]),
    ]


def test_what_an_aborted_request_takes_with_it_is_said_before() -> None:
    stream, socket = streams(FEW).origins[0], client().origins[0]
    assert (
        "it fails; its stream is reset, the others of the session go on",
        "it fails; if it is on a socket, that socket is destroyed",
        "it fails; if it is on a socket, that socket is destroyed",
    ) == (
        aborting(stream, RequestId(2)),
        aborting(socket, RequestId(2)),
        aborting(socket, request(4).id),
    )


def test_a_host_that_is_not_there_has_no_rows() -> None:
    assert [] == build_socket_rows(picture(streams(FEW)), CLIENT)
