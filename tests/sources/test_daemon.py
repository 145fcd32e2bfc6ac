"""Engines of the background as processes: who may come and go, and what ends them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pooltop.core.model import DemoServer, Latency, Profile
from pooltop.core.traffic import RequestClass
from pooltop.errors import EngineError, ProfileError
from pooltop.sources import engines
from pooltop.sources.base import Standing
from pooltop.sources.wire import Launched

if TYPE_CHECKING:
    from conftest import Attach, MakeProfile, Serve, Silent, Until

ROOT = str(Path(__file__).parents[2])
LaunchIt = Callable[..., Awaitable[Launched]]


@pytest.fixture
async def launch(runtime_dir: Path) -> AsyncIterator[LaunchIt]:
    """Run a profile in the background; ended after the test."""
    del runtime_dir
    launched: list[Launched] = []

    async def start(profile: Profile, name: str = "e") -> Launched:
        launched.append(await asyncio.to_thread(engines.launch, profile, name))
        return launched[-1]

    yield start
    for each in launched:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each.pid, signal.SIGCONT)
            os.kill(each.pid, signal.SIGTERM)
    async with asyncio.timeout(10):
        while any(_is_alive(each.pid) for each in launched):
            await asyncio.sleep(0.01)


def _is_alive(pid: int) -> bool:
    """Tell whether it runs: an orphan may stay a zombie where nobody reaps it."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


async def test_the_load_runs_when_it_is_launched_and_goes_on_without_any_viewer(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, attach: Attach, until: Until
) -> None:
    host = await serve()
    launched = await launch(profile_for(host.port))
    (found,) = await asyncio.to_thread(engines.find)
    assert found.description is not None
    assert ("e", launched.pid, "test.toml", "running", 0, None) == (
        found.name,
        found.description.pid,
        found.description.profile,
        found.description.load,
        found.description.viewers,
        found.description.writer,
    )

    source, viewer = await attach()
    await viewer.until(lambda: viewer.completed > 0)
    (found,) = await asyncio.to_thread(engines.find)
    assert found.description is not None
    assert (1, os.getpid()) == (found.description.viewers, found.description.writer)
    await source.close()

    before = host.requests
    await until(lambda: host.requests > before + 20)
    assert _is_alive(launched.pid)


async def test_stop_ends_its_load_and_itself_within_two_seconds_and_leaves_nothing(
    silent: Silent,
    profile_for: MakeProfile,
    launch: LaunchIt,
    attach: Attach,
    until: Until,
    runtime_dir: Path,
) -> None:
    launched = await launch(profile_for(silent.port))
    _, viewer = await attach()
    await until(lambda: silent.open == 2)

    began = time.monotonic()
    words = await asyncio.to_thread(engines.stop, "e")
    assert 2.0 > time.monotonic() - began

    assert f"engine e (pid {launched.pid}) has ended" == words
    await until(lambda: silent.open == 0)
    await viewer.until(lambda: bool(viewer.ends))
    assert [f"the engine was stopped by pooltop stop (pid {os.getpid()})"] == viewer.ends
    assert "stopped" == viewer.updates[-1].snapshot.workloads[0].state
    assert (False, []) == (_is_alive(launched.pid), list(runtime_dir.iterdir()))
    with pytest.raises(EngineError, match="no engine named e is running; there is none at all"):
        engines.stop("e")


async def test_a_second_engine_of_the_same_name_is_refused_and_the_first_goes_on(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, until: Until
) -> None:
    host = await serve()
    first = await launch(profile_for(host.port))

    with pytest.raises(EngineError, match="an engine named e is running already: pooltop attach"):
        await launch(profile_for(host.port))

    assert _is_alive(first.pid)
    assert ["e"] == [each.name for each in await asyncio.to_thread(engines.find)]
    other = await launch(profile_for(host.port), "other")
    assert other.pid != first.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_a_signal_ends_it_cleanly_and_its_viewers_are_told(
    silent: Silent,
    profile_for: MakeProfile,
    launch: LaunchIt,
    attach: Attach,
    until: Until,
    runtime_dir: Path,
    number: signal.Signals,
) -> None:
    launched = await launch(profile_for(silent.port))
    _, one = await attach()
    _, two = await attach()

    os.kill(launched.pid, number)

    for viewer in (one, two):
        await viewer.until(lambda viewer=viewer: bool(viewer.ends))
        assert [f"the engine was ended by {number.name}"] == viewer.ends
    await until(lambda: not _is_alive(launched.pid))
    assert (0, []) == (silent.open, list(runtime_dir.iterdir()))


