"""What of a dispatcher an edit can change, in which mode, and to what."""

from __future__ import annotations

import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pooltop.core.edits import EditError, Value
from pooltop.core.undici.core import LIVE_OPTIONS
from pooltop.core.undici.edits import ALWAYS, apply_edit, editable, is_taken
from pooltop.core.undici.options import DispatcherKind, DispatcherOptions

DRAIN = DispatcherOptions(live="drain")
NODE = DispatcherOptions()


def test_each_kind_has_its_own_options() -> None:
    found = {kind: editable(kind) for kind in get_args(DispatcherKind)}

    assert ("pipelining", "max_concurrent_streams", "live") == found["undici-client"]
    assert ("connections", "max_concurrent_streams", "live") == found["h2"]
    assert 4 == len(found["undici-pool"])
    assert {option for options in found.values() for option in options} <= set(
        DispatcherOptions.__struct_fields__
    )


def test_what_is_taken_in_either_mode_is_what_undici_itself_lets_be_changed() -> None:
    assert LIVE_OPTIONS == ALWAYS


@pytest.mark.parametrize(
    ("option", "value", "after"),
    [
        ("connections", 8, 8.0),
        ("connections", None, math.inf),
        ("pipelining", 0, 0.0),
        ("pipelining", math.inf, math.inf),
        ("max_concurrent_streams", 250, 250.0),
        ("live", "node", "node"),
    ],
)
def test_in_mode_drain_all_of_them_are_taken(
    option: str, value: Value | None, after: object
) -> None:
    assert after == getattr(apply_edit(DRAIN, option, value), option)


def test_in_mode_node_undicis_setter_is_taken_and_nothing_else() -> None:
    assert (3.0, "drain") == (
        apply_edit(NODE, "pipelining", 3).pipelining,
        apply_edit(NODE, "live", "drain").live,
    )
    refused = [option for option in editable("undici-pool") if not is_taken(NODE, option)]
    assert ["connections", "max_concurrent_streams"] == refused
    with pytest.raises(EditError) as caught:
        apply_edit(NODE, "max_concurrent_streams", 5)
    assert (
        "undici takes maxConcurrentStreams at construction only; live = drain applies it now"
        == str(caught.value)
    )


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("connections", 0, "connections must be a whole number, 1 or more, or unlimited"),
        ("connections", 1.5, "connections must be a whole number, 1 or more, or unlimited"),
        ("connections", True, "connections must be a whole number, 1 or more, or unlimited"),
        ("pipelining", -1, "pipelining must be a whole number, 0 or more, or unlimited"),
        ("pipelining", math.nan, "pipelining must be a whole number, 0 or more, or unlimited"),
        (
            "max_concurrent_streams",
            None,
            "max_concurrent_streams must be a whole number, 1 or more",
        ),
        (
            "max_concurrent_streams",
            2**31,
            "max_concurrent_streams must be a whole number, 1 or more",
        ),
        ("live", "now", "live is node or drain"),
        (
            "headers_timeout",
            5,
            "headers_timeout cannot be edited live; of undici-pool editable are connections, "
            "pipelining, max_concurrent_streams, live",
        ),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(
    option: str, value: Value | None, words: str
) -> None:
    with pytest.raises(EditError) as caught:
        apply_edit(DRAIN, option, value)
    assert words == str(caught.value)


@given(
    option=st.sampled_from([*editable("undici-pool"), "kind"]),
    value=st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
)
def test_any_value_is_taken_or_refused_and_never_breaks_anything(
    option: str, value: Value | None
) -> None:
    try:
        after = apply_edit(DRAIN, option, value)
    except EditError:
        return
    assert replace(after, **{option: getattr(DRAIN, option)}) == DRAIN
