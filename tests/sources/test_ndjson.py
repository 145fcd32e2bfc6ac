"""NDJSON as a recording: what --json printed comes back whole; what is damaged is left out, and said."""

from __future__ import annotations

import enum
import json
import math
import os
import types
import typing
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import JournalEntry, Snapshot, WorkloadSnapshot
from pooltop.sources import ndjson_reader
from pooltop.sources.ndjson_format import json_line
from pooltop.sources.ndjson_reader import NdjsonRecording
from pooltop.sources.player import Player
from pooltop.sources.recorded import Recorded, open_recording
from pooltop.sources.recording_format import RecordingError
from pooltop.sources.recording_reader import Recording

Open = Callable[..., Recorded]


def full(hint: object) -> typing.Any:
    """Give a value of a type in which every field has something."""
    if isinstance(hint, typing.NewType):
        return full(hint.__supertype__)
    if hint is Histogram:
        return Histogram.of({3: 2, 900: 70_000}, 1.5)
    plain = {str: 'a\u202e"\x1b', float: 1.5, int: 7, bool: True}
    if hint in plain:
        return plain[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        return full(args[0])
    if origin is typing.Literal:
        return args[-1]
    if origin in (typing.Union, types.UnionType):
        return full(next(each for each in args if each is not type(None)))
    if origin is tuple:
        return (full(args[0]),) if args[-1] is ... else tuple(full(each) for each in args)
    if origin is dict:
        return {full(args[0]): full(args[1])}
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return next(reversed(hint))
    assert isinstance(hint, type)
    assert issubclass(hint, msgspec.Struct)
    hints = typing.get_type_hints(hint, include_extras=True)
    return hint(**{name: full(hints[name]) for name in hint.__struct_fields__})


def snapshot(second: int = 0, **more: object) -> Snapshot:
    return Snapshot(
        seq=second + 1, at=100.0 + second, wall_at=1e9 + second, profile="p.toml", **more
    )


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Callable[..., Recorded]]:
    """Give a function that writes lines to a file and opens it."""
    opened: list[Recorded] = []

    def write(*lines: str | bytes, end: bytes = b"\n") -> Recorded:
        path = tmp_path / f"{len(opened)}.ndjson"
        data = [line if isinstance(line, bytes) else line.encode() for line in lines]
        path.write_bytes(b"\n".join(data) + end)
        opened.append(open_recording(str(path)))
        return opened[-1]

    yield write
    for each in opened:
        each.close()


def told(recording: Recorded) -> list[Snapshot | None]:
    return [recording.snapshot(index) for index in range(len(recording))]


def test_every_field_of_a_snapshot_comes_back_as_it_was(written: Open) -> None:
    whole = full(Snapshot)
    entry = full(JournalEntry)

    recording = written(json_line(whole, (entry,), dropped=3))

    assert isinstance(recording, NdjsonRecording)
    assert [whole] == told(recording)
    assert ((entry,), 3) == msgspec.structs.astuple(recording.journal(-math.inf, math.inf))
    assert "" == recording.note


def test_no_limit_comes_back_as_no_limit(written: Open) -> None:
    whole = full(Snapshot)
    agent = msgspec.structs.replace(
        whole.agents[0],
        options=msgspec.structs.replace(whole.agents[0].options, max_sockets=math.inf),
        bounds={"max_sockets": (1.0, math.inf)},
    )
    whole = msgspec.structs.replace(whole, agents=(agent,))

    assert [whole] == told(written(json_line(whole)))


def test_it_plays_like_any_recording_with_its_bookmarks(written: Open) -> None:
    def load(state: str) -> WorkloadSnapshot:
        return WorkloadSnapshot(name="w", agent="a", target="h:80", state=state, pattern="")

    taken = [snapshot(n, workloads=(load("running" if n < 4 else "done"),)) for n in range(6)]
    player = Player(written(*map(json_line, taken)), clock=lambda: 0.0)

    assert (5.0, "p.toml") == (player.length_s, player.recording.meta.title)
    player.end()
    given_to_it = []
    while (update := player.next_update()) is not None:
        given_to_it.append(update.snapshot)
    assert taken[-1] == given_to_it[-1]
    assert [(104.0, "w done")] == [(mark.at, mark.text) for mark in player.bookmarks]
    assert "w done" == player.previous_bookmark().text  # type: ignore[union-attr]


def test_the_journal_between_two_moments_is_that_of_their_lines(written: Open) -> None:
    def entry(n: int) -> JournalEntry:
        return JournalEntry(seq=n, at=100.0 + n, wall_at=1e9, kind="INFO", text=str(n))

    recording = written(*(json_line(snapshot(n), (entry(n),), dropped=n) for n in range(4)))

    between = recording.journal(100.0, 102.0)
    assert (["1", "2"], 3) == ([each.text for each in between.entries], between.dropped)


