"""Who watches, who writes: the rules of the roll, and its words."""

from __future__ import annotations

import pytest

from pooltop.core.company import Standing
from pooltop.errors import EngineError
from pooltop.sources.roll import MOST_VIEWERS, Roll, clock_time

NOON = 1_700_000_000.0


def _join(roll: Roll, pid: int, *, read_only: bool = False, wall_at: float = NOON) -> int:
    return roll.join(pid=pid, kind="dashboard", read_only=read_only, wall_at=wall_at).number


def _standing(roll: Roll, number: int) -> Standing:
    return roll.company(number).standing


def test_the_first_who_may_write_holds_the_lock_and_later_ones_do_not() -> None:
    roll = Roll()
    reader = _join(roll, 10, read_only=True)
    first, second = _join(roll, 11), _join(roll, 12)

    assert [Standing.THEIRS, Standing.MINE, Standing.THEIRS] == [
        _standing(roll, number) for number in (reader, first, second)
    ]
    assert ["", True, True] == [
        roll.refusal(first),
        bool(roll.refusal(reader)),
        bool(roll.refusal(second)),
    ]


def test_a_refusal_names_the_holder_since_when_and_what_helps() -> None:
    roll = Roll()
    _join(roll, 123)
    second = _join(roll, 124)
    reader = _join(roll, 125, read_only=True)
    held = f"viewer 1 (pid 123, since {clock_time(NOON)}) holds the write lock"

    assert f"read-only: {held}; take it first" == roll.refusal(second)
    assert f"read-only: {held}; this viewer was started read-only" == roll.refusal(reader)


def test_it_is_taken_from_another_only_by_force() -> None:
    roll = Roll()
    first, second = _join(roll, 1), _join(roll, 2)

    with pytest.raises(EngineError, match=r"viewer 1 \(pid 1, since .* holds the write lock"):
        roll.take(second, force=False, wall_at=NOON)
    former = roll.take(second, force=True, wall_at=NOON + 60)

    assert former is not None
    assert (first, Standing.MINE) == (former.number, _standing(roll, second))
    assert f"since {clock_time(NOON + 60)}" in roll.refusal(first)


def test_taking_what_one_has_changes_nothing() -> None:
    roll = Roll()
    first = _join(roll, 1)

    assert None is roll.take(first, force=True, wall_at=NOON + 60)
    holder = roll.company(first).holder
    assert holder is not None
    assert NOON == holder.wall_holds_since


@pytest.mark.parametrize("way", ["release", "leave"])
def test_a_lock_let_go_is_free_for_whoever_takes_it(way: str) -> None:
    roll = Roll()
    first, second = _join(roll, 1), _join(roll, 2)

    getattr(roll, way)(first)

    assert "read-only: nobody holds the write lock; take it first" == roll.refusal(second)
    assert None is roll.take(second, force=False, wall_at=NOON)
    assert "" == roll.refusal(second)


def test_who_is_read_only_never_has_it() -> None:
    roll = Roll()
    reader = _join(roll, 1, read_only=True)

    with pytest.raises(EngineError, match="this viewer was started read-only"):
        roll.take(reader, force=True, wall_at=NOON)

    assert Standing.FREE == _standing(roll, reader)


def test_letting_go_what_one_has_not_takes_it_from_nobody() -> None:
    roll = Roll()
    first, second = _join(roll, 1), _join(roll, 2)

    assert (False, True) == (roll.release(second), roll.release(first))


def test_there_is_a_most_and_a_number_is_never_given_twice() -> None:
    roll = Roll()
    for pid in range(MOST_VIEWERS):
        _join(roll, pid)
    with pytest.raises(EngineError, match="8 viewers are attached, which is the most: pid 0, pid"):
        _join(roll, 99)

    roll.leave(1)

    assert MOST_VIEWERS + 1 == _join(roll, 99)
