"""What programs and spreadsheets are given of a run: the JSON document, and CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from support.undici_scenes import side_by_side

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.histogram import GROWTH, SMALLEST_S, Histogram
from pooltop.core.snapshot import Snapshot
from pooltop.core.thresholds import ThresholdState
from pooltop.headless import run_headless
from pooltop.headless.csv_rows import HEADING
from pooltop.headless.formats import Format, Whole, format_of
from pooltop.sources.base import Update

if TYPE_CHECKING:
    from conftest import ScriptedSource

SnapshotAt = Callable[..., Snapshot]


def printed(form: Format, *snapshots: Snapshot, is_over: bool = True) -> str:
    """Give all that is printed of these."""
    lines: list[str] = []
    for snapshot in snapshots:
        form.note(snapshot)
        lines += form.lines(Update(snapshot=snapshot))
    lines += form.end(Whole(snapshots[0], snapshots[-1], is_over=is_over))
    return "".join(line + form.end_of_line for line in lines)


def test_csv_has_a_row_for_each_host_and_workload_an_interval(snapshot_at: SnapshotAt) -> None:
    text = printed(
        format_of("csv", 1.0),
        snapshot_at(0),
        snapshot_at(1, completed=50, offered=60),
        snapshot_at(2, completed=80, offered=100),
    )

    assert text.endswith("\r\n")
    assert 7 == text.count("\r\n") == text.count("\n")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert list(HEADING) == list(rows[0])
    assert [("0.000", "host"), ("0.000", "workload"), ("1.000", "host")] == [
        (row["seconds"], row["kind"]) for row in rows[:3]
    ]
    host, load = rows[-2:]
    assert ("2023-11-14T22:13:22.000+00:00", "kept", "kept.localhost:80", "2", "3", "0.5") == (
        host["instant"], host["agent"], host["host"], host["use"], host["queue"], host["oldest_s"]
    )  # fmt: skip
    assert ("30.0", "") == (host["rate_per_s"], host["workload"])
    assert ("w", "", "40.0") == (load["workload"], load["host"], load["offered_per_s"])


def test_csv_of_a_run_shorter_than_an_interval_has_its_end(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], tmp_path: Path
) -> None:
    source = scripted(snapshot_at(0), snapshot_at(1, completed=9, state="done"))

    with open(tmp_path / "r.csv", "wb", buffering=0) as file:
        assert 0 == run_headless(source, form="csv", interval=60.0, out=file.fileno())

    with open(tmp_path / "r.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert ["host", "workload"] == [row["kind"] for row in rows]
    assert "2023-11-14T22:13:21.000+00:00" == rows[0]["instant"]


def test_csv_holds_nothing_that_a_spreadsheet_or_a_terminal_obeys(snapshot_at: SnapshotAt) -> None:
    text = printed(
        format_of("csv", 1.0),
        snapshot_at(0, host='=cmd|"x"!A1', name="@sum(1)"),
        snapshot_at(1, host="\x1b[2J\n,", name="-1+1"),
    )

    assert "\x1b" not in text
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert ["'@sum(1)", '\'=cmd|"x"!A1:80', "'-1+1", "\\x1b[2J\\n,:80"] == [
        row[name] for row in (rows[0], rows[2]) for name in ("agent", "host")
    ]


def test_the_document_is_the_summary_with_the_histograms_it_is_made_of(
    snapshot_at: SnapshotAt,
) -> None:
    last = snapshot_at(10, completed=100, counters={"failed": {"EPIPE": 2, "ENOTFOUND": 1}})
    latency = last.agents[0].origins[0].latency.total
    each = ClassSnapshot(name="c", completed=100, phases=PhaseDurations(total=latency))
    last = structs.replace(
        last,
        workloads=(structs.replace(last.workloads[0], classes=(each,), latency=latency),),
        thresholds=(ThresholdState(text="t", state="holds", value=1.0),),
    )

    text = printed(format_of("json", 1.0), snapshot_at(0), last)

    told = json.loads(text)
    assert ("p.toml", 10.0, "held") == (told["profile"], told["elapsed_s"], told["verdict"])
    (host,) = told["hosts"]
    assert ({"reset": {"EPIPE": 2}, "dns": {"ENOTFOUND": 1}}, 0.5) == (
        host["causes"], host["reuse_share"]
    )  # fmt: skip
    durations = host["durations"]["total"]
    assert durations == told["workloads"][0]["classes"][0]["phases"]["total"]
    assert durations == told["workloads"][0]["latency"]
    buckets = {int(index): n for index, n in durations["buckets"].items()}
    assert latency == Histogram.of(buckets, durations["sum_s"])
    assert pytest.approx(0.03, rel=0.01) == durations["p99_s"]
    assert (SMALLEST_S, GROWTH) == (told["histogram"]["smallest_s"], told["histogram"]["growth"])
    assert None is told["agents"][0]["options"]["max_total_sockets"]


@pytest.mark.parametrize(
    ("states", "is_over", "verdict"),
    [
        ((), True, None),
        (("holds", "failed"), True, "failed"),
        (("holds", "failed", "unknown"), False, "failed"),
        (("unknown", "holds"), True, "failed"),
        (("unknown", "holds"), False, "unknown"),
        (("holds",), False, "held"),
    ],
)
def test_the_document_says_what_the_exit_status_does(
    snapshot_at: SnapshotAt, states: tuple[str, ...], is_over: bool, verdict: str | None
) -> None:
    stands = tuple(ThresholdState(text="t", state=state) for state in states)  # type: ignore[arg-type]
    last = structs.replace(snapshot_at(1), thresholds=stands)

    told = json.loads(printed(format_of("json", 1.0), last, is_over=is_over))

    assert verdict == told["verdict"]


def test_the_document_is_plain_ascii_and_gives_its_text_back(snapshot_at: SnapshotAt) -> None:
    host = "\x1b\x9b\x7f\u202e\U0001f600"

    text = printed(format_of("json", 1.0), snapshot_at(1, host=host))

    assert text.isascii()
    assert text.replace("\n", "").isprintable()
    assert host == json.loads(text)["hosts"][0]["host"]


def test_the_document_has_undicis_numbers_of_a_dispatcher() -> None:
    told = json.loads(printed(format_of("json", 1.0), side_by_side()))

    assert [("undici-pool", 1.0), ("http.Agent", None)] == [
        (each["kind"], each["dispatcher"] and each["dispatcher"]["connections"])
        for each in told["agents"]
    ]
    assert [(100, {"open": 100, "cap": 100}), (None, None)] == [
        (each["stats"] and each["stats"]["running"], each["streams"]) for each in told["hosts"]
    ]


def test_csv_has_undicis_numbers_of_a_dispatcher() -> None:
    heading, *rows = csv.reader(printed(format_of("csv", 1.0), side_by_side()).splitlines())
    named = [dict(zip(heading, row, strict=True)) for row in rows]

    assert [("undici-pool", "1", "100", "100"), ("http.Agent", "", "", "")] == [
        tuple(row[name] for name in ("agent_kind", "undici_free", "undici_size", "streams"))
        for row in named
    ]