@pytest.mark.parametrize(
    ("damage", "note"),
    [
        (b"", ""),
        (b"nonsense", "1 line is no snapshot of pooltop's, or damaged, and left out"),
        (b"{}", "1 line is no snapshot of pooltop's, or damaged, and left out"),
        (b"\xff\xfe\n\x00", "2 lines are no snapshot of pooltop's, or damaged, and left out"),
        (b'{"schema":1,"snapshot":{"at":1}}', "1 line is no snapshot"),
        (b"[" * 100_000, "1 line is no snapshot"),
        (b'{"schema":1,"snapshot":' + b'{"a":' * 50_000, "1 line is no snapshot"),
        (b'{"schema":' + b"9" * 50_000 + b"}", "1 line is no snapshot"),
        (b'{"schema":2,"snapshot":{}}', "1 line is no snapshot"),
    ],
)
def test_what_is_damaged_is_left_out_and_said(written: Open, damage: bytes, note: str) -> None:
    first, last = snapshot(0), snapshot(1)

    recording = written(json_line(first), damage, json_line(last))

    assert [first, last] == told(recording)
    assert recording.note.startswith(note)
    assert bool(note) == bool(recording.note)


HOSTILE = {
    "no number": {"at": "NaN"},
    "a wall time of no calendar": {"wall_at": 1e300},
    "a whole number without end": {"seq": 10**400},
    "more than any counter": {"seq": 10**30},
    "text for a list": {"agents": "x"},
    "a histogram of nothing": {"workloads": [{"latency": {"buckets": {"0": -1}, "sum_s": 0.0}}]},
    "a bucket beyond all": {"workloads": [{"latency": {"buckets": {"99999": 1}, "sum_s": 0.0}}]},
    "a bucket that is none": {"workloads": [{"latency": {"buckets": {"x": 1}, "sum_s": 0.0}}]},
    "a count beyond all": {"workloads": [{"latency": {"buckets": {"1": 2**63}, "sum_s": 0.0}}]},
    "buckets without a name": {"workloads": [{"latency": {"buckets": [1], "sum_s": 0.0}}]},
    "no limit on a time": {"at": None},
}


@pytest.mark.parametrize("changed", HOSTILE.values(), ids=HOSTILE.keys())
def test_numbers_that_no_engine_tells_make_a_line_damaged(
    written: Open, changed: dict[str, object]
) -> None:
    line = json.loads(json_line(full(Snapshot)))
    for key, value in changed.items():
        if isinstance(value, list):
            line["snapshot"][key][0] |= value[0]
        else:
            line["snapshot"][key] = value

    recording = written(json_line(snapshot(0)), json.dumps(line))

    assert [snapshot(0)] == told(recording)
    assert recording.note.startswith("1 line is no snapshot")


def test_a_file_that_was_cut_is_good_up_to_there(written: Open) -> None:
    lines = [json_line(snapshot(n)) for n in range(3)]

    recording = written(lines[0], lines[1], lines[2][:40], end=b"")

    assert [snapshot(0), snapshot(1)] == told(recording)
    assert recording.note.startswith("the recording ends in the middle of a line, after ")


def test_a_last_line_without_its_end_is_whole_if_it_is(written: Open) -> None:
    recording = written(json_line(snapshot(0)), json_line(snapshot(1)), end=b"")

    assert (2, "") == (len(recording), recording.note)


def test_a_line_that_goes_back_in_time_is_left_out(written: Open) -> None:
    recording = written(*(json_line(snapshot(n)) for n in (0, 2, 1, 3)))

    assert [100.0, 102.0, 103.0] == list(recording.at)
    assert "1 line tells of an earlier time than the one before, and left out" == recording.note


def test_a_line_longer_than_any_is_passed_over(
    written: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, last = json_line(snapshot(0)), json_line(snapshot(1))
    monkeypatch.setattr(ndjson_reader, "LARGEST_BYTES", len(first) + 10)

    recording = written(first, b"x" * (5 * len(first)), last)

    assert [snapshot(0), snapshot(1)] == told(recording)
    assert recording.note.startswith("1 line is")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"{", "has no line that is a snapshot of pooltop's"),
        (b'{"schema":7,"snapshot":{}}\n', "was written by a newer pooltop (schema 7; this one"),
        (b"", "is empty: nothing was recorded in it"),
        (b"hello\n", "is no recording of pooltop"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    before = len(os.listdir("/proc/self/fd"))

    with pytest.raises(RecordingError) as refused:
        open_recording(str(path))

    assert f"{path} {message}" in str(refused.value)
    assert before == len(os.listdir("/proc/self/fd"))


def test_a_recording_of_either_kind_is_known_by_its_beginning(
    tmp_path: Path, written: Open
) -> None:
    assert isinstance(written("", json_line(snapshot(0))), NdjsonRecording)
    with pytest.raises(RecordingError, match="no such file"):
        open_recording(str(tmp_path / "gone"))
    other = tmp_path / "r.ptr"
    other.write_bytes(b"pooltop recording 999\n")
    with pytest.raises(RecordingError, match="a newer pooltop"):
        open_recording(str(other))
    with pytest.raises(RecordingError, match="a newer pooltop"):
        Recording(str(other))


@settings(max_examples=60)
@given(cut=st.integers(0, 4000), flip=st.integers(0, 4000), to=st.integers(0, 255))
def test_no_damage_is_more_than_a_line_that_is_left_out(
    tmp_path_factory: pytest.TempPathFactory, cut: int, flip: int, to: int
) -> None:
    data = bytearray("".join(json_line(snapshot(n)) + "\n" for n in range(4)).encode())
    data[flip % len(data)] = to
    path = tmp_path_factory.mktemp("n") / "x"
    path.write_bytes(bytes(data[: len(data) - cut % len(data)]))
    try:
        recording = open_recording(str(path))
    except RecordingError:
        return
    with recording:
        assert None not in told(recording)
        assert len(recording) <= 4
