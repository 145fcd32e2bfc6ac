"""How far a workload has come with its data, in words."""

from __future__ import annotations

from pooltop.core.rows import FeedSnapshot
from pooltop.present import units


def feed_words(feed: FeedSnapshot) -> str:
    """Give ``120 of 500, once``, ``3 of 500, round 2``, ``900 drawn of 500``."""
    count = units.count(feed.count)
    if feed.mode == "random":
        return f"{units.count(feed.taken)} drawn of {count}"
    if feed.mode == "once":
        return f"{units.count(feed.taken)} of {count}, once"
    rounds, place = divmod(max(0, feed.taken - 1), max(1, feed.count))
    place += 1 if feed.taken else 0
    again = f", round {units.count(rounds + 1)}" if rounds else ""
    return f"{units.count(place)} of {count}{again}"
