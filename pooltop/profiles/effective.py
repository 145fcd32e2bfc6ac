"""What counts for each key of a profile that was read, who says so, and who was overruled.

Secrets are masked here, once for everything that shows values. A reference like ``${env:TOKEN}``
is no secret and stands for what it gives; and what a request says is shown as it is written, for
its path or body may have a token of the environment in it.
"""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from pooltop.core.safety import FAR_RATE, FAR_SOCKETS, OPEN_FDS
from pooltop.profiles.agent_kinds import limit_of
from pooltop.profiles.agent_tables import AGENT, HOST, TIMEOUTS
from pooltop.profiles.build import PROD, PROD_REVERT_S
from pooltop.profiles.ceilings import AUTO, Ceilings
from pooltop.profiles.defaults import default_of
from pooltop.profiles.filled import Filled, settled, value_at
from pooltop.profiles.hosts import BaseUrl
from pooltop.profiles.kinds import UNLIMITED, Refused, Several
from pooltop.profiles.layers import Layer, Layers
from pooltop.profiles.reader import fitting
from pooltop.profiles.shape import HTTP_AGENT, Field, Many, Named, Table
from pooltop.profiles.shown import Path, printable, shown_key
from pooltop.profiles.tables import PROFILE
from pooltop.profiles.texts import FilePath
from pooltop.profiles.units import AUTO_REVERT
from pooltop.profiles.workload_tables import REQUEST, REQUEST_KEYS, WORKLOAD

BUILT_IN = "built-in"
_MAX_SOCKETS = "max_sockets"
_LOWEST = -1
MASK = "********"


class Voice(NamedTuple):
    """One that says what a key's value is."""

    place: str
    """``file:line:column``, the name of a setting, or "built-in"."""
    value: object
    """As TOML has it, secrets masked."""
    written: object
    """As it was written, where that is another: with a reference; else None."""


class Key(NamedTuple):
    """A key that holds a value: one that somebody set, or that has a built-in value."""

    path: Path
    table: Table
    field: Field
    voices: tuple[Voice, ...]
    """The one that counts first, the built-in last."""


