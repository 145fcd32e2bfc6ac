"""The Workloads page: what was asked for and what was got."""

from __future__ import annotations

import msgspec
import pytest

from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present.line import text_of
from pooltop.present.table import column_named, row_line, shown_columns, title_line
from pooltop.present.workload_rows import (
    COLUMNS,
    WorkloadRates,
    build_workload_rows,
    rates_between,
)


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


def rows_of(make, *works, rates=None):
    return build_workload_rows(msgspec.structs.replace(make.snapshot(1.0), workloads=works), rates)


def test_a_rate_is_the_difference_of_two_pictures(make) -> None:
    before = work(offered=100, completed=50, failed=5, latency=make.histogram([9.0] * 50))
    after = work(
        offered=460, completed=372, failed=9, latency=make.histogram([9.0] * 50 + [0.1] * 322)
    )
    rates = rates_between(before, after, 2.0)
    assert (180.0, 161.0) == (rates.offered_s, rates.completed_s)
    assert pytest.approx(4 / 326) == rates.errors
    assert pytest.approx(0.1, rel=0.02) == rates.p95_s


@pytest.mark.parametrize("span_s", [0.0, -1.0])
def test_without_time_between_there_is_no_rate(span_s: float) -> None:
    assert WorkloadRates() == rates_between(work(), work(completed=5), span_s)


def test_a_window_in_which_nothing_ended_has_no_errors_and_no_quantiles() -> None:
    rates = rates_between(work(), work(), 2.0)
    assert (0.0, None, None) == (rates.completed_s, rates.errors, rates.p95_s)


def test_a_workload_tells_what_was_asked_for_and_what_was_got(make) -> None:
    rates = {"checkout": WorkloadRates(180.0, 161.0, 0.012, 0.4, 1.7, 2.0)}
    (row,) = rows_of(make, work(in_flight=262, dropped=3), rates=rates)
    columns = shown_columns(COLUMNS, 80)
    assert [
        " WORKLOAD          STATE          SET  GOT/S FLIGHT  DROP  ERR   P50   P95",
        " checkout          running      180/s    161    262     3 1.2% 400ms  1.7s",
    ] == [text_of(line) for line in (title_line(columns, 75), row_line(row, columns, 75))]


def test_users_are_told_as_users(make) -> None:
    (row,) = rows_of(make, work(rate=None, initial_rate=None, users=8, initial_users=8))
    column = column_named(COLUMNS, "set")
    assert ("8 users", 8.0) == (column.text(row), column.value(row))
    assert not row.is_behind


@pytest.mark.parametrize(
    ("got", "state", "behind"),
    [(161.0, "running", True), (178.0, "running", False), (0.0, "paused", False)],
)
def test_who_gets_clearly_less_than_was_asked_for_is_behind(make, got, state, behind) -> None:
    rates = {"checkout": WorkloadRates(completed_s=got)}
    assert behind is rows_of(make, work(state=state), rates=rates)[0].is_behind


def test_an_edited_workload_is_marked(make) -> None:
    as_was, edited = rows_of(make, work("a"), work("b", rate=90.0))
    column = column_named(COLUMNS, "set")
    assert ("text", "accent") == (column.cell(as_was, 9)[0][1], column.cell(edited, 9)[0][1])


def test_what_is_not_known_is_a_dash(make) -> None:
    (row,) = rows_of(make, work())
    for name in ("offered", "got", "errors", "p50", "p95", "late95"):
        assert (name, "-") == (name, column_named(COLUMNS, name).text(row))


def test_nothing_hostile_reaches_a_line_or_a_value(make) -> None:
    bad = "\x1b]0;x\x07\u202e\n"
    (row,) = rows_of(make, work(bad, agent=bad, target=bad, state=bad, pattern=bad))
    assert text_of(row_line(row, COLUMNS, 400)).isprintable()
    assert all(column.text(row).isprintable() for column in COLUMNS)
