"""A recording is what was told, however the file ended, and nothing that was not told."""

from __future__ import annotations

import math
import os
import random
import stat
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, OriginKey, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginSnapshot,
    ProcessFacts,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import QueueReason, SocketState
from pooltop.core.thresholds import ThresholdState
from pooltop.core.undici.options import DispatcherOptions
from pooltop.sources import recording_format, recording_reader
from pooltop.sources.base import Update
from pooltop.sources.bookmarks import BookmarkFinder
from pooltop.sources.recording_format import (
    HEADER,
    MAGIC,
    TRAILER,
    TRAILER_MARK,
    Bookmark,
    Index,
    Journal,
    Meta,
    Place,
    RecordingError,
    pack,
)
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile
from pooltop.sources.soundness import is_sound

if TYPE_CHECKING:
    from conftest import Story, Write

Open = Callable[[str], Recording]


def _told(recording: Recording) -> list[Snapshot | None]:
    return [recording.snapshot(index) for index in range(len(recording))]


def _as_snapshot(frame: bytes) -> bytes:
    """Give a frame of something else that says it is a snapshot, its CRC right."""
    odd = bytearray(frame)
    odd[12:13] = b"S"
    crc = zlib.crc32(odd[HEADER.size :], zlib.crc32(odd[4:8] + odd[12 : HEADER.size]))
    odd[8:12] = crc.to_bytes(4, "big")
    return bytes(odd)


def test_what_was_written_is_read(story: Story, write: Write, opened: Open) -> None:
    updates = story.updates(20)

    recording = opened(write(updates))

    assert [update.snapshot for update in updates] == _told(recording)
    assert tuple(update.snapshot.at for update in updates) == recording.at
    assert [e for u in updates for e in u.entries] == list(
        recording.journal(-math.inf, math.inf).entries
    )
    assert Meta(pooltop="1.2.3", title="p.toml", wall_started=1.9e9, interval_s=0.5) == (
        recording.meta
    )
    assert ("", 1.9e9 + 20) == (recording.note, recording.wall_at(-1))


def test_the_journal_is_given_between_two_moments(story: Story, write: Write, opened: Open) -> None:
    recording = opened(write(story.updates(5)))

    between = recording.journal(101.0, 102.0)

    assert [101.5, 102.0] == [entry.at for entry in between.entries]
    assert () == recording.journal(102.0, 102.4).entries


def test_lost_entries_are_counted(story: Story, write: Write, opened: Open) -> None:
    snapshots = [story.snapshot(s) for s in (0, 1, 2)]
    recording = opened(write(Update(snapshot=s, dropped=3) for s in snapshots))
    assert 6 == recording.journal(100.0, math.inf).dropped


def test_of_very_many_entries_between_two_moments_the_last_are_given_and_the_others_counted(
    story: Story, write: Write, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_reader, "MOST_ENTRIES", 4)
    updates = [
        Update(
            snapshot=story.snapshot(s),
            entries=tuple(story.entry(number, s) for number in range(3 * s + 1, 3 * s + 4)),
        )
        for s in range(10)
    ]
    recording = opened(write(updates))

    journal = recording.journal(100.0, math.inf)

    assert ([27, 28, 29, 30], 23) == ([each.seq for each in journal.entries], journal.dropped)
    journal = recording.journal(108.0, math.inf)
    assert ([28, 29, 30], 0) == ([each.seq for each in journal.entries], journal.dropped)


def test_a_recording_that_goes_on_for_weeks_takes_little_memory(
    story: Story, tmp_path: Path
) -> None:
    file = RecordingFile(str(tmp_path / "r"))
    update = story.update(0)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            file.append(update)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        file.finish()
    assert 100 > (after - before) / 1000


def test_a_person_sees_what_it_is_and_nobody_else_may_read_it(story: Story, write: Write) -> None:
    path = write(story.updates(1))

    assert b"pooltop recording 4\n" == Path(path).read_bytes()[:20]
    assert 0o600 == stat.S_IMODE(os.stat(path).st_mode)


