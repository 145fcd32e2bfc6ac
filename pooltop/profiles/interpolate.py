"""Fills in the references of a profile's strings: ``${env:N}``, ``${file:P}``, ``${run.id}``.

After the text was parsed, and in values alone: whatever a variable holds, it can add no key and no
table, and nothing that it holds is a reference in its turn. ``${row.COLUMN}`` becomes a place in a
Template, for the engine to fill. ``$$`` is a ``$``; a ``$`` before anything but ``{`` is itself.
"""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Mapping
from typing import NamedTuple

from pooltop.core.template import Template
from pooltop.profiles.files import FileRefusedError, decode, read_regular
from pooltop.profiles.filled import UNFILLED, Filled
from pooltop.profiles.layers import Layer
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, nearest, quoted
from pooltop.profiles.texts import VARIABLE

LARGEST_FILE = 64 * 1024
"""Bytes that ``${file:...}`` may put into a string."""
_TOKEN = re.compile(r"\$\$|\$\{([^{}]*)\}|\$\{")
_LONGEST_COLUMN = 64
_SPELLINGS = {
    "env": "${env:NAME}",
    "file": "${file:PATH}",
    "run": "${run.id}",
    "row": "${row.COLUMN}",
}
_ALLOWED = ", ".join((*_SPELLINGS.values(), "${env:NAME:-default}"))


class Sources(NamedTuple):
    """Where the references of one load get their text."""

    environ: Mapping[str, str]
    run_id: str
    """One for each load: fit for a file name."""


def new_run_id(now: datetime.datetime) -> str:
    """Give a name for a run that begins now: sorted by time, and no other run's."""
    return f"{now.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}-{os.urandom(3).hex()}"


def fill(
    tree: dict[str, object], sources: Sources, report: Report, *, layer: Layer | None = None
) -> dict[str, object]:
    """Give a tree whose strings have their references filled in.

    Args:
        tree: with canonical keys, and values as they are written.
        sources: what the references stand for.
        report: takes those that stand for nothing, and learns what came from outside.
        layer: who says all of it; None where the report's layers know who says what.
    """
    filled = _Filler(sources, report, layer).value(tree, ())
    assert isinstance(filled, dict)
    return filled


class _Refused(Exception):
    """A reference stands for nothing."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class _Filler:
    def __init__(self, sources: Sources, report: Report, layer: Layer | None) -> None:
        self._sources = sources
        self._report = report
        self._layer = layer

    def value(self, value: object, path: Path) -> object:
        if isinstance(value, str):
            return self._text(value, path) if "$" in value else value
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def _text(self, text: str, path: Path) -> object:
        layer = self._layer or self._report.layers.owner(path)
        if layer.is_literal:
            return text
        parts, columns = [""], []
        files: list[str] = []
        is_good, from_outside, end = True, False, 0
        for token in _TOKEN.finditer(text):
            parts[-1] += text[end : token.start()]
            end = token.end()
            if token[0] == "$$":
                parts[-1] += "$"
                continue
            try:
                column = _column(token)
                if column is not None:
                    columns.append(column)
                    parts.append("")
                    continue
                found, is_outside = self._reference(token, layer.folder, files)
            except _Refused as verdict:
                nth = text.count("${", 0, token.start())
                self._report.add(path, verdict.code, verdict.message, reference=nth, layer=layer)
                is_good = False
                continue
            parts[-1] += found
            from_outside |= is_outside
        if not is_good:
            return UNFILLED
        parts[-1] += text[end:]
        if from_outside:
            self._report.note_outside(path)
        whole = _TOKEN.fullmatch(text)
        return Filled.of(
            Template(tuple(parts), tuple(columns)),
            is_whole=whole is not None and not columns,
            from_outside=from_outside,
            files=tuple(files),
        )

    def _reference(self, token: re.Match[str], folder: str, files: list[str]) -> tuple[str, bool]:
        """Give what a reference stands for, and whether that came from outside.

        Raises:
            _Refused: it stands for nothing.
        """
        said = token[1]
        if said is None:
            message = "${ begins a reference, and no } ends it. For the text ${ write $${."
            raise _Refused("P042", message)
        kind, colon, rest = said.partition(":")
        if kind == "env" and colon:
            return self._variable(*rest.partition(":-"))
        if kind == "file" and colon:
            path = os.path.join(folder, rest)
            files.append(os.path.normpath(path))
            return _text_of(path, rest), True
        if said == "run.id":
            return self._sources.run_id, False
        raise _Refused("P042", f"no such reference. {_hint(said)} For the text ${{ write $${{.")

    def _variable(self, name: str, has_default: str, default: str) -> tuple[str, bool]:
        if not VARIABLE.fullmatch(name):
            raise _Refused("P042", "this is no variable's name: write ${env:NAME}.")
        value = self._sources.environ.get(name)
        if has_default and not value:
            return default, False
        if value is None:
            raise _Refused("P040", f"${{env:{name}}} is not set and has no default.")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _Refused("P040", f"${{env:{name}}} is not UTF-8 text.") from None
        return value, True


def _text_of(path: str, file: str) -> str:
    try:
        text = decode(read_regular(path, LARGEST_FILE))
    except FileRefusedError as error:
        raise _Refused("P041", f"${{file:{quoted(file)[1:-1]}}}: {error.message}") from error
    return text.removesuffix("\n").removesuffix("\r")


def _column(token: re.Match[str]) -> str | None:
    """Give the column that a token names; None where it names none."""
    said = token[1]
    if said is None or not said.startswith("row."):
        return None
    name = said.removeprefix("row.")
    if not (name.strip() == name and name.isprintable() and 1 <= len(name) <= _LONGEST_COLUMN):
        raise _Refused("P042", "this is no column's name: write ${row.COLUMN}.")
    return name


def _hint(said: str) -> str:
    """Say what was probably meant, without repeating what may be a piece of a secret."""
    near = nearest(re.split(r"[.:]", said, maxsplit=1)[0], _SPELLINGS)
    return f"Did you mean {_SPELLINGS[near]}?" if near else f"There are {_ALLOWED}."
