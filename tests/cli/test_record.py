"""``[record]`` of a profile: what is written of a run beside whatever shows it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.profiles import ProfileErrors, load_text
from pooltop.sources.recorded import open_recording

PROFILE = """\
[demo.here]
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "demo:here"
model = "closed"
max_requests = 20
[record]
"""


@pytest.fixture
def profile(tmp_path: Path) -> Callable[[str], str]:
    """Give a function that writes a profile with such a [record]."""

    def write(record: str) -> str:
        path = tmp_path / "p.toml"
        path.write_text(PROFILE + record)
        return str(path)

    return write


def completed(path: Path) -> int:
    with open_recording(str(path)) as recording:
        assert "" == recording.note
        last = recording.snapshot(len(recording) - 1)
    assert last is not None
    return last.agents[0].origins[0].counters.completed


def test_both_files_have_the_run_and_are_their_owners_alone(
    profile: Callable[[str], str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = profile('jsonl = "runs/deep/${run.id}.jsonl"\nfile = "runs/r.ptr"\n')

    assert 0 == cli.main(["--profile", path, "--interval", "100ms"])

    (jsonl,), ptr = (tmp_path / "runs" / "deep").iterdir(), tmp_path / "runs" / "r.ptr"
    assert [20, 20] == [completed(each) for each in (jsonl, ptr)]
    assert [0o600, 0o600, 0o700] == [
        stat.S_IMODE(os.stat(each).st_mode) for each in (jsonl, ptr, tmp_path / "runs" / "deep")
    ]
    told = capfd.readouterr().err
    assert f"instants in {jsonl}" in told
    assert f"instants in {ptr}" in told


def test_a_file_that_is_there_is_not_overwritten_and_nothing_is_sent(
    profile: Callable[[str], str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "r.jsonl").write_text("mine")

    assert 2 == cli.main(["--profile", profile('jsonl = "r.jsonl"\n'), "--headless"])

    assert "mine" == (tmp_path / "r.jsonl").read_text()
    out, err = capfd.readouterr()
    assert ("", True) == (out, "nothing is overwritten" in err)


def test_what_the_command_line_says_goes_before_the_profiles_file(
    profile: Callable[[str], str], tmp_path: Path
) -> None:
    path, other = profile('file = "r.ptr"\n'), tmp_path / "mine.ptr"

    assert 0 == cli.main(["--profile", path, "--headless", "--record", str(other)])

    assert 20 == completed(other)
    assert not (tmp_path / "r.ptr").exists()


def test_one_file_cannot_be_both(profile: Callable[[str], str]) -> None:
    text = Path(profile('jsonl = "x"\nfile = "x"\n')).read_text()

    with pytest.raises(ProfileErrors, match="11:8 error P017 record.file"):
        load_text(text, "p.toml")


def test_in_the_background_nothing_is_recorded_which_is_said(
    profile: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pooltop.background.detach", lambda *_: "detached\n")

    assert 0 == cli.main(["--profile", profile('file = "r.ptr"\n'), "--detach"])

    out, err = capfd.readouterr()
    assert ("detached\n", True) == (out, "say pooltop attach --record FILE" in err)
