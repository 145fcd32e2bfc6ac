"""Where engines are found: whose directory it is, who has a name, what the dead leave."""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pooltop.errors import EngineError, UsageError
from pooltop.sources.rendezvous import Rendezvous, check_name, name_for, open_rendezvous

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def place(runtime_dir: Path) -> Iterator[Rendezvous]:
    """Give the directory, open."""
    del runtime_dir
    with open_rendezvous() as rendezvous:
        yield rendezvous


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_directory_and_socket_are_this_users_alone(runtime_dir: Path, place: Rendezvous) -> None:
    claim = place.claim("prod")
    os.close(claim.open_log())
    claim.listen()

    assert {".": 0o700, "prod.lock": 0o600, "prod.log": 0o600, "prod.sock": 0o600} == {
        ".": _mode(runtime_dir),
        **{file.name: _mode(file) for file in runtime_dir.iterdir()},
    }
    claim.release(keep_log=False)
    assert [] == list(runtime_dir.iterdir())
    claim.release(keep_log=False)


@pytest.mark.parametrize("runtime", [None, "", "relative", "/nonexistent"])
def test_without_a_runtime_directory_it_is_one_of_the_temporary_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runtime: str | None
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    if runtime is None:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    else:
        monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)

    with open_rendezvous() as rendezvous:
        assert str(tmp_path / f"pooltop-{os.geteuid()}") == rendezvous.path


def test_a_directory_that_others_may_enter_is_refused(runtime_dir: Path) -> None:
    runtime_dir.mkdir(mode=0o755)

    with pytest.raises(EngineError) as caught:
        open_rendezvous()

    expected = (
        f"{runtime_dir} cannot be used for engines to be found in: its mode is 0755, and must be "
        "0700"
    )
    assert expected == str(caught.value)


def test_a_link_in_its_place_is_refused_wherever_it_leads(
    runtime_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir(mode=0o700)
    runtime_dir.symlink_to(tmp_path / "own")

    with pytest.raises(EngineError, match="cannot be used for engines to be found in"):
        open_rendezvous()


def test_another_users_directory_is_refused(
    runtime_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime_dir.mkdir(mode=0o700)
    uid = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: uid + 1)

    with pytest.raises(EngineError, match=f"it belongs to user {uid}, not to {uid + 1}"):
        open_rendezvous()


@pytest.mark.parametrize(
    ("suffix", "words"),
    [("lock", "prod cannot be set up: "), ("log", "the log of prod cannot be written: ")],
)
def test_a_link_in_the_place_of_a_file_is_not_followed(
    runtime_dir: Path, tmp_path: Path, place: Rendezvous, suffix: str, words: str
) -> None:
    victim = tmp_path / "victim"
    victim.write_text("mine")
    (runtime_dir / f"prod.{suffix}").symlink_to(victim)

    with pytest.raises(EngineError, match=words):
        place.claim("prod").open_log()

    assert "mine" == victim.read_text()


@pytest.mark.parametrize("name", ["", "-a", "A", "a/b", "..", "a.b", "a b", "ä", "a" * 33, "a\n"])
def test_what_cannot_be_a_name_is_refused(place: Rendezvous, name: str) -> None:
    for use in (place.claim, lambda each: place.connect(each, within_s=1.0)):
        with pytest.raises(UsageError, match="cannot be an engine's name: at most 32 of a-z"):
            use(name)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("profiles/prod.toml", "prod"),
        ("demo", "demo"),
        ("Pay & Go (EU).toml", "pay-go-eu"),
        ("--.toml", "engine"),
        ("ünïcode.toml", "n-code"),
        ("x" * 50 + ".toml", "x" * 32),
    ],
)
def test_an_engine_is_called_as_its_profile_by_itself(path: str, name: str) -> None:
    assert name == name_for(path) == check_name(name_for(path))


def test_a_name_is_taken_while_its_engine_lives(place: Rendezvous) -> None:
    claim = place.claim("prod")

    assert ["prod"] == place.names()
    with pytest.raises(EngineError) as caught:
        place.claim("prod")
    assert (
        "an engine named prod is running already: pooltop attach prod shows it, pooltop stop prod "
        "ends it, --name gives this one another name"
    ) == str(caught.value)
    with pytest.raises(EngineError, match="the engine prod is starting or ending"):
        place.connect("prod", within_s=1.0)

    claim.release(keep_log=False)
    assert [] == place.names()
    place.claim("prod").release(keep_log=False)


