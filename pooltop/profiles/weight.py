"""How much all that a profile sends weighs: it has to fit one message to the engine's process."""

from __future__ import annotations

from typing import cast

from pooltop.core.rows import DataFeed
from pooltop.profiles.checks import tables_of
from pooltop.profiles.contents import requests_of
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path

HEAVIEST = 48 * 1024 * 1024
"""Bytes of all bodies and rows. A message may be of 64 MiB (sources/wire.py), and the rest of a
profile, as large as its files may be, is far below the difference."""


def check_weight(values: Values, report: Report) -> None:
    """Refuse bodies and rows that are too much together, at the workload that has the most.

    Args:
        values: what was read, with the bodies and the rows taken in.
        report: takes the problem.
    """
    weights: dict[str, int] = {}
    for path, request in requests_of(values):
        body = request.get("body")
        size = len(body) if isinstance(body, bytes) else 0
        weights[str(path[1])] = weights.get(str(path[1]), 0) + size
    for name, workload in tables_of(values, "workloads").items():
        feed = cast("DataFeed | None", workload.get("data"))
        if isinstance(feed, DataFeed):
            weights[name] = weights.get(name, 0) + _weight_of(feed)
    if sum(weights.values()) <= HEAVIEST:
        return
    heaviest: Path = ("workloads", max(weights, key=lambda name: weights[name]))
    message = (
        f"the bodies and rows of all workloads are {_mib(sum(weights.values()))} MiB together, and "
        f"the limit is {_mib(HEAVIEST)} MiB."
    )
    report.add(heaviest, "P002", message, on_key=True)


def _weight_of(feed: DataFeed) -> int:
    return sum(len(value.encode()) + 1 for column in feed.columns.values() for value in column)


def _mib(size: int) -> int:
    return -(-size // (1024 * 1024))