async def test_a_killed_engine_leaves_its_name_free(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, attach: Attach, until: Until
) -> None:
    host = await serve()
    launched = await launch(profile_for(host.port))
    _, viewer = await attach()

    os.kill(launched.pid, signal.SIGKILL)

    await viewer.until(lambda: bool(viewer.ends))
    assert ["the engine ended"] == viewer.ends
    await until(lambda: host.open == 0)
    assert [] == await asyncio.to_thread(engines.find)
    assert launched.pid != (await launch(profile_for(host.port))).pid


async def test_an_engine_that_hangs_is_told_of_and_killed_when_it_is_to_stop(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, runtime_dir: Path, until: Until
) -> None:
    launched = await launch(profile_for((await serve()).port))
    os.kill(launched.pid, signal.SIGSTOP)

    (found,) = await asyncio.to_thread(engines.find)
    words = await asyncio.to_thread(engines.stop, "e")

    assert "the engine did not answer within 1 s" == found.problem
    assert f"engine e (pid {launched.pid}) did not end within 3 s and was killed" == words
    await until(lambda: not _is_alive(launched.pid))
    assert ["e.log"] == [each.name for each in runtime_dir.iterdir()]


async def test_an_engine_that_does_not_hear_its_viewers_is_ended_in_order_all_the_same(
    serve: Serve,
    profile_for: MakeProfile,
    launch: LaunchIt,
    runtime_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    launched = await launch(profile_for((await serve()).port))
    monkeypatch.setattr(engines._Talk, "send", lambda _, message: None)

    words = await asyncio.to_thread(engines.stop, "e")

    assert f"engine e (pid {launched.pid}) has ended" == words
    assert [] == list(runtime_dir.iterdir())


@pytest.mark.parametrize("lost", ["pooltop", "pooltop/e.lock", "pooltop/e.sock"])
async def test_an_engine_whose_files_are_taken_away_can_be_found_again_and_stopped(
    serve: Serve,
    profile_for: MakeProfile,
    launch: LaunchIt,
    runtime_dir: Path,
    until: Until,
    lost: str,
) -> None:
    launched = await launch(profile_for((await serve()).port))
    path = runtime_dir.parent / lost
    shutil.rmtree(path) if path.is_dir() else path.unlink()

    await until(lambda: (runtime_dir / "e.lock").exists() and (runtime_dir / "e.sock").exists())

    assert f"engine e (pid {launched.pid}) has ended" == await asyncio.to_thread(engines.stop, "e")
    assert [] == list(runtime_dir.iterdir())


async def test_an_engine_that_cannot_be_found_again_sends_no_more_and_ends_in_words(
    serve: Serve,
    profile_for: MakeProfile,
    launch: LaunchIt,
    attach: Attach,
    runtime_dir: Path,
    until: Until,
) -> None:
    host = await serve()
    launched = await launch(profile_for(host.port))
    _, viewer = await attach()
    shutil.rmtree(runtime_dir)
    runtime_dir.touch()

    await viewer.until(lambda: bool(viewer.ends))

    assert viewer.ends[0].startswith("the engine could be found by nobody any more: ")
    assert viewer.ends[0].endswith("; the load was stopped")
    await until(lambda: not _is_alive(launched.pid))
    assert 0 == host.open


async def test_a_viewer_that_is_killed_frees_the_lock_and_ends_nothing(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, attach: Attach
) -> None:
    await launch(profile_for((await serve()).port))
    code = """
import asyncio
from pooltop.sources.attached import AttachedSource
async def watch():
    await AttachedSource("e", title="e").start(lambda _: None, print)
    print("there", flush=True)
    await asyncio.sleep(60)
asyncio.run(watch())
"""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        env={**os.environ, "PYTHONPATH": ROOT},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        assert b"there\n" == await process.stdout.readline()
        source, viewer = await attach()
        holder = source.lock.holder
        assert holder is not None
        assert process.pid == holder.pid
    finally:
        process.kill()
        await process.wait()

    await viewer.until(lambda: source.lock.standing is Standing.FREE)
    before = viewer.completed
    await viewer.until(lambda: viewer.completed > before)


def _demo(profile: Profile) -> Profile:
    demo = (DemoServer(name="near", latency=Latency(median_s=0.0)),)
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="demo:near"),)
    return msgspec.structs.replace(profile, demo=demo, workloads=workloads)


