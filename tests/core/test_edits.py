"""What an edit may be, and what is said of one that may not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.edits import (
    EDITABLE,
    EditError,
    apply_edit,
    apply_workload_edit,
    is_within,
)
from pooltop.core.model import AgentOptions
from pooltop.core.traffic import Workload


@pytest.mark.parametrize(
    ("option", "value", "after"),
    [
        ("max_sockets", 4, 4.0),
        ("max_sockets", 0, 0.0),
        ("max_sockets", None, math.inf),
        ("max_sockets", math.inf, math.inf),
        ("max_total_sockets", 1, 1.0),
        ("max_total_sockets", 0, 0.0),
        ("max_free_sockets", 0, 0.0),
        ("max_free_sockets", None, math.inf),
        ("timeout", None, 0.0),
        ("timeout", 0, 0.0),
        ("timeout", 1500.5, 1500.5),
        ("keep_alive", True, True),
        ("scheduling", "fifo", "fifo"),
        ("live", "drain", "drain"),
    ],
)
def test_an_edit_changes_that_option_and_no_other(option, value, after):
    edited = apply_edit(AgentOptions(), option, value)
    assert after == getattr(edited, option)
    before = AgentOptions()
    for other in set(before.__struct_fields__) - {option}:
        assert getattr(before, other) == getattr(edited, other)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("max_sockets", -1),
        ("max_sockets", 2.5),
        ("max_sockets", True),
        ("max_sockets", "4"),
        ("max_sockets", math.nan),
        ("max_sockets", -math.inf),
        pytest.param("max_sockets", 10**400, id="huge sockets"),
        ("max_free_sockets", -1),
        ("timeout", -1),
        ("timeout", math.inf),
        ("timeout", math.nan),
        pytest.param("timeout", 10**400, id="huge timeout"),
        ("keep_alive", 1),
        ("keep_alive", None),
        ("scheduling", "random"),
        ("scheduling", None),
        ("live", "NODE"),
        ("keep_alive_msecs", 5),
        ("__class__", 5),
        ("", 5),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(option, value):
    with pytest.raises(EditError) as caught:
        apply_edit(AgentOptions(), option, value)
    assert option in str(caught.value)


@given(
    st.sampled_from(EDITABLE),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
)
def test_any_value_is_taken_or_refused_and_never_breaks_anything(option, value):
    try:
        edited = apply_edit(AgentOptions(), option, value)
    except EditError:
        return
    assert edited == apply_edit(edited, option, getattr(edited, option))


def _workload(option):
    model = "closed" if option == "users" else "open"
    return Workload(name="w", agent="a", base_url="http://a", model=model)


@pytest.mark.parametrize(
    ("option", "value"),
    [("rate", 1), ("rate", 0.0001), ("rate", 1_000_000), ("users", 1), ("users", 1_000_000)],
)
def test_a_workload_takes_what_its_profile_could_say(option, value):
    workload = _workload(option)
    edited = apply_workload_edit(workload, option, value)
    assert value == getattr(edited, option)
    for other in set(workload.__struct_fields__) - {option}:
        assert getattr(workload, other) == getattr(edited, other)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("rate", value) for value in (0, -1, None, True, "5", math.nan, math.inf, 1_000_001)),
        *(("rate", value) for value in (5e-324, 1e-300)),
        *(("users", value) for value in (0, -1, 1.5, None, True, "5", math.nan, math.inf)),
        ("users", 1_000_001),
        pytest.param("users", 10**400, id="huge users"),
    ],
)
def test_what_a_profile_could_not_say_is_refused_of_a_workload_too(option, value):
    with pytest.raises(EditError, match=option):
        apply_workload_edit(_workload(option), option, value)


@pytest.mark.parametrize(
    ("option", "value", "inside"),
    [
        ("max_sockets", 1.0, True),
        ("max_sockets", 200, True),
        ("max_sockets", 0, False),
        ("max_sockets", 201.0, False),
        ("max_sockets", None, False),
        ("max_sockets", math.inf, False),
        ("max_free_sockets", 5, False),
        ("max_free_sockets", None, True),
        ("timeout", 0.0, False),
        ("timeout", None, False),
        ("timeout", 1000.0, True),
        ("max_total_sockets", None, True),
        ("keep_alive", True, True),
        ("live", "drain", True),
    ],
)
def test_bounds_hold_their_ends_and_no_limit_is_above_all(option, value, inside):
    bounds = {
        "max_sockets": (1.0, 200.0),
        "max_free_sockets": (10.0, math.inf),
        "timeout": (1000.0, 60_000.0),
    }
    assert inside == is_within(bounds, option, value)
