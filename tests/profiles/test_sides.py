"""``[compare]``: two agents of a profile that are set against each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.sides import Sides
from pooltop.profiles import load_text
from pooltop.profiles.config import config_as_toml

Lines = Callable[[str], list[str]]

TWO = """\
[agents.b]
[workloads.v]
agent = "b"
base_url = "http://127.0.0.1:80"
"""


def test_a_profile_names_the_agents_that_it_compares(good: str) -> None:
    loaded = load_text(f'{good}{TWO}[compare]\na = "b"\nb = "a"\n', "x.toml")

    assert (Sides(a="b", b="a"), ()) == (loaded.profile.compare, loaded.warnings)
    assert '[compare]\na = "b"\nb = "a"\n' in config_as_toml(loaded.effective)


def test_one_that_compares_nothing_says_nothing_of_it(good: str) -> None:
    loaded = load_text(good, "x.toml")

    assert loaded.profile.compare is None
    assert "compare" not in config_as_toml(loaded.effective)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[compare]\n",
            [
                '10:1 error P014 compare: a is missing: add a = "NAME" of an [agents.NAME] table.',
                '10:1 error P014 compare: b is missing: add b = "NAME" of another.',
            ],
        ),
        (
            '[compare]\na = "bb"\nb = "a"\n',
            ['11:5 error P031 compare.a = "bb": no such agent. Did you mean "b" (line 6)?'],
        ),
        (
            '[compare]\na = "a"\nb = "a"\n',
            ['12:5 error P019 compare.b = "a": an agent against itself: name another one.'],
        ),
        (
            '[compare]\na = "a"\nb = 1\n',
            [
                "12:5 error P011 compare.b = 1: expected a name of 1 to 64 printable characters, got a whole number."
            ],
        ),
        (
            '[compare]\na = "a"\nb = "b"\nc = "b"\n',
            ["13:1 error P010 compare.c: unknown key. Allowed are a, b."],
        ),
    ],
)
def test_what_is_wrong_with_its_sides_is_said_at_its_place(
    lines: Lines, good: str, text: str, expected: list[str]
) -> None:
    assert [f"x.toml:{each}" for each in expected] == lines(good + TWO + text)
