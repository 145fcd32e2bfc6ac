"""Chance that can be had again: one stream of random numbers for each purpose of each workload.

No two share one: a class that is not drawn because an arrival was dropped must not move the
arrivals that follow, and two workloads with the same seed must not fire at the same instants. Only
those that are compared are to.
"""

from __future__ import annotations

import random

from pooltop.core.traffic import Workload


def stream(purpose: str, workload: Workload) -> random.Random:
    """Give the numbers for one purpose; the same in every run of a workload with that seed.

    Args:
        purpose: a word of ours.
        workload: its name and its seed count.
    """
    name = workload.name if workload.twin_of is None else workload.twin_of
    return random.Random(f"{purpose} {workload.seed} {name}")  # noqa: S311 - no secret