def test_nothing_is_overwritten(story: Story, write: Write, tmp_path: Path) -> None:
    path = write(story.updates(1))
    before = Path(path).read_bytes()
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "elsewhere")

    for there in (path, str(link)):
        with pytest.raises(RecordingError) as caught:
            RecordingFile(there)
        assert f"{there} exists, and nothing is overwritten: choose another name" == str(
            caught.value
        )
    assert before == Path(path).read_bytes()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(
    ("name", "words"),
    [("no/such/dir", "No such file or directory"), ("x" * 300, "File name too long")],
)
def test_a_file_that_cannot_be_made_is_told(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(RecordingError, match=f"cannot be made: {words}"):
        RecordingFile(str(tmp_path / name))


def test_a_recording_of_nothing_leaves_no_file(tmp_path: Path) -> None:
    file = RecordingFile(str(tmp_path / "r"))
    file.finish()
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_took_the_place_of_an_empty_recording_stays(tmp_path: Path) -> None:
    path = tmp_path / "r"
    file = RecordingFile(str(path))
    path.unlink()
    path.write_text("mine")
    file.finish()
    assert "mine" == path.read_text()


# How files end


def test_a_recording_that_was_killed_is_read_to_its_last_update(
    story: Story, write: Write, opened: Open
) -> None:
    updates = story.updates(5)

    recording = opened(write(updates, finished=False))

    assert [update.snapshot for update in updates] == _told(recording)
    assert len(updates) == len(recording.journal(-math.inf, math.inf).entries)
    assert recording.note.startswith("the recording was not ended in order, or still goes on: ")


def test_a_cut_file_is_read_to_its_last_whole_frame(
    story: Story, write: Write, opened: Open
) -> None:
    updates = story.updates(5)
    path = write(updates, finished=False)
    os.truncate(path, os.path.getsize(path) - 1)

    recording = opened(path)

    assert [update.snapshot for update in updates[:-1]] == _told(recording)
    assert "the recording ends in the middle of a frame, after " in recording.note
    assert recording.note.endswith(": what is here is shown")


def test_a_place_that_is_damaged_costs_that_place_alone(
    story: Story, write: Write, opened: Open
) -> None:
    updates = story.updates(5)
    path = write(updates)
    with Recording(path) as recording:
        place = recording._snapshots[4]
    data = bytearray(Path(path).read_bytes())
    data[place.offset + HEADER.size + 5] ^= 0x10
    Path(path).write_bytes(data)
    expected = [update.snapshot for update in updates]
    expected[4] = None

    assert expected == _told(opened(path))

    Path(path).write_bytes(data[: -TRAILER.size])  # and without its index
    recording = opened(path)
    del expected[4]
    assert expected == _told(recording)
    assert "the file is damaged in 1 place" in recording.note


def test_a_damaged_length_costs_that_frame_alone(story: Story, write: Write, opened: Open) -> None:
    updates = story.updates(5)
    path = write(updates, finished=False)
    data = bytearray(Path(path).read_bytes())
    with Recording(path) as recording:
        data[recording._snapshots[4].offset + 4] ^= 0x02
    Path(path).write_bytes(data)

    recording = opened(path)

    assert [u.snapshot for u in (*updates[:4], *updates[5:])] == _told(recording)


def test_a_damaged_index_is_not_believed(story: Story, write: Write, opened: Open) -> None:
    updates = story.updates(5)
    path = write(updates)
    data = bytearray(Path(path).read_bytes())
    data[-TRAILER.size - 3] ^= 1
    Path(path).write_bytes(data)

    recording = opened(path)

    assert [update.snapshot for update in updates] == _told(recording)
    assert "the file is damaged in 1 place, which are left out" == recording.note


@pytest.mark.parametrize(
    "index",
    [
        Index(snapshots=(Place(-1, 1.0, 1.0),)),
        Index(snapshots=(Place(2**63, 1.0, 1.0),)),
        Index(snapshots=(Place(30, 2.0, 1.0), Place(30, 1.0, 1.0))),
        Index(snapshots=(Place(30, math.nan, 1.0),)),
        Index(snapshots=(Place(30, math.inf, 1.0),)),
        Index(),
        Index(snapshots=(Place(0, 1.0, 1.0), Place(20, 2.0, 1.0))),
        Index(snapshots=(Place(2**40, 1.0, 1.0),)),
        Index(snapshots=(Place(30, 1.0, math.nan),)),
    ],
)
def test_an_index_that_was_made_up_is_harmless(
    story: Story, write: Write, opened: Open, index: Index
) -> None:
    updates = story.updates(2)
    path = write(updates, finished=False)
    size = os.path.getsize(path)
    with open(path, "ab") as file:
        file.write(pack(index) + TRAILER.pack(size, b"pooltop."))

    try:
        told = _told(opened(path))
    except RecordingError:
        told = []
    assert told in ([update.snapshot for update in updates], [])


def test_an_index_out_of_order_is_not_believed(story: Story, write: Write, opened: Open) -> None:
    updates = story.updates(2)
    path = write(updates, finished=False)
    size = os.path.getsize(path)
    with Recording(path) as recording:
        index = Index(snapshots=tuple(reversed(recording._snapshots)))
    with open(path, "ab") as file:
        file.write(pack(index) + TRAILER.pack(size, b"pooltop."))

    assert [update.snapshot for update in updates] == _told(opened(path))


@pytest.mark.parametrize("repeated", [True, False])
def test_a_file_of_nothing_but_unreadable_snapshots_is_given_up_soon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repeated: bool
) -> None:
    frame = _as_snapshot(pack(Meta(title="no snapshot")))
    start = len(MAGIC + pack(Meta()))
    places = (Place(start + (0 if repeated else n * len(frame)), 1.0, 1.0) for n in range(1000))
    content = MAGIC + pack(Meta()) + frame * 1000
    index = pack(Index(snapshots=tuple(places)))
    path = tmp_path / "r"
    path.write_bytes(content + index + TRAILER.pack(len(content), TRAILER_MARK))
    unpacked = []
    real = recording_reader.unpack
    monkeypatch.setattr(
        recording_reader, "unpack", lambda kind, body: unpacked.append(kind) or real(kind, body)
    )

    with pytest.raises(RecordingError, match="has no snapshot that can be read"):
        Recording(str(path))

    assert 40 >= unpacked.count(Snapshot)


def test_snapshots_behind_many_damaged_ones_are_found(
    story: Story, write: Write, opened: Open
) -> None:
    updates = story.updates(50)
    path = write(updates)
    with Recording(path) as recording:
        places = recording._snapshots
    with open(path, "r+b") as file:
        for place in places[:60]:
            file.seek(place.offset + HEADER.size)
            file.write(b"\xff\xff")

    recording = opened(path)

    assert [update.snapshot for update in updates[60:]] == _told(recording)


INF, NAN = math.inf, math.nan
_SOCKET = SocketInfo(id=SocketId(1), state=SocketState.FREE, opened_at=100.0, since=100.0)
_EDIT = EditRecord(number=1, at=1.0, wall_at=1.0, option="x", before=1, after=2, by="operator")


def _one_agent(options: AgentOptions, socket: SocketInfo) -> Snapshot:
    origin = OriginSnapshot(
        key=OriginKey("a:80:"), scheme="http", host="a", port=80, sockets=(socket,)
    )
    agent = AgentSnapshot(
        name="one",
        options=options,
        initial_options=AgentOptions(),
        origins=(origin,),
        bounds={"maxSockets": (1, INF)},
    )
    return Snapshot(seq=1, at=100.0, wall_at=1.9e9, agents=(agent,))


def test_infinity_is_read_where_it_is_no_limit() -> None:
    edited = structs.replace(_EDIT, before=INF)
    snapshot = structs.replace(_one_agent(AgentOptions(), _SOCKET), edits=(edited,))
    assert is_sound(snapshot)
    (agent,) = snapshot.agents
    host = structs.replace(agent.origins[0], own_limits={"max_sockets": INF})
    assert is_sound(structs.replace(agent, origins=(host,)))
    undici = DispatcherOptions(connections=INF)
    assert is_sound(structs.replace(agent, dispatcher=undici, initial_dispatcher=undici))


