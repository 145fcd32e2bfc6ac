"""The rows of a data feed, read from a file: CSV with a heading, or objects in JSON or JSON lines.

A value of JSON that is no text is taken as it is written: 1250, 0.50, true.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, NoReturn

from pooltop.profiles.files import FileRefusedError, decode, read_regular
from pooltop.profiles.shown import quoted

LARGEST = 16 * 1024 * 1024
MOST_ROWS = 1_000_000
_MOST_COLUMNS = 1000


class FeedRefusedError(Exception):
    """A file cannot be used as rows."""

    def __init__(self, code: str, message: str) -> None:
        """Keep the problem's code and its message, which shows no value."""
        super().__init__(message)
        self.code = code
        self.message = message


class RowTable(NamedTuple):
    """Rows as a file has them."""

    columns: tuple[str, ...]
    rows: list[tuple[str | None, ...]]
    """A value for each column; None where a JSON object has no such name."""
    places: list[int]
    """For each row: its line, or in a JSON array its number, both from 1."""
    noun: str
    """What ``places`` counts: "line" or "row"."""

    def place(self, row: int) -> str:
        """Name a row, as ``line 7``."""
        return f"{self.noun} {self.places[row]}"


def read_rows(path: str) -> RowTable:
    """Give the rows that a file holds; its name's end says how it is written.

    Raises:
        FeedRefusedError: it holds none, or cannot be read.
    """
    end = path.rpartition(".")[2].lower()
    if end not in _READERS:
        message = "the end of its name says what it is: .csv, .json or .jsonl."
        raise FeedRefusedError("P022", message)
    try:
        text = decode(read_regular(path, LARGEST))
    except FileRefusedError as error:
        raise FeedRefusedError(error.code, error.message) from error
    table = _READERS[end](text)
    if not table.rows:
        _refuse("it has no rows.")
    return table


def _refuse(message: str) -> NoReturn:
    raise FeedRefusedError("P046", message)


def _read_csv(text: str) -> RowTable:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns: tuple[str, ...] = ()
    rows: list[tuple[str | None, ...]] = []
    places: list[int] = []
    line = end = 0
    try:
        for values in lines:
            line, end = end + 1, lines.line_num  # of its first line and its last
            if not values:
                continue  # an empty line
            if not columns:
                columns = _checked(tuple(values), f"line {line}")
                continue
            if len(values) != len(columns):
                message = f"{_count(len(values), 'value')}, and the heading has {len(columns)}."
                _refuse(f"line {line}: {message}")
            rows.append(tuple(values))
            places.append(line)
            _bound(rows)
    except csv.Error as error:
        _refuse(f"line {end + 1}: not CSV: {error}.")
    if not columns:
        _refuse("it is empty: the first line names the columns.")
    return RowTable(columns, rows, places, "line")


def _read_json(text: str) -> RowTable:
    return _of_objects(enumerate(_json(text, ""), 1), "row")


def _read_lines(text: str) -> RowTable:
    def objects() -> Iterator[tuple[int, object]]:
        for number, line in enumerate(text.split("\n"), 1):
            if line.strip():
                yield number, _loaded(line, f"line {number}: ")

    return _of_objects(objects(), "line")


def _json(text: str, where: str) -> list[object]:
    found = _loaded(text, where)
    if not isinstance(found, list):
        _refuse("an array of objects is needed, one for each row.")
    return found


def _loaded(text: str, where: str) -> object:
    """Give what a JSON text says, its numbers as they are written."""
    try:
        found: object = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=str,
            parse_float=str,
            parse_constant=_no_number,
        )
    except json.JSONDecodeError as error:
        place = where or f"line {error.lineno}, column {error.colno}: "
        _refuse(f"{place}not JSON: {error.msg.lower()}.")
    except FeedRefusedError as error:
        _refuse(f"{where}{error.message}")
    except RecursionError:
        _refuse(f"{where}nested too deeply.")
    return found


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        name = Counter(name for name, _ in pairs).most_common(1)[0][0]
        _refuse(f"{quoted(name)} stands twice in one object.")
    return found


def _no_number(word: str) -> NoReturn:
    _refuse(f"{word} is no JSON.")


def _of_objects(objects: Iterable[tuple[int, object]], noun: str) -> RowTable:
    found: list[dict[str, object]] = []
    places: list[int] = []
    columns: dict[str, None] = {}
    for place, item in objects:
        if not isinstance(item, dict):
            _refuse(f"{noun} {place}: an object with the columns' values is needed.")
        found.append(item)
        places.append(place)
        columns |= dict.fromkeys(item)
        _bound(found)
    names = _checked(tuple(columns), "the columns") if found else ()
    rows = [
        tuple(_text(item.get(name), f"{noun} {place}: {quoted(name)}") for name in names)
        for place, item in zip(places, found, strict=True)
    ]
    return RowTable(names, rows, places, noun)


def _text(value: object, what: str) -> str | None:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            _refuse(f"{what} has half a surrogate pair, which is not text.")
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    _refuse(f"{what} is no single value: a text, a number, true or false is needed.")


def _checked(columns: tuple[str, ...], where: str) -> tuple[str, ...]:
    if len(columns) > _MOST_COLUMNS:
        _refuse(f"{where}: more than {_MOST_COLUMNS} columns.")
    for place, column in enumerate(columns):
        if not column.strip():
            _refuse(f"{where}: column {place + 1} has no name.")
        if column in columns[:place]:
            _refuse(f"{where}: two columns are named {quoted(column)}.")
    return columns


def _bound(rows: list[object] | list[tuple[str | None, ...]] | list[dict[str, object]]) -> None:
    if len(rows) > MOST_ROWS:
        _refuse(f"more than {MOST_ROWS} rows.")


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


_READERS: dict[str, Callable[[str], RowTable]] = {
    "csv": _read_csv,
    "json": _read_json,
    "jsonl": _read_lines,
    "ndjson": _read_lines,
}
