"""What is told of one workload, line by line."""

from __future__ import annotations

import msgspec

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.class_snapshot import ClassSnapshot
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.core.thresholds import ThresholdState, Where
from pooltop.present.blocks import lay_out
from pooltop.present.inspect_workload import DEFINITIONS, workload_blocks, workload_title
from pooltop.present.line import text_of
from pooltop.present.workload_track import WorkloadRates

OPEN = WorkloadSnapshot(
    name="checkout",
    agent="main",
    target="api.pay:443",
    state="running",
    pattern="open poisson 180/s",
    rate=180.0,
    initial_rate=120.0,
    offered=9000,
    completed=8000,
    failed=12,
    dropped=40,
    late=3,
    in_flight=262,
)
RATES = WorkloadRates(
    offered_s=180.0,
    completed_s=161.0,
    errors=0.012,
    latency_p50=0.4,
    latency_p95=1.7,
    latency_p99=2.5,
    late_p95=0.018,
)


def shown(workload: WorkloadSnapshot, width: int, height: int, **more) -> list[str]:
    return [text_of(one) for one in lay_out(workload_blocks(workload, **more), width, height)]


def test_an_open_workload_that_does_not_get_what_it_asks_for() -> None:
    card = (("EDIT 3 rate 120>180", "accent"),)
    assert [
        "WORKLOAD     running  open poisson 180/s  to api.pay:443  agent main",
        "ASKED        rate 180/s  (profile 120/s)  offered 180/s  completed 161/s",
        "             failed 1.2%",
        "LATENCY      p50 400ms  p95 1.7s  p99 2.5s",
        "TOTALS       in flight 262  due 9000  completed 8000  failed 12",
        "HELD BACK    not sent 40  late 3  late p95 18ms",
        "EDITS        EDIT 3 rate 120>180",
    ] == shown(OPEN, 76, 20, rates=RATES, cards=(card,))
    assert "WORKLOAD checkout  RUNNING" == workload_title(OPEN)


def test_a_closed_workload_has_users_and_nothing_that_was_not_measured() -> None:
    closed = msgspec.structs.replace(
        OPEN, model="closed", rate=None, users=8, initial_users=8, dropped=0, late=0
    )
    assert [
        "WORKLOAD running  open poisson 180/s",
        "  to api.pay:443  agent main",
        "ASKED users 8",
        "TOTALS in flight 262  due 9000",
        "  completed 8000  failed 12",
    ] == shown(closed, 40, 9)


def test_users_that_wait_for_the_ceiling_of_all_are_told_with_it() -> None:
    paced = msgspec.structs.replace(OPEN, dropped=0, late=0, paced=31, waiting=6)
    lines = shown(paced, 76, 20, max_rate=500.0)
    assert "HELD BACK    paced 31  users waiting 6  ceiling of all 500/s" in lines
    assert not any("paced" in line for line in shown(paced, 76, 20))


def test_what_the_breaker_holds_back_is_told_with_its_reason_and_how_long() -> None:
    held = BreakerSnapshot(state="held", rate=0.0, cuts=1, reason="answered 429\x1b", until=112.0)
    workload = msgspec.structs.replace(OPEN, dropped=0, late=0, held=57, breaker=held)
    lines = shown(workload, 90, 20, at=100.0)
    assert (
        "HELD BACK    nothing is sent for 12s  answered 429\\x1b  held by the breaker 57" in lines
    ), lines
    cut = BreakerSnapshot(state="cut", rate=90.0, cuts=1, reason="51 of 100 requests failed")
    lines = shown(msgspec.structs.replace(workload, breaker=cut), 90, 20, at=100.0)
    assert "HELD BACK    cut to 90/s  51 of 100 requests failed  held by the breaker 57" in lines, (
        lines
    )
    whole = msgspec.structs.replace(workload, breaker=BreakerSnapshot(), held=0)
    assert not any("breaker" in line for line in shown(whole, 90, 20, at=100.0))


def test_where_an_edit_still_leads_is_told() -> None:
    ramped = msgspec.structs.replace(OPEN, heading_for=1000.0)
    assert "ASKED        rate 180/s  (profile 120/s)  ramps to 1000/s" in shown(ramped, 76, 20)


def test_every_name_has_a_definition() -> None:
    whole = msgspec.structs.replace(OPEN, classes=(ClassSnapshot(name="cart"),))
    assert DEFINITIONS.keys() == {block.name for block in workload_blocks(whole)}


def test_what_it_must_hold_is_told_the_failing_first_and_nothing_of_others() -> None:
    states = (
        ThresholdState(text="request.errors share < 1%", state="holds", value=0.0, unit="share"),
        ThresholdState(text="pool.reuse share > 1%", where=Where(agent="other")),
        ThresholdState(text="request.rate rate > 9/s", where=Where(workload="other")),
        ThresholdState(text="request.rate rate > 8/s", where=Where(request="none")),
        ThresholdState(
            text="request.duration p99 < 1s",
            where=Where(workload="checkout", host="api.pay"),
            state="failed",
            value=2.5,
            aborted=True,
        ),
    )
    assert [
        "MUST HOLD    FAILED request.duration p99 < 1s (workload checkout, host api.pay): 2.5s; it",
        "             stopped the load from the start",
        "             holds request.errors share < 1%: 0% from the start",
    ] == shown(OPEN, 90, 20, thresholds=states)[4:]
