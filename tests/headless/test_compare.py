"""The command that compares two runs: real files of both kinds, words, JSON and exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from pooltop import cli
from pooltop.core.snapshot import Snapshot
from pooltop.headless.compare import Compared
from pooltop.sources.base import Update
from pooltop.sources.ndjson_format import json_line
from pooltop.sources.recording_format import Meta, RecordingError
from pooltop.sources.recording_writer import RecordingFile

SnapshotAt = Callable[..., Snapshot]


@pytest.fixture
def files(tmp_path: Path, snapshot_at: SnapshotAt) -> tuple[str, str]:
    """Give a recording of a run, and NDJSON of another that was twice as fast."""
    recording = RecordingFile(str(tmp_path / "old.ptr"))
    recording.begin(Meta())
    for snapshot in (snapshot_at(0), snapshot_at(10, completed=1000)):
        recording.append(Update(snapshot=snapshot))
    recording.finish()
    new = tmp_path / "new.ndjson"
    twice = snapshot_at(10, completed=2000)
    agent = twice.agents[0]
    options = msgspec.structs.replace(agent.options, max_sockets=20.0)
    twice = msgspec.structs.replace(
        twice, agents=(msgspec.structs.replace(agent, options=options),)
    )
    new.write_text(f"{json_line(snapshot_at(0))}\n{json_line(twice)}\nnonsense\n")
    return recording.path, str(new)


def test_people_are_told_what_was_set_otherwise_and_what_came_of_it(
    files: tuple[str, str],
) -> None:
    lines = Compared(*files).lines()

    assert [True, True] == [": p.toml at " in line for line in lines[:2]]
    assert lines[2].endswith(
        "new.ndjson: 1 line is no snapshot of pooltop's, or damaged, and left out"
    )
    assert lines[3:9] == [
        "",
        "set otherwise",
        "  agent kept  maxSockets: 2 -> 20",
        "",
        "all hosts",
        "                                old      new     diff    ratio",
    ]
    assert "  completed                   100/s    200/s   +100/s       x2  changed" == lines[9]
    assert "  latency p99                  30ms     30ms       +0       x1  same" in lines
    assert "workload w: no change" in lines


def test_programs_are_given_every_number(files: tuple[str, str]) -> None:
    text = Compared(*files).document()

    told = json.loads(text)
    assert (1, 10.0, "p.toml") == (told["schema"], told["old"]["elapsed_s"], told["new"]["profile"])
    assert {"of": "agent kept", "name": "maxSockets", "old": "2", "new": "20"} in told[
        "differences"
    ]
    assert {
        "section": "all hosts", "name": "completed", "unit": "/s", "old": 100.0, "new": 200.0,
        "old_count": 1000, "new_count": 2000, "verdict": "changed", "difference": 100.0,
        "ratio": 2.0,
    } == told["rows"][0]  # fmt: skip


def test_the_command_prints_either_and_exits_with_0(
    files: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    assert 0 == cli.main(["compare", *files])
    assert "all hosts" in capfd.readouterr().out
    assert 0 == cli.main(["compare", *files, "--format", "json"])
    assert "all hosts" == json.loads(capfd.readouterr().out)["rows"][0]["section"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gone", "gone"], "gone: no such file"),
        (["{old}"], "compare needs two recordings: pooltop compare OLD NEW"),
        (["{old}", "{old}", "{old}"], "compare needs two recordings"),
        (["{old}", "{old}", "--format", "csv"], "compare prints line or json, not csv"),
        (["{old}", "{old}", "--json"], "compare takes no --json"),
    ],
)
def test_what_cannot_be_compared_is_exit_2(
    files: tuple[str, str], words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main(["compare", *(word.format(old=files[0]) for word in words)])
    out, err = capfd.readouterr()
    assert "" == out
    assert said in err


def test_a_file_of_something_else_is_refused(tmp_path: Path, files: tuple[str, str]) -> None:
    other = tmp_path / "x"
    other.write_text("hello")

    with pytest.raises(RecordingError, match="no recording"):
        Compared(files[0], str(other))
