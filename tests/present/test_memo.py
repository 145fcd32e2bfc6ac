"""What was worked out of an instant is worked out once."""

from __future__ import annotations

import copy

import pytest

from pooltop.core.snapshot import Snapshot
from pooltop.present.memo import Memo


@pytest.fixture
def instant() -> Snapshot:
    return Snapshot(seq=1, at=1.0, wall_at=1.0)


def test_the_same_of_the_same_instant_is_made_once(instant: Snapshot) -> None:
    memo: Memo[list[int]] = Memo()
    made: list[list[int]] = []

    def make() -> list[int]:
        made.append([len(made)])
        return made[-1]

    seen = [memo.get(instant, ("a", 1), make) for _ in range(3)]

    assert [[0]] * 3 == seen
    assert 1 == len(made)


@pytest.mark.parametrize("what", ["another instant", "another key"])
def test_another_instant_or_key_is_made_anew(instant: Snapshot, what: str) -> None:
    memo: Memo[str] = Memo()
    memo.get(instant, "a", lambda: "first")
    of = copy.copy(instant) if what == "another instant" else instant
    key = "b" if what == "another key" else "a"

    assert "second" == memo.get(of, key, lambda: "second")
    assert "third" == memo.get(instant, "a", lambda: "third")
