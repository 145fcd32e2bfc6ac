"""The data of a workload: its rows, and that every ``${row.COLUMN}`` is one of its columns.

What a row puts into a request is checked here, once, for every row: nothing can fail, or be
smuggled into a request, once traffic flows. No message shows a value of a row.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import cast

from pooltop.core.rows import DataFeed, Mode, RowText, filled_in, in_path
from pooltop.profiles.checks import tables_of
from pooltop.profiles.contents import CONTROLS, requests_of
from pooltop.profiles.feeds import FeedRefusedError, RowTable, read_rows
from pooltop.profiles.filled import Filled, value_at
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.request_head import LONGEST_PATH
from pooltop.profiles.shown import Path, did_you_mean, one_of, quoted

_NOT_IN_A_HEADER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]|[^\x00-\xff]")
_BEARER = re.compile(rb"Bearer [!-~]+")
_SHOWN = 8
_WITH_ROWS = ("path", "headers", "body", "auth")
"""Keys of a request in which a row can be."""


def take_data(tree: dict[str, object], values: Values, report: Report) -> None:
    """Read the data of every workload, and check what is wanted of it.

    Args:
        tree: with its references filled in.
        values: what was read of it; ``data`` becomes a DataFeed.
        report: takes the problems.
    """
    for name, workload in tables_of(values, "workloads").items():
        path: Path = ("workloads", name)
        wanted = list(_wanted(value_at(tree, path), path))
        data = cast("Values | None", workload.pop("data", None))
        if data is None:
            for place, column in wanted:
                message = 'there are no rows: add data = { file = "rows.csv" } to the workload.'
                report.add(place, "P043", message, reference=_nth(place, column, report))
            continue
        table = _read(data, (*path, "data"), report)
        if table is None or not _has_columns(table, wanted, report):
            continue
        if not wanted:
            message = "no request has a ${row.COLUMN}: the rows are not used."
            report.warn((*path, "data"), "P047", message, on_key=True)
            continue
        used = tuple(dict.fromkeys(column for _, column in wanted))
        feed = _feed(table, used, cast("Mode", data.get("mode", "cycle")), path, report)
        if feed is not None:
            workload["data"] = feed
            _check_places(name, values, feed, table, report)


def _wanted(workload: object, path: Path) -> Iterator[tuple[Path, str]]:
    """Give every column that a request wants, with the place of the text that wants it."""
    requests = value_at(workload, ("requests",))
    several = [(path, workload)]
    if isinstance(requests, list):
        several += [((*path, "requests", index), item) for index, item in enumerate(requests)]
    for place, request in several:
        for key in _WITH_ROWS:
            yield from _columns(value_at(request, (key,)), (*place, key))


def _columns(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Filled):
        for column in value.template.columns:
            yield path, column
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _columns(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _columns(item, (*path, index))


def _nth(place: Path, column: str, report: Report) -> int:
    """Say which of the references in a text is the first of this column."""
    written = str(value_at(report.layers.owner(place).tree, place))
    return written.count("${", 0, max(0, written.find(f"${{row.{column}}}")))


def _read(data: Values, path: Path, report: Report) -> RowTable | None:
    if "file" not in data:
        return None  # told
    place = (*path, "file")
    try:
        return read_rows(os.path.join(report.folder_of(place), str(data["file"])))
    except FeedRefusedError as error:
        report.add(place, error.code, error.message)
        return None


def _has_columns(table: RowTable, wanted: list[tuple[Path, str]], report: Report) -> bool:
    missing = [(place, column) for place, column in wanted if column not in table.columns]
    for place, column in missing:
        hint = did_you_mean(column, table.columns)
        if not hint:
            more = ", ..." if len(table.columns) > _SHOWN else ""
            hint = f" There are {one_of(table.columns[:_SHOWN]).replace(' or ', ' and ')}{more}."
        message = f"the data has no such column.{hint}"
        report.add(place, "P043", message, reference=_nth(place, column, report))
    return not missing


def _feed(
    table: RowTable, used: tuple[str, ...], mode: Mode, path: Path, report: Report
) -> DataFeed | None:
    """Keep the columns that are used; each row has to have all of them."""
    columns: dict[str, tuple[str, ...]] = {}
    for column in used:
        index = table.columns.index(column)
        values = tuple(row[index] for row in table.rows)
        if None in values:
            place = table.place(values.index(None))
            report.add((*path, "data", "file"), "P046", f"{place} has no {quoted(column)}.")
            return None
        columns[column] = cast("tuple[str, ...]", values)
    return DataFeed(mode=mode, count=len(table.rows), columns=columns)


def _check_places(
    name: str, values: Values, feed: DataFeed, table: RowTable, report: Report
) -> None:
    for path, request in requests_of(values):
        if path[1] != name:
            continue
        target = request.get("path")
        if isinstance(target, RowText):
            _check_path(target, feed, table, (*path, "path"), report)
        for field, value in cast("tuple[tuple[str, object], ...]", request.get("headers", ())):
            if not isinstance(value, RowText):
                continue
            if value.place == "basic":
                _check_basic(value, feed, table, (*path, "auth", "basic"), report)
            elif _check_header(field, value, feed, table, path, report):
                _check_bearer(field, value, feed, table, path, report)


def _check_path(
    text: RowText, feed: DataFeed, table: RowTable, place: Path, report: Report
) -> None:
    first = text.template.columns[0]
    if not text.template.parts[0]:
        for row, value in enumerate(feed.columns[first]):
            if not value.startswith("/"):
                message = f"{table.place(row)}: a path begins with a slash."
                report.add(place, "P046", message)
                return
    parts = sum(map(len, text.template.parts))
    for row in range(feed.count):
        length = sum(len(in_path(feed.columns[c][row])) for c in text.template.columns)
        if parts + length > LONGEST_PATH:
            message = f"{table.place(row)}: longer than {LONGEST_PATH} characters."
            report.add(place, "P046", message)
            return


def _check_basic(
    text: RowText, feed: DataFeed, table: RowTable, path: Path, report: Report
) -> None:
    """Look at what rows put into user and password: RFC 7617, 2."""
    parts, columns = text.template.parts, text.template.columns
    of_user = next(place for place, part in enumerate(parts) if ":" in part)
    for place, column in enumerate(columns):
        key = "user" if place < of_user else "password"
        for row, value in enumerate(feed.columns[column]):
            if place < of_user and ":" in value:
                why = f"has a {quoted(':')}, which separates user and password"
            elif CONTROLS.search(value):
                why = "has control characters"
            else:
                continue
            message = f"{table.place(row)}: {quoted(column)} {why} (RFC 7617)."
            report.add((*path, key), "P046", message, secret=True)
            return


def _check_bearer(
    field: str, text: RowText, feed: DataFeed, table: RowTable, path: Path, report: Report
) -> None:
    if field.lower() != "authorization" or not text.template.parts[0].startswith("Bearer "):
        return
    for row in range(feed.count):
        if not _BEARER.fullmatch(filled_in(text, feed, row)):
            message = "a token is visible ASCII characters without blanks, at least one."
            report.add(path, "P046", f"{table.place(row)}: {message}", on_key=True)
            return


def _check_header(
    field: str, text: RowText, feed: DataFeed, table: RowTable, path: Path, report: Report
) -> bool:
    """Look at what rows put into a field; tell whether all of it can be sent."""
    for column in dict.fromkeys(text.template.columns):
        for row, value in enumerate(feed.columns[column]):
            if _NOT_IN_A_HEADER.search(value):
                what = f"{table.place(row)}: {quoted(column)} has what cannot stand in a header"
                report.add(path, "P046", f"{what}, {field}.", on_key=True)
                return False
    return True
