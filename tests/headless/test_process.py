"""The real command against a real server on loopback: its numbers are the server's."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from pooltop.core.model import DemoServer, Latency
from pooltop.demo.host import DemoHost
from pooltop.demo.server import DemoServers
from pooltop.sources.recording_format import RecordingError
from pooltop.sources.recording_reader import Recording

ROOT = str(Path(__file__).parents[2])

PROFILE = """
[agents.kept]
keep_alive = true
max_sockets = 3
[agents.close]
keep_alive = false
[workloads.kept]
agent = "kept"
base_url = "http://127.0.0.1:{kept}"
model = "closed"
users = 5
max_requests = 200
[workloads.close]
agent = "close"
base_url = "http://127.0.0.1:{close}"
rate = "200/s"
max_requests = 60
"""


@pytest.fixture
async def hosts() -> AsyncIterator[dict[str, DemoHost]]:
    """Serve two hosts."""
    specs = [DemoServer(name=name, latency=Latency(median_s=0.001)) for name in ("kept", "close")]
    async with DemoServers(specs) as servers:
        yield servers.hosts


@pytest.fixture
def profile(hosts: dict[str, DemoHost], tmp_path: Path) -> str:
    """Write a profile that sends both a known number of requests."""
    path = tmp_path / "p.toml"
    path.write_text(PROFILE.format(kept=hosts["kept"].port, close=hosts["close"].port))
    return str(path)


async def _start(*words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-X", "dev", "-m", "pooltop", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=2**24,  # a line of JSON is long
        env={**os.environ, "PYTHONPATH": ROOT},
    )


async def test_the_last_json_line_has_exactly_the_servers_numbers(
    hosts: dict[str, DemoHost], profile: str
) -> None:
    process = await _start("--profile", profile, "--json", "--interval", "100ms")
    async with asyncio.timeout(20):
        out, err = await process.communicate()

    lines = [json.loads(line) for line in out.decode().splitlines()]
    told = {
        agent["name"]: (origin["counters"]["completed"], origin["counters"]["opened"])
        for agent in lines[-1]["snapshot"]["agents"]
        for origin in agent["origins"]
    }
    assert 0 == process.returncode, err
    assert {name: (host.requests, host.accepted) for name, host in hosts.items()} == told
    assert (200, 60, 60) == (told["kept"][0], *told["close"])
    assert [1] * len(lines) == [line["schema"] for line in lines]
    assert b"summary of" in err


async def test_the_summary_has_exactly_the_servers_numbers(
    hosts: dict[str, DemoHost], profile: str
) -> None:
    process = await _start("--profile", profile)  # no terminal: headless by itself
    async with asyncio.timeout(20):
        out, err = await process.communicate()

    text = out.decode()
    assert (0, []) == (process.returncode, _said(err.decode()))
    assert "  requests    200 submitted, 200 completed, 0 failed\n" in text
    assert "  requests    60 submitted, 60 completed, 0 failed\n" in text
    assert f"  sockets     {hosts['kept'].accepted} opened, " in text
    assert "  sockets     60 opened, 0 open at the end; closed: " in text
    assert "\x1b" not in text


async def test_an_interrupt_ends_it_with_a_summary_and_no_process_left(tmp_path: Path) -> None:
    process = await _start("demo", "--headless", "--interval", "100ms")
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while not (await process.stdout.readline()).startswith(b"TIME"):
            pass
        process.send_signal(signal.SIGINT)
        out, err = await process.communicate()

    assert (130, []) == (process.returncode, _said(err.decode()))
    assert b"\nsummary of demo after " in out


async def test_a_reader_that_leaves_ends_it_without_a_word() -> None:
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m pooltop demo --interval 100ms --duration 15s | head -1",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    async with asyncio.timeout(10):
        out, err = await process.communicate()

    assert (0, []) == (process.returncode, _said(err.decode()))
    assert out.startswith((b"TIME", b"2", b"1", b"0"))


# Recordings


async def _finished(*words: str) -> tuple[int | None, str, str]:
    process = await _start(*words)
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


def _parsed(out: str) -> list[object]:
    """Give what JSON lines say: 0 and 0.0 are the same there."""
    return [json.loads(line) if line.startswith("{") else line for line in out.splitlines()]


def _said(err: str) -> list[str]:
    """Give what was said on stderr, without asyncio's own word on a slow machine (-X dev)."""
    return [line for line in err.splitlines() if not line.startswith("Executing <")]


@pytest.mark.parametrize("form", ["--headless", "--json"])
@pytest.mark.usefixtures("hosts")
async def test_a_replay_prints_what_the_live_run_printed(
    profile: str, tmp_path: Path, form: str
) -> None:
    path = str(tmp_path / "r.ptr")
    words = ("--profile", profile, form, "--interval", "100ms", "--record", path)

    status, live, told = await _finished(*words)
    *told, last = _said(told)
    replayed, again, told_again = await _finished("replay", path, form)

    assert (0, 0) == (status, replayed)
    assert _parsed(live) == _parsed(again)
    assert told == _said(told_again)
    assert last.startswith("pooltop: recorded ")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_signal_ends_a_recording_in_order(
    tmp_path: Path, number: signal.Signals, status: int
) -> None:
    path = str(tmp_path / "r.ptr")
    process = await _start("demo", "--headless", "--interval", "100ms", "--record", path)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        while not (await process.stdout.readline()).startswith(b"TIME"):
            pass
        process.send_signal(number)
        _, err = await process.communicate()

    assert status == process.returncode, err
    with Recording(path) as recording:
        assert "" == recording.note
        words = f"pooltop: recorded {len(recording)} instants in {path}"
        last = recording.snapshot(len(recording) - 1)
    assert [words] == _said(err.decode())
    assert last is not None
    assert {"paused"} == {workload.state for workload in last.workloads}


