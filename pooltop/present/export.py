"""A table as a file: the rows that are shown, with their values as they are, as CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic

from pooltop.present.clean import clean
from pooltop.present.table import Column, Row, Unit, Value

FORMAT = 1
"""Of the JSON document: goes up when a reader of the former one would misread the new one."""
CSV_END = "\r\n"
"""Of a line of CSV (RFC 4180)."""
NO_LIMIT = "inf"
"""How "no limit" is written: neither JSON nor CSV has a number for it."""

_SUFFIX: dict[Unit, str] = {
    "s": "_s",
    "/s": "_per_s",
    "share": "_share",
    "B": "_bytes",
    "B/s": "_bytes_per_s",
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula; the last four are = + - @ in full width.

Source: OWASP, CSV Injection.
"""


@dataclass(frozen=True, slots=True)
class Picture:
    """When and of what a table was exported."""

    table: str
    """Its name, e.g. "hosts"."""
    wall_at: float
    """Unix time of the instant shown."""
    profile: str = ""
    filter: str = ""
    """As it was typed; empty for all rows."""
    sorted_by: str = ""
    """Id of a column."""
    descending: bool = False
    window_s: float | None = None
    """What rates and quantiles cover; None where there are none."""

    @property
    def instant(self) -> str:
        """Give the instant in UTC, as ISO 8601 has it; empty if the clock had none."""
        try:
            return datetime.fromtimestamp(self.wall_at, tz=UTC).isoformat(timespec="milliseconds")
        except (OverflowError, OSError, ValueError):
            return ""


@dataclass(frozen=True, slots=True)
class Export(Generic[Row]):
    """What is to be written: rows after filter and sort, columns as shown or all of them."""

    picture: Picture
    rows: Sequence[Row]
    columns: Sequence[Column[Row]]
    """Pictures among them are left out."""

    @property
    def fields(self) -> dict[str, Column[Row]]:
        """Give each column that is written, by the name it has in the file: id and unit."""
        return {field_name(column): column for column in self.columns if not column.picture}


def field_name(column: Column[Row]) -> str:
    """Give a column's name in a file: its id with its unit, as ``oldest_s``."""
    return column.id + _SUFFIX.get(column.unit, "")


def to_csv(export: Export[Row]) -> str:
    r"""Give a table as CSV (RFC 4180): a heading, a line for each row, each ended by CR LF.

    The last three fields of every line say when, of which profile and by which filter: CSV has no
    place for what is told once, and lines of several exports can so be put together. Numbers are
    as they are, with a point; a time is in UTC; no value is an empty field, no limit ``inf``.

    Text that a spreadsheet would take for a formula (it begins with ``= + - @``, a tab or their
    like, whatever blanks come first) has an apostrophe before it: whoever opens the file runs
    nothing that a server or a profile wrote. No field holds a control character.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=CSV_END)
    fields = export.fields
    picture = export.picture
    about = [picture.instant, _text(picture.profile), _text(picture.filter)]
    writer.writerow([*fields, "instant", "profile", "filter"])
    for row in export.rows:
        writer.writerow([*(_csv_value(column, row) for column in fields.values()), *about])
    return out.getvalue()


def csv_records(export: Export[Row]) -> list[dict[str, str]]:
    """Give each row's values by field, as ``to_csv`` writes them, for whoever makes other lines."""
    fields = export.fields
    return [
        {name: _csv_value(column, row) for name, column in fields.items()} for row in export.rows
    ]


def csv_line(values: Iterable[str]) -> str:
    """Give a line of CSV without its end; the values are as ``csv_records`` has them."""
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(values)
    return out.getvalue()


def to_json(export: Export[Row]) -> str:
    """Give a table as a JSON document: what it is of, what its columns mean, and its rows.

    Numbers are as they are; null is no value; no limit is the text ``inf``; times are in UTC.
    Texts are clean, as on the screen.
    """
    fields = export.fields
    picture = export.picture
    document = {
        "format": FORMAT,
        "table": picture.table,
        "instant": picture.instant,
        "profile": clean(picture.profile),
        "filter": clean(picture.filter),
        "sorted_by": picture.sorted_by,
        "descending": picture.descending,
        "window_s": picture.window_s,
        "columns": [
            {
                "field": name,
                "title": column.name,
                "unit": column.unit,
                "definition": column.definition,
            }
            for name, column in fields.items()
        ],
        "rows": [
            {name: _plain(column, column.value(row)) for name, column in fields.items()}
            for row in export.rows
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _plain(column: Column[Row], value: Value) -> Value:
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return value
    if column.unit == "time":
        return Picture("", value).instant or None
    if math.isnan(value):
        return None
    return ("-" if value < 0 else "") + NO_LIMIT if math.isinf(value) else value


def _csv_value(column: Column[Row], row: Row) -> str:
    value = _plain(column, column.value(row))
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    return _text(value) if isinstance(value, str) else str(value)


def _text(text: str) -> str:
    shown = clean(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown
