"""Engines of the background from the command line: the whole way, and every way it is refused."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pooltop import background, cli
from pooltop.errors import EngineError
from pooltop.sources import engines
from pooltop.sources.engines import Found
from pooltop.sources.wire import Description

ROOT = str(Path(__file__).parents[2])
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Run the command; engines that it leaves are ended after the test."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    def command(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-X", "dev", "-m", "pooltop", *words],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": ROOT},
            timeout=60,
            check=False,
        )

    yield command
    for found in engines.find():
        with contextlib.suppress(EngineError):  # it is ending already
            engines.stop(found.name)


def test_an_engine_is_detached_listed_watched_and_stopped(run: Run) -> None:
    detached = run("demo", "--detach", "--name", "show")
    listed = run("list")
    (as_json,) = json.loads(run("list", "--json").stdout)
    pid = as_json["pid"]
    watched = run("attach", "show", "--json", "--interval", "100ms", "--duration", "1s")
    stopped = run("stop", "show")

    assert (
        0,
        f"engine show runs in the background (pid {pid}): demo\n"
        "  pooltop attach show  shows it\n"
        "  pooltop stop show    ends it\n",
        "",
    ) == (detached.returncode, detached.stdout, detached.stderr)
    heading, row = (line.split() for line in listed.stdout.splitlines())
    assert ["NAME", "PID", "LOAD", "VIEWERS", "AGE", "PROFILE"] == heading
    assert ["show", str(pid), "running", "0", "demo"] == [*row[:4], row[5]]
    assert {"profile": "demo", "load": "running", "viewers": 0, "writer": None} == {
        key: as_json[key] for key in ("profile", "load", "viewers", "writer")
    }
    lines = [json.loads(line) for line in watched.stdout.splitlines()]
    assert 0 == watched.returncode, watched.stderr
    assert len(lines) > 1
    states = {each["state"] for line in lines for each in line["snapshot"]["workloads"]}
    assert {"running"} == states, "who prints neither pauses nor stops the load"
    assert (0, f"engine show (pid {pid}) has ended\n", "") == (
        stopped.returncode,
        stopped.stdout,
        stopped.stderr,
    )
    assert "no engine is running in the background\n" == run("list").stdout


def test_what_ends_the_engine_ends_who_watches_with_the_reason(run: Run) -> None:
    assert 0 == run("demo", "--detach").returncode
    watching = subprocess.Popen(
        [sys.executable, "-m", "pooltop", "attach", "--headless"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    with watching:
        assert watching.stdout is not None
        watching.stdout.readline()
        (found,) = engines.find()
        assert found.description is not None
        os.kill(found.description.pid, signal.SIGTERM)
        _, err = watching.communicate(timeout=20)

    assert (1, b"pooltop: the engine was ended by SIGTERM\n") == (watching.returncode, err)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (
            ["attach", "--headless"],
            1,
            "no engine is running in the background: pooltop --profile FILE --detach starts one",
        ),
        (["attach", "x", "--json"], 1, "no engine named x is running; there is none at all"),
        (["stop", "x"], 1, "no engine named x is running; there is none at all"),
        (
            ["stop", "X"],
            2,
            "'X' cannot be an engine's name: at most 32 of a-z, 0-9 and -, the first no -",
        ),
        (
            ["attach", "a/b", "--json"],
            2,
            "'a/b' cannot be an engine's name: at most 32 of a-z, 0-9 and -, the first no -",
        ),
        (
            ["demo", "--detach", "--name", "_"],
            2,
            "'_' cannot be an engine's name: at most 32 of a-z, 0-9 and -, the first no -",
        ),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    words: list[str],
    status: int,
    message: str,
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    assert status == cli.main(words)
    assert ("", f"pooltop: {message}\n") == tuple(capfd.readouterr())


def test_a_name_that_is_taken_is_refused_and_of_several_one_has_to_be_named(run: Run) -> None:
    for name in ("one", "two"):
        assert 0 == run("demo", "--detach", "--name", name).returncode

    again = run("demo", "--detach", "--name", "one")
    which = run("attach", "--headless")

    assert (1, "") == (again.returncode, again.stdout)
    assert again.stderr.startswith("pooltop: an engine named one is running already: pooltop at")
    heading, *rows = which.stderr.splitlines()[1:]
    assert 2 == which.returncode
    assert "pooltop: attach needs a name, there are several:" == which.stderr.splitlines()[0]
    assert ["NAME", "one", "two"] == [line.split()[0] for line in (heading, *rows)]


def test_a_list_shows_no_control_byte_and_who_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about = Description(name="a", pid=7, profile="x\x1b[2Jy", wall_started=0.0, viewers=2)
    hung = Found(name="hung", problem="the engine did not answer within 1 s")
    monkeypatch.setattr(engines, "find", lambda: [Found(name="a", description=about), hung])

    shown = background.listing(as_json=False)
    document = json.loads(background.listing(as_json=True))

    assert shown.replace("\n", "").isprintable()
    assert "x\\x1b[2Jy" in shown
    assert "hung - - - - the engine did not answer within 1 s" == " ".join(
        shown.splitlines()[2].split()
    )
    assert ["the engine did not answer within 1 s", None] == [
        document[1]["problem"],
        document[1]["pid"],
    ]


def test_a_dashboard_that_attaches_may_write_unless_it_is_read_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    about = Description(name="a", pid=7, profile="p.toml", wall_started=0.0, viewers=2)
    monkeypatch.setattr(engines, "find", lambda: [Found(name="a", description=about)])
    sources = [
        background.attach(None, interval_s=0.5, read_only=read_only, kind="dashboard")
        for read_only in (False, True)
    ]

    assert [("p.toml", ""), ("p.toml", "attached read-only")] == [
        (source.title, source.fixed) for source in sources
    ]
