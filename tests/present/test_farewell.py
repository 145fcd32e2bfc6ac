"""What stays on the terminal after the dashboard: totals, errors, and edits that were not kept."""

from __future__ import annotations

import msgspec
from support.scenes import OPTIONS, scene

from pooltop.core.histogram import Recorder
from pooltop.core.snapshot import OriginCounters, OriginLatency, Snapshot, WorkloadSnapshot
from pooltop.present.farewell import farewell_lines
from pooltop.present.marks import edited


def instant(**more: object) -> Snapshot:
    recorder = Recorder()
    for _ in range(10):
        recorder.record(0.02)
    counters = OriginCounters(submitted=9004, completed=8990, failed={"ECONNRESET": 7, "x\x1b": 3})
    shown = scene(counters=counters, latency=OriginLatency(total=recorder.freeze()), **more)
    return msgspec.structs.replace(shown, profile="prod\x1b[31m.toml")


def test_totals_errors_and_latency_are_told() -> None:
    assert [
        "pooltop: prod\\x1b[31m.toml watched for 2m04; the load has ended",
        "  requests  9004 submitted, 8990 completed, 10 failed (ECONNRESET 7, x\\x1b 3), 4 under way",
        "  latency   p50 20ms, p95 20ms, p99 20ms (intended start to last byte)",
    ] == farewell_lines(instant(), seen_s=124.0, goes_on=False)


def test_edits_that_are_not_in_the_profile_are_told_and_what_becomes_of_them() -> None:
    workload = WorkloadSnapshot(
        name="pay",
        agent="main",
        target="t",
        state="running",
        pattern="open",
        rate=90.0,
        initial_rate=60.0,
    )
    options = msgspec.structs.replace(OPTIONS, max_sockets=64)
    shown = msgspec.structs.replace(instant(options=options), workloads=(workload,))
    lines = farewell_lines(shown, seen_s=1.0, goes_on=True)
    assert lines[0].endswith("; its engine goes on")
    assert [
        "  edited    main maxSockets 4 > 64, not in the profile, still in force",
        "  edited    pay rate 60 > 90, not in the profile, still in force",
    ] == lines[-2:]
    gone = farewell_lines(shown, seen_s=1.0, goes_on=False)
    assert gone[-1].endswith(", not in the profile, gone with the engine")
    assert (2, 0) == (edited(shown), edited(instant()))


def test_no_figure_is_told_where_nothing_was_measured() -> None:
    nothing = scene(
        sockets=(), running=(), requests=(), details=(), told=(), counters=OriginCounters()
    )
    assert [
        "pooltop:  watched for 0s; the load has ended",
        "  requests  0 submitted, 0 completed, 0 failed, 0 under way",
    ] == farewell_lines(nothing, seen_s=0.0, goes_on=False)


def test_a_load_that_was_not_delivered_is_told() -> None:
    load = WorkloadSnapshot(
        name="pay\x1b", agent="main", target="t", state="done", pattern="open", offered=9, dropped=2
    )
    shown = msgspec.structs.replace(instant(), workloads=(load,))
    last = farewell_lines(shown, seen_s=1.0, goes_on=False)[-1]
    assert last.startswith("  load      pay\\x1b NOT DELIVERED: 2 of 9 arrivals were dropped")
