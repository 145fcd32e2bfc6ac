"""Whether the numbers of something that was read from a file can be what an engine told.

MessagePack carries every float there is, JSON any whole number. No number at all is told by no
engine, "no limit" only where a limit is meant, and a time that no calendar has by none: what is
shown of them would be nonsense, or raise far from here.
"""

from __future__ import annotations

import math

import msgspec

from pooltop.core.detail import RequestDetail
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, SocketInfo
from pooltop.core.undici.options import DispatcherOptions

LARGEST = 1e15
"""More seconds, bytes or anything else than any engine has seen."""
_MOST_INT = 2**64
"""JSON carries whole numbers of any length; MessagePack none beyond this."""
_WALL = (-6e10, 253_402_300_799.0)
"""Unix times of the years that ``datetime`` knows."""
_LIMITS: dict[type, frozenset[str]] = {
    AgentOptions: frozenset(AgentOptions.__struct_fields__),
    AgentSnapshot: frozenset(("bounds",)),
    DispatcherOptions: frozenset(DispatcherOptions.__struct_fields__),
    EditRecord: frozenset(("before", "after")),
    OriginSnapshot: frozenset(("own_limits", "initial_limits")),
    RequestDetail: frozenset(("limit",)),
    SocketInfo: frozenset(("free_timeout_ms",)),
}
"""Fields in which infinity is a value: no limit."""


def is_sound(value: msgspec.Struct) -> bool:
    """Tell whether every float of a structure, however deep, can be what it is given as."""
    if isinstance(value, Histogram) and not value.is_sound:
        return False
    endless = _LIMITS.get(type(value), frozenset())
    return all(
        _is_number(getattr(value, name), name, may_be_endless=name in endless)
        for name in value.__struct_fields__
    )


def _is_number(value: object, name: str, *, may_be_endless: bool) -> bool:
    """Tell it of a field's value, or of each that it holds."""
    if isinstance(value, float):
        if value == math.inf:
            return may_be_endless
        if name.startswith("wall_"):
            return _WALL[0] <= value <= _WALL[1]
        return -LARGEST <= value <= LARGEST  # of what is no number both are false
    if isinstance(value, int):
        return -_MOST_INT <= value <= _MOST_INT
    if isinstance(value, tuple):
        return all(_is_number(each, name, may_be_endless=may_be_endless) for each in value)
    if isinstance(value, dict):
        return all(
            _is_number(each, name, may_be_endless=may_be_endless)
            for pair in value.items()
            for each in pair
        )
    return not isinstance(value, msgspec.Struct) or is_sound(value)
