"""When a headless run prints, when it ends, and with what status."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec
import pytest

from pooltop.core.snapshot import Snapshot
from pooltop.core.thresholds import ThresholdState
from pooltop.errors import EngineError, ProfileError
from pooltop.headless import run_headless
from pooltop.headless.printer import Printer

if TYPE_CHECKING:
    from conftest import ScriptedSource

SnapshotAt = Callable[..., Snapshot]


class Reader:
    """A pipe, read to its end on a thread."""

    def __init__(self) -> None:
        """Open it and read on."""
        self._read, self.write = os.pipe()
        self.data = b""
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def _work(self) -> None:
        with open(self._read, "rb") as file:
            self.data = file.read()

    def lines(self) -> list[str]:
        """Close our end and give what came."""
        self.end()
        return self.data.decode().splitlines()

    def end(self) -> None:
        """Close our end, if that was not done, and wait for the thread."""
        if self._thread.is_alive():
            os.close(self.write)
        self._thread.join(10)


@pytest.fixture
def reader() -> Iterator[Reader]:
    """Give a pipe that is read."""
    reader = Reader()
    yield reader
    reader.end()


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """Give the end of a pipe that is full, and that nobody reads."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    try:
        while True:
            os.write(write, b"x" * 4096)
    except BlockingIOError:
        os.set_blocking(write, True)
    yield write
    os.close(read)
    os.close(write)