async def test_it_brings_its_demo_along_and_ends_with_it(
    profile_for: MakeProfile,
    launch: LaunchIt,
    attach: Attach,
    until: Until,
    runtime_dir: Path,
) -> None:
    launched = await launch(_demo(profile_for(0)))
    _, viewer = await attach()
    await viewer.until(lambda: viewer.completed > 10)
    children = Path(f"/proc/{launched.pid}/task/{launched.pid}/children").read_text().split()
    (demo,) = map(int, children)

    os.kill(demo, signal.SIGKILL)

    await viewer.until(lambda: bool(viewer.ends))
    words = "the demo's process was killed by SIGKILL; the load was stopped"
    assert [words] == viewer.ends
    await until(lambda: not _is_alive(launched.pid))
    assert f"{words}\n" == (runtime_dir / "e.log").read_text()


async def test_the_end_of_the_engine_is_the_end_of_its_demo(
    profile_for: MakeProfile, launch: LaunchIt, until: Until
) -> None:
    launched = await launch(_demo(profile_for(0)))
    children = Path(f"/proc/{launched.pid}/task/{launched.pid}/children").read_text().split()
    (demo,) = map(int, children)

    os.kill(launched.pid, signal.SIGKILL)

    await until(lambda: not _is_alive(demo))


async def test_an_engine_whose_load_is_over_can_still_be_read(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, attach: Attach, until: Until
) -> None:
    host = await serve()
    await launch(profile_for(host.port, max_requests=20))
    await until(lambda: host.requests == 20)

    _, viewer = await attach()

    await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].state == "done")
    assert 20 == viewer.completed


async def test_a_profile_that_cannot_run_is_refused_in_words_and_leaves_nothing(
    serve: Serve, profile_for: MakeProfile, launch: LaunchIt, runtime_dir: Path
) -> None:
    profile = profile_for((await serve()).port)
    bad = RequestClass(name="bad", headers=(("x-two", "lines\r\nhere"),))
    workloads = (msgspec.structs.replace(profile.workloads[0], requests=(bad,)),)

    with pytest.raises(EngineError, match="x-two"):
        await launch(msgspec.structs.replace(profile, workloads=workloads))

    assert ["e.log"] == [each.name for each in runtime_dir.iterdir()]
    assert "x-two" in (runtime_dir / "e.log").read_text()


async def test_nothing_is_launched_for_a_host_that_needs_consent(
    profile_for: MakeProfile, launch: LaunchIt, runtime_dir: Path
) -> None:
    profile = profile_for(80)
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="http://192.0.2.7:80"),)

    with pytest.raises(ProfileError, match="or start with --allow 192.0.2.7"):
        await launch(msgspec.structs.replace(profile, workloads=workloads))

    assert not runtime_dir.exists()


def _daemon(stdin: socket.socket | int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "pooltop.sources.daemon"],
        stdin=stdin,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", b"whoever launched the engine went before its load ran\n"),
        (b"\x00\x00\x00\x01x", b"the viewer sent what is no message: "),
    ],
)
def test_who_launches_and_goes_or_says_nonsense_leaves_no_process(
    runtime_dir: Path, sent: bytes, words: bytes
) -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = _daemon(theirs)
        ours.sendall(sent)
        ours.shutdown(socket.SHUT_WR)
        _, err = process.communicate(timeout=20)

    assert 1 == process.returncode
    assert words in err
    assert not any(runtime_dir.iterdir())


def test_the_daemon_says_who_starts_it_when_its_stdin_is_no_socket() -> None:
    process = _daemon(subprocess.DEVNULL)
    _, err = process.communicate(timeout=20)

    expected = b"pooltop.sources.daemon is started by pooltop itself, over a socket\n"
    assert (2, expected) == (process.returncode, err)
