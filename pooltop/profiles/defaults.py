"""What counts where nobody says anything: the model's own defaults, as TOML writes them."""

from __future__ import annotations

import msgspec

from pooltop.core import model
from pooltop.core.undici.options import DISPATCHERS, built_in
from pooltop.profiles.agent_tables import AGENT, DISPATCHER_OPTIONS
from pooltop.profiles.kinds import Kind
from pooltop.profiles.shape import HTTP_AGENT, Field, Many, Named, Table

_OF_AN_AGENT = (model.AgentOptions, model.AgentProfile)


def default_of(table: Table, field: Field, kind: str = "") -> object:
    """Give the built-in value of a key, as TOML would say it; None where there is none.

    Args:
        table: in which it stands.
        field: the key.
        kind: of the agent that it is about; "" for the first that has it.
    """
    if isinstance(field.kind, Table | Named | Many):
        return None
    kind = kind or next(iter(field.kinds), "")
    if not field.is_of(kind or HTTP_AGENT):
        return None
    if table is AGENT and kind in DISPATCHERS and field in DISPATCHER_OPTIONS:
        return _written(field.kind, getattr(built_in(kind), field.gives))
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
