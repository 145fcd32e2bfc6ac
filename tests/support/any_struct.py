"""Hypothesis strategies for whole snapshots, hostile text and odd numbers included."""

from __future__ import annotations

import types
import typing
from enum import Enum

import msgspec
from hypothesis import strategies as st

from pooltop.core.histogram import Histogram

HOSTILE = st.sampled_from(
    [
        "",
        "api.pay",
        "[/]",
        "[@click=app.quit]x[/]",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x9b31m",
        "\u202egnp.exe\u2066",
        "a\nb\rc\td\x00\x7f",
        "\u200b\u200d\ufeff",
        "lone \udc9b surrogate",
        "\u2028",
        "'; reboot #$(reboot)`reboot`",
        "Z" * 300,
        "\u6f22\u5b57" * 30,
        "e" + "\u0301" * 20,
        "(hidden)",
        "/path?...",
    ]
)
TEXT = HOSTILE | st.text(max_size=12)
TIMES = st.sampled_from([0.0, 1.0, 999.9, 1000.0, 1e9, -5.0]) | st.floats()
COUNTS = st.integers(0, 4) | st.integers(-(2**40), 2**60)

_PLAIN: dict[object, st.SearchStrategy[object]] = {
    str: TEXT,
    float: TIMES,
    int: COUNTS,
    bool: st.booleans(),
    type(None): st.none(),
}


def anything(hint: object, /, **given: st.SearchStrategy[object]) -> st.SearchStrategy[typing.Any]:
    """Give values of a type as annotated; ``given`` replaces fields of a struct by their name.

    Replacements hold for the fields of structs within it, too.
    """
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, typing.NewType):
        return anything(hint.__supertype__, **given)
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return st.sampled_from(args)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(anything(arg, **given) for arg in args))
    if origin is tuple and args[-1] is Ellipsis:
        return st.lists(anything(args[0], **given), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*(anything(arg, **given) for arg in args))
    if origin is dict:
        return st.dictionaries(*(anything(arg, **given) for arg in args), max_size=2)
    if hint is Histogram:
        return st.builds(
            Histogram.of,
            st.dictionaries(st.integers(0, 1761), st.integers(1, 2**40), max_size=3),
            TIMES,
        )
    assert isinstance(hint, type), hint
    if issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    assert issubclass(hint, msgspec.Struct), hint
    hints = typing.get_type_hints(hint)
    return st.builds(
        hint,
        **{
            name: given[name] if name in given else anything(hints[name], **given)
            for name in hint.__struct_fields__
        },
    )
