"""Which two agents of an engine are set against each other."""

from __future__ import annotations

import msgspec


class Sides(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The two sides of a comparison: agents, by name, with all that their workloads send."""

    a: str
    b: str
