"""What requests failed of, in words."""

from __future__ import annotations

from pooltop.core.snapshot import OriginCounters
from pooltop.present.faults import counts, stale_words


def test_the_most_frequent_comes_first_and_the_rest_is_hinted_at() -> None:
    numbers = {"ECONNRESET": 1, "stale reuse": 3, "idle clock": 3, "zz\x1b[2J": 1}
    expected = "idle clock 3, stale reuse 3, ECONNRESET 1"
    assert f"{expected}, ..." == counts(numbers, 3)
    assert counts(numbers).startswith(expected)
    assert "\x1b" not in counts(numbers)
    assert "" == counts({})


def test_stale_sockets_are_told_with_what_became_of_their_requests() -> None:
    assert "" == stale_words(OriginCounters())
    assert "3 stale" == stale_words(OriginCounters(stale_reuse=3))
    assert "3 stale, 2 sent again" == stale_words(OriginCounters(stale_reuse=3, retried=2))
