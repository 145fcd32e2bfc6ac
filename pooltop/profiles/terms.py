"""The keys of profiles, as terms for ``pooltop explain``: by the name that they have in tables."""

from __future__ import annotations

from pooltop.glossary import Shelf, Term
from pooltop.profiles.definitions import definition
from pooltop.profiles.shape import Field, Many, Named, Table
from pooltop.profiles.tables import PROFILE, all_tables


def shelf() -> Shelf:
    """Give each key once, with every table that it stands in."""
    keys: dict[str, list[tuple[Table, Field]]] = {}
    for table in {table.where: table for table in all_tables(PROFILE)}.values():
        for field in table.fields:
            keys.setdefault(field.name, []).append((table, field))
    terms = (_term(name, places) for name, places in keys.items())
    return Shelf("Keys of a profile", "key of a profile", tuple(terms))


def _term(name: str, places: list[tuple[Table, Field]]) -> Term:
    by_definition: dict[str, list[str]] = {}
    for table, field in places:
        by_definition.setdefault(definition(table, field), []).append(table.where)
    (means, first), *others = by_definition.items()
    kind = places[0][1].kind
    allowed = "" if isinstance(kind, Table | Named | Many) else f" Allowed: {kind.allowed}."
    text = [
        f"In {_listed(first)}.{allowed}",
        *(f"In {_listed(where)}: {meant}" for meant, where in others),
    ]
    return Term(name, means, "\n\n".join(text))


def _listed(tables: list[str]) -> str:
    return " and ".join(dict.fromkeys(tables))
