"""From what a line of NDJSON says by name to the structs of a snapshot.

``ndjson_format`` names what the wire tells without names (structs that are arrays there, packed
histograms). This is the way back, made once for each type from its own fields: nothing is listed
here that could be forgotten when a field is added.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from pooltop.core.histogram import LARGEST_INDEX, MOST_COUNT, Histogram

S = TypeVar("S", bound=msgspec.Struct)
_Revive = Callable[[object], object]


def revived(kind: type[S], told: object) -> S:
    """Give the struct that was told by name.

    Args:
        kind: which.
        told: as JSON was decoded; fields that are unknown are ignored.

    Raises:
        msgspec.ValidationError: it is no such thing.
        ValueError: a histogram is none.
    """
    return msgspec.convert(_reviver(kind)(told), kind, str_keys=True)


@cache
def _reviver(kind: Any) -> _Revive:  # noqa: ANN401 - any annotation
    """Give what makes of a decoded value what ``msgspec.convert`` takes for a type."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return _reviver(args[0])
    if kind is float:
        return _number
    if kind is Histogram:
        return _histogram
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _struct(kind)
    if origin is tuple:
        return _items(_reviver(args[0]))
    if origin is dict:
        return _values(_reviver(args[1]))
    if origin in (Union, types.UnionType):
        structs = [each for each in args if _has_parts(each)]
        return _optional(_reviver(structs[0])) if structs else _as_it_is
    return _as_it_is


def _has_parts(kind: object) -> bool:
    return get_origin(kind) in (tuple, dict) or (
        isinstance(kind, type) and issubclass(kind, msgspec.Struct)
    )


def _as_it_is(value: object) -> object:
    return value


def _number(value: object) -> object:
    """Give the number; null, where there must be one, is no limit."""
    return math.inf if value is None else value


def _optional(revive: _Revive) -> _Revive:
    return lambda value: None if value is None else revive(value)


def _items(revive: _Revive) -> _Revive:
    return lambda value: [revive(each) for each in value] if isinstance(value, list) else value


def _values(revive: _Revive) -> _Revive:
    return lambda value: (
        {key: revive(each) for key, each in value.items()} if isinstance(value, dict) else value
    )


def _struct(kind: type[msgspec.Struct]) -> _Revive:
    hints = get_type_hints(kind, include_extras=True)
    fields = [(each, _reviver(hints[each.name])) for each in msgspec.structs.fields(kind)]
    is_array = kind.__struct_config__.array_like

    def revive(value: object) -> object:
        if not isinstance(value, dict):
            return value
        found = {
            each.name: again(value[each.encode_name])
            for each, again in fields
            if each.encode_name in value
        }
        if not is_array:
            return found
        if not all(each.name in found for each, _ in fields if each.required):
            return None  # of which convert says that it is no such struct
        return [found[each.name] if each.name in found else _default(each) for each, _ in fields]

    return revive


def _default(field: msgspec.structs.FieldInfo) -> object:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _histogram(value: object) -> object:
    """Give the histogram that was told bucket by bucket.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, dict):
        return value
    told, sum_s = value.get("buckets"), value.get("sum_s")
    if not isinstance(told, dict) or not isinstance(sum_s, int | float):
        raise ValueError("no histogram")  # noqa: TRY004 - of what a file says
    buckets = {int(index): count for index, count in told.items()}
    for index, count in buckets.items():
        if not (0 <= index <= LARGEST_INDEX and type(count) is int and 0 < count <= MOST_COUNT):
            raise ValueError("no histogram")
    return Histogram.of(buckets, float(sum_s))
