"""What a table of the format is: its keys, and what each may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pooltop.profiles.kinds import Kind

MOST_ENTRIES = 256
"""Agents, workloads, demo servers, request classes of a workload."""
HTTP_AGENT = "http.Agent"
"""What an agent is that does not say its kind."""


@dataclass(frozen=True)
class Field:
    """One key of a table."""

    name: str
    kind: Kind | Table | Named | Many
    attr: str = ""
    """The model's name for it, where that differs."""
    node: str = ""
    """Node's spelling, accepted too, so that options can be pasted."""
    required: str = ""
    """What to write, where the key must be there."""
    only: Literal["open", "closed", ""] = ""
    """The workload model it belongs to; empty for both."""
    secret: bool = False
    """Its value is never shown; of a table nothing that stands in it or in its place."""
    echoes: bool = False
    """It has the name of another table's key: a stray one belongs there."""
    kinds: tuple[str, ...] = ()
    """The kinds of agent that it belongs to; empty for all."""

    @property
    def gives(self) -> str:
        """Name the attribute of the model."""
        return self.attr or self.name

    @property
    def whose(self) -> str:
        """Say whose the spelling ``node`` is."""
        return "undici" if self.kinds and not self.is_of(HTTP_AGENT) else "Node"

    def is_of(self, kind: str) -> bool:
        """Tell whether an agent of this kind has it."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True)
class Table:
    """A TOML table whose keys are known."""

    where: str
    """Its header, with NAME for what the user chooses."""
    fields: tuple[Field, ...]
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Keys of Node's that cannot be had, and why."""
    meant: Mapping[str, str] = field(default_factory=dict)
    """Words of Node's that are no key, but whose meaning one has."""
    gives: type[msgspec.Struct] | None = None
    """The value that is made of it."""
    is_switch: bool = False
    """Its being there turns something on: where it is not, nothing is built in."""
    mirrors: bool = False
    """Its keys are those of another table: a stray one belongs there."""

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"a table with {', '.join(field.name for field in self.fields)}"

    def spellings(self) -> dict[str, Field]:
        """Give every spelling that is accepted, Node's included."""
        names = {field.name: field for field in self.fields}
        return names | {field.node: field for field in self.fields if field.node}


@dataclass(frozen=True)
class Named:
    """Tables by name: ``[agents.NAME]``."""

    item: Table
    names: Kind
    most: int = MOST_ENTRIES

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"tables like {self.item.where}"


@dataclass(frozen=True)
class Many:
    """An array of tables."""

    item: Table
    most: int = MOST_ENTRIES

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"an array of tables like {self.item.where}"
