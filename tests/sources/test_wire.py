"""The wire: its bytes do not change unnoticed, and no cut or garbage confuses a reader."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.cutting import cut

from pooltop.core.class_snapshot import ClassSnapshot, PhaseDurations
from pooltop.core.company import Company, ViewerInfo
from pooltop.core.detail import Watch
from pooltop.core.dispatcher_snapshot import ClientInfo, GoAway, SessionInfo, SessionSettings
from pooltop.core.edits import Control, Edit, EditOutcome
from pooltop.core.histogram import Histogram
from pooltop.core.model import AgentOptions, AgentProfile, OriginKey, Profile, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    JournalEntry,
    OriginSnapshot,
    RequestInfo,
    Snapshot,
    SocketInfo,
    TCPInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import QueueReason, RequestState, SocketState
from pooltop.core.traffic import Workload
from pooltop.core.undici.options import DispatcherOptions
from pooltop.core.undici.records import Stats
from pooltop.sources import wire

GOLDEN = Path(__file__).with_name("wire_golden.json")

SNAPSHOT = Snapshot(
    seq=3,
    at=12.5,
    wall_at=1700000000.25,
    profile="p.toml",
    agents=(
        AgentSnapshot(
            name="a",
            options=AgentOptions(max_sockets=4.0),
            initial_options=AgentOptions(),
            origins=(
                OriginSnapshot(
                    key=OriginKey("h:80:"),
                    scheme="http",
                    host="h",
                    port=80,
                    sockets=(
                        SocketInfo(
                            id=SocketId(1),
                            state=SocketState.ACTIVE,
                            opened_at=1.0,
                            since=2.0,
                            kernel=TCPInfo(at=12.0, rtt=0.001, unacked=2),
                        ),
                    ),
                ),
            ),
        ),
    ),
    workloads=(
        WorkloadSnapshot(
            name="w",
            agent="a",
            target="h:80",
            state="running",
            pattern="open",
            classes=(
                ClassSnapshot(
                    name="c",
                    sent=2,
                    completed=1,
                    failed={"ECONNRESET": 1},
                    statuses={200: 1},
                    phases=PhaseDurations(total=Histogram.of({300: 1}, 0.5)),
                ),
            ),
        ),
    ),
)
SESSION = SessionInfo(
    streams=1,
    own=100,
    peer=SessionSettings(max_concurrent_streams=128),
    ping_rtt=0.01,
    goaway=GoAway(at=12.0, code=11, last_stream=5),
)
UNDICI = Snapshot(
    seq=4,
    at=12.5,
    wall_at=1700000000.25,
    agents=(
        AgentSnapshot(
            name="u",
            options=AgentOptions(max_sockets=1.0),
            initial_options=AgentOptions(max_sockets=1.0),
            dispatcher=DispatcherOptions(connections=1.0),
            origins=(
                OriginSnapshot(
                    key=OriginKey("https://h:443"),
                    scheme="https",
                    host="h",
                    port=443,
                    sockets=(
                        SocketInfo(
                            id=SocketId(1),
                            state=SocketState.ACTIVE,
                            opened_at=1.0,
                            since=2.0,
                            client=1,
                            session=SESSION,
                        ),
                    ),
                    running=(
                        RequestInfo(
                            id=RequestId(3),
                            state=RequestState.RUNNING,
                            method="GET",
                            target="/",
                            submitted_at=2.0,
                            socket=SocketId(1),
                            stream=5,
                        ),
                    ),
                    requests=(
                        RequestInfo(
                            id=RequestId(4),
                            state=RequestState.QUEUED,
                            method="GET",
                            target="/",
                            submitted_at=3.0,
                            why=QueueReason.PIPELINING,
                            client=1,
                        ),
                    ),
                    stats=Stats(connected=1, free=0, pending=1, queued=0, running=1, size=2),
                    clients=(ClientInfo(id=1, socket=SocketId(1), full=True, running=1),),
                    protocol="h2",
                ),
            ),
        ),
    ),
)
ENTRY = JournalEntry(seq=1, at=12.0, wall_at=1700000000.0, kind="LOAD", text="w started")
MESSAGES: dict[str, wire.Message] = {
    "hello": wire.Hello(version=1, pid=42),
    "update": wire.Update(snapshot=SNAPSHOT, entries=(ENTRY,), dropped=2),
    "undici": wire.Update(snapshot=UNDICI),
    "edit-done": wire.EditDone(number=1, outcome=EditOutcome(id=9, accepted=True, opened=3)),
    "control-done": wire.ControlDone(number=2),
    "company": wire.Update(
        snapshot=SNAPSHOT,
        company=Company(
            you=2,
            viewers=(
                ViewerInfo(number=1, pid=7, wall_since=1.0, read_only=True, kind="headless"),
                ViewerInfo(number=2, pid=8, wall_since=2.0, wall_holds_since=3.0),
            ),
        ),
    ),
    "launched": wire.Launched(name="prod", pid=42),
    "description": wire.Description(
        name="prod", pid=42, profile="p.toml", wall_started=1.0, viewers=2, load="running"
    ),
    "refused": wire.Refused(number=1, reason="no"),
    "goodbye": wire.Goodbye(reason="over"),
    "run": wire.Run(
        profile=Profile(
            path="p.toml",
            agents=(AgentProfile(name="a"),),
            workloads=(Workload(name="w", agent="a", base_url="http://127.0.0.1:80"),),
        ),
        interval_s=0.25,
    ),
    "launch": wire.Launch(name="prod", profile=Profile(path="p.toml")),
    "attach": wire.Attach(version=wire.VERSION, interval_s=1.0, kind="headless", read_only=True),
    "describe": wire.Describe(),
    "finish": wire.Finish(),
    "take-lock": wire.TakeLock(number=3, force=True),
    "release-lock": wire.ReleaseLock(number=4),
    "watch": wire.SetWatch(
        watch=Watch(agent="a", origin=OriginKey("h:80:"), request=RequestId(7), socket=SocketId(2))
    ),
    "watch-nothing": wire.SetWatch(watch=None),
    "destroy-socket": wire.SubmitControl(
        number=5, control=Control(action="destroy_socket", agent="a", socket=SocketId(3))
    ),
    "edit": wire.SubmitEdit(number=1, edit=Edit(id=9, agent="a", option="max_sockets", value=None)),
    "control": wire.SubmitControl(number=2, control=Control(action="stop")),
}
FROM_VIEWER = [name for name, message in MESSAGES.items() if isinstance(message, wire.FromViewer)]
FROM_ENGINE = [name for name, message in MESSAGES.items() if isinstance(message, wire.FromEngine)]


def test_the_golden_file_is_of_this_version() -> None:
    assert wire.VERSION == json.loads(GOLDEN.read_text())["version"]


@pytest.mark.parametrize("name", MESSAGES)
def test_the_bytes_of_a_message_are_those_of_the_golden_file(name: str) -> None:
    golden = json.loads(GOLDEN.read_text())["messages"]

    assert golden[name] == wire.encode(MESSAGES[name]).hex(), (
        "the wire changed: raise VERSION if an older peer would misread it, then write the "
        "golden file anew"
    )


@pytest.mark.parametrize("name", FROM_ENGINE)
def test_a_viewer_reads_what_an_engine_of_the_golden_file_says(name: str) -> None:
    data = bytes.fromhex(json.loads(GOLDEN.read_text())["messages"][name])

    assert [MESSAGES[name]] == [wire.read_from_engine(body) for body in cut(wire.Frames(), data)]


@pytest.mark.parametrize("name", FROM_VIEWER)
def test_an_engine_reads_what_a_viewer_of_the_golden_file_says(name: str) -> None:
    data = bytes.fromhex(json.loads(GOLDEN.read_text())["messages"][name])

    assert [MESSAGES[name]] == [wire.read_from_viewer(body) for body in cut(wire.Frames(), data)]


@given(
    names=st.lists(st.sampled_from(sorted(MESSAGES)), max_size=6),
    cuts=st.lists(st.integers(0, 4000), max_size=12),
)
def test_messages_come_out_whole_however_the_stream_is_cut(
    names: list[str], cuts: list[int]
) -> None:
    data = b"".join(wire.encode(MESSAGES[name]) for name in names)
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    frames = wire.Frames()

    bodies = [
        body for start, end in itertools.pairwise(edges) for body in cut(frames, data[start:end])
    ]

    assert [wire.encode(MESSAGES[name])[4:] for name in names] == bodies


def test_memory_grows_with_what_came_and_not_with_what_is_announced() -> None:
    frames = wire.Frames()
    first = len(frames.room())
    for _ in range(10):
        assert [] == cut(frames, (60 << 20).to_bytes(4, "big") if _ == 0 else b"x")
    assert first > len(frames.room())

    assert [] == cut(frames, bytes(first - 13))
    assert first == len(frames.room()), "twice as much, half of it full"


def test_memory_that_one_large_message_needed_is_not_kept() -> None:
    frames, large = wire.Frames(), 20 << 20
    first = len(frames.room())
    message = large.to_bytes(4, "big") + bytes(large)

    (body,) = cut(frames, message + b"\0\0\0\4ab")
    assert large == len(body)
    assert first - 6 == len(frames.room())
    assert [b"abcd"] == cut(frames, b"cd")


def test_no_limit_survives_the_wire() -> None:
    body = wire.encode(MESSAGES["run"])[4:]
    message = wire.read_from_viewer(body)

    assert isinstance(message, wire.Run)
    assert math.isinf(message.profile.agents[0].options.max_sockets)


def test_a_length_over_the_limit_is_refused_before_anything_is_kept() -> None:
    with pytest.raises(wire.WireError, match="a message of 11 bytes is announced, 10 are allowed"):
        cut(wire.Frames(largest=10), (11).to_bytes(4, "big"))


@given(st.binary(max_size=200))
def test_garbage_is_refused_and_never_anything_else(body: bytes) -> None:
    for read in (wire.read_from_engine, wire.read_from_viewer):
        try:
            read(body)
        except wire.WireError as error:
            assert "what is no message" in str(error)  # noqa: PT017 - most of it is garbage


def test_a_message_of_the_other_side_is_refused() -> None:
    with pytest.raises(wire.WireError, match="the viewer sent what is no message"):
        wire.read_from_viewer(wire.encode(MESSAGES["hello"])[4:])


def test_an_unknown_field_is_ignored() -> None:
    body = msgspec.msgpack.encode({"type": "goodbye", "reason": "over", "later": 1})

    assert wire.Goodbye(reason="over") == wire.read_from_engine(body)


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(wire.WireError, match="text that cannot be sent"):
        wire.encode(wire.Goodbye(reason="\udcff"))


@pytest.mark.parametrize("interval_s", [0.0, -1.0, math.nan, 4000.0])
def test_an_interval_that_would_spin_or_never_come_is_refused(interval_s: float) -> None:
    body = msgspec.msgpack.encode(
        {"type": "run", "profile": {"path": "p"}, "interval_s": interval_s}
    )

    with pytest.raises(wire.WireError):
        wire.read_from_viewer(body)


@pytest.mark.parametrize("queue", [-1, 10_001, 2**63])
def test_a_watch_of_more_than_there_is_to_see_is_refused(queue: int) -> None:
    watch = Watch(agent="a", origin=OriginKey("h:80:"), queue=queue)

    with pytest.raises(wire.WireError):
        wire.read_from_viewer(wire.encode(wire.SetWatch(watch=watch))[4:])
