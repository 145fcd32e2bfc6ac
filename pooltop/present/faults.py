"""What requests failed of, in words: the same on the screen and in the summary of a run."""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.core.causes import by_cause
from pooltop.core.snapshot import OriginCounters, OriginSnapshot
from pooltop.present.clean import clean

_LONGEST = 200
"""Cells of a message."""


def counts(numbers: Mapping[str, int], most: int | None = None) -> str:
    """Give e.g. ``stale reuse 3, ECONNRESET 1``, the most frequent first; clean.

    Args:
        numbers: name to count.
        most: at most so many of them, ``...`` for the others; None for all.
    """
    ordered = sorted(numbers.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{clean(str(name))} {n}" for name, n in ordered[:most]]
    return ", ".join([*shown, "..."] if len(ordered) > len(shown) else shown)


def cause_words(failed: Mapping[str, int]) -> str:
    """Give failures by cause, e.g. ``reset 3 (ECONNRESET 2, EPIPE 1), stale reuse 1``; clean."""
    words = []
    for cause, outcomes in by_cause(failed).items():
        behind = "" if outcomes.keys() == {cause.value} else f" ({counts(outcomes)})"
        words.append(f"{cause.value} {sum(outcomes.values())}{behind}")
    return ", ".join(words)


def failure_words(origin: OriginSnapshot) -> list[tuple[str, str]]:
    """Give each outcome of failed requests with its last message, in the order of ``counts``."""
    failed = origin.counters.failed
    ordered = sorted(origin.failures, key=lambda outcome: (-failed.get(outcome, 0), outcome))
    return [(clean(each), clean(origin.failures[each], _LONGEST)) for each in ordered]


def stale_words(counters: OriginCounters) -> str:
    """Say how many kept-alive sockets were stale when reused, and what became of the requests."""
    if not counters.stale_reuse:
        return ""
    again = f", {counters.retried} sent again" if counters.retried else ""
    return f"{counters.stale_reuse} stale{again}"
