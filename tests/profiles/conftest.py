"""What the tests of profiles share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.profiles import ProfileErrors, load_text

GOOD = """\
[agents.a]
max_sockets = 4
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:80"
"""


@pytest.fixture
def good() -> str:
    """Give the smallest profile that says where to send what: five lines."""
    return GOOD


@pytest.fixture
def lines() -> Callable[[str], list[str]]:
    """Give a function that loads a text as ``x.toml`` and gives its problems, one a line."""

    def of(text: str) -> list[str]:
        try:
            loaded = load_text(text, "x.toml")
        except ProfileErrors as errors:
            return str(errors).split("\n")
        return [str(warning) for warning in loaded.warnings]

    return of
