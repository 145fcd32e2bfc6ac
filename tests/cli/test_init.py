"""pooltop init and pooltop schema: what they write, and what they refuse."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pooltop import cli
from pooltop.profiles import load
from pooltop.profiles.schema import schema_text
from pooltop.profiles.starter import starter_text

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("words", "name"), [([], "pooltop.toml"), (["mine.toml"], "mine.toml")])
def test_init_writes_a_profile_that_has_nothing_to_remark_upon(
    words: list[str], name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    before = os.umask(0o022)
    try:
        assert 0 == cli.main(["init", *words])
    finally:
        os.umask(before)

    assert (f"{name} is written; pooltop --profile {name} runs it\n", "") == tuple(
        capfd.readouterr()
    )
    assert 0o644 == Path(name).stat().st_mode & 0o777
    loaded = load(name)
    assert ((), 2, 2) == (
        loaded.warnings,
        len(loaded.profile.agents),
        len(loaded.profile.workloads),
    )


def test_what_init_wrote_runs_as_it_is() -> None:
    Path("p.toml").write_text(starter_text(), encoding="utf-8")

    words = ["-m", "pooltop", "--profile", "p.toml", "--json", "--duration", "1s"]
    done = subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        timeout=60,
    )

    last = json.loads(done.stdout.splitlines()[-1])["snapshot"]
    hosts = [origin for agent in last["agents"] for origin in agent["origins"]]
    assert (0, 2) == (done.returncode, len(hosts)), done.stderr
    assert all(origin["counters"]["completed"] for origin in hosts)


def test_init_never_writes_over_a_file(capfd: pytest.CaptureFixture[str]) -> None:
    Path("pooltop.toml").write_text("mine")
    Path("link.toml").symlink_to("nowhere.toml")

    for name in ("pooltop.toml", "link.toml"):
        assert 2 == cli.main(["init", name])
        assert (
            f"pooltop: {name} is there already: give another name, or remove it\n"
            == capfd.readouterr().err
        )
    assert "mine" == Path("pooltop.toml").read_text()
    assert not Path("nowhere.toml").exists()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no/where.toml", "its folder is not there: mkdir -p no"),
        ("file/x.toml", "not a directory"),
        ("x" * 300, "file name too long"),
        ("a\0b", "a file name cannot hold a NUL character"),
    ],
)
def test_a_file_that_cannot_be_written_is_told_with_the_reason(
    name: str, why: str, capfd: pytest.CaptureFixture[str]
) -> None:
    Path("file").touch()

    assert 2 == cli.main(["init", name])
    shown = name.replace("\0", "\\u0000")
    assert f"pooltop: {shown} cannot be written: {why}\n" == capfd.readouterr().err


def test_schema_prints_the_schema(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == cli.main(["schema"])
    assert (schema_text(), "") == tuple(capfd.readouterr())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["init", "a", "b"], "unexpected argument b"),
        (["init", "--profile", "a"], "init takes no --profile"),
        (["schema", "a"], "unexpected argument a"),
        (["schema", "--json"], "schema takes no --json"),
        (["shcema"], "unexpected argument shcema; did you mean schema?"),
    ],
)
def test_words_that_they_do_not_take_are_refused(
    words: list[str], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert 2 == cli.main(words)
    assert f"pooltop: {message}\nTry pooltop --help.\n" == capfd.readouterr().err
