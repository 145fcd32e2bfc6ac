"""The host table: marks, order, filter, columns."""

from __future__ import annotations

import math

import msgspec
import pytest

from pooltop.core.model import AgentOptions
from pooltop.present.columns import COLUMNS
from pooltop.present.header import (
    HeaderFacts,
    header_line,
    load_of,
    mode_of,
)
from pooltop.present.history import History
from pooltop.present.host_cells import bar
from pooltop.present.hosts import build_rows
from pooltop.present.labels import Label, label_of
from pooltop.present.line import text_of, width_of
from pooltop.present.marks import Mark, marks_of
from pooltop.present.query import parse
from pooltop.present.table import column_named, row_line, shown_columns, sort_rows, title_line


def rows_of(make, *agents, at=10.0):
    history = History()
    snapshot = make.snapshot(at, *agents)
    history.add(snapshot)
    return build_rows(snapshot, history, window_s=60)


def test_unchecked_certificates_are_marked_even_beside_graver_trouble(make) -> None:
    one = make.origin(use=4, queued=1)
    one = msgspec.structs.replace(one, scheme="https", verified=False)
    agent = make.agent(one, max_sockets=4, initial=AgentOptions())
    marks = marks_of(agent, one, errors=0.5)
    assert "!ux*" == "".join(mark.glyph for mark in marks)
    (row,) = rows_of(make, agent)
    for width in (60, 80, 120):
        assert "u" in text_of(row_line(row, shown_columns(COLUMNS, width), width))[:4]
    assert "unverified" in row.words


def test_tunnels_that_are_not_up_are_marked(make) -> None:
    one = msgspec.structs.replace(make.origin(use=1), tunnelling=3)
    marks = marks_of(make.agent(one, initial=AgentOptions()), one, errors=None)
    assert "tunnels pending" in [mark.word for mark in marks]


def test_a_host_that_waits_for_its_proxy_says_for_how_many_tunnels(make) -> None:
    one = msgspec.structs.replace(
        make.origin(), tunnelling=6, tunnelling_since=4.0, tunnel_requests=5
    )
    (row,) = rows_of(make, make.agent(one, initial=AgentOptions()))
    assert "6 tunnels pending" == row.words


def test_hosts_of_one_name_are_told_apart(make) -> None:
    unix = msgspec.structs.replace(make.origin(use=1), apart="unix:/run/\x1ba.sock")
    label = str(label_of(unix))
    assert label.startswith(f"{label_of(make.origin(use=1))} unix:/run/")
    assert "\x1b" not in label


@pytest.mark.parametrize("width", [80, 100, 120])
def test_two_local_addresses_to_one_host_do_not_look_the_same(make, width) -> None:
    agents = [
        make.agent(
            msgspec.structs.replace(make.origin("127.0.0.1"), port=18090, apart=f"from {address}"),
            name=address,
        )
        for address in ("127.0.0.2", "127.0.0.3")
    ]
    lines = [
        text_of(row_line(row, shown_columns(COLUMNS, width), width))
        for row in rows_of(make, *agents)
    ]
    for line, address in zip(lines, ("127.0.0.2", "127.0.0.3"), strict=True):
        assert f"{address[-6:]} " in line


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (40, "127.0.0.1:18090 from 127.0.0.2"),
        (30, "127.0.0.1:18090 from 127.0.0.2"),
        (29, "127.0.0.1:18090\u2026rom 127.0.0.2"),
        (21, "127.\u2026:18090\u2026127.0.0.2"),
        (12, "127.\u2026\u2026.0.0.2"),
        (1, "\u2026"),
        (0, ""),
    ],
)
def test_a_name_gives_way_before_its_port_and_what_tells_it_apart_keeps_its_end(
    width, shown
) -> None:
    assert shown == Label("127.0.0.1", 18090, "from 127.0.0.2").fitted(width)


def test_where_the_port_has_no_room_what_tells_hosts_apart_has_it() -> None:
    label = Label("both.localhost", 34239, "(session)")

    assert "both.\u2026 (session)" == label.fitted(16)
    assert "both.l\u2026:34239 (session)" == label.fitted(23)


def test_a_sockets_path_is_no_port() -> None:
    label = Label("averyveryverylongname.example", 80, "unix:/run/app.sock")
    assert "averyve\u2026:80\u2026/app.sock" == label.fitted(21)


@pytest.mark.parametrize(
    ("origin", "options", "errors", "glyphs"),
    [
        ({"use": 1}, {"max_sockets": 4}, None, ""),
        ({"use": 4, "queued": 1}, {"max_sockets": 4}, None, "!"),
        ({"use": 4}, {"max_sockets": 4}, None, ""),
        ({"use": 6}, {"max_sockets": 4}, None, "~"),
        ({"use": 6, "queued": 2}, {"max_sockets": 4}, None, "!"),
        ({"use": 4, "queued": 9}, {"max_sockets": 40}, None, "q"),
        ({"use": 4, "queued": 9}, {"max_total_sockets": 4}, None, "!"),
        ({"submitted": 0}, {}, None, "?"),
        ({"use": 1}, {}, 0.5, "x"),
        ({"use": 1}, {}, 0.0, ""),
    ],
)
def test_a_mark_says_what_is_wrong(make, origin, options, errors, glyphs) -> None:
    one = make.origin(**origin)
    marks = marks_of(make.agent(one, **options), one, errors=errors)
    assert glyphs == "".join(mark.glyph for mark in marks)


