"""The Workloads page: what was asked for and what was got."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.breaker import BreakerSnapshot
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present.history import History
from pooltop.present.line import text_of
from pooltop.present.table import column_named, row_line, shown_columns, title_line
from pooltop.present.workload_rows import COLUMNS, build_workload_rows


def work(name: str = "checkout", **more) -> WorkloadSnapshot:
    values = {
        "agent": "one",
        "target": "api.pay:443",
        "state": "running",
        "pattern": "open poisson 180/s",
        "rate": 180.0,
        "initial_rate": 180.0,
    }
    return WorkloadSnapshot(name=name, **(values | more))


def rows_of(make, *works, before=None, span_s=2.0):
    history = History()
    for at, some in ((0.0, before or works), (span_s, works)):
        snapshot = msgspec.structs.replace(make.snapshot(at), workloads=tuple(some))
        history.add(snapshot)
    return build_workload_rows(snapshot, history, window_s=60)


def test_a_workload_tells_what_was_asked_for_and_what_was_got(make) -> None:
    after = work(
        in_flight=262,
        dropped=3,
        offered=360,
        completed=322,
        failed=4,
        latency=make.histogram([0.4] * 300 + [1.7] * 22),
    )
    (row,) = rows_of(make, after, before=[work()])
    columns = shown_columns(COLUMNS, 80)
    assert [
        " WORKLOAD          STATE          SET  GOT/S FLIGHT  DROP  ERR   P50   P95",
        " checkout          running      180/s    161    262     3 1.2% 397ms  1.7s",
    ] == [text_of(line) for line in (title_line(columns, 75), row_line(row, columns, 75))]


def test_a_ramp_is_not_behind_what_was_asked_for_on_its_way(make) -> None:
    (row,) = rows_of(
        make,
        work(rate=200.0, initial_rate=200.0, offered=200, completed=200),
        before=[work(rate=0.0, initial_rate=0.0)],
    )
    assert (100.0, 100.0, False) == (row.rates.asked_s, row.rates.completed_s, row.is_behind)


def test_users_are_told_as_users(make) -> None:
    (row,) = rows_of(make, work(rate=None, initial_rate=None, users=8, initial_users=8))
    column = column_named(COLUMNS, "set")
    assert ("8 users", 8.0) == (column.text(row), column.value(row))
    assert not row.is_behind


@pytest.mark.parametrize(
    ("got", "state", "behind"),
    [(322, "running", True), (356, "running", False), (0, "paused", False)],
)
def test_who_gets_clearly_less_than_was_asked_for_is_behind(make, got, state, behind) -> None:
    (row,) = rows_of(make, work(state=state, completed=got), before=[work()])
    assert behind is row.is_behind


def test_an_edited_workload_is_marked(make) -> None:
    as_was, edited = rows_of(make, work("a"), work("b", rate=90.0))
    column = column_named(COLUMNS, "set")
    assert ("text", "accent") == (column.cell(as_was, 9)[0][1], column.cell(edited, 9)[0][1])


def test_what_is_not_known_is_a_dash(make) -> None:
    (row,) = rows_of(make, work())
    for name in ("errors", "p50", "p95", "late95"):
        assert (name, "-") == (name, column_named(COLUMNS, name).text(row))


def test_nothing_hostile_reaches_a_line_or_a_value(make) -> None:
    bad = "\x1b]0;x\x07\u202e\n"
    (row,) = rows_of(make, work(bad, agent=bad, target=bad, state=bad, pattern=bad))
    assert text_of(row_line(row, COLUMNS, 400)).isprintable()
    assert all(column.text(row).isprintable() for column in COLUMNS)


@pytest.mark.parametrize(
    ("state", "breaker", "shown"),
    [
        ("running", "full", ("running", "good")),
        ("running", "cut", ("cut", "warn")),
        ("running", "held", ("held", "bad")),
        ("paused", "held", ("paused", "warn")),
    ],
)
def test_a_state_tells_that_the_breaker_lets_only_a_part_through(
    make, state, breaker, shown
) -> None:
    (row,) = rows_of(make, work(state=state, breaker=BreakerSnapshot(state=breaker), held=7))
    column = column_named(COLUMNS, "state")
    assert shown == column.cell(row, 8)[0]
    assert 7 == column_named(COLUMNS, "held").value(row)
