"""What is compared of two runs: which is which, from when to when, and what is put together."""

from __future__ import annotations

import math

import msgspec
import pytest

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey, Timeouts
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.core.thresholds import ThresholdState
from pooltop.present.compare import ALL_HOSTS, Run, compare


def durations(*pairs):
    recorder = Recorder()
    for seconds, number in pairs:
        for _ in range(number):
            recorder.record(seconds)
    return recorder.freeze()


def host(name="h", port=80, *, latency=(), **counters):
    return OriginSnapshot(
        key=OriginKey(f"{name}:{port}:"),
        scheme="http",
        host=name,
        port=port,
        counters=OriginCounters(**counters),
        latency=OriginLatency(total=durations(*latency)),
    )


def agent(*hosts, name="a", **more):
    return AgentSnapshot(
        name=name,
        options=more.pop("options", AgentOptions()),
        initial_options=AgentOptions(),
        origins=hosts,
        **more,
    )


def at(second, *agents, workloads=(), **more):
    return Snapshot(
        seq=1, at=second, wall_at=1e9 + second, agents=agents, workloads=workloads, **more
    )


def run(*agents, seconds=10.0, first=None, **more):
    return Run(first or at(100.0), at(100.0 + seconds, *agents, **more))


def numbers(old, new):
    """Give old, new and verdict of every row, by section and name."""
    rows = compare(old, new).rows
    return {(row.section, row.name): (row.old, row.new, row.verdict) for row in rows}


def about(value):
    return pytest.approx(value, rel=0.01)


def test_runs_of_other_length_are_compared_by_rates_and_shares() -> None:
    old = run(agent(host(completed=1000, assigned=1000, reused=900, opened=100)))
    new = run(agent(host(completed=6000, assigned=6000, reused=600, opened=5400)), seconds=60.0)

    told = numbers(old, new)

    assert (100.0, 100.0, "same") == told[ALL_HOSTS, "completed"]
    assert (0.9, 0.1, "worse") == told["host a h:80", "reuse"]
    assert (10.0, 90.0, "changed") == told["host a h:80", "opened"]


def test_hosts_are_put_together_by_histogram_never_by_quantile() -> None:
    fast, slow = ((0.01, 9900),), ((1.0, 100),)
    old = run(agent(host("x", latency=fast), host("y", latency=slow)))
    new = run(agent(host("x", latency=fast), host("y", latency=((1.0, 9900),))))

    told = numbers(old, new)

    assert (about(0.01), about(1.0), "worse") == told[ALL_HOSTS, "latency p95"]
    assert "same" == told["host a x:80", "latency p95"][2]


def test_only_what_was_counted_within_a_recording_counts() -> None:
    before = host(completed=5000, latency=((9.0, 5000),))
    after = host(completed=6000, latency=((9.0, 5000), (0.1, 1000)))
    attached = run(agent(after), first=at(100.0, agent(before)))

    told = numbers(attached, run(agent(host(completed=1000, latency=((0.1, 1000),)))))

    assert (100.0, 100.0, "same") == told[ALL_HOSTS, "completed"]
    assert (about(0.1), about(0.1), "same") == told[ALL_HOSTS, "latency p99"]


def test_what_has_counted_less_than_before_began_anew() -> None:
    before = at(100.0, agent(host(submitted=5000, completed=5000, latency=((9.0, 5000),))))
    anew = agent(host(submitted=1000, completed=1000, latency=((0.1, 1000),)))
    gone = agent(host(submitted=6000, completed=100))

    told = numbers(run(anew, first=before), run(gone, first=before))

    assert (100.0, 0.0, "changed") == told[ALL_HOSTS, "completed"]
    assert about(0.1) == told[ALL_HOSTS, "latency p99"][0]


def test_what_held_a_load_back_is_told_where_it_did() -> None:
    def load(**counts):
        return WorkloadSnapshot(
            name="w", agent="a", target="h:80", state="done", pattern="", offered=1000, **counts
        )

    told = numbers(run(workloads=(load(),)), run(workloads=(load(held=400),)))

    assert (0.0, 0.4, "worse") == told["workload w", "held"]
    assert ("workload w", "paced") not in told


