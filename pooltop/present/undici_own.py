"""The host table's columns that only dispatchers of undici's fill."""

from __future__ import annotations

from pooltop.present import host_cells
from pooltop.present.hosts import HostRow
from pooltop.present.table import HIDDEN, Column, number_column, text_column
from pooltop.present.undici_stats import STATS, value_of


def _stat(name: str, meaning: str) -> Column[HostRow]:
    return number_column(
        f"undici_{name}",
        f".{name}",
        1 + len(name),
        lambda row: value_of(row.origin.stats, name),
        "count",
        f"undici's stats.{name}: {meaning}.",
        from_width=HIDDEN,
    )


UNDICI_OWN: tuple[Column[HostRow], ...] = (
    text_column(
        "agent_kind",
        "KIND",
        13,
        lambda row: row.kind,
        "What its agent is: http.Agent, or which of undici's dispatchers.",
        ink="dim",
        from_width=HIDDEN,
        most=24,
    ),
    number_column(
        "clients",
        "CLIENTS",
        7,
        lambda row: row.clients,
        "count",
        "undici's clients that take requests, each a place for one connection; - of an http.Agent.",
        from_width=HIDDEN,
    ),
    *(_stat(name, meaning) for name, meaning in STATS.items()),
    Column(
        "streams",
        "STREAMS",
        7,
        "right",
        "Open streams of its HTTP/2 sessions together / how many there may be; - is no limit.",
        host_cells.streams,
        lambda row: None if row.streams is None else row.streams.running,
        "count",
        HIDDEN,
    ),
)
"""Shown where there are such dispatchers (``undici_columns``), and hidden elsewhere."""
