"""A row for each workload: what was asked of it, what it got, and how late that was."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.history import History
from pooltop.present.line import Ink, Line
from pooltop.present.table import HIDDEN, Column, number_column, text_column
from pooltop.present.workload_track import WorkloadRates

_BEHIND = 0.95
"""A rate that is got is marked when it is less than this share of the one asked for."""


@dataclass(frozen=True, slots=True)
class WorkloadRow:
    """A workload at one instant; the texts of ``workload`` are raw."""

    id: str
    """Its name, raw: profiles name each once."""
    workload: WorkloadSnapshot
    rates: WorkloadRates
    """Within the window."""

    @property
    def wanted(self) -> float | None:
        """Arrivals per second, or users, that are asked for now."""
        users = self.workload.users
        return self.workload.rate if users is None else float(users)

    @property
    def is_edited(self) -> bool:
        """Whether what is asked for is no longer what the profile had."""
        work = self.workload
        return (work.rate, work.users) != (work.initial_rate, work.initial_users)

    @property
    def is_behind(self) -> bool:
        """Whether an open model that is running gets clearly less than was asked for."""
        # What was asked for then: along a ramp it is another rate by now.
        asked, got = self.rates.asked_s, self.rates.completed_s
        if asked is None or got is None or self.workload.state != "running":
            return False
        return got < asked * _BEHIND


def build_workload_rows(
    snapshot: Snapshot, history: History, *, window_s: float
) -> list[WorkloadRow]:
    """Give a row per workload in the profile's order.

    Args:
        snapshot: the instant.
        history: holds the past of that instant.
        window_s: what rates and quantiles cover.
    """
    return [
        WorkloadRow(work.name, work, history.workload(work.name).rates(snapshot.at, window_s))
        for work in snapshot.workloads
    ]


def _wanted(row: WorkloadRow, _width: int) -> Line:
    ink: Ink = "accent" if row.is_edited else "text"
    if row.workload.users is not None:
        return ((units.count(row.workload.users), ink), (" users", "dim"))
    return ((units.rate(row.workload.rate), ink), ("/s", "dim"))


def _got_ink(row: WorkloadRow) -> Ink:
    if not row.rates.completed_s:
        return "faint"
    return "warn" if row.is_behind else "text"


_STATE_INK: dict[str, Ink] = {"running": "good", "paused": "warn", "cut": "warn", "held": "bad"}


def _state(row: WorkloadRow) -> str:
    """Give its state, or in its place that of a breaker that lets not everything through."""
    state, breaker = row.workload.state, row.workload.breaker
    return (
        state if breaker is None or breaker.state == "full" or state != "running" else breaker.state
    )


def _state_ink(row: WorkloadRow) -> Ink:
    return _STATE_INK.get(_state(row), "dim")


COLUMNS: tuple[Column[WorkloadRow], ...] = (
    text_column(
        "workload",
        "WORKLOAD",
        14,
        lambda row: clean(row.workload.name),
        "Its name in the profile.",
        ink="strong",
        most=30,
    ),
    text_column(
        "state",
        "STATE",
        8,
        lambda row: clean(_state(row)),
        "running, paused, stopped or done; cut or held while the breaker lets only a part through, "
        "or nothing.",
        ink=_state_ink,
    ),
    text_column(
        "pattern",
        "PATTERN",
        18,
        lambda row: clean(row.workload.pattern),
        "How its requests come: open, at a rate, whatever becomes of them, or closed, by users who "
        "each wait for their answer.",
        from_width=106,
        most=40,
    ),
    text_column(
        "agent",
        "AGENT",
        9,
        lambda row: clean(row.workload.agent),
        "The agent that it sends by.",
        ink="dim",
        from_width=116,
    ),
    text_column(
        "target",
        "TARGET",
        16,
        lambda row: clean(row.workload.target),
        "The host that it sends to.",
        from_width=134,
        most=34,
    ),
    Column(
        "set",
        "SET",
        9,
        "right",
        "Arrivals per second (open) or users (closed) that are asked for now; coloured where it is "
        "not what the profile had.",
        _wanted,
        lambda row: row.wanted,
        "count",
    ),
    number_column(
        "offered",
        "OFFER/S",
        7,
        lambda row: row.rates.offered_s,
        "/s",
        "Arrivals that were due per second of the window.",
        from_width=88,
    ),
    number_column(
        "got",
        "GOT/S",
        6,
        lambda row: row.rates.completed_s,
        "/s",
        "Responses received whole per second of the window.",
        ink=_got_ink,
    ),
    number_column(
        "flight",
        "FLIGHT",
        6,
        lambda row: row.workload.in_flight,
        "count",
        "Requests under way now, those in the queue included.",
    ),
    number_column(
        "dropped",
        "DROP",
        5,
        lambda row: row.workload.dropped,
        "count",
        "Arrivals that were not sent since the start, because too many were in flight.",
        ink=lambda row: "warn" if row.workload.dropped else "faint",
        from_width=66,
    ),
    number_column(
        "held",
        "HELD",
        5,
        lambda row: row.workload.held,
        "count",
        "Arrivals that the breaker let not through since the start; of users, requests that it "
        "delayed.",
        ink=lambda row: "warn" if row.workload.held else "faint",
        from_width=HIDDEN,
    ),
    number_column(
        "paced",
        "PACED",
        5,
        lambda row: row.workload.paced,
        "count",
        "Requests of its users that waited since the start, because all workloads together were at "
        "max_rate.",
        ink=lambda row: "warn" if row.workload.paced else "faint",
        from_width=HIDDEN,
    ),
    number_column(
        "late",
        "LATE",
        5,
        lambda row: row.workload.late,
        "count",
        "Requests handed over more than 10 ms after their time since the start: by this much the "
        "load is not what was asked for.",
        ink=lambda row: "warn" if row.workload.late else "faint",
        from_width=88,
    ),
    number_column(
        "errors",
        "ERR",
        4,
        lambda row: row.rates.errors,
        "share",
        "Share of its requests ended in the window that failed, or were not answered as expected.",
        ink=lambda row: "bad" if row.rates.errors else "faint",
    ),
    number_column(
        "p50",
        "P50",
        5,
        lambda row: row.rates.latency_p50,
        "s",
        "Half of its responses in the window were whole at most this long after their intended "
        "start.",
        from_width=74,
    ),
    number_column(
        "p95",
        "P95",
        5,
        lambda row: row.rates.latency_p95,
        "s",
        "Likewise of 95 % of them.",
    ),
    number_column(
        "p99",
        "P99",
        5,
        lambda row: row.rates.latency_p99,
        "s",
        "Likewise of 99 % of them.",
        from_width=140,
    ),
    number_column(
        "sent",
        "SENT",
        7,
        lambda row: row.workload.sent,
        "count",
        "Requests handed to the agent since the start.",
        from_width=148,
    ),
    number_column(
        "completed",
        "COMPLETED",
        9,
        lambda row: row.workload.completed,
        "count",
        "Responses received whole since the start.",
        from_width=HIDDEN,
    ),
    number_column(
        "failed",
        "FAILED",
        6,
        lambda row: row.workload.failed,
        "count",
        "Requests that failed since the start.",
        from_width=155,
    ),
    number_column(
        "unexpected",
        "UNEXPECTED",
        10,
        lambda row: row.workload.unexpected,
        "count",
        "Of the completed, those that were not answered as the profile expects.",
        from_width=HIDDEN,
    ),
    number_column(
        "late95",
        "LATE95",
        6,
        lambda row: row.rates.late_p95,
        "s",
        "95 % of its arrivals in the window were handed over at most this long after their time.",
        from_width=162,
    ),
    text_column(
        "model",
        "MODEL",
        6,
        lambda row: row.workload.model,
        "open or closed.",
        from_width=HIDDEN,
    ),
)
"""All of them, left to right."""
