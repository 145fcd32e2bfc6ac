"""The line over a recording says where it stands, and what there is to go to."""

from __future__ import annotations

import time

import pytest

from pooltop.present.line import text_of, width_of
from pooltop.present.transport import TransportFacts, speed_words, transport_line


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> object:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _text(width: int = 80, **facts: object) -> str:
    values = {"wall_at": 1.9e9 + 1, "position_s": 252.0, "length_s": 600.0, "playing": True}
    line = transport_line(TransportFacts(**(values | facts)), width)
    assert width_of(line) <= width
    return text_of(line)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"speed": 2.0}, " REPLAY  17:46:41  4m12 of 10m00  2x"),
        ({"playing": False}, " REPLAY  17:46:41  4m12 of 10m00  paused"),
        ({"playing": False, "speed": 0.25}, " REPLAY  17:46:41  4m12 of 10m00  paused, 1/4x"),
        ({"playing": False, "at_end": True}, " REPLAY  17:46:41  4m12 of 10m00  at the end"),
        ({"bookmark": "edit 7\x1b[2J"}, " REPLAY  17:46:41  4m12 of 10m00  1x  edit 7\\x1b[2J"),
    ],
)
def test_it_says_where_it_stands(facts: dict[str, object], expected: str) -> None:
    assert expected == _text(**facts).rstrip()


@pytest.mark.parametrize(("number", "words"), [(1, "[b] 1 bookmark "), (3, "[b] 3 bookmarks ")])
def test_it_says_what_there_is_to_go_to(number: int, words: str) -> None:
    assert _text(bookmarks=number).endswith(words)


@pytest.mark.parametrize("width", [0, 1, 10, 40, 200])
def test_it_fits_any_width(width: int) -> None:
    _text(width, bookmarks=12, bookmark="x" * 300)


def test_speeds_are_short() -> None:
    assert ["1/4x", "1/2x", "1x", "64x"] == [speed_words(s) for s in (0.25, 0.5, 1.0, 64.0)]
