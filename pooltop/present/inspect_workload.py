"""Everything about one workload: what is asked of it, what it got, how late that was."""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.core.thresholds import ThresholdState
from pooltop.present import units
from pooltop.present.blocks import Block, Part, named, part, room_in
from pooltop.present.class_blocks import class_blocks
from pooltop.present.class_track import ClassTook
from pooltop.present.clean import clean
from pooltop.present.feed import feed_words
from pooltop.present.line import Ink, Line
from pooltop.present.thresholds import name_of, value_words, verdict_of, when_words
from pooltop.present.workload_track import StartError, WorkloadRates

DEFINITIONS = {
    "WORKLOAD": "its state, its pattern, and where it goes.",
    "ASKED": "arrivals per second, or users, as asked for now; what the profile had where that is "
    "different; where an edit still leads it; and what it got within the window.",
    "LATENCY": "from the intended start to the last byte, of requests completed in the window.",
    "START ERROR": "how long after their time arrivals were handed over, within the window: a part "
    "of every latency, and the load's own.",
    "REQUESTS": "of each request class what was sent and what became of it since the start, "
    "failures by cause; of those completed within the window how long they took, and as a bar how "
    "much of that each phase took: o begun late, e earlier (before the last of several requests: "
    "redirected, or sent again), q queue, d dns, c tcp, p tunnel, t tls, s send, w wait, "
    "r receive.",
    "TOTALS": "since the start: arrivals that were due, requests completed and failed, and how "
    "many are under way; with data, how far it has come with its rows.",
    "HELD BACK": "arrivals that were not sent because too many were under way, and those handed "
    "over more than 10 ms after their time: what the load itself did not deliver; and of users, "
    "requests that waited because all workloads together were at their ceiling (max_rate); and "
    "what the breaker lets through while the server is in trouble, and why.",
    "MUST HOLD": "thresholds of the profile that its requests, or its agent's pools, count for: "
    "the value as last judged, and from when on it counts.",
    "EDITS": "edits of this workload, each with what was measured before and after it.",
}
"""For the help page: what stands behind each name, in the order of the pane."""

_BEHIND = 0.95
"""A rate that is got is marked when it is less than this share of the one asked for."""


def workload_of(snapshot: Snapshot, name: str) -> WorkloadSnapshot | None:
    """Give a workload as the snapshot has it; None if it is not there."""
    return next((one for one in snapshot.workloads if one.name == name), None)


def workload_title(workload: WorkloadSnapshot) -> str:
    """Give ``WORKLOAD checkout  RUNNING``; clean."""
    return f"WORKLOAD {clean(workload.name, 40)}  {clean(workload.state, 12).upper()}"


def workload_blocks(
    workload: WorkloadSnapshot,
    *,
    rates: WorkloadRates | None = None,
    max_rate: float | None = None,
    at: float | None = None,
    cards: tuple[Line, ...] = (),
    thresholds: tuple[ThresholdState, ...] = (),
    start_error: StartError | None = None,
    took: Mapping[str, ClassTook] | None = None,
    width: int = 0,
) -> list[Block]:
    """Give what there is to say of a workload.

    Args:
        workload: at one instant.
        rates: what it did within the window; None where that is not known.
        max_rate: that all workloads together may send; None for no limit.
        at: the instant; None where it does not matter.
        cards: its edits, each with its before and after, ready-made.
        thresholds: of the whole profile; those that it counts for are told.
        start_error: how late arrivals were begun; None where none were, or it is not known.
        took: of each request class how long it took, within the window; None for not known.
        width: of the pane in cells, for bars.
    """
    rates = rates or WorkloadRates()
    return [
        Block("WORKLOAD", _identity(workload), 0),
        Block("ASKED", _asked(workload, rates), 1),
        Block("LATENCY", _latency(rates), 2),
        Block("START ERROR", _start_error(start_error), 4),
        *class_blocks(workload.classes, took or {}, room_in(width)),
        Block("TOTALS", _totals(workload), 4),
        Block("HELD BACK", _held_back(workload, rates, max_rate, at), 3),
        Block("MUST HOLD", _must_hold(workload, thresholds), 1),
        Block("EDITS", [Part(line, "drawn") for line in cards], 5),
    ]


def _identity(workload: WorkloadSnapshot) -> list[Part]:
    ink: Ink = "good" if workload.state == "running" else "warn"
    return [
        part((clean(workload.state, 12), ink)),
        part(clean(workload.pattern, 60)),
        named("to", clean(workload.target, 60)),
        named("agent", clean(workload.agent, 40)),
    ]


