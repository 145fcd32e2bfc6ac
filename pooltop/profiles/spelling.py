"""One spelling for every key: what a file writes as Node does becomes the format's own name."""

from __future__ import annotations

from typing import NamedTuple

from pooltop.profiles.shape import Field, Many, Named, Table
from pooltop.profiles.shown import Path
from pooltop.profiles.tables import PROFILE


class Spelt(NamedTuple):
    """A tree with canonical keys, and how it was written."""

    tree: dict[str, object]
    spelled: dict[Path, str]
    """The last step of a canonical path as it was written, where that differs."""
    twice: tuple[tuple[Path, str], ...]
    """Keys that say what another spelling said before, which counts: path, and the later one."""


def spelt(tree: dict[str, object]) -> Spelt:
    """Give a profile's tree with canonical keys; what is no key stays as it is."""
    spelled: dict[Path, str] = {}
    twice: list[tuple[Path, str]] = []

    def read(kind: object, value: object, path: Path) -> object:
        if isinstance(value, dict):
            if isinstance(kind, Table):
                return read_table(kind, value, path)
            if isinstance(kind, Named):
                return {name: read(kind.item, item, (*path, name)) for name, item in value.items()}
        if isinstance(kind, Many) and isinstance(value, list):
            return [read(kind.item, item, (*path, index)) for index, item in enumerate(value)]
        return value

    def read_table(table: Table, tree: dict[str, object], path: Path) -> dict[str, object]:
        fields: dict[str, Field] = table.spellings()
        found: dict[str, object] = {}
        for key, value in tree.items():
            field = fields.get(key)
            name = key if field is None else field.name
            at = (*path, name)
            if name in found:
                twice.append((at, key))
                continue
            if name != key:
                spelled[at] = key
            found[name] = value if field is None else read(field.kind, value, at)
        return found

    return Spelt(read_table(PROFILE, tree, ()), spelled, tuple(twice))