@dataclass(frozen=True, repr=False)
class Effective:
    """A profile's layers, and all that they say together."""

    layers: Layers
    filled: dict[str, object]
    """As ``layers.tree``, with every reference filled in."""
    ceilings: Ceilings

    def __repr__(self) -> str:
        """Say no value: it may be a secret."""
        return "Effective()"

    def every_key(self) -> Iterator[Key]:
        """Give every key that holds a value, table by table."""
        yield from self._keys_of(PROFILE, ())

    def key(self, path: Path, table: Table, field: Field) -> Key:
        """Give one key; of another kind of agent nobody says anything."""
        if path[0] == "agents" and not field.is_of(self._kind_at(path)):
            return Key(path, table, field, ())
        voices = tuple(voice for _, voice in self._ranked(path, table, field))
        if table in (AGENT, HOST) and field.name == limit_of(self._kind_at(path)).key:
            voices = (*self._ceiling_over(voices, path, field), *voices)
        return Key(path, table, field, voices)

    def _ceiling_over(self, voices: tuple[Voice, ...], path: Path, field: Field) -> list[Voice]:
        """Give the ceiling of ``[safety]``, where it stands in the place of no limit."""
        most = self.ceilings.sockets[str(path[1])]
        if most == math.inf or voices[0].value not in (UNLIMITED, math.inf):
            return []
        return [Voice(shown_key(("safety", _MAX_SOCKETS)), _written(field, most), None)]

    def _keys_of(self, table: Table, path: Path) -> Iterator[Key]:
        for field in table.fields:
            if field.only and field.only != (value_at(self.filled, (*path, "model")) or "open"):
                continue  # of the other workload model
            at = (*path, field.name)
            kind, value = field.kind, value_at(self.filled, at)
            if isinstance(kind, Table):
                if value is not None or not kind.is_switch:
                    yield from self._keys_of(kind, at)
            elif isinstance(kind, Named):
                for name in value if isinstance(value, dict) else ():
                    yield from self._keys_of(kind.item, (*at, name))
            elif isinstance(kind, Many):
                for index in range(len(value) if isinstance(value, list) else 0):
                    yield from self._keys_of(kind.item, (*at, index))
            else:
                key = self.key(at, table, field)
                is_inherited = value is None and (_is_of_host(at) or _is_of_traffic(at))
                if key.voices and not is_inherited:
                    yield key

    def _kind_at(self, path: Path) -> str:
        """Give the kind of the agent that a path leads into; Node's for any other path."""
        return str(value_at(self.filled, (*path[:2], "kind")) or HTTP_AGENT)

    def _ranked(self, path: Path, table: Table, field: Field) -> list[tuple[int, Voice]]:
        """Give every voice with the level of its layer, the one that counts first."""
        said = list(self._own(path, field))
        if _is_of_host(path):
            # What is not said of a host, its agent says; and what a setting says of the agent goes
            # before what a file says of the host.
            agents = AGENT if table is HOST else table
            said += self._ranked((*path[:2], *path[4:]), agents, field)
            return sorted(said, key=lambda ranked: -ranked[0])
        if path[0] == "agents" and path[2:3] == ("timeouts",):
            # What an agent does not say itself, [defaults] says for all.
            return said + self._ranked(("defaults", *path[2:]), table, field)
        if _is_of_traffic(path):
            return said + self._ranked(self._beneath(path), TIMEOUTS, field)
        built_in = self._built_in(path, table, field)
        if built_in is None:
            return said
        place = BUILT_IN
        if path in (("safety", "max_rate"), ("safety", _MAX_SOCKETS)) and self.ceilings.leaving:
            host = next(iter(self.ceilings.leaving.values()))
            place += f", as {printable(host)} is not this machine"
        return [*said, (_LOWEST, Voice(place, built_in, None))]

    def _beneath(self, path: Path) -> Path:
        """Give where a clock comes from that a request class, or a workload, does not set."""
        if path[2] == "requests":
            return (*path[:2], *path[4:])
        workload = value_at(self.filled, path[:2])
        agent: Path = ("agents", str(value_at(workload, ("agent",))))
        url = BaseUrl().read(value_at(workload, ("base_url",)))
        host = (*agent, "hosts", url.rpartition("://")[2])
        of_whom = agent if value_at(self.filled, host) is None else host
        return (*of_whom, *path[2:])

    def _own(self, path: Path, field: Field) -> Iterator[tuple[int, Voice]]:
        counts = value_at(self.filled, path)
        for layer, written in reversed(self._said(path)):
            value = written if counts is None else counts
            yield layer.level, _voice(layer, path, field, written, value)
            counts = None

    def _said(self, path: Path) -> list[tuple[Layer, object]]:
        """Give who says a key, and what; a table that is one value is put together of them all."""
        inside = next((n for n, step in enumerate(path) if isinstance(step, int)), None)
        if inside is None:
            said = self.layers.said(path)
            if said and isinstance(said[-1][1], dict):
                return [(self.layers.owner(path), value_at(self.layers.tree, path))]
            return said
        # An array is replaced as a whole: what is inside has one owner.
        layer = self.layers.owner(path)
        written = value_at(layer.tree, path)
        return [] if written is None else [(layer, written)]

    def _built_in(self, path: Path, table: Table, field: Field) -> object:
        if table is WORKLOAD and field.name in REQUEST_KEYS:
            # They stand in the workload itself where it has one class of requests.
            several = value_at(self.filled, (*path[:-1], "requests"))
            return default_of(REQUEST, field) if several is None else None
        if path == ("auto_revert",) and value_at(self.filled, ("environment",)) == PROD:
            return AUTO_REVERT.write(PROD_REVERT_S)
        if path[0] == "safety":
            return self._built_in_of_safety(field)
        return default_of(table, field, self._kind_at(path))

    def _built_in_of_safety(self, field: Field) -> object:
        """Give what counts unsaid; None where it is not the same for all, or cannot be written."""
        leaving = self.ceilings.leaving
        if field.name == "max_rate":
            return _written(field, FAR_RATE) if leaving else None
        if field.name == _MAX_SOCKETS:
            is_one_for_all = len({name in leaving for name in self.ceilings.sockets}) == 1
            most = FAR_SOCKETS if leaving else math.inf
            return _written(field, most) if is_one_for_all else None
        return {"max_open_fds": OPEN_FDS, "breaker": AUTO}.get(field.name)


def _written(field: Field, value: float) -> object:
    assert not isinstance(field.kind, Table | Named | Many)
    return field.kind.write(value)


def _is_of_host(path: Path) -> bool:
    return path[:1] == ("agents",) and path[2:3] == ("hosts",) and len(path) > 4


def _is_of_traffic(path: Path) -> bool:
    """Tell whether it is a clock of a workload, or of a request class."""
    return path[0] == "workloads" and "timeouts" in (*path[2:3], *path[4:5])


def _voice(layer: Layer, path: Path, field: Field, written: object, value: object) -> Voice:
    place = layer.place_of(path)
    written = settled(written)
    if field.secret:
        return Voice(place, _masked(written), None)
    if field.name in REQUEST_KEYS or isinstance(field.kind, Table | Named | Many):
        return Voice(place, written, None)
    with contextlib.suppress(Refused):
        value = fitting(field.kind, value)[0]
    kind = field.kind.item if isinstance(field.kind, Several) else field.kind
    if isinstance(kind, FilePath) and kind.is_beside:
        value = _beside(layer.folder, value)
    return Voice(place, _plain(value), None if written == value else written)


def _masked(value: object) -> object:
    """Give a secret value with every text masked but those that only refer to one."""
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    is_reference = (
        isinstance(value, str)
        and value.startswith("${")
        and value.find("}") == len(value) - 1
        and ":-" not in value
    )
    return value if is_reference else MASK


def _beside(folder: str, value: object) -> object:
    if isinstance(value, list):
        return [_beside(folder, item) for item in value]
    return os.path.normpath(os.path.join(folder, value)) if isinstance(value, str) else value


def _plain(value: object) -> object:
    """Give a value without the marks of how its strings came to be."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, Filled) else value
