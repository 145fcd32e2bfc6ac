"""A source that is recorded: the viewer notices nothing, and whatever the disk does is told."""

from __future__ import annotations

import math
import os
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pooltop
from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.model import AgentOptions, AgentProfile, OriginKey, Profile, ProxyEnv, TLSOptions
from pooltop.core.traffic import RequestClass, Workload
from pooltop.sources import recording_writer
from pooltop.sources.base import OwnLock, Update
from pooltop.sources.local import LocalSource
from pooltop.sources.recording import RecordingTee
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile, RecordingThread

if TYPE_CHECKING:
    from conftest import Serve, Story, Until, Viewer

Open = Callable[[str], Recording]


class Engine:
    """A source whose updates come when the test says so."""

    title = "p.toml"
    fixed = ""

    def __init__(self) -> None:
        """Begin with nothing asked."""
        self.lock = OwnLock()
        self.asked: list[object] = []
        self.say: Callable[[Update], None] = self.asked.append
        self.end: Callable[[str], None] = self.asked.append

    async def start(
        self, on_update: Callable[[Update], None], on_end: Callable[[str], None]
    ) -> None:
        """Keep the callbacks."""
        self.say, self.end = on_update, on_end

    async def submit(self, edit: Edit) -> EditOutcome:
        """Keep what was asked."""
        self.asked.append(edit)
        return EditOutcome(id=edit.id, accepted=True)

    async def control(self, control: Control) -> None:
        """Keep what was asked."""
        self.asked.append(control)

    def watch(self, watch: Watch | None) -> None:
        """Keep what was asked."""
        self.asked.append(watch)

    async def close(self) -> None:
        """Keep what was asked."""
        self.asked.append("close")


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Give a name that is free."""
    return str(tmp_path / "r.ptr")


def _told(recording: Recording) -> list[object]:
    return [recording.snapshot(index) for index in range(len(recording))]


async def test_the_viewer_and_the_file_are_told_the_same(
    story: Story, path: str, viewer: Viewer, opened: Open
) -> None:
    engine = Engine()
    tee = RecordingTee(engine, path, seeds={"w": 7}, interval_s=0.5)
    await tee.start(viewer.on_update, viewer.on_end)
    updates = [story.update(0, environment="prod"), *story.updates(5)[1:]]
    for update in updates:
        engine.say(update)
    engine.end("it died")
    await tee.close()
    await tee.close()

    assert updates == viewer.updates
    assert ["it died"] == viewer.ends
    recording = opened(path)
    assert [update.snapshot for update in updates] == _told(recording)
    assert ("", "p.toml", "prod", {"w": 7}, 0.5, 1.9e9, pooltop.__version__) == (
        recording.note,
        recording.meta.title,
        recording.meta.environment,
        recording.meta.seeds,
        recording.meta.interval_s,
        recording.meta.wall_started,
        recording.meta.pooltop,
    )
    assert f"recorded 11 instants in {path}" == tee.summary()
    assert os.path.getsize(path) == tee.recorded_bytes


async def test_what_is_asked_reaches_the_engine(story: Story, path: str, viewer: Viewer) -> None:
    engine = Engine()
    tee = RecordingTee(engine, path)
    await tee.start(viewer.on_update, viewer.on_end)
    edit = Edit(id=3, agent="one", option="max_sockets", value=1)
    control = Control(action="pause")
    watch = Watch(agent="one", origin=OriginKey("k"))

    assert EditOutcome(id=3, accepted=True) == await tee.submit(edit)
    await tee.control(control)
    tee.watch(watch)
    await tee.close()

    assert [edit, control, watch, "close"] == engine.asked[:4]
    assert engine.lock is tee.lock
    assert ([], f"nothing was recorded in {path}") == (os.listdir(Path(path).parent), tee.summary())


async def test_a_full_disk_stops_the_recording_and_not_the_session(
    story: Story,
    path: str,
    viewer: Viewer,
    opened: Open,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    tee = RecordingTee(engine, path)
    await tee.start(viewer.on_update, viewer.on_end)
    updates = story.updates(4)
    real = os.write
    is_full = threading.Event()

    def write(descriptor: int, data: bytes) -> int:
        if is_full.is_set() and descriptor == tee._file._file.descriptor:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    for update in updates[:3]:
        engine.say(update)
    await until(lambda: tee._file.snapshots == 3)
    is_full.set()
    engine.say(updates[3])
    await until(lambda: tee.failure != "")
    for update in updates[4:]:
        engine.say(update)
    await tee.close()

    assert len(updates) == len(viewer.updates)
    words = "the recording stopped: No space left on device; all before this is in it"
    said = [e.text for u in viewer.updates for e in u.entries if e.text.startswith("the rec")]
    assert [words] == said
    assert words == tee.failure
    assert [update.snapshot for update in updates[:3]] == _told(opened(path))
    assert tee.summary().endswith(f"; {words}")


async def test_a_slow_disk_costs_pictures_and_is_told(
    story: Story,
    path: str,
    viewer: Viewer,
    opened: Open,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate = threading.Event()
    real = RecordingFile.append

    def append(self: RecordingFile, update: Update) -> None:
        gate.wait(10)
        real(self, update)

    monkeypatch.setattr(RecordingFile, "append", append)
    engine = Engine()
    tee = RecordingTee(engine, path)
    await tee.start(viewer.on_update, viewer.on_end)
    for update in story.updates(50):
        engine.say(update)
    gate.set()
    await tee.close()

    said = [e.text for u in viewer.updates for e in u.entries if e.text.startswith("the disk")]
    assert ["the disk is slow: instants are left out of the recording"] == said
    assert 101 == len(viewer.updates) == tee._file.snapshots + tee._thread.missed
    assert f", {tee._thread.missed} left out: the disk was slow" in tee.summary()
    assert tee._thread.missed > 0
    recording = opened(path)
    told = recording.journal(-math.inf, math.inf)
    assert (list(range(1, 102)), 0) == ([entry.seq for entry in told.entries], told.dropped)
    assert recording.at[-1] == viewer.updates[-1].snapshot.at


def test_entries_of_what_was_left_out_are_carried_to_a_bound_and_counted_beyond(
    story: Story, path: str, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_writer, "_MOST_PENDING", 2)
    monkeypatch.setattr(recording_writer, "_MOST_CARRIED", 5)
    gate = threading.Event()
    real = RecordingFile.begin
    monkeypatch.setattr(
        RecordingFile, "begin", lambda self, meta: (gate.wait(10), real(self, meta))
    )
    thread = RecordingThread(RecordingFile(path))
    thread.begin(Meta())
    for update in story.updates(5):
        thread.put(update)
    gate.set()
    assert thread.finish(within_s=10)

    journal = opened(path).journal(-math.inf, math.inf)
    assert ([1, 7, 8, 9, 10, 11], 5) == ([each.seq for each in journal.entries], journal.dropped)
    assert 9 == thread.missed


def test_whatever_is_wrong_with_an_update_is_told_and_what_was_before_is_kept(
    story: Story, path: str, opened: Open
) -> None:
    thread = RecordingThread(RecordingFile(path))
    thread.begin(Meta())
    thread.put(story.update(0))
    thread.put(story.update(1, seq=2**70))
    thread.put(story.update(2))
    assert thread.finish(within_s=10)

    assert thread.failure.startswith("the recording stopped: ")
    assert thread.failure.endswith("; all before this is in it")
    assert [story.snapshot(0)] == _told(opened(path))


def test_a_disk_that_hangs_holds_nobody_up(
    story: Story, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    monkeypatch.setattr(RecordingFile, "begin", lambda *_: gate.wait(10))
    thread = RecordingThread(RecordingFile(path))
    thread.begin(Meta())
    try:
        assert not thread.finish(within_s=0.01)
    finally:
        gate.set()
    assert thread.finish(within_s=10)


SECRETS = ("s3cret-header", "s3cret-query", "s3cret-body", "s3cret-proxy", "s3cret-phrase")


async def test_no_secret_of_a_profile_is_in_the_file(
    serve: Serve, path: str, viewer: Viewer
) -> None:
    header, query, body, proxy, phrase = SECRETS
    host = await serve()
    profile = Profile(
        path="test.toml",
        agents=(
            AgentProfile(
                name="a",
                options=AgentOptions(keep_alive=True, max_sockets=1),
                tls=TLSOptions(passphrase=phrase),
            ),
            AgentProfile(
                name="p",
                proxy_env=ProxyEnv(http_proxy=f"http://user:{proxy}@127.0.0.1:{host.port}"),
            ),
        ),
        workloads=tuple(
            Workload(
                name=f"w-{agent}",
                agent=agent,
                base_url=f"http://127.0.0.1:{host.port}",
                model="closed",
                users=3,
                max_requests=20,
                requests=(
                    RequestClass(
                        name="r",
                        method="POST",
                        path=f"/x?token={query}",
                        headers=(("Authorization", f"Bearer {header}"), ("Cookie", header)),
                        body=body.encode(),
                    ),
                ),
            )
            for agent in ("a", "p")
        ),
    )
    tee = RecordingTee(LocalSource(profile, interval_s=0.05), path)
    await tee.start(viewer.on_update, viewer.on_end)
    await viewer.until(lambda: bool(viewer.updates[-1].snapshot.agents[0].origins))
    pool = viewer.updates[-1].snapshot.agents[0].origins[0]
    request = pool.running[0].id if pool.running else None
    tee.watch(Watch(agent="a", origin=pool.key, request=request))
    await viewer.until(
        lambda: all(w.state == "done" for w in viewer.updates[-1].snapshot.workloads)
    )
    await tee.close()

    with Recording(path) as recording:
        assert len(viewer.updates) == len(recording)
        places = [place for place, _ in recording._frames()]
        headers = [(place.offset, recording._header(place.offset)) for place in places]
        bodies = [recording._body(offset, header) for offset, header in headers if header]
    raw = b"".join(zlib.decompress(body) for body in bodies if body)
    assert b"127.0.0.1" in raw
    assert [] == [secret for secret in SECRETS if secret.encode() in raw]
