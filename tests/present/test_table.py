"""What all tables share: columns in a line, the order of rows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest

from pooltop.present.columns import COLUMNS as HOSTS
from pooltop.present.event_rows import COLUMNS as EVENTS
from pooltop.present.line import text_of, width_of
from pooltop.present.request_columns import QUEUE_COLUMNS, RUNNING_COLUMNS, of_dispatchers
from pooltop.present.sharing_columns import SHARING_COLUMNS
from pooltop.present.socket_columns import COLUMNS as SOCKETS
from pooltop.present.table import (
    Column,
    as_written,
    column_at,
    number_column,
    row_line,
    shown_columns,
    sizes,
    sort_rows,
    text_column,
    title_line,
)
from pooltop.present.undici_columns import UNDICI_COLUMNS
from pooltop.present.workload_rows import COLUMNS as WORKLOADS

TABLES = {
    "hosts": HOSTS,
    "sockets": SOCKETS,
    "queue": QUEUE_COLUMNS,
    "running": RUNNING_COLUMNS,
    "workloads": WORKLOADS,
    "events": EVENTS,
    "undici's hosts": UNDICI_COLUMNS,
    "undici's sockets": SHARING_COLUMNS,
    "undici's queue": of_dispatchers(QUEUE_COLUMNS),
    "undici's running": of_dispatchers(RUNNING_COLUMNS),
}


@dataclass(frozen=True)
class Fruit:
    id: str
    weight: float | None = None
    colour: str = ""


WEIGHT: Column[Fruit] = number_column("weight", "WEIGHT", 6, lambda f: f.weight, "count", "A.")
COLOUR: Column[Fruit] = text_column("colour", "COLOUR", 6, lambda f: f.colour, "B.", most=20)
NAME: Column[Fruit] = text_column("name", "NAME", 4, lambda f: f.id, "C.", most=8)


@pytest.mark.parametrize(
    ("descending", "expected"), [(False, "cbdaef"), (True, "dbcaef")], ids=["up", "down"]
)
def test_rows_without_a_value_come_last_both_ways_and_equal_ones_by_key(
    descending: bool, expected: str
) -> None:
    rows = [
        Fruit("f", math.nan),
        Fruit("e", None),
        Fruit("d", math.inf),
        Fruit("c", 1),
        Fruit("b", 2),
        Fruit("a", None),
    ]
    order = sort_rows(rows, WEIGHT, descending=descending)
    assert expected == "".join(row.id for row in order)


@pytest.mark.parametrize("descending", [False, True])
def test_equal_rows_stand_by_key_whichever_way_they_are_sorted(descending: bool) -> None:
    rows = [Fruit(name, 7) for name in "cab"]
    assert "abc" == "".join(row.id for row in sort_rows(rows, WEIGHT, descending=descending))


def test_text_is_sorted_without_case_and_empty_text_is_no_value() -> None:
    rows = [Fruit("a", colour="Red"), Fruit("b", colour="green"), Fruit("c")]
    assert "bac" == "".join(row.id for row in sort_rows(rows, COLOUR, descending=False))
    assert "abc" == "".join(row.id for row in sort_rows(rows, COLOUR, descending=True))


def test_a_held_order_stays_new_rows_come_last_and_rows_that_went_leave_no_gap() -> None:
    rows = [Fruit("a", 1), Fruit("b", 9), Fruit("new", 5), Fruit("newer", 6)]
    order = sort_rows(rows, WEIGHT, descending=True, held=("a", "gone", "b"))
    assert ["a", "b", "newer", "new"] == [row.id for row in order]


def test_columns_that_stretch_grow_from_the_left_and_give_way_from_the_right() -> None:
    columns = (NAME, WEIGHT, COLOUR)
    natural = 1 + 4 + 6 + 6 + 3
    assert (4, 6, 6) == sizes(columns, natural)
    assert (6, 6, 6) == sizes(columns, natural + 2)
    assert (8, 6, 9) == sizes(columns, natural + 7)
    assert (8, 6, 20) == sizes(columns, 500)
    assert (4, 6, 1) == sizes(columns, natural - 5)
    assert (2, 6, 0) == sizes(columns, natural - 8)
    assert (0, 6, 0) == sizes(columns, 1)


def test_a_heading_is_found_by_where_it_was_clicked() -> None:
    columns = (NAME, WEIGHT)
    assert " NAME     WEIGHT" == text_of(title_line(columns, 17))
    found = [column_at(columns, 17, cell) for cell in range(20)]
    assert [None, *[NAME] * 8, None, *[WEIGHT] * 6, None, None, None, None] == found


def test_the_column_that_is_sorted_by_is_accented_and_the_cursor_is_a_glyph() -> None:
    line = title_line((NAME, WEIGHT), 20, sorted_by="weight")
    assert ["WEIGHT"] == [text for text, ink in line if ink == "accent"]
    row = Fruit("plum", 3)
    assert ">plum          3" == text_of(row_line(row, (NAME, WEIGHT), 17, cursor=True))
    assert "plum          3" == text_of(row_line(row, (NAME, WEIGHT), 16, margin=0))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "count", "-"),
        ("", "text", "-"),
        ("word", "text", "word"),
        (True, "flag", "yes"),
        (0.0, "flag", "no"),
        (1.25, "s", "1.2s"),
        (161, "/s", "161"),
        (0.5, "share", "50%"),
        (12_345, "id", "12345"),
        (12_345, "B", "12.3k"),
        (math.inf, "count", "-"),
    ],
)
def test_a_value_is_written_as_its_unit_wants(value, unit, text) -> None:
    assert text == as_written(value, unit)


@pytest.mark.parametrize("table", TABLES)
def test_every_column_of_every_table_is_defined_in_a_sentence_and_has_a_name_of_its_own(
    table: str,
) -> None:
    columns = TABLES[table]
    assert all(column.definition.endswith(".") for column in columns)
    names: list[str] = []
    for column in columns:
        plain = {name.casefold().replace(" ", "") for name in (column.id, column.title)}
        names += plain - {""}
    assert set() == {name for name in names if names.count(name) > 1}
    assert all(column.title or column.id in ("state", "bar") for column in columns)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("width", range(40, 78))
def test_on_a_narrow_screen_the_last_columns_go_and_names_can_be_read(table, width) -> None:
    columns = shown_columns(TABLES[table], width)
    assert columns == tuple(one for one in TABLES[table] if one in columns)
    given = zip(columns, sizes(columns, width), strict=True)
    assert all(size >= min(7, column.width) for column, size in given if column.most)
    assert width_of(title_line(columns, width)) <= width


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("width", range(60, 300, 7))
def test_a_table_fits_the_width_from_which_it_shows_its_columns(table: str, width: int) -> None:
    columns = shown_columns(TABLES[table], width)
    assert width_of(title_line(columns, width)) <= width
    least = [column.width for column in columns]
    stretched = sizes(columns, width)
    if width >= 78:
        assert all(given >= wanted for given, wanted in zip(stretched, least, strict=True))
