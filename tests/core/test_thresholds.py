"""What thresholds say: their grammar, the numbers they are compared with, and their verdicts."""

from __future__ import annotations

import difflib
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.expectations import ExpectationError, parse
from pooltop.core.histogram import Recorder
from pooltop.core.metrics import METRICS, Unit
from pooltop.core.model import OriginKey
from pooltop.core.snapshot import OriginCounters, OriginLatency, WorkloadSnapshot
from pooltop.core.threshold_values import Level, PoolTotals, Totals, WorkloadTotals, value_of
from pooltop.core.thresholds import ThresholdState, Where, has_failed, written


def suggest(word, words):
    found = difflib.get_close_matches(word, tuple(words), n=1)
    return f' Did you mean "{found[0]}"?' if found else ""


def read(text):
    return parse(text, suggest)


def durations(*seconds):
    recorder = Recorder()
    for each in seconds:
        recorder.record(each)
    return recorder.freeze()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("request.duration p99 < 400ms", "request.duration p99 < 400ms"),
        ("request.duration   p99.90<=1.5s", "request.duration p99.9 <= 1.5s"),
        ("request.wait mean < 800us", "request.wait mean < 0.8ms"),
        ("request.wait mean < 400.125ms", "request.wait mean < 400.125ms"),
        ("request.tls max < 2s", "request.tls max < 2s"),
        ("request.duration count >= 1000", "request.duration count >= 1000"),
        ("request.errors < 1%", "request.errors share < 1%"),
        ("request.errors <= 0", "request.errors count <= 0"),
        ("request.errors share < 0.1%", "request.errors share < 0.1%"),
        ("request.rate > 600/m", "request.rate rate > 10/s"),
        ("request.dropped <= 3", "request.dropped count <= 3"),
        ("load.start_error p99 < 2ms", "load.start_error p99 < 2ms"),
        ("pool.queue.wait p95 < 20ms", "pool.queue.wait p95 < 20ms"),
        ("pool.queue.depth < 50", "pool.queue.depth max < 50"),
        ("pool.queue.depth mean < 0.5", "pool.queue.depth mean < 0.5"),
        ("pool.queue.oldest < 1m", "pool.queue.oldest max < 60s"),
        ("pool.reuse > 90%", "pool.reuse share > 90%"),
    ],
)
def test_what_is_expected_is_read_and_can_be_written_again(text: str, canonical: str) -> None:
    expectation = read(text)

    assert canonical == expectation.text
    assert expectation == read(canonical)


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", 0, 'empty: write one such as "request.duration p99 < 400ms".'),
        ("request.duratoin p99 < 1s", 0, 'no such metric. Did you mean "request.duration"?'),
        ("< 1s", 0, "no such metric."),
        ("request.errors", 14, "the comparison is missing"),
        ("request.errors <", 16, "the limit is missing."),
        ("request.errors == 0", 15, "allowed are <, <=, > and >=."),
        ("request.errors < 1% please", 20, "nothing may follow the limit."),
        ("request.duration p99 p95 < 1s", 21, "expected <, <=, > or >= here."),
        ("request.duration p99 1s", 23, "the comparison is missing"),
        ("request.duration < 1s", 19, "say what of request.duration: p50 to p99.99, mean, max or count."),
        ("request.duration p0 < 1s", 17, "does not fit request.duration: allowed are p50 to p99.99, mean, max or count."),
        ("request.duration rate < 1s", 17, "does not fit"),
        ("pool.queue.depth p99 < 4", 17, "does not fit pool.queue.depth: allowed are max or mean."),
        ("pool.reuse count > 4", 11, "does not fit pool.reuse: allowed are share."),
        ("request.duration p99 < 400", 23, 'expected a duration such as "400ms" or "2s". Did you mean "400ms"?'),
        ("request.duration p99 < 1%", 23, "expected a duration"),
        ("request.errors < 0.01", 17, 'expected a whole number. Did you mean "1%"?'),
        ("request.errors share < 1", 23, 'expected a share such as "1%". Did you mean "1%"?'),
        ("request.errors < 101%", 17, "at most 100%."),
        ("request.errors < -1", 17, "expected a number without a unit."),
        ("request.rate > 50", 15, 'expected a rate such as "50/s" or "600/m". Did you mean "50/s"?'),
        ("request.rate > 50/d", 15, "expected a rate"),
        ("pool.queue.depth < 4s", 19, "expected a number without a unit."),
        ("request.errors < nan", 17, "expected a number without a unit."),
        ("x" * 201, 0, "longer than 200 characters."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_at_its_place(text: str, at: int, message: str) -> None:
    with pytest.raises(ExpectationError) as refused:
        read(text)

    assert at == refused.value.at
    assert str(refused.value).startswith(message) or message in str(refused.value)


@given(st.text(alphabet="prequst.durationolmax 0159%<>=/sm\u202e\x1b", max_size=60))
def test_no_text_is_anything_but_an_expectation_or_a_mistake_in_it(text: str) -> None:
    try:
        expectation = read(text)
    except ExpectationError as error:
        assert 0 <= error.at <= len(text)  # noqa: PT017 - nearly all of them
    else:
        assert math.isfinite(expectation.limit)


def test_every_metric_can_be_set_a_threshold_on() -> None:
    limits = {"s": "1s", "share": "1%", "count": "1", "/s": "1/s"}
    assert set(get_args(Unit)) == set(limits)
    for metric in METRICS.values():
        for aggregate, unit in metric.aggregates.items():
            said = "p95" if aggregate == "p" else aggregate
            expectation = read(f"{metric.name} {said} < {limits[unit]}")
            assert (said, unit) == (expectation.aggregate, expectation.unit)


def work(name, *classes, agent="a", **counts):
    snapshot = WorkloadSnapshot(
        name=name,
        agent=agent,
        target="h:80",
        state="running",
        pattern="",
        classes=classes,
        **counts,
    )
    return WorkloadTotals("h", 80, snapshot)


def of_class(name, *seconds, **counts):
    return ClassSnapshot(
        name=name,
        completed=len(seconds),
        phases=PhaseDurations(total=durations(*seconds)),
        **counts,
    )


def pool(host, *waits, **counts):
    return PoolTotals(host, 80, OriginCounters(**counts), OriginLatency(queue=durations(*waits)))


def value(text, now, *, before=None, where=None, level=None):
    return value_of(
        read(text), where or Where(), now=now, before=before or Totals(0.0), level=level
    )


def about(seconds):
    return pytest.approx(seconds, rel=0.01)


def test_durations_are_put_together_before_a_quantile_is_taken() -> None:
    fast, slow = [0.01] * 99, [1.0] * 101
    now = Totals(1.0, {"w": work("w", of_class("c", *fast)), "v": work("v", of_class("c", *slow))})

    assert about(1.0) == value("request.duration p50 < 1s", now)
    assert about(0.01) == value("request.duration p99 < 1s", now, where=Where(workload="w"))
    assert 200 == value("request.duration count > 1", now)
    assert about((99 * 0.01 + 101) / 200) == value("request.duration mean < 1s", now)
    assert about(1.0) == value("request.duration max < 1s", now)


def test_only_what_was_recorded_since_then_counts() -> None:
    before = Totals(1.0, {"w": work("w", of_class("c", *[9.0] * 50, failed={"ECONNRESET": 5}))})
    later = of_class("c", *[9.0] * 50, *[0.1] * 50, failed={"ECONNRESET": 5})
    now = Totals(11.0, {"w": work("w", later)})

    assert about(0.1) == value("request.duration p99.9 < 1s", now, before=before)
    assert 0.0 == value("request.errors < 1%", now, before=before)
    assert 0.0 == value("request.errors < 1", now, before=before)
    assert 5.0 == value("request.rate > 1/s", now, before=before)


def test_where_narrows_to_a_class_an_agent_or_a_host() -> None:
    now = Totals(
        1.0,
        {
            "w": work("w", of_class("x", 0.1), of_class("y", 0.2), agent="a"),
            "v": work("v", of_class("x", 0.4), agent="b"),
        },
        {
            ("a", OriginKey("1")): pool("h", 0.01, assigned=2, reused=1),
            ("a", OriginKey("2")): pool("i", 0.02, assigned=2, reused=0),
            ("b", OriginKey("1")): pool("h", 0.04, assigned=6, reused=6),
        },
    )

    def most(where):
        return value("request.duration max < 1s", now, where=where)

    assert [about(0.4), about(0.2), about(0.2), about(0.4)] == [
        most(where)
        for where in (Where(request="x"), Where(request="y"), Where(agent="a"), Where(host="h:80"))
    ]
    assert most(Where(host="h:81")) is None
    reuse = "pool.reuse > 1%"
    assert [0.7, 0.25, 0.875, 0.0] == [
        value(reuse, now, where=where)
        for where in (Where(), Where(agent="a"), Where(host="h"), Where(agent="a", host="i:80"))
    ]
    assert about(0.04) == value("pool.queue.wait p99 < 1s", now)


def test_what_has_no_data_has_no_value() -> None:
    now = Totals(0.5, {"w": work("w", of_class("c"))})

    assert [None] * 4 == [
        value(text, now)
        for text in (
            "request.duration p99 < 1s",
            "request.errors < 1%",
            "request.rate > 1/s",
            "pool.reuse > 1%",
        )
    ]
    assert 0 == value("request.errors < 1", now)


def test_errors_are_failures_that_were_nobodys_stop_and_answers_of_no_success() -> None:
    now = Totals(
        1.0,
        {
            "w": work(
                "w",
                of_class(
                    "c",
                    *[0.1] * 8,
                    failed={"ECONNRESET": 2, "ERR_AGENT_CLOSED": 7},
                    statuses={200: 5, 404: 2, 503: 1},
                ),
            )
        },
    )

    assert 3 == value("request.errors < 1", now)
    assert 0.3 == value("request.errors < 1%", now)


def test_where_a_class_says_which_statuses_it_expects_those_are_no_errors() -> None:
    each = of_class(
        "c", *[0.1] * 10, statuses={200: 5, 503: 3, 404: 2}, unexpected={"status 404": 2}
    )
    judging = work("w", each)._replace(judging=frozenset({"c"}))

    assert [2, 5] == [
        value("request.errors < 1", Totals(1.0, {"w": load})) for load in (judging, work("w", each))
    ]


def test_a_load_that_was_not_delivered_can_be_forbidden() -> None:
    now = Totals(
        1.0,
        {"w": work("w", offered=100, dropped=5, late=10, lateness=durations(0.001, 0.02))},
    )

    assert [0.05, 5, 0.1, about(0.02)] == [
        value(text, now)
        for text in (
            "request.dropped < 1%", "request.dropped < 1", "request.late < 1%",
            "load.start_error p99 < 1ms",
        )
    ]  # fmt: skip


def test_sessions_that_a_server_ended_can_be_counted_and_be_a_share_of_requests() -> None:
    earlier = Totals(1.0, {}, {("a", "h"): pool("h", goaways=2, assigned=100)})
    now = Totals(2.0, {}, {("a", "h"): pool("h", goaways=5, assigned=400)})

    assert (3.0, 0.01) == (
        value("pool.goaways count < 9", now, before=earlier),
        value("pool.goaways share < 9%", now, before=earlier),
    )


def test_a_host_that_was_forgotten_meanwhile_begins_at_nothing() -> None:
    place = ("a", OriginKey("1"))
    before = Totals(1.0, {}, {place: pool("h", submitted=90, assigned=90, opened=90)})
    now = Totals(2.0, {}, {place: pool("h", submitted=4, assigned=4, opened=2)})

    assert 2 == value("pool.opened < 9", now, before=before)


def test_a_level_is_its_worst_or_its_mean_over_time() -> None:
    level = Level()
    assert value("pool.queue.depth < 9", Totals(0.0), level=level) is None
    for at, queued in ((10.0, 0), (13.0, 8), (14.0, 2)):
        level.note(at, queued)

    assert 8 == value("pool.queue.depth < 9", Totals(14.0), level=level)
    assert 2 == value("pool.queue.depth mean < 9", Totals(14.0), level=level)


@pytest.mark.parametrize(
    ("operator", "kept"), [("<", [9.0]), ("<=", [9.0, 10.0]), (">", [11.0]), (">=", [10.0, 11.0])]
)
def test_a_limit_is_kept_as_its_comparison_says(operator: str, kept: list[float]) -> None:
    expectation = read(f"pool.queue.depth {operator} 10")

    assert kept == [each for each in (9.0, 10.0, 11.0) if expectation.is_kept(each)]


def test_a_run_that_could_not_be_judged_did_not_hold() -> None:
    def stands(state, **more):
        return ThresholdState(text="t", state=state, **more)

    assert [False, False, True, True, True] == [
        has_failed(states, is_over=is_over)
        for states, is_over in (
            ([stands("holds")], True),
            ([stands("unknown")], False),
            ([stands("unknown")], True),
            ([stands("holds"), stands("failed")], False),
            ([stands("holds", aborted=True)], False),
        )
    ]


@pytest.mark.parametrize(
    ("number", "unit", "text"),
    [
        (0.0004, "s", "0.4ms"), (0.5123456, "s", "512.3ms"), (61.0, "s", "61s"),
        (0.01, "share", "1%"), (1 / 3, "share", "33.33%"), (12345.6, "count", "12346"),
        (99.951, "/s", "99.95/s"),
    ],
)  # fmt: skip
def test_numbers_are_written_with_their_units(number: float, unit: Unit, text: str) -> None:
    assert text == written(number, unit)
