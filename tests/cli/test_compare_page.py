"""``pooltop compare --html``: what changed between two runs, as a page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.cli.args import ArgumentError, parse
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
)
from pooltop.sources.base import Update
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_writer import RecordingFile

HOST = "<script>alert(1)</script>"


def instant(at: float, *, took: float, completed: int, max_sockets: float) -> Snapshot:
    recorder = Recorder()
    for _ in range(completed):
        recorder.record(took)
    host = OriginSnapshot(
        key=OriginKey("k"),
        scheme="http",
        host=HOST,
        port=80,
        counters=OriginCounters(submitted=completed, completed=completed, assigned=completed),
        latency=OriginLatency(total=recorder.freeze()),
    )
    options = AgentOptions(max_sockets=max_sockets)
    agent = AgentSnapshot(name="a", options=options, initial_options=options, origins=(host,))
    return Snapshot(seq=int(at) + 1, at=at, wall_at=1e9 + at, profile="p.toml", agents=(agent,))


@pytest.fixture
def record(tmp_path: Path) -> Callable[..., str]:
    """Give a function that writes a recording of two instants; gives its path."""

    def write(name: str, **last: float) -> str:
        recording = RecordingFile(str(tmp_path / name))
        recording.begin(Meta())
        for snapshot in (
            instant(0.0, took=0.0, completed=0, max_sockets=last["max_sockets"]),
            instant(10.0, **last),  # type: ignore[arg-type]
        ):
            recording.append(Update(snapshot=snapshot))
        recording.finish()
        return recording.path

    return write


def test_the_page_has_what_was_set_otherwise_and_what_came_of_it(
    record: Callable[..., str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    old = record("old.ptr", took=0.2, completed=1000, max_sockets=10.0)
    new = record("new.ptr", took=0.1, completed=2000, max_sockets=20.0)
    page = tmp_path / "c.html"

    assert 0 == cli.main(["compare", old, new, "--html", str(page)])
    source = page.read_text()
    rows = [
        re.findall(r"<td[^>]*>(.*?)</td>", row) for row in re.findall(r"<tr>(.*?)</tr>", source)
    ]

    assert ["agent a", "maxSockets", "10", "20"] in rows
    told = {row[0]: row[1:5] for row in rows if len(row) == 7}
    assert ["200ms", "101ms"] == told["latency p95"][:2]
    assert ["100/s", "200/s", "+100/s", "x2"] == told["completed"]
    assert ">better<" in source
    assert "<script" not in source
    assert source.count('class="old"') == source.count('class="new"') > 3
    assert f"page in {page}\n" == capfd.readouterr().out


def test_a_page_that_is_there_is_not_overwritten(
    record: Callable[..., str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run = record("r.ptr", took=0.2, completed=10, max_sockets=10.0)
    page = tmp_path / "c.html"
    page.write_text("mine")

    assert 2 == cli.main(["compare", run, run, "--html", str(page)])
    assert "mine" == page.read_text()
    assert "nothing is overwritten" in capfd.readouterr().err


def test_html_is_of_compare_alone() -> None:
    with pytest.raises(ArgumentError, match="--html is of pooltop compare"):
        parse(["report", "r.ptr", "--html", "x"])
