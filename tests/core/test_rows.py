"""Rows of a data feed: which is next, and that a value cannot leave the place it stands in."""

from __future__ import annotations

import json
import random
import re
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.rows import DataFeed, Rows, RowText, filled_in, in_path
from pooltop.core.template import Template


def _feed(*values, mode="cycle"):
    return DataFeed(mode=mode, count=len(values), columns={"a": values})


def _text(place, before="", after="", columns=("a",)):
    return RowText(place=place, template=Template((before, after), columns))


def test_a_cycle_begins_anew_and_once_is_over_with_the_last():
    rows = Rows(_feed("x", "y", "z"), random.Random(1))
    assert [0, 1, 2, 0, 1] == [rows.take() for _ in range(5)]
    assert not rows.is_over
    rows = Rows(_feed("x", "y", mode="once"), random.Random(1))
    assert (0, False, 1, True) == (rows.take(), rows.is_over, rows.take(), rows.is_over)


def test_random_rows_are_all_there_and_the_same_again_for_a_seed():
    def drawn(seed):
        rows = Rows(_feed(*"abcdefgh", mode="random"), random.Random(seed))
        return [rows.take() for _ in range(400)]

    assert drawn(1) == drawn(1) != drawn(2)
    assert set(range(8)) == set(drawn(1))


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ("a/b?c=d&e", "a/b?c=d&e"),
        ("a b#c", "a%20b%23c"),
        ("50%", "50%25"),
        ("%7E%zz", "%7E%25zz"),
        ('{<"\\^`|>}', "%7B%3C%22%5C%5E%60%7C%3E%7D"),
        ("[a]", "[a]"),
        ("\u00fc\r\n", "%C3%BC%0D%0A"),
    ],
)
def test_in_a_path_only_what_may_not_stand_there_is_encoded(value, sent):
    assert sent == in_path(value)
    assert f"/x/{sent}/y".encode() == filled_in(_text("path", "/x/", "/y"), _feed(value), 0)


@given(st.text())
def test_no_value_leaves_its_place(value):
    feed = _feed(value)
    assert re.fullmatch(rb"[!$-;=?-\[\]_a-z~]*", filled_in(_text("path"), feed, 0))
    assert value == json.loads(filled_in(_text("json", '{"k": "', '"}'), feed, 0))["k"]
    form = filled_in(_text("form", "k=", "&l=1"), feed, 0).decode()
    assert [("k", value), ("l", "1")] == parse_qsl(form, keep_blank_values=True)
    assert value.encode() == filled_in(_text("text"), feed, 0)


def test_user_and_password_are_encoded_together_and_a_headers_blanks_are_taken_off():
    text = RowText(place="basic", template=Template(("", ":", ""), ("a", "a")))
    assert b"Basic bWU6bWU=" == filled_in(text, _feed("me"), 0)
    assert "\u00fc x".encode("latin-1") == filled_in(_text("header"), _feed("\u00fc x "), 0)


def test_no_value_is_in_a_repr():
    assert "c4nary" not in repr(_feed("c4nary"))
    assert "c4nary" not in str(_text("header", "c4nary")) + repr(_text("basic", "c4nary"))
    assert "/cart/${row.a}" == str(_text("path", "/cart/"))