def test_an_edited_agent_is_marked_at_all_its_hosts(make) -> None:
    agent = make.agent(
        make.origin("a"), make.origin("b"), max_sockets=9, initial=AgentOptions(max_sockets=4)
    )
    assert [(Mark.CHANGED,), (Mark.CHANGED,)] == [row.marks for row in rows_of(make, agent)]


def test_a_silent_engine_marks_every_host(make) -> None:
    history = History()
    snapshot = make.snapshot(1.0, make.agent(make.origin()))
    rows = build_rows(snapshot, history, window_s=60, stale=True)
    assert "no data" == rows[0].words


def test_the_same_host_of_two_agents_is_told_apart(make) -> None:
    rows = rows_of(make, make.agent(make.origin(), name="x"), make.agent(make.origin(), name="y"))
    assert ["a:80 (x)", "a:80 (y)"] == [row.label for row in rows]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("queue", ["b", "a", "c"]), ("use", ["c", "a", "b"]), ("host", ["c", "b", "a"])],
)
def test_hosts_are_sorted_and_equal_ones_stay_in_order_of_name(make, name, expected) -> None:
    agent = make.agent(
        make.origin("c", use=5), make.origin("a", use=1), make.origin("b", use=1, queued=3)
    )
    column = column_named(COLUMNS, name)
    rows = sort_rows(rows_of(make, agent), column, descending=True)
    assert expected == [row.label[0] for row in rows]


@pytest.mark.parametrize(
    ("needle", "found"),
    [("", 2), ("ALPHA", 1), ("[", 0), ("(", 0), ("\\", 0), ("saturated", 1), ("one", 2), ("80", 2)],
)
def test_a_word_filters_hosts_by_name_agent_and_state(make, needle, found) -> None:
    agent = make.agent(
        make.origin("alpha", use=1, queued=1), make.origin("beta", use=1), max_sockets=1
    )
    assert found == len(parse(needle, COLUMNS).filtered(rows_of(make, agent)))


@pytest.mark.parametrize(
    ("use", "free", "limit", "expected"),
    [
        (0, 0, 10, ".........."),
        (10, 0, 10, "##########"),
        (5, 3, 10, "#####===.."),
        (1, 1, 1000, "#=........"),
        (999, 1, 1000, "#########="),
        (20, 0, 10, "##########"),
        (3, 2, math.inf, "###==....."),
        (0, 0, math.inf, ".........."),
    ],
)
def test_the_bar_never_hides_a_socket_or_invents_room(make, use, free, limit, expected) -> None:
    origin = make.origin(use=use, free=free)
    row = rows_of(make, make.agent(origin, max_sockets=limit))[0]
    assert expected == text_of(bar(row, 10))


@pytest.mark.parametrize("width", [1, 20, 40, 59, 60, 78, 80, 99, 100, 120, 140, 200])
def test_every_line_is_as_wide_as_its_heading(make, width) -> None:
    hostile = make.agent(make.origin("h" * 300, use=3, queued=10**9))
    columns = shown_columns(COLUMNS, width)
    row = rows_of(make, hostile)[0]
    assert width_of(title_line(columns, width)) == width_of(row_line(row, columns, width))


def test_at_eighty_cells_the_port_survives_a_long_name(make) -> None:
    row = rows_of(make, make.agent(make.origin("averyveryverylongname.example")))[0]
    line = text_of(row_line(row, shown_columns(COLUMNS, 80), 80))
    assert "\u2026:80 " in line
    assert width_of(row_line(row, shown_columns(COLUMNS, 80), 80)) <= 81


def test_every_column_is_defined_in_a_sentence() -> None:
    assert all(column.definition.endswith(".") for column in COLUMNS)


def facts(**more) -> HeaderFacts:
    return HeaderFacts(
        **(
            {
                "title": "prod.toml",
                "state": "LIVE",
                "detail": "2/s",
                "window_s": 60.0,
                "req_s": 586.0,
                "mode": "NODE",
                "edits": 1,
                "wall_at": 0.0,
            }
            | more
        )
    )


def test_read_only_outlives_who_writes_in_a_narrow_header() -> None:
    standing = (("2 viewers, viewer 2 (pid 102) writes", "warn"),)
    text = text_of(header_line(facts(refused="READ-ONLY", standing=standing), 80))
    assert "READ-ONLY" in text
    assert "UNLOCKED" not in text


@pytest.mark.parametrize("width", [*range(1, 60, 7), 80, 120, 200])
def test_the_header_is_never_wider_than_the_screen(width) -> None:
    assert width_of(header_line(facts(), width)) <= width