def test_it_ends_with_the_load_and_prints_lines_and_a_summary(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    source = scripted(
        snapshot_at(0), snapshot_at(1, completed=5), snapshot_at(2, completed=9, state="done")
    )

    status = run_headless(source, form="line", interval=1.0, out=reader.write)

    lines = reader.lines()
    assert 0 == status
    assert source.is_closed
    assert ["TIME", "kept", "kept"] == [
        line.split()[0 if line.startswith("TIME") else 1] for line in lines[:3]
    ]
    assert "summary of p.toml after 2.0 s" == lines[4]


def test_requests_under_way_are_waited_for_when_the_workloads_are_done(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    source = scripted(
        snapshot_at(0),
        snapshot_at(1, state="done", in_flight=1),
        snapshot_at(2, state="done", completed=7),
    )

    run_headless(source, form="line", interval=1.0, out=reader.write)

    assert any("7 completed" in line for line in reader.lines())


def test_json_has_every_update_and_the_summary_goes_to_stderr(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    reader: Reader,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = scripted(snapshot_at(0), snapshot_at(1, state="done"))

    status = run_headless(source, form="ndjson", interval=1.0, out=reader.write)

    told = [json.loads(line) for line in reader.lines()]
    assert 0 == status
    assert [1, 2] == [line["snapshot"]["seq"] for line in told]
    assert "summary of p.toml" in capsys.readouterr().err


def test_an_engine_that_ends_is_told_on_stderr_with_status_1(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    reader: Reader,
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = scripted(snapshot_at(0), "the engine was killed by SIGKILL\x1b[2J")

    assert 1 == run_headless(source, form="line", interval=1.0, out=reader.write)
    assert "pooltop: the engine was killed by SIGKILL\\x1b[2J\n" == capsys.readouterr().err
    assert source.is_closed
    reader.lines()


def test_an_engine_that_does_not_start_is_told_without_a_summary(
    scripted: type[ScriptedSource], reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    source = scripted()
    source.fails_with = EngineError("no such demo")

    assert 1 == run_headless(source, form="line", interval=1.0, out=reader.write)
    assert ([], "pooltop: no such demo\n") == (reader.lines(), capsys.readouterr().err)
    assert source.is_closed


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_it_with_the_last_numbers_and_its_own_status(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    reader: Reader,
    number: signal.Signals,
    status: int,
) -> None:
    source = scripted(snapshot_at(0, completed=3), lambda: os.kill(os.getpid(), number))

    assert status == run_headless(source, form="line", interval=1.0, out=reader.write)
    assert (["pause"], True) == (source.controls, source.is_closed)
    assert any("3 completed" in line for line in reader.lines())


def test_the_duration_ends_it(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    reader: Reader,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pooltop.headless.runner.GRACE_S", 0.0)
    source = scripted(snapshot_at(0))

    assert 0 == run_headless(source, form="line", interval=1.0, duration=0.01, out=reader.write)
    assert source.is_closed
    reader.lines()


def test_a_reader_that_left_ends_it_quietly(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], capsys: pytest.CaptureFixture[str]
) -> None:
    read, write = os.pipe()
    os.close(read)
    source = scripted(snapshot_at(0), snapshot_at(1))

    assert 0 == run_headless(source, form="ndjson", interval=1.0, out=write)
    os.close(write)
    assert ("", "") == tuple(capsys.readouterr())
    assert source.is_closed


@pytest.mark.parametrize("form", ["line", "ndjson", "json", "csv"])
def test_a_full_disk_is_told_and_is_no_success(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    capsys: pytest.CaptureFixture[str],
    form: str,
) -> None:
    source = scripted(snapshot_at(0), snapshot_at(1), snapshot_at(2, state="done"))

    with open("/dev/full", "wb", buffering=0) as full:
        status = run_headless(source, form=form, interval=1.0, out=full.fileno())

    told = "pooltop: the output cannot be written: No space left on device\n"
    assert 1 == status
    assert capsys.readouterr().err.endswith(told)
    assert source.is_closed


def test_a_profile_that_cannot_be_run_after_all_is_bad_input(
    scripted: type[ScriptedSource], reader: Reader, capsys: pytest.CaptureFixture[str]
) -> None:
    source = scripted()
    source.fails_with = ProfileError("x.toml:3:1: taken")

    assert 2 == run_headless(source, form="line", interval=1.0, out=reader.write)
    assert ([], "pooltop: x.toml:3:1: taken\n") == (reader.lines(), capsys.readouterr().err)


def test_a_reader_that_is_slow_holds_nothing_up(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    full_pipe: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("pooltop.headless.runner._PATIENCE_S", 0.05)
    snapshots = [snapshot_at(at) for at in range(9)]
    source = scripted(*snapshots, snapshot_at(9, state="done"))

    assert 0 == run_headless(source, form="ndjson", interval=1.0, out=full_pipe)
    assert (
        "6 intervals were not printed: the reader of the output was slow" in capsys.readouterr().err
    )


def _standing(snapshot: Snapshot, state: str, **more: object) -> Snapshot:
    stands = ThresholdState(text="t < 1", state=state, **more)  # type: ignore[arg-type]
    return msgspec.structs.replace(snapshot, thresholds=(stands,))


@pytest.mark.parametrize(
    ("state", "fixed", "status"),
    [
        ("holds", "", 0),
        ("failed", "", 99),
        ("unknown", "", 99),
        ("unknown", "attached read-only", 0),
        ("failed", "attached read-only", 99),
    ],
)
def test_what_the_thresholds_came_to_decides_the_exit_status(
    snapshot_at: SnapshotAt,
    scripted: type[ScriptedSource],
    reader: Reader,
    state: str,
    fixed: str,
    status: int,
) -> None:
    source = scripted(snapshot_at(0), _standing(snapshot_at(1, state="done"), state))
    source.fixed = fixed

    assert status == run_headless(source, form="ndjson", interval=1.0, out=reader.write)
    reader.lines()


def test_a_load_that_a_threshold_stopped_is_over_at_once(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    aborted = _standing(snapshot_at(1, state="stopped", in_flight=2), "failed", aborted=True)

    assert 99 == run_headless(
        scripted(snapshot_at(0), aborted), form="line", interval=1.0, out=reader.write
    )
    reader.lines()


def test_an_interrupted_run_says_so_rather_than_what_did_not_hold(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    failing = _standing(snapshot_at(0), "failed", value=2.0, unit="count")
    source = scripted(failing, lambda: os.kill(os.getpid(), signal.SIGINT))

    assert 130 == run_headless(source, form="line", interval=1.0, out=reader.write)
    reader.lines()


def test_a_threshold_that_begins_to_fail_has_one_line_each_time(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    states = ["holds", "failed", "failed", "holds", "failed"]
    told = [_standing(snapshot_at(n), s, value=2.0, unit="count") for n, s in enumerate(states)]
    source = scripted(*told, _standing(snapshot_at(5, state="done"), "holds"))

    assert 0 == run_headless(source, form="line", interval=1.0, out=reader.write)
    lines = [line[8:] for line in reader.lines() if "FAILED" in line]
    assert ["  FAILED t < 1: 2"] * 2 == lines


def test_a_load_that_begins_not_to_be_delivered_is_told_once_and_while_it_runs(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    told = [
        snapshot_at(0, offered=10, late=2),
        snapshot_at(1, offered=20, dropped=1),
        snapshot_at(2, offered=30, dropped=5, late=10),
    ]
    source = scripted(*told, snapshot_at(3, offered=30, dropped=5, late=10, state="done"))

    assert 0 == run_headless(source, form="line", interval=1.0, out=reader.write)
    began = [line[8:] for line in reader.lines() if "  w NOT DELIVERED" in line]
    assert ["  w NOT DELIVERED: 1 of 20", "  w NOT DELIVERED ON TIME: 10 of 30"] == [
        line.partition(" arrivals")[0] for line in began
    ]


def test_a_printer_writes_in_order_and_says_when_it_is_done(reader: Reader) -> None:
    printer = Printer(reader.write)
    for number in range(50):
        printer.put(f"{number}\n".encode())

    assert printer.finish(within_s=10)
    assert 0 == printer.pending
    assert [str(number) for number in range(50)] == reader.lines()


def test_a_printer_waits_for_a_pipe_that_is_not_blocking(reader: Reader) -> None:
    os.set_blocking(reader.write, False)
    printer = Printer(reader.write)
    printer.put(b"x" * 1_000_000)

    assert printer.finish(within_s=10)
    assert ["x" * 1_000_000] == reader.lines()


def test_what_others_use_too_is_left_as_it_is(
    snapshot_at: SnapshotAt, scripted: type[ScriptedSource], reader: Reader
) -> None:
    source = scripted(snapshot_at(0), lambda: os.kill(os.getpid(), signal.SIGTERM))
    source.fixed = "attached read-only"

    assert 143 == run_headless(source, form="line", interval=1.0, out=reader.write)
    assert ([], True) == (source.controls, source.is_closed)
