"""The Events page: rows, filters, whose they are."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from pooltop.core.snapshot import JournalEntry
from pooltop.present.event_rows import COLUMNS, GROUPS, about, event_row, of_group
from pooltop.present.line import text_of
from pooltop.present.table import row_line, sort_rows


def entry(seq: int, kind: str = "CLOSE", **more) -> JournalEntry:
    values = {"at": float(seq), "wall_at": 0.0, "agent": "one", "host": "a:80", "text": "s1"}
    return JournalEntry(seq=seq, kind=kind, **(values | more))


def rows_of(*entries: JournalEntry):
    return [event_row(each) for each in entries]


def numbers(rows) -> list[int]:
    return [row.id.seq for row in rows]


@pytest.mark.parametrize(
    ("group", "kinds"),
    [
        ("all", ["OPEN", "CLOSE", "EDIT", "ERROR", "QUEUE", "RETRY"]),
        ("edits", ["EDIT"]),
        ("closes", ["OPEN", "CLOSE"]),
        ("errors", ["ERROR", "RETRY"]),
    ],
)
def test_a_filter_shows_its_kinds(group, kinds) -> None:
    told = ["OPEN", "CLOSE", "EDIT", "ERROR", "QUEUE", "RETRY"]
    rows = rows_of(*(entry(n, kind) for n, kind in enumerate(told)))
    assert kinds == [row.kind for row in of_group(rows, group)]


def test_the_filters_are_those_that_are_promised() -> None:
    assert ["all", "edits", "closes", "errors"] == list(GROUPS)


def test_alike_ones_are_one_row_that_says_how_often() -> None:
    (once,) = rows_of(entry(1))
    assert ("s1", "s1  (3 times)") == (once.shown, replace(once, times=3).shown)


def test_a_host_s_events_are_its_own_and_its_agent_s(make) -> None:
    rows = rows_of(
        entry(1),
        entry(2, host="b:80"),
        entry(3, "EDIT", host=""),
        entry(4, agent="two"),
        entry(5, "EDIT", agent="two", host=""),
        entry(6, agent="", host=""),
        entry(7, host="a:80 (as x)"),
    )
    assert [1, 3] == numbers(about(rows, "one", make.origin("a")))
    apart = msgspec.structs.replace(make.origin("a"), apart="as x")
    assert [3, 7] == numbers(about(rows, "one", apart))


def test_an_ipv6_host_is_found_too(make) -> None:
    rows = rows_of(entry(1, host="[::1]:80"))
    assert [1] == numbers(about(rows, "one", make.origin("::1")))


def test_newest_first_is_a_matter_of_sorting_by_time() -> None:
    rows = rows_of(*(entry(n, wall_at=float(n)) for n in (2, 1, 3)))
    assert [3, 2, 1] == numbers(sort_rows(rows, COLUMNS[0], descending=True))


def test_a_line_is_clean_and_tells_time_kind_host_and_text() -> None:
    (row,) = rows_of(entry(1, "ED\x1bIT", host="h\n", text="\u202etext", agent="\x07"))
    assert text_of(row_line(row, COLUMNS, 200)).isprintable()
    (row,) = rows_of(entry(1, "EDIT", text="maxSockets 1 > 2"))
    words = text_of(row_line(row, COLUMNS[:3] + COLUMNS[4:5], 80)).split()
    assert ["EDIT", "a:80", "maxSockets", "1", ">", "2"] == words[1:]
