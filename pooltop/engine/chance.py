"""Chance that can be had again: one stream of random numbers for each purpose of each workload.

No two share one: a class that is not drawn because an arrival was dropped must not move the
arrivals that follow, and two workloads with the same seed must not fire at the same instants.
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
    return random.Random(f"{purpose} {workload.seed} {workload.name}")  # noqa: S311 - no secret