@pytest.mark.parametrize(
    "wrong",
    [
        structs.replace(_one_agent(AgentOptions(), _SOCKET), **fields)
        for fields in (
            {"at": NAN},
            {"at": INF},
            {"at": 101.0},
            {"wall_at": NAN},
            {"wall_at": 1e300},
            {"auto_revert_s": INF},
            {"edits": (structs.replace(_EDIT, wall_at=3e11),)},
            {"edits": (structs.replace(_EDIT, revert_at=INF),)},
            {"edits": (structs.replace(_EDIT, after=NAN),)},
            {"process": ProcessFacts(cpu_s=-INF)},
            {
                "workloads": (
                    WorkloadSnapshot(
                        name="w",
                        agent="a",
                        target="",
                        state="",
                        pattern="",
                        latency=Histogram.of({9: 1}, NAN),
                    ),
                )
            },
            {
                "workloads": (
                    WorkloadSnapshot(
                        name="w",
                        agent="a",
                        target="",
                        state="",
                        pattern="",
                        latency=Histogram(1, 0.1, b"\x09", b"\x01"),
                    ),
                )
            },
        )
    ]
    + [
        _one_agent(AgentOptions(max_sockets=NAN), _SOCKET),
        _one_agent(AgentOptions(), structs.replace(_SOCKET, since=NAN)),
        _one_agent(AgentOptions(), structs.replace(_SOCKET, dns=INF)),
    ],
)
def test_a_snapshot_with_numbers_that_no_engine_tells_counts_as_damaged(
    story: Story, opened: Open, tmp_path: Path, wrong: Snapshot
) -> None:
    good = story.snapshot(1)
    path = tmp_path / "r"
    frames = pack(wrong, 100.0, 1.9e9) + pack(good, good.at, good.wall_at)
    path.write_bytes(MAGIC + pack(Meta()) + frames)

    assert [good] == _told(opened(str(path)))


def test_journal_entries_with_such_numbers_are_left_out(
    story: Story, opened: Open, tmp_path: Path
) -> None:
    good = story.snapshot(1)
    journal = Journal(entries=(structs.replace(story.entry(1, 1), wall_at=NAN),))
    frames = pack(journal, good.at, good.wall_at) + pack(good, good.at, good.wall_at)
    (tmp_path / "r").write_bytes(MAGIC + pack(Meta()) + frames)

    assert () == opened(str(tmp_path / "r")).journal(0.0, 1e9).entries


def test_what_only_looks_like_the_begin_of_a_frame_is_passed_over(
    story: Story, write: Write, opened: Open
) -> None:
    updates = story.updates(2)
    path = write(updates, finished=False)
    data = Path(path).read_bytes()
    with Recording(path) as recording:
        place = recording._snapshots[2].offset
    frame_like = HEADER.pack(data[place : place + 4], 10, 0, b"S", 1.0, 1.0)
    Path(path).write_bytes(data[:place] + frame_like * 3 + data[place:])

    assert [update.snapshot for update in updates] == _told(opened(path))