def _recorded(path: str) -> int:
    """Count what is in a recording that still goes on."""
    try:
        with Recording(path) as recording:
            return len(recording)
    except RecordingError:
        return 0


async def test_a_recorder_that_is_killed_leaves_what_it_had_told(tmp_path: Path) -> None:
    path = str(tmp_path / "r.ptr")
    process = await _start("demo", "--json", "--interval", "100ms", "--record", path)
    assert process.stdout is not None
    async with asyncio.timeout(20):
        told = [json.loads(await process.stdout.readline()) for _ in range(3)]
        while _recorded(path) < 3:
            await asyncio.sleep(0.01)
        process.kill()
        await process.communicate()

    with Recording(path) as recording:
        assert recording.note.startswith("the recording was not ended in order")
        assert [line["snapshot"]["at"] for line in told] == list(recording.at[:3])
    status, out, err = await _finished("replay", path, "--json")
    assert (0, told) == (status, [json.loads(line) for line in out.splitlines()][:3])
    assert f"pooltop: {path}: {recording.note}" == _said(err)[-1]


async def test_a_recording_that_exists_is_kept_and_nothing_is_sent(
    hosts: dict[str, DemoHost], profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.ptr"
    path.write_text("mine")

    told = await _finished("--profile", profile, "--record", str(path))

    words = f"pooltop: {path} exists, and nothing is overwritten: choose another name\n"
    assert (2, "", words) == told
    assert ("mine", 0) == (path.read_text(), sum(host.requests for host in hosts.values()))


async def test_what_is_no_recording_is_refused_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "\x1b[2J"
    path.write_text("mine")
    shown = str(path).replace("\x1b", "?")
    assert (2, "", f"pooltop: {shown} is no recording of pooltop\n") == await _finished(
        "replay", str(path)
    )


async def test_a_replay_whose_reader_leaves_ends_without_a_word(
    profile: str, tmp_path: Path
) -> None:
    path = tmp_path / "r.ptr"
    assert 0 == (await _finished("--profile", profile, "--record", str(path)))[0]
    process = await asyncio.create_subprocess_shell(
        f"{sys.executable} -m pooltop replay {path} --json | head -c 10",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ROOT},
    )
    async with asyncio.timeout(10):
        out, said = await process.communicate()
    assert b'{"schema":' == out
    # All of a short recording may be in the pipe before its reader leaves: then it was read whole.
    assert b"" == said or said.startswith(b"\nsummary of ")


async def test_a_load_that_cannot_start_leaves_no_recording(tmp_path: Path) -> None:
    path, recording = tmp_path / "p.toml", tmp_path / "r.ptr"
    path.write_text(
        '[agents.a]\n[agents.a.tls]\nca = "gone.pem"\n[workloads.w]\nagent = "a"\n'
        'base_url = "https://127.0.0.1:1"\n'
    )

    status, out, _ = await _finished("--profile", str(path), "--record", str(recording))

    assert status in (1, 2)
    assert "" == out
    assert not recording.exists()


async def test_a_run_that_did_not_hold_what_it_must_ends_with_99(profile: str) -> None:
    path = Path(profile)
    path.write_text(
        path.read_text()
        + '[[thresholds]]\nexpect = "pool.reuse > 90%"\nwhere = { agent = "kept" }\n'
        + '[[thresholds]]\nexpect = "pool.reuse > 90%"\nwhere = { agent = "close" }\n'
    )

    status, out, _ = await _finished("--profile", profile, "--interval", "100ms")

    assert 99 == status
    assert [
        "thresholds",
        "  holds      pool.reuse share > 90% (agent kept): 98.5% (from the start)",
        "  FAILED     pool.reuse share > 90% (agent close): 0% (from the start)",
    ] == out.splitlines()[-3:]


async def test_what_json_printed_replays_like_the_recording_of_the_same_run(
    profile: str, tmp_path: Path
) -> None:
    recorded, printed = str(tmp_path / "r.ptr"), tmp_path / "r.ndjson"
    _, out, _ = await _finished(
        "--profile", profile, "--json", "--interval", "100ms", "--record", recorded
    )
    printed.write_text(out)

    replayed = {
        form: [
            await _finished("replay", path, "--format", form) for path in (recorded, str(printed))
        ]
        for form in ("line", "json", "ndjson")
    }

    assert [0] * 6 == [status for runs in replayed.values() for status, _, _ in runs]
    for (_, one, _), (_, other, _) in replayed.values():
        # How often lines are printed is told by a recording, and only guessed of NDJSON.
        start = one.find("summary of") + 1
        assert one[start:] == other[other.find("summary of") + 1 :]
    again = replayed["ndjson"][1][1]
    assert [json.loads(line) for line in out.splitlines()] == [
        json.loads(line) for line in again.splitlines()
    ]
