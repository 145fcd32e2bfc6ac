"""Several viewers of one engine: what each sees, who may write, and what nobody can do to it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import pytest
from support.cutting import cut

from pooltop.core.detail import Watch
from pooltop.core.edits import Control, Edit
from pooltop.engine.journal import CAPACITY
from pooltop.errors import EngineError
from pooltop.sources import door, peer, wire
from pooltop.sources.base import Standing
from pooltop.sources.peer import Peer
from pooltop.sources.roll import MOST_VIEWERS

if TYPE_CHECKING:
    from conftest import Attach, Station, Until, Viewer


class TakeAll(Protocol):
    """Takes descriptors, and gives them back."""

    give_back: Callable[[], None]

    def __call__(self) -> None:
        """Take every one that is left."""


EDIT = Edit(id=7, agent="a", option="max_sockets", value=5)


def _entries(viewer: Viewer) -> list[str]:
    return [entry.text for update in viewer.updates for entry in update.entries]


async def test_every_viewer_sees_the_whole_journal_and_each_others_coming(
    station: Station, attach: Attach
) -> None:
    _, first = await attach()
    _, second = await attach()
    station.hosting.engine.journal.write("INFO", "something")
    for viewer in (first, second):
        await viewer.until(lambda viewer=viewer: "something" in _entries(viewer))

    pid = os.getpid()
    expected = [
        f"viewer 1 (pid {pid}) is attached and holds the write lock",
        f"viewer 2 (pid {pid}) is attached",
        "something",
    ]
    assert [expected, expected] == [
        [text for text in _entries(viewer) if not text.startswith("w started: ")]
        for viewer in (first, second)
    ]
    assert [0, 0] == [sum(u.dropped for u in viewer.updates) for viewer in (first, second)]


async def test_only_the_holder_edits_and_others_are_told_who_it_is(
    station: Station, attach: Attach
) -> None:
    first, _ = await attach()
    second, _ = await attach()

    refused = await second.submit(EDIT)
    with pytest.raises(EngineError, match=r"viewer 1 \(pid \d+, since \d\d:\d\d\) holds the write"):
        await second.control(Control(action="pause"))
    accepted = await first.submit(EDIT)

    words = r"read-only: viewer 1 \(pid \d+, since \d\d:\d\d\) holds the write lock; take it first"
    assert (False, True, 7) == (refused.accepted, accepted.accepted, refused.id)
    assert re.fullmatch(words, refused.error)
    assert "running" == station.hosting.load


@pytest.fixture
def take_all_descriptors() -> Iterator[TakeAll]:
    """Leave this process not one descriptor; ``give_back`` has them back."""
    _, hard = before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 64, hard))
    with contextlib.ExitStack() as held:

        def take() -> None:
            with contextlib.suppress(OSError):
                while True:
                    held.callback(os.close, os.dup(0))

        take.give_back = held.close  # type: ignore[attr-defined]
        yield cast("TakeAll", take)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_who_comes_is_let_in_where_the_load_has_taken_every_descriptor(
    station: Station, runtime_dir: Path, take_all_descriptors: TakeAll
) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(socket.socket(socket.AF_UNIX)) for _ in range(5)]
        take_all_descriptors()
        for client in clients:
            client.setblocking(False)
            await loop.sock_connect(client, str(runtime_dir / "e.sock"))
        *first, last = clients
        async with asyncio.timeout(10):
            for client in first:
                assert b"" != await loop.sock_recv(client, 1)
            while station.door._again is None:  # it does not spin for the fifth
                await asyncio.sleep(0)
            take_all_descriptors.give_back()
            assert b"" != await loop.sock_recv(last, 1)


async def test_stop_works_for_everybody(station: Station, attach: Attach) -> None:
    _, holder = await attach()
    reader, _ = await attach(read_only=True)

    await reader.control(Control(action="stop"))

    assert "stopped" == station.hosting.load
    await holder.until(lambda: "the load was stopped by viewer 2" in _entries(holder))


async def test_whoever_loses_the_lock_is_told_at_once_and_may_not_write_any_more(
    station: Station, attach: Attach
) -> None:
    first, loser = await attach(interval_s=60.0)
    second, _ = await attach()
    assert (Standing.MINE, Standing.THEIRS) == (first.lock.standing, second.lock.standing)

    with pytest.raises(EngineError, match="viewer 1 .* holds the write lock; take it first"):
        await second.lock.take()
    await second.lock.take(force=True)
    await loser.until(lambda: first.lock.standing is Standing.THEIRS)

    holder = first.lock.holder
    assert holder is not None
    assert (2, Standing.MINE) == (holder.number, second.lock.standing)
    pid = os.getpid()
    await loser.until(
        lambda: f"viewer 2 took the write lock from viewer 1 (pid {pid})" in _entries(loser)
    )
    assert not (await first.submit(EDIT)).accepted
    assert (await second.submit(EDIT)).accepted


async def test_a_viewer_that_goes_frees_the_lock_for_whoever_takes_it(
    station: Station, attach: Attach
) -> None:
    first, _ = await attach()
    second, viewer = await attach()

    await first.close()
    await viewer.until(lambda: second.lock.standing is Standing.FREE)
    refused = await second.submit(EDIT)
    await second.lock.take()

    assert "read-only: nobody holds the write lock; take it first" == refused.error
    assert (await second.submit(EDIT)).accepted
    await second.lock.release()
    await viewer.until(lambda: second.lock.standing is Standing.FREE)
    assert "running" == station.hosting.load


async def test_a_read_only_viewer_never_has_the_lock(station: Station, attach: Attach) -> None:
    reader, _ = await attach(read_only=True)

    with pytest.raises(EngineError, match="nobody holds the write lock; this viewer was started"):
        await reader.lock.take(force=True)

    assert ("attached read-only", Standing.FREE) == (reader.fixed, reader.lock.standing)


async def test_one_viewer_too_many_is_told_so_and_a_question_is_still_answered(
    station: Station, attach: Attach, make_viewer: type[Viewer]
) -> None:
    for _ in range(MOST_VIEWERS):
        await attach()

    with pytest.raises(EngineError, match="8 viewers are attached, which is the most: pid"):
        await attach()

    with station.raw() as end:
        end.sendall(wire.encode(wire.Describe()))
        assert isinstance((await _read_all(end))[-1], wire.Description)


async def test_each_viewer_has_the_details_of_the_host_that_it_looks_at(
    station: Station, attach: Attach, until: Until
) -> None:
    first, one = await attach()
    second, two = await attach()
    third, three = await attach()
    (origin,) = one.updates[-1].snapshot.agents[0].origins
    watch = Watch(agent="a", origin=origin.key)

    first.watch(watch)
    second.watch(watch)
    for viewer in (one, two):
        await viewer.until(lambda viewer=viewer: bool(viewer.updates[-1].snapshot.details))
    assert [1, 1, 0] == [len(viewer.updates[-1].snapshot.details) for viewer in (one, two, three)]

    second.watch(None)
    await two.until(lambda: not two.updates[-1].snapshot.details)
    assert 1 == len(one.updates[-1].snapshot.details)
    await first.close()
    await until(lambda: len(station.hosting.roll) == 2)
    assert () == station.hosting.engine.snapshot().details
    del third


async def _read_all(end: socket.socket) -> list[wire.FromEngine]:
    """Read until the engine closes."""
    loop = asyncio.get_running_loop()
    end.setblocking(False)
    frames = wire.Frames()
    messages: list[wire.FromEngine] = []
    async with asyncio.timeout(10):
        while data := await loop.sock_recv(end, 65536):
            messages += [wire.read_from_engine(body) for body in cut(frames, data)]
    return messages


async def test_a_viewer_that_does_not_read_misses_updates_and_is_told_how_many_entries(
    station: Station, attach: Attach, until: Until
) -> None:
    _, quick = await attach()
    journal = station.hosting.engine.journal
    with station.raw() as end:
        end.sendall(wire.encode(wire.Attach(version=wire.VERSION, interval_s=0.1)))
        await until(lambda: len(station.hosting.roll) == 2)
        seat = station.hosting._seats[2]
        while seat.is_ready():
            station.hosting._pump.now()
            await asyncio.sleep(0)
        unsent = seat.channel.backlog_bytes
        for n in range(CAPACITY + 50):
            journal.write("INFO", str(n), host=str(n))
            if n % 100 == 0:
                station.hosting._pump.now()
        last = journal._seq
        assert unsent == seat.channel.backlog_bytes, "what is unsent is one update, and stays one"
        await quick.until(lambda: any(e.seq == last for u in quick.updates for e in u.entries))
        assert not seat.is_ready()

        loop = asyncio.get_running_loop()
        end.setblocking(False)
        frames, seen, dropped, seqs = wire.Frames(), 0, 0, []
        async with asyncio.timeout(10):
            while seen < last:
                data = await loop.sock_recv(end, 1 << 20)
                for message in map(wire.read_from_engine, cut(frames, data)):
                    if isinstance(message, wire.Update):
                        dropped += message.dropped
                        seqs += [entry.seq for entry in message.entries]
                        seen = max([0, *seqs])

    assert dropped >= 50
    assert len(seqs) + dropped == seen
    assert sorted(set(seqs)) == seqs


HOSTILE = {
    "garbage": b"\x00\x00\x00\x04\xc1\xc1\xc1\xc1",
    "http": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a huge length": b"\xff\xff\xff\xff",
    "more than a request may have": (1 << 20).to_bytes(4, "big"),
    "an edit before it is attached": wire.encode(wire.SubmitEdit(number=1, edit=EDIT)),
    "a launch": wire.encode(wire.Launch(name="x", profile=wire.Profile(path="p"))),
    "attached twice": wire.encode(wire.Attach(version=wire.VERSION)) * 2,
    "an end by a viewer": wire.encode(wire.Attach(version=wire.VERSION))
    + wire.encode(wire.Finish()),
    "an interval that would spin": wire.encode(
        wire.Attach(version=wire.VERSION, interval_s=0.0001)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_who_sends_what_is_no_message_is_closed_and_nobody_else_notices(
    station: Station,
    attach: Attach,
    name: str,
    until: Until,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "_FIRST_S", 60.0)  # it is closed for what it sends
    source, viewer = await attach()
    with station.raw() as end:
        end.sendall(HOSTILE[name])
        with contextlib.suppress(ConnectionResetError):
            await _read_all(end)

    before = viewer.completed
    await viewer.until(lambda: viewer.completed > before)
    await until(lambda: len(station.hosting.roll) == 1)
    assert ([], []) == (viewer.ends, station.finished)
    assert (await source.submit(EDIT)).accepted


@pytest.mark.parametrize("sent", [b"", b"\x00\x00", b"\x00\x00\x01\x00half"])
async def test_who_says_nothing_whole_is_closed_after_a_while(
    station: Station, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(door, "_FIRST_S", 0.05)
    with station.raw() as end:
        end.sendall(sent)
        last = (await _read_all(end))[-1]

    assert wire.Goodbye(reason="nothing was asked for within 0.05 s") == last


async def test_who_asks_and_never_reads_is_dropped_and_holds_no_memory(
    station: Station, attach: Attach, until: Until
) -> None:
    _, viewer = await attach()
    refused = wire.encode(wire.SubmitEdit(number=1, edit=EDIT))
    with station.raw() as end:
        end.sendall(wire.encode(wire.Attach(version=wire.VERSION)))
        end.setblocking(False)
        loop = asyncio.get_running_loop()
        with pytest.raises((ConnectionResetError, BrokenPipeError)):
            async with asyncio.timeout(20):
                while True:
                    await loop.sock_sendall(end, refused * 500)
        await until(lambda: len(station.hosting.roll) == 1)

    before = viewer.completed
    await viewer.until(lambda: viewer.completed > before)


async def test_connections_beyond_the_most_are_closed_and_room_comes_again(
    station: Station, attach: Attach, until: Until
) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(door._MOST_CONNECTIONS):
            held.enter_context(station.raw())
            await asyncio.sleep(0)
        with station.raw() as end:
            assert [] == await _read_all(end)

    for _ in range(100):  # their ends have to be seen first
        with contextlib.suppress(EngineError):
            await attach()
            break
    else:
        pytest.fail("there is no room again")


async def test_another_users_process_is_closed_unheard(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "peer_of", lambda _: Peer(pid=1, uid=os.geteuid() + 1))
    with station.raw() as end:
        assert [] == await _read_all(end)


async def test_an_engine_of_another_user_is_not_spoken_to(
    station: Station, attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    uid = os.geteuid()
    monkeypatch.setattr(peer, "peer_of", lambda _: Peer(pid=9, uid=uid + 1))

    with pytest.raises(
        EngineError, match=f"process 9 at the other end belongs to user {uid + 1}, not to {uid}"
    ):
        await attach()


async def test_the_kernel_tells_whose_process_is_at_the_other_end() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert Peer(pid=os.getpid(), uid=os.geteuid()) == peer.peer_of(ours)


async def test_a_viewer_of_another_version_is_told_both_versions(station: Station) -> None:
    with station.raw() as end:
        end.sendall(wire.encode(wire.Attach(version=99)))
        last = (await _read_all(end))[-1]

    words = f"this viewer speaks version 99 of the wire, the engine {wire.VERSION}"
    assert wire.Goodbye(reason=words) == last


async def test_an_engine_of_another_version_is_told_with_what_helps(
    station: Station, attach: Attach, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "VERSION", 1)

    with pytest.raises(EngineError) as caught:
        await attach()

    assert (
        f"the engine speaks version 1 of the wire, not {wire.VERSION}: attach with the pooltop "
        "that started it, or end it with pooltop stop e and start it anew"
    ) == str(caught.value)


async def test_who_may_end_it_ends_it(station: Station, until: Until) -> None:
    with station.raw() as end:
        end.sendall(wire.encode(wire.Finish()))
        await until(lambda: bool(station.finished))

    assert [f"the engine was stopped by pooltop stop (pid {os.getpid()})"] == station.finished


async def test_who_cannot_be_told_anything_was_never_there(
    station: Station, attach: Attach
) -> None:
    class Mute:
        backlog_bytes = 0

        def send(self, message: wire.Message) -> int:
            raise wire.WireError("it cannot be written down")

    with pytest.raises(wire.WireError):
        station.hosting.join(Mute(), interval_s=1.0)  # type: ignore[arg-type]
    assert 0 == len(station.hosting.roll)

    source, _ = await attach()
    assert (await source.submit(EDIT)).accepted, "the write lock is free"
