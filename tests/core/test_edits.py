"""What an edit may be, and what is said of one that may not."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.edits import EDITABLE, EditError, apply_edit
from pooltop.core.model import AgentOptions


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
