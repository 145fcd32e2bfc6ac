"""The Events page: rows, filters, whose they are."""

from __future__ import annotations

from dataclasses import replace

from pooltop.core.snapshot import JournalEntry
from pooltop.present.event_rows import COLUMNS, GROUPS, event_row
from pooltop.present.line import text_of
from pooltop.present.table import row_line, sort_rows


def entry(seq: int, kind: str = "CLOSE", **more) -> JournalEntry:
    values = {"at": float(seq), "wall_at": 0.0, "agent": "one", "host": "a:80", "text": "s1"}
    return JournalEntry(seq=seq, kind=kind, **(values | more))


def rows_of(*entries: JournalEntry):
    return [event_row(each) for each in entries]


def numbers(rows) -> list[int]:
    return [row.id.seq for row in rows]


def test_the_filters_are_those_that_are_promised() -> None:
    assert ["all", "edits", "closes", "errors"] == list(GROUPS)


def test_alike_ones_are_one_row_that_says_how_often() -> None:
    (once,) = rows_of(entry(1))
    assert ("s1", "s1  (3 times)") == (once.shown, replace(once, times=3).shown)


def test_newest_first_is_a_matter_of_sorting_by_time() -> None:
    rows = rows_of(*(entry(n, wall_at=float(n)) for n in (2, 1, 3)))
    assert [3, 2, 1] == numbers(sort_rows(rows, COLUMNS[0], descending=True))


def test_a_line_is_clean_and_tells_time_kind_host_and_text() -> None:
    (row,) = rows_of(entry(1, "ED\x1bIT", host="h\n", text="\u202etext", agent="\x07"))
    assert text_of(row_line(row, COLUMNS, 200)).isprintable()
    (row,) = rows_of(entry(1, "EDIT", text="maxSockets 1 > 2"))
    words = text_of(row_line(row, COLUMNS[:3] + COLUMNS[4:5], 80)).split()
    assert ["EDIT", "a:80", "maxSockets", "1", ">", "2"] == words[1:]
