"""What counts where nobody says anything: the model's own defaults, as TOML writes them."""

from __future__ import annotations

import msgspec

from pooltop.core import model
from pooltop.profiles.agent_tables import AGENT
from pooltop.profiles.kinds import Kind
from pooltop.profiles.shape import Field, Many, Named, Table

_OF_AN_AGENT = (model.AgentOptions, model.AgentProfile)


def default_of(table: Table, field: Field) -> object:
    """Give the built-in value of a key, as TOML would say it; None where there is none."""
    if isinstance(field.kind, Table | Named | Many):
        return None
    structs = _OF_AN_AGENT if table is AGENT else (table.gives,) if table.gives else ()
    for struct in structs:
        for attribute in msgspec.structs.fields(struct):
            if attribute.name == field.gives and not attribute.required:
                value = attribute.default
                return _written(field.kind, None if value is msgspec.NODEFAULT else value)
    return None


def _written(kind: Kind, value: object) -> object:
    written = kind.write(value)
    return None if written in ("", [], {}) else written