def test_nothing_is_unpacked_beyond_the_largest_frame(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = pack(story.snapshot(0))[HEADER.size :]
    assert story.snapshot(0) == recording_format.unpack(Snapshot, body)
    monkeypatch.setattr(recording_format, "LARGEST_BYTES", 100)
    assert None is recording_format.unpack(Snapshot, body)


def test_a_bomb_is_not_unpacked(story: Story, write: Write, opened: Open) -> None:
    updates = story.updates(1)
    path = write(updates, finished=False)
    bomb = zlib.compress(bytes(200 * 1024 * 1024), 9)
    good = pack(updates[0].snapshot, 200.0, 1.9e9)
    blank = HEADER.pack(good[:4], len(bomb), 0, b"S", 200.0, 1.9e9)
    covered = blank[4:8] + blank[12:]
    crc = zlib.crc32(bomb, zlib.crc32(covered))
    with open(path, "ab") as file:
        file.write(HEADER.pack(good[:4], len(bomb), crc, b"S", 200.0, 1.9e9) + bomb)

    assert [*(update.snapshot for update in updates), None] == _told(opened(path))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty: nothing was recorded in it"),
        (b"#!/bin/sh\n", "is no recording of pooltop"),
        (b"pooltop recording 0\n", "is no recording of pooltop"),
        (b"pooltop recording 4", "is no recording of pooltop"),
        (b"pooltop recording 99999999999\n", "is no recording of pooltop"),
        (
            b"pooltop recording 5\nanything",
            "was recorded by a newer pooltop (format 5; this one reads 2 to 4): a newer pooltop "
            "can replay it",
        ),
        (
            b"pooltop recording 1\nanything",
            "was recorded by an older pooltop (format 1; this one reads 2 to 4): an older pooltop "
            "can replay it",
        ),
        (MAGIC, "ends before its first whole snapshot"),
        (MAGIC + b"\xf5Ptf" * 1000, "ends before its first whole snapshot"),
        (
            MAGIC
            + pack(Meta(pooltop="9.9"))
            + pack(Bookmark(at=1, wall_at=1, kind="edit", text="")),
            "ends before its first whole snapshot",
        ),
    ],
)
def test_what_is_no_recording_is_told_in_a_sentence(
    tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "r"
    path.write_bytes(content)
    with pytest.raises(RecordingError) as caught:
        Recording(str(path))
    assert f"{path} {words}" == str(caught.value)


def test_what_is_no_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    pipe = str(tmp_path / "pipe")
    os.mkfifo(pipe)
    gone = str(tmp_path / "gone")
    words = {
        str(tmp_path): f"{tmp_path} is a directory, not a recording",
        pipe: f"{pipe} is no regular file, not a recording",
        gone: f"{gone}: no such file",
        "a\0b": "a\0b cannot be read: embedded null byte",
    }
    told = {}
    for path in words:
        with pytest.raises(RecordingError) as caught:
            Recording(path)
        told[path] = str(caught.value)
    assert words == told


def test_a_file_without_permission_is_told(
    story: Story, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(story.updates(1))

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RecordingError, match="cannot be read: Permission denied"):
        Recording(path)


def test_snapshots_of_another_world_are_told_with_who_wrote_them(tmp_path: Path) -> None:
    path = tmp_path / "r"
    odd = _as_snapshot(pack(Bookmark(at=1, wall_at=1, kind="edit", text="")))
    path.write_bytes(MAGIC + pack(Meta(pooltop="9.9")) + odd)

    with pytest.raises(RecordingError, match=r"no snapshot that can be read \(pooltop 9\.9\)"):
        Recording(str(path))


def test_a_recording_of_the_format_before_is_read_whole(opened: Open) -> None:
    recording = opened(str(Path(__file__).with_name("recording_2.ptr")))

    first, last = _told(recording)
    assert first is not None
    assert last is not None
    agent = last.agents[0]
    origin = agent.origins[0]
    assert ("0.5", [100.0, 101.0]) == (recording.meta.pooltop, [first.at, last.at])
    assert (21, ["s4 closed by peer, 1 request"]) == (
        origin.counters.submitted,
        [entry.text for entry in recording.journal(100.0, 101.0).entries],
    )
    assert [(1, 6, 1, 0.0101), (2, 7, 2, 0.0101)] == [
        (each.id, each.requests, each.request, each.kernel and each.kernel.rtt)
        for each in origin.sockets
    ]
    assert [("POST", QueueReason.MAX_SOCKETS, 2)] == [
        (each.method, each.why, each.overtaken_by) for each in origin.requests
    ]
    assert ("http.Agent", None, None, (), None, [None] * 2, 0) == (
        agent.kind,
        agent.dispatcher,
        origin.stats,
        origin.clients,
        origin.requests[0].client,
        [each.session for each in origin.sockets],
        origin.counters.goaways,
    )


def test_neither_cuts_nor_flipped_bits_show_what_was_never_told(
    story: Story, write: Write, tmp_path: Path
) -> None:
    updates = story.updates(8)
    good = Path(write(updates, name="good")).read_bytes()
    snapshots = [update.snapshot for update in updates]
    entries = {entry for update in updates for entry in update.entries}
    rolls = random.Random(7)
    read = 0
    for round_ in range(400):
        data = bytearray(good)
        for _ in range(rolls.randrange(4)):
            data[rolls.randrange(len(data))] ^= 1 << rolls.randrange(8)
        if round_ % 2:
            del data[rolls.randrange(len(data)) :]
        path = tmp_path / "fuzzed"
        path.write_bytes(data)
        try:
            recording = Recording(str(path))
        except RecordingError:
            continue
        with recording:
            told = [snapshot for snapshot in _told(recording) if snapshot is not None]
            assert [] == [snapshot for snapshot in told if snapshot not in snapshots]
            assert entries >= set(recording.journal(-math.inf, math.inf).entries)
            assert sorted(recording.at) == list(recording.at)
            assert isinstance(recording.note, str)
            read += len(told)
    assert read > 400


# What the disk does


def test_a_full_disk_leaves_a_file_that_is_whole_up_to_there(
    story: Story, tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    updates = story.updates(3)
    file = RecordingFile(str(tmp_path / "r"))
    file.begin(Meta())
    for update in updates[:4]:
        file.append(update)
    real = os.write
    room = [100]

    def fill(descriptor: int, data: bytes) -> int:
        if not room[0]:
            raise OSError(28, "No space left on device")
        written = real(descriptor, bytes(data)[: room[0]])
        room[0] -= written
        return written

    monkeypatch.setattr(os, "write", fill)
    with pytest.raises(OSError, match="No space left"):
        file.append(updates[4])
    with pytest.raises(OSError, match="No space left"):
        file.finish()
    monkeypatch.undo()

    recording = opened(str(tmp_path / "r"))
    assert [update.snapshot for update in updates[:4]] == _told(recording)
    assert recording.note.startswith("the recording was not ended in order")


# Bookmarks


def _bookmarks(*snapshots: Snapshot) -> list[tuple[float, str, str]]:
    finder = BookmarkFinder()
    return [(m.at - 100.0, m.kind, m.text) for s in snapshots for m in finder.look(s)]


def test_an_edit_is_a_bookmark_once(story: Story) -> None:
    def edit(number: int, before: object, after: object, **who: str) -> EditRecord:
        return EditRecord(
            number=number, at=1.0, wall_at=1.0, before=before, after=after, by="operator", **who
        )

    first = edit(1, 1.0, None, agent="one", option="max_sockets")
    second = edit(2, True, False, agent="one", option="keep_alive")
    third = edit(3, 5.0, 7.5, workload="browse", option="rate")
    assert [
        (1.0, "edit", "edit 2 one keepAlive on > off"),
        (3.0, "edit", "edit 3 browse rate 5 > 7.5"),
    ] == _bookmarks(
        story.snapshot(0, edits=(first,)),
        story.snapshot(1, edits=(first, second)),
        story.snapshot(2, edits=(first, second)),
        story.snapshot(3, edits=(second, third)),
    )


def test_a_host_that_saturates_is_a_bookmark_once_until_it_was_quiet(story: Story) -> None:
    queues = [0, 0, 4, 5, 0, 3, *[0] * 11, 9]
    assert [
        (2.0, "alert", "one a:80 saturated: 1/1 in use, 4 queued"),
        (17.0, "alert", "one a:80 saturated: 1/1 in use, 9 queued"),
    ] == _bookmarks(*(story.snapshot(s, queued=queued) for s, queued in enumerate(queues)))


def test_a_burst_of_errors_is_a_bookmark_and_a_single_one_is_not(story: Story) -> None:
    counters = [{}, {"failed": {"E": 1}}, {"failed": {"E": 1}, "statuses": {503: 5, 404: 90}}]
    assert [(2.0, "errors", "one a:80 5 errors")] == _bookmarks(
        *(story.snapshot(s, counters=each) for s, each in enumerate(counters))
    )


def test_a_load_that_is_paused_or_ends_is_a_bookmark(story: Story) -> None:
    def load(state: str) -> WorkloadSnapshot:
        return WorkloadSnapshot(name="w", agent="one", target="a:80", state=state, pattern="")

    states = ["running", "running", "paused", "running", "done", "done"]
    assert [
        (2.0, "load", "w paused"),
        (3.0, "load", "w running"),
        (4.0, "load", "w done"),
    ] == _bookmarks(*(story.snapshot(s, workloads=(load(x),)) for s, x in enumerate(states)))


def test_a_threshold_that_begins_to_fail_is_a_bookmark_each_time(story: Story) -> None:
    def stands(since: float | None) -> tuple[ThresholdState, ...]:
        return (ThresholdState(text="held"), ThresholdState(text="t", since=since))

    states = [None, 101.0, 101.0, None, 104.0]
    assert [
        (1.0, "alert", "threshold failed: t"),
        (4.0, "alert", "threshold failed: t"),
    ] == _bookmarks(*(story.snapshot(n, thresholds=stands(s)) for n, s in enumerate(states)))


@pytest.mark.parametrize(("number", "words"), [(2, "w0, w1 done"), (4, "4 workloads done")])
def test_what_changes_together_is_one_bookmark(story: Story, number: int, words: str) -> None:
    def loads(state: str) -> tuple[WorkloadSnapshot, ...]:
        return tuple(
            WorkloadSnapshot(name=f"w{n}", agent="one", target="", state=state, pattern="")
            for n in range(number)
        )

    before, after = (story.snapshot(s, workloads=loads(x)) for s, x in enumerate(("a", "done")))
    assert [(1.0, "load", words)] == _bookmarks(before, after)


@pytest.mark.parametrize("finished", [True, False])
def test_bookmarks_are_found_again_with_and_without_the_index(
    story: Story, write: Write, opened: Open, finished: bool
) -> None:
    updates = [story.update(s, queued=s // 3) for s in range(6)]
    recording = opened(write(updates, finished=finished))
    assert [(103.0, "alert")] == [(mark.at, mark.kind) for mark in recording.bookmarks]