def test_errors_are_told_by_cause_and_a_stop_is_none() -> None:
    old = run(agent(host(completed=1000, failed={"ERR_AGENT_CLOSED": 500})))
    new = run(
        agent(host(completed=900, failed={"ECONNRESET": 60, "EPIPE": 40}, statuses={503: 100}))
    )

    told = numbers(old, new)

    assert (0.0, 0.2, "worse") == told[ALL_HOSTS, "errors"]
    assert (0.0, 0.1, "worse") == told[ALL_HOSTS, "errors: reset"]
    assert (0.0, 0.1, "worse") == told[ALL_HOSTS, "errors: answered 5xx"]


def test_a_host_whose_port_alone_is_another_is_the_same_where_that_is_plain() -> None:
    old = run(agent(host("demo", 1, completed=100), host("two", 1), host("two", 2)))
    new = run(agent(host("demo", 9, completed=100), host("two", 3)))

    sections = {row.section for row in compare(old, new).rows}

    assert {ALL_HOSTS, "host a demo", "host a two:1", "host a two:2", "host a two:3"} == sections
    assert "same" == numbers(old, new)["host a demo", "completed"][2]
    assert "only new" == numbers(old, new)["host a two:3", "completed"][2]


def test_what_such_a_host_has_of_its_own_is_compared_under_its_name() -> None:
    def own(port, limit):
        return msgspec.structs.replace(host("demo", port), own_limits={"max_sockets": limit})

    told = compare(run(agent(own(1, 3.0))), run(agent(own(9, 3.0)))).differences
    assert () == told
    told = compare(run(agent(own(1, 3.0))), run(agent(own(9, 5.0)))).differences
    assert [("agent a", "demo maxSockets", "3", "5")] == list(told)


def test_workloads_and_their_classes_have_their_own_numbers() -> None:
    def load(seconds, dropped):
        each = ClassSnapshot(
            name="c",
            completed=1000,
            phases=PhaseDurations(
                total=durations((seconds, 1000)), wait=durations((seconds, 1000))
            ),
        )
        return WorkloadSnapshot(
            name="w\x1b", agent="a", target="h:80", state="done", pattern="p",
            offered=1000 + dropped, dropped=dropped, completed=1000,
            latency=durations((seconds, 1000)), classes=(each,),
        )  # fmt: skip

    told = numbers(run(workloads=(load(0.1, 0),)), run(workloads=(load(0.2, 1000),)))

    assert (0.0, 0.5, "worse") == told[r"workload w\x1b", "dropped"]
    assert (100.0, 200.0, "changed") == told[r"workload w\x1b", "offered"]
    assert (about(0.1), about(0.2), "worse") == told[r"class w\x1b/c", "latency p99"]
    assert (about(0.1), about(0.2), "worse") == told[r"class w\x1b/c", "wait p95"]
    assert (r"class w\x1b/c", "tls p95") not in told


def test_what_was_set_otherwise_is_told_in_nodes_words() -> None:
    edit = EditRecord(
        number=1, at=1.0, wall_at=1.0, agent="a", option="max_sockets", before=10.0, after=20.0,
        by="operator",
    )  # fmt: skip
    own = msgspec.structs.replace(host(), own_limits={"max_sockets": 3.0})
    old = at(
        1.0,
        agent(host(), options=AgentOptions(max_sockets=10.0), timeouts=Timeouts(queue=0.5)),
        agent(name="gone"),
        thresholds=(ThresholdState(text="t < 1", state="holds", value=0.5, unit="count"),),
    )
    new = at(
        1.0,
        agent(own, options=AgentOptions(max_sockets=math.inf), timeouts=Timeouts(queue=2.0)),
        thresholds=(ThresholdState(text="t < 1", state="failed", value=2.0, unit="count"),),
        edits=(edit,),
    )

    told = compare(Run(old, old), Run(new, new)).differences

    assert [
        ("agent a", "maxSockets", "10", "unlimited"),
        ("agent a", "timeouts.queue", "0.5s", "2s"),
        ("agent a", "h:80 maxSockets", "-", "3"),
        ("threshold", "t < 1", "holds (0.5)", "FAILED (2)"),
        ("edits", "edit 1", "-", "a maxSockets 10 > 20"),
    ] == [each for each in told if each.of != "agent gone"]
    assert [] == list(compare(Run(old, old), Run(old, old)).differences)