def test_who_is_not_there_is_told_with_who_is(place: Rendezvous) -> None:
    with pytest.raises(EngineError, match="no engine named x is running; there is none at all"):
        place.connect("x", within_s=1.0)
    a, b = place.claim("a"), place.claim("b")

    with pytest.raises(EngineError, match="no engine named x is running; there are a, b"):
        place.connect("x", within_s=1.0)

    a.release(keep_log=False)
    b.release(keep_log=False)


def test_what_a_killed_engine_leaves_is_cleaned_up_and_its_last_words_kept(
    runtime_dir: Path, place: Rendezvous
) -> None:
    code = """
import os, signal
from pooltop.sources.rendezvous import open_rendezvous
claim = open_rendezvous().claim("prod")
claim.listen()
os.write(claim.open_log(), b"the last words")
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": ROOT},
        timeout=60,
        check=False,
    )
    left = {"prod.lock", "prod.sock", "prod.log"}
    assert (-9, left) == (done.returncode, {each.name for each in runtime_dir.iterdir()})

    assert [] == place.names()

    assert ["prod.log"] == [each.name for each in runtime_dir.iterdir()]
    assert "the last words" == (runtime_dir / "prod.log").read_text()
    place.claim("prod").release(keep_log=False)


def test_a_name_can_be_taken_over_a_dead_socket(runtime_dir: Path, place: Rendezvous) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(place._reach("prod.sock"))
    claim = place.claim("prod")

    claim.listen()

    with place.connect("prod", within_s=1.0):
        pass
    claim.release(keep_log=False)
    assert [] == list(runtime_dir.iterdir())


def test_a_lock_file_that_a_cleaner_removed_meanwhile_is_not_taken_for_the_name(
    runtime_dir: Path, place: Rendezvous, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, removed = fcntl.flock, []

    def flock(descriptor: int, operation: int) -> None:
        if not removed:
            removed.append((runtime_dir / "prod.lock").unlink())
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    claim = place.claim("prod")

    assert (runtime_dir / "prod.lock").exists()
    with pytest.raises(EngineError, match="is running already"):
        place.claim("prod")
    claim.release(keep_log=False)


def test_an_engine_is_found_from_a_shell_without_the_runtime_directory_and_the_other_way_round(
    runtime_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = runtime_dir.parent / "users"
    login = users / str(os.geteuid())
    login.mkdir(parents=True)
    monkeypatch.setattr("pooltop.sources.rendezvous._RUNTIME_DIRS", str(users))
    with contextlib.ExitStack() as stack:
        for runtime, name in ((str(login), "in"), ("", "out")):
            monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
            claim = stack.enter_context(open_rendezvous()).claim(name)
            stack.callback(claim.release, keep_log=False)
            claim.listen()
        for runtime in (str(login), ""):
            monkeypatch.setenv("XDG_RUNTIME_DIR", runtime)
            with open_rendezvous() as there:
                assert ["in", "out"] == there.names()
                for name in ("in", "out"):
                    there.connect(name, within_s=1.0).close()
                    with pytest.raises(EngineError, match=f"{name} is running already"):
                        there.claim(name)
                assert ["in", "out"] == there.names()


def test_what_another_engine_has_put_in_the_place_of_ours_stays(
    runtime_dir: Path, place: Rendezvous
) -> None:
    ours = place.claim("prod")
    ours.listen()
    assert ours.is_found()
    (runtime_dir / "prod.lock").unlink()
    assert not ours.is_found()
    theirs = place.claim("prod")
    theirs.listen()

    ours.release(keep_log=False)

    assert theirs.is_found()
    theirs.release(keep_log=False)


def test_names_that_are_none_are_passed_over(runtime_dir: Path, place: Rendezvous) -> None:
    for file in ("A.lock", ".lock", "-x.lock", "notes.txt"):
        (runtime_dir / file).touch()

    assert [] == place.names()
    assert 4 == len(list(runtime_dir.iterdir()))
