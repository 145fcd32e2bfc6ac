"""Whether a load was delivered as asked for, and how far it is with its data, in words."""

from __future__ import annotations

import pytest

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.rows import FeedSnapshot
from pooltop.present.delivery import shortfalls
from pooltop.present.feed import feed_words


def test_a_load_that_was_delivered_has_nothing_to_be_said(make) -> None:
    load = make.workload(offered=1000, sent=1000, late=10, breaker=BreakerSnapshot())
    assert [] == list(shortfalls(load, 100.0))


def test_every_way_in_which_it_was_not_is_said_the_gravest_first(make) -> None:
    load = make.workload(
        model="closed",
        offered=100,
        dropped=3,
        late=2,
        held=4,
        paced=5,
        lateness=make.histogram([0.02]),
        breaker=BreakerSnapshot(state="cut", reason="answered \x1b[2J 503"),
    )
    assert [
        "NOT DELIVERED: 3 of 100 arrivals were dropped because max_in_flight was reached: the load "
        "was less than asked for",
        "NOT DELIVERED ON TIME: 2 of 100 arrivals started more than 10 ms late (p99 20ms): this "
        "machine could not keep the rate",
        "HELD BACK: 4 requests were delayed by the breaker, which is at 'cut': answered "
        "\\x1b[2J 503",
        "PACED: 5 of 100 requests of its users waited: all workloads together may send 50/s "
        "(max_rate)",
    ] == [str(each) for each in shortfalls(load, 50.0)]


@pytest.mark.parametrize(
    ("mode", "taken", "words"),
    [
        ("once", 0, "0 of 5, once"),
        ("once", 5, "5 of 5, once"),
        ("cycle", 0, "0 of 5"),
        ("cycle", 5, "5 of 5"),
        ("cycle", 6, "1 of 5, round 2"),
        ("random", 12, "12 drawn of 5"),
    ],
)
def test_the_place_in_the_data_is_said_by_its_mode(mode, taken, words) -> None:
    assert words == feed_words(FeedSnapshot(mode=mode, count=5, taken=taken))