def test_the_header_says_everything_at_eighty_cells() -> None:
    text = text_of(header_line(facts(), 80))
    for part in ("pooltop prod.toml", "LIVE", "2/s", "win 1m", "586 req/s", "UNLOCKED", "NODE"):
        assert part in text


def test_the_state_the_lock_and_the_mode_outlive_the_rest_in_a_narrow_header() -> None:
    text = text_of(header_line(facts(refused="LOCKED"), 45))
    assert "LIVE" in text
    assert "LOCKED" in text
    assert "NODE" in text


def test_the_header_says_that_the_run_fails_and_of_how_many_thresholds() -> None:
    assert "99 FAILS  " in text_of(header_line(facts(fails=1), 100))
    assert "99 FAILS 3  " in text_of(header_line(facts(fails=3), 100))
    assert "FAILS" not in text_of(header_line(facts(), 200))


def test_the_header_says_what_is_dropped_beside_the_rate() -> None:
    assert "300 req/s  12/s dropped" in text_of(
        header_line(facts(req_s=300.0, dropped_s=12.0), 120)
    )
    assert "dropped" not in text_of(header_line(facts(req_s=300.0), 120))


def test_mixed_modes_are_said_to_be_so(make) -> None:
    snapshot = make.snapshot(
        1.0, make.agent(name="x", live="drain"), make.agent(name="y", live="node")
    )
    assert ("DRAIN here", "NODE here") == (mode_of(snapshot, "x"), mode_of(snapshot, "y"))


def test_without_a_workload_there_is_no_word_of_its_state() -> None:
    assert "" == load_of([])


def test_a_wide_host_table_tells_bytes_what_dialling_cost_and_what_closed_sockets(make) -> None:
    history = History()
    for at in (0.0, 10.0):
        sockets = tuple(
            make.socket(n, dns=n / 1000, tcp=n / 100, handshake=None) for n in range(1, 101)
        )
        closed = {"idle timeout": 3, "closed by peer": 5}
        origin = make.origin(bytes_in=int(at) * 50, bytes_out=int(at) * 7, closed=closed)
        origin = msgspec.structs.replace(origin, sockets=sockets)
        snapshot = make.snapshot(at, make.agent(origin))
        history.add(snapshot)
    (row,) = build_rows(snapshot, history, window_s=60)
    assert (50.0, 7.0) == (row.rates.in_s, row.rates.out_s)
    assert (0.095, 0.95, None) == (row.dials.dns, row.dials.tcp, row.dials.tls)
    assert (8, "closed by peer 5, idle timeout 3") == (row.closed, row.closed_of)
    columns = shown_columns(COLUMNS, 200)
    heading, line = (
        text_of(title_line(columns, 200)),
        text_of(row_line(row, columns, 200)),
    )
    assert ["95ms", "950ms", "-", "50", "7"] == line[heading.index("DNS95") :].split()[:5]
    assert "closed by peer 5" in line


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.id)
def test_hosts_can_be_sorted_by_every_column(make, column) -> None:
    rows = rows_of(make, make.agent(*(make.origin(name, use=1) for name in "cab")))
    assert ["a:80", "b:80", "c:80"] == [
        row.label for row in sort_rows(rows, column, descending=False)
    ]


def test_a_column_s_value_is_what_its_cell_says(make) -> None:
    (row,) = rows_of(
        make, make.agent(make.origin(use=3, free=1, queued=5), max_sockets=4, max_free_sockets=2)
    )
    named = {column.id: column for column in COLUMNS}
    assert ("3/4", 3) == (named["use"].text(row), named["use"].value(row))
    assert ("1/2", 1) == (named["free"].text(row), named["free"].value(row))
    assert ("5", 5) == (named["queue"].text(row), named["queue"].value(row))
    assert ("75%", 0.75) == (named["full"].text(row), named["full"].value(row))
    assert "queue, with room" == named["state"].text(row)


def test_a_hosts_own_limits_are_what_its_row_is_measured_against(make) -> None:
    one = msgspec.structs.replace(
        make.origin(use=3), own_limits={"max_sockets": 2, "max_free_sockets": make.inf}
    )
    other = make.origin("b", use=3)
    agent = make.agent(one, other, max_sockets=8, max_free_sockets=5)
    rows = rows_of(make, agent)
    assert [(2, make.inf, 1.5), (8, 5, 0.375)] == [(r.limit, r.max_free, r.full) for r in rows]
    assert ([Mark.OVER], []) == tuple([*marks_of(agent, o, errors=None)] for o in (one, other))


def test_agents_for_every_request_have_no_limit_together(make) -> None:
    one = make.origin(use=9, free=4)
    agent = make.agent(one, max_sockets=2, max_total_sockets=5, per_request=True)
    (row,) = rows_of(make, agent)
    assert (make.inf, make.inf, None, ()) == (row.limit, row.max_free, row.full, row.marks)
