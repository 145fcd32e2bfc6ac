"""Walks a tree with canonical keys along the tables of the format, and takes what is right."""

from __future__ import annotations

import contextlib
from typing import cast

from pooltop.profiles.files import can_others_read
from pooltop.profiles.filled import (
    UNFILLED,
    Filled,
    files_in,
    is_complete,
    settled,
    value_at,
    with_type,
)
from pooltop.profiles.kinds import Fault, Kind, Refused
from pooltop.profiles.report import Report
from pooltop.profiles.shape import HTTP_AGENT, Field, Many, Named, Table
from pooltop.profiles.shown import Path, did_you_mean, nearest, quoted, shown_key, type_name
from pooltop.profiles.tables import tables_with

Values = dict[str, object]
"""What was read of a table, by the model's names; a key that is absent or wrong is not there."""

_BAD = object()
_OF_PLAIN_VALUES = ("P011", "P012", "P013", "P020", "P021")
"""What is said of numbers, words, durations and rates. Of a longer text, as of a path, what the
environment put in is not repeated."""


def read_table(
    table: Table, tree: object, path: Path, report: Report, *, secret: bool = False
) -> Values:
    """Read a table; what is wrong goes into the report.

    Args:
        table: what may stand there.
        tree: what does.
        path: of the table.
        report: takes the problems.
        secret: nothing that stands there is shown, not even in the place of a table.
    """
    if not isinstance(tree, dict):
        message = f"expected {table.allowed}, got {type_name(tree)}."
        report.add(path, "P011", message, secret=secret)
        return {}
    fields = {field.name: field for field in table.fields}
    values: Values = {}
    seen: set[str] = set()
    for key, value in tree.items():
        field = fields.get(key)
        if field is None:
            names = [field.name for field in table.fields if field.is_of(_kind_in(tree))]
            _refuse_unknown(table, key, (*path, key), names, report)
            continue
        seen.add(field.name)
        is_secret = secret or field.secret
        read = _read(field.kind, value, (*path, field.name), report, secret=is_secret)
        if read is not _BAD:
            values[field.gives] = read
    _require(table.fields, seen, path, report)
    return values


def _read(
    kind: Kind | Table | Named | Many, value: object, path: Path, report: Report, *, secret: bool
) -> object:
    if value is UNFILLED:
        return _BAD  # which was told
    if isinstance(kind, Table):
        return read_table(kind, value, path, report, secret=secret)
    if isinstance(kind, Named):
        return _read_named(kind, value, path, report)
    if isinstance(kind, Many):
        return _read_many(kind, value, path, report)
    if not is_complete(value):
        return _BAD
    if secret:
        _warn_of_open_files(value, path, report)
    try:
        return fitting(kind, value)[1]
    except Refused as verdict:
        for fault in verdict.faults:
            is_secret = secret or fault.secret
            report.add(
                (*path, *fault.at),
                fault.code,
                fault.message + ("" if is_secret else _what_it_became(value, fault)),
                on_key=fault.on_key,
                secret=is_secret,
                inside=fault.inside,
            )
        return _BAD


def _warn_of_open_files(value: object, path: Path, report: Report) -> None:
    for at, file in files_in(value):
        if can_others_read(file):
            message = f"other users of this machine can read {quoted(file)}: chmod 600."
            report.warn((*path, *at), "P055", message, secret=True)


def fitting(kind: Kind, value: object) -> tuple[object, object]:
    """Give a value in the type that its kind takes, and what the kind makes of it.

    A string that was one reference alone may be the number that it spells, and so may a setting.

    Raises:
        Refused: it is not of the kind, in either way.
    """
    typed = settled(value)
    if typed != value:
        try:
            return typed, kind.read(typed)
        except Refused as verdict:
            with contextlib.suppress(Refused):
                return value, kind.read(value)
            raise verdict from None
    try:
        return value, kind.read(value)
    except Refused as verdict:
        typed = value
        for fault in verdict.faults:
            typed = with_type(typed, fault.at)
        if typed is value:
            raise
    return typed, kind.read(typed)


def _what_it_became(value: object, fault: Fault) -> str:
    """Give the text that a string's references made, where it is of the short sort.

    Of a file nothing is repeated: what is in files of their own are secrets, as a rule.
    """
    found = value_at(value, fault.at)
    if not isinstance(found, Filled) or found.is_setting or fault.code not in _OF_PLAIN_VALUES:
        return ""
    if found.files:
        return ""
    return f" It reads {quoted(found)}."


def _read_named(kind: Named, tree: object, path: Path, report: Report) -> object:
    if not isinstance(tree, dict):
        report.add(path, "P011", f"expected {kind.allowed}, got {type_name(tree)}.")
        return _BAD
    if len(tree) > kind.most:
        report.add(path, "P007", f"more than {kind.most} entries.", on_key=True)
        return _BAD
    items: dict[str, Values] = {}
    for name, item in tree.items():
        try:
            kind.names.read(name)
        except Refused as verdict:
            for fault in verdict.faults:
                report.add((*path, name), fault.code, fault.message, on_key=True)
        if item is UNFILLED:
            continue
        if not isinstance(item, dict):
            got = type_name(item)
            report.add((*path, name), "P011", f"expected a table {kind.item.where}, got {got}.")
            continue
        items[name] = read_table(kind.item, item, (*path, name), report)
    return items


def _read_many(kind: Many, tree: object, path: Path, report: Report) -> object:
    if not isinstance(tree, list) or not tree:
        got = "an empty one" if tree == [] else type_name(tree)
        report.add(path, "P011", f"expected {kind.allowed}, got {got}.")
        return _BAD
    if len(tree) > kind.most:
        report.add(path, "P007", f"more than {kind.most} entries.", on_key=True)
        return _BAD
    return [read_table(kind.item, item, (*path, n), report) for n, item in enumerate(tree)]


def _require(fields: tuple[Field, ...], seen: set[str], path: Path, report: Report) -> None:
    for field in fields:
        if field.required and field.name not in seen:
            message = f"{field.name} is missing: add {field.required}."
            report.add(path, "P014", message, on_key=True)


def _kind_in(tree: dict[str, object]) -> str:
    """Give the kind of agent that a table is; of any other table nothing asks for it."""
    return str(tree.get("kind", HTTP_AGENT))


def _refuse_unknown(table: Table, key: str, path: Path, names: list[str], report: Report) -> None:
    if key in table.unavailable:
        report.add(path, "P023", table.unavailable[key], on_key=True)
        return
    spellings = table.spellings()
    if key in table.meant or nearest(key, spellings, at_least=0.85):
        homes: tuple[str, ...] = ()  # "agent" at the top level is a slip for "agents"
    else:
        homes = tables_with(key)
    if homes:
        places = " or ".join(_filled(home, path) for home in homes)
        report.add(path, "P015", f"does not stand here; it belongs in {places}.", on_key=True)
        return
    hint = did_you_mean(table.meant.get(key, key), spellings)
    if not hint:
        hint = f" Allowed are {', '.join(names)}."
    report.add(path, "P010", f"unknown key.{hint}", on_key=True)


def _filled(where: str, path: Path) -> str:
    """Put the name of the table that is being read in, where the home is beside it."""
    first, name = path[0], path[1] if len(path) > 2 else None
    if name is not None and where.lstrip("[").startswith(f"{cast('str', first)}.NAME"):
        return where.replace("NAME", shown_key((name,)), 1)
    return where
