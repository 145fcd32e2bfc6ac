"""Who else watches: what each viewer is told of the write lock."""

from __future__ import annotations

import pytest

from pooltop.core.company import Company, ViewerInfo
from pooltop.present.viewers import change, lock_line, viewer_lines

NOON = 1_700_000_000.0


def _company(you: int, holder: int | None, *, count: int = 2) -> Company:
    return Company(
        you=you,
        viewers=tuple(
            ViewerInfo(
                number=number,
                pid=100 + number,
                wall_since=NOON,
                wall_holds_since=NOON if number == holder else None,
            )
            for number in range(1, count + 1)
        ),
    )


def _text(line: tuple[tuple[str, str], ...]) -> str:
    return "".join(text for text, _ in line)


@pytest.mark.parametrize(
    ("company", "words"),
    [
        (None, ""),
        (_company(1, 1, count=1), "WRITER"),
        (_company(1, 1), "WRITER 2 viewers"),
        (_company(1, 2), "2 viewers, viewer 2 (pid 102) writes"),
        (_company(1, None), "2 viewers, nobody writes"),
    ],
)
def test_the_header_says_who_writes(company: Company | None, words: str) -> None:
    assert words == _text(lock_line(company))


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (None, _company(1, 2), ""),
        (_company(1, 1), _company(1, 1, count=3), ""),
        (_company(1, 1), _company(1, 2), "viewer 2 (pid 102) took the write lock"),
        (_company(1, None), _company(1, 2), ""),
        (_company(1, 2), _company(1, None), "the write lock is free: O takes it"),
        (_company(1, 2), _company(1, 1), "you hold the write lock"),
    ],
)
def test_a_viewer_is_told_what_it_must_know_and_only_when_it_changes(
    before: Company | None, after: Company | None, words: str
) -> None:
    assert words == change(before, after)


def test_the_viewers_are_listed_with_this_one_marked() -> None:
    first, second = viewer_lines(_company(2, 1), NOON + 65)

    assert "   viewer 1   pid 101      dashboard  for 1m05   holds the write lock" == _text(first)
    assert " > viewer 2   pid 102      dashboard  for 1m05  " == _text(second)