def _asked(workload: WorkloadSnapshot, rates: WorkloadRates) -> list[Part]:
    parts: list[Part] = []
    if workload.users is not None:
        parts.append(named("users", units.count(workload.users)))
        before = workload.initial_users
        if before is not None and before != workload.users:
            parts.append(part((f"(profile {units.count(before)})", "accent")))
    elif workload.rate is not None:
        parts.append(named("rate", f"{units.rate(workload.rate)}/s"))
        was = workload.initial_rate
        if was is not None and was != workload.rate:
            parts.append(part((f"(profile {units.rate(was)}/s)", "accent")))
    if workload.heading_for is not None:
        unit = "/s" if workload.users is None else ""
        parts.append(named("ramps to", f"{units.rate(workload.heading_for)}{unit}", "accent"))
    if rates.offered_s is not None and workload.users is None:
        parts.append(named("offered", f"{units.rate(rates.offered_s)}/s"))
    if rates.completed_s is not None:
        behind = rates.asked_s is not None and rates.completed_s < _BEHIND * rates.asked_s
        got = f"{units.rate(rates.completed_s)}/s"
        parts.append(named("completed", got, "warn" if behind else "text"))
    if rates.errors is not None:
        name = "errors" if workload.unexpected else "failed"
        parts.append(named(name, units.share(rates.errors), "bad" if rates.errors else "text"))
    return parts


def _latency(rates: WorkloadRates) -> list[Part]:
    quantiles = (
        ("p50", rates.latency_p50),
        ("p95", rates.latency_p95),
        ("p99", rates.latency_p99),
    )
    return [named(name, units.duration(s)) for name, s in quantiles if s is not None]


def _start_error(error: StartError | None) -> list[Part]:
    if error is None:
        return []
    return [named("p50", units.duration(error.p50)), named("p99", units.duration(error.p99))]


def _totals(workload: WorkloadSnapshot) -> list[Part]:
    failed: Ink = "bad" if workload.failed else "text"
    unexpected = named("unexpected", units.count(workload.unexpected), "bad")
    return [
        named("in flight", units.count(workload.in_flight)),
        named("due", units.count(workload.offered)),
        named("completed", units.count(workload.completed)),
        named("failed", units.count(workload.failed), failed),
        *([unexpected] if workload.unexpected else []),
        *([] if workload.data is None else [named("rows", feed_words(workload.data))]),
    ]


def _held_back(
    workload: WorkloadSnapshot, rates: WorkloadRates, max_rate: float | None, at: float | None
) -> list[Part]:
    parts: list[Part] = []
    if workload.breaker is not None and workload.breaker.state != "full":
        parts += _breaker(workload.breaker, at)
    if workload.held:
        parts.append(named("held by the breaker", units.count(workload.held), "warn"))
    if workload.dropped:
        parts.append(named("not sent", units.count(workload.dropped), "bad"))
    if workload.late:
        parts.append(named("late", units.count(workload.late), "warn"))
        if rates.late_p95 is not None:
            parts.append(named("late p95", units.duration(rates.late_p95)))
    if workload.paced and max_rate is not None:
        parts.append(named("paced", units.count(workload.paced), "warn"))
        parts.append(named("users waiting", units.count(workload.waiting)))
        parts.append(named("ceiling of all", f"{units.rate(max_rate)}/s"))
    return parts


def _breaker(breaker: BreakerSnapshot, at: float | None) -> list[Part]:
    if breaker.state == "cut":
        state = named("cut to", f"{units.rate(breaker.rate)}/s", "warn")
    elif breaker.until is None or at is None:
        state = part(("nothing is sent", "bad"))
    else:
        left = units.duration(max(0.0, breaker.until - at))
        state = named("nothing is sent for", left, "bad")
    return [state, part((clean(breaker.reason, 60), "text"))]


def _must_hold(workload: WorkloadSnapshot, states: tuple[ThresholdState, ...]) -> list[Part]:
    """Give each threshold that the workload counts for, those that fail first."""
    classes = {each.name for each in workload.classes}
    host, _, port = workload.target.rpartition(":")
    mine = [
        each
        for each in states
        if each.where.workload in (None, workload.name)
        and each.where.agent in (None, workload.agent)
        and (each.where.request is None or each.where.request in classes)
        and each.where.takes_host(host.strip("[]"), int(port) if port.isdigit() else 0)
    ]
    return [
        part(
            verdict_of(each),
            (f" {name_of(each)}: ", "text"),
            (value_words(each), verdict_of(each)[1] if each.state == "failed" else "text"),
            (f"  {when_words(each)}", "dim"),
            mode="row",
        )
        for each in sorted(mine, key=lambda each: each.state != "failed")
    ]
