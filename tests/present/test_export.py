"""A table as CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pooltop.core.snapshot import JournalEntry
from pooltop.present.columns import COLUMNS as HOSTS
from pooltop.present.event_rows import COLUMNS as EVENTS
from pooltop.present.event_rows import event_row
from pooltop.present.export import Export, Picture, field_name, to_csv, to_json
from pooltop.present.history import History
from pooltop.present.hosts import build_rows
from pooltop.present.table import Column, number_column, text_column

PICTURE = Picture("hosts", 1_900_000_000.25, profile="prod.toml", filter="queue>5")

NAME: Column[dict] = text_column("name", "NAME", 5, lambda r: r["name"], "The name.")
AGE: Column[dict] = number_column("age", "AGE", 5, lambda r: r["age"], "s", "The age.")
LIMIT: Column[dict] = number_column("max", "MAX", 5, lambda r: r["max"], "count", "The limit.")


def row(name: str = "a", age: float | None = 1.5, limit: float | None = 3) -> dict:
    return {"name": name, "age": age, "max": limit}


def exported(*rows: dict) -> Export[dict]:
    return Export(PICTURE, rows, (NAME, AGE, LIMIT))


def test_csv_has_units_in_its_heading_and_says_of_what_it_is() -> None:
    assert (
        "name,age_s,max,instant,profile,filter\r\n"
        "a,1.5,3,2030-03-17T17:46:40.250+00:00,prod.toml,queue>5\r\n"
        ",,inf,2030-03-17T17:46:40.250+00:00,prod.toml,queue>5\r\n"
    ) == to_csv(exported(row(), row("", None, math.inf)))


def test_csv_quotes_as_rfc_4180_has_it() -> None:
    assert ['"a,""b"",1",1.5,3', "2030-03-17T17:46:40.250+00:00"] == to_csv(
        exported(row('a,"b",1'))
    ).splitlines()[1].rsplit(",", 3)[:2]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\uff1d1", "=cmd|' /C calc'!A0", "-"],
)
def test_no_text_is_a_formula_to_a_spreadsheet(text: str) -> None:
    (_, fields) = csv.reader(io.StringIO(to_csv(exported(row(text))), newline=""))
    assert f"'{text}" == fields[0]


def test_a_negative_number_stays_a_number() -> None:
    assert "-2.5" in to_csv(exported(row(age=-2.5))).splitlines()[1].split(",")


def test_what_was_typed_as_the_filter_is_no_formula_either() -> None:
    export = Export(Picture("hosts", 0.0, profile="@x", filter="=1"), [row()], (NAME,))
    assert ["a", "1970-01-01T00:00:00.000+00:00", "'@x", "'=1"] == to_csv(export).splitlines()[
        1
    ].split(",")


def test_json_has_raw_values_and_says_what_each_field_is() -> None:
    document = json.loads(to_json(exported(row(), row("b", None, math.inf))))
    assert [
        {"name": "a", "age_s": 1.5, "max": 3},
        {"name": "b", "age_s": None, "max": "inf"},
    ] == document["rows"]
    assert {
        "field": "age_s",
        "title": "AGE",
        "unit": "s",
        "definition": "The age.",
    } == document["columns"][1]
    assert ("hosts", "prod.toml", "queue>5", "2030-03-17T17:46:40.250+00:00") == tuple(
        document[key] for key in ("table", "profile", "filter", "instant")
    )


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300])
def test_json_stays_json_with_any_number(number: float) -> None:
    json.loads(
        to_json(exported(row(age=number))), parse_constant=lambda name: pytest.fail(f"{name}")
    )


def test_an_instant_that_no_clock_has_is_empty() -> None:
    assert "" == Picture("hosts", math.inf).instant


@settings(deadline=None, database=None)
@given(st.text(max_size=40))
def test_no_text_breaks_a_file_or_reaches_a_terminal(text: str) -> None:
    lines = to_csv(exported(row(text))).split("\r\n")
    assert 3 == len(lines)
    assert all(line.isprintable() for line in lines)
    (_, fields) = csv.reader(io.StringIO(lines[0] + "\r\n" + lines[1] + "\r\n", newline=""))
    assert 6 == len(fields)
    assert not fields[0].lstrip().startswith(("=", "+", "-", "@"))
    assert all(line.isprintable() for line in to_json(exported(row(text))).splitlines())


def test_the_hosts_are_exported_with_every_column_that_is_no_picture(make) -> None:
    snapshot = make.snapshot(10.0, make.agent(make.origin("a", use=2, queued=1), max_sockets=2))
    rows = build_rows(snapshot, History(), window_s=60)
    (one,) = json.loads(to_json(Export(PICTURE, rows, HOSTS)))["rows"]
    assert {field_name(column) for column in HOSTS if not column.picture} == set(one)
    assert ("a:80", 2, 2, 1, 10.0) == tuple(
        one[name] for name in ("host", "use", "max", "queue", "oldest_s")
    )
    assert "saturated" in one["state"]


def test_times_are_exported_in_utc() -> None:
    event = event_row(JournalEntry(seq=1, at=1.0, wall_at=0.5, kind="EDIT", text="=1 > 2"))
    (one,) = json.loads(to_json(Export(PICTURE, [event], EVENTS)))["rows"]
    assert "1970-01-01T00:00:00.500+00:00" == one["time"]
