"""The engine in a process of its own: what its viewer sees, and what each side's death does."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pooltop.core import detail
from pooltop.core.edits import Control, Edit
from pooltop.core.model import RequestId, SocketId
from pooltop.core.traffic import RequestClass
from pooltop.errors import EngineError, ProfileError, UsageError
from pooltop.sources import wire
from pooltop.sources.channel import Channel, open_channel
from pooltop.sources.child import EngineProcess
from pooltop.sources.remote import RemoteSource

if TYPE_CHECKING:
    from conftest import MakeProfile, Serve, Silent, Until, Viewer

ROOT = str(Path(__file__).parents[2])


@pytest.fixture
def watch(
    stack: contextlib.AsyncExitStack, viewer: Viewer, profile_for: MakeProfile
) -> Callable[..., object]:
    """Start an engine on a port, watched by ``viewer``, ended after the test."""

    async def start(port: int, *, interval_s: float = 0.05, **more: object) -> RemoteSource:
        source = RemoteSource(profile_for(port, **more), interval_s=interval_s)
        stack.push_async_callback(source.close)
        await source.start(viewer.on_update, viewer.on_end)
        return source

    return start


Watch = Callable[..., "asyncio.Future[RemoteSource]"]


async def test_updates_arrive_in_order_and_count_what_the_server_counts(
    serve: Serve, watch: Watch, viewer: Viewer
) -> None:
    host = await serve()
    await watch(host.port, max_requests=40)
    await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].state == "done")

    seqs = [update.snapshot.seq for update in viewer.updates]
    assert list(range(1, len(seqs) + 1)) == seqs
    assert (40, 40) == (viewer.completed, host.requests)
    assert host.accepted == viewer.updates[-1].snapshot.agents[0].origins[0].counters.opened


async def test_the_first_update_is_the_zero_before_anything_was_sent(
    serve: Serve, watch: Watch, viewer: Viewer
) -> None:
    host = await serve()
    await watch(host.port)

    assert 0 == viewer.updates[0].snapshot.workloads[0].sent


async def test_the_journal_comes_once_and_in_order(
    serve: Serve, watch: Watch, viewer: Viewer
) -> None:
    host = await serve()
    await watch(host.port, max_requests=4)
    await viewer.until(
        lambda: any(e.text.startswith("w done") for u in viewer.updates for e in u.entries)
    )

    numbers = [entry.seq for update in viewer.updates for entry in update.entries]
    assert list(range(1, len(numbers) + 1)) == numbers


async def test_a_raise_in_drain_mode_dials_at_once_and_says_so(
    silent: Silent, watch: Watch, viewer: Viewer, until: Until
) -> None:
    source = await watch(silent.port, users=5, max_sockets=1)
    await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].in_flight == 5)

    outcome = await source.submit(Edit(id=7, agent="a", option="max_sockets", value=4))

    assert (7, True, 1, 4, 3) == (
        outcome.id,
        outcome.accepted,
        outcome.before,
        outcome.after,
        outcome.opened,
    )
    await until(lambda: silent.open == 4)


async def test_an_edit_that_is_not_allowed_is_answered_with_the_reason(
    serve: Serve, watch: Watch
) -> None:
    source = await watch((await serve()).port)

    outcome = await source.submit(Edit(id=1, agent="a", option="max_sockets", value=-1))

    assert (False, "max_sockets must be a whole number, 0 or more, or unlimited") == (
        outcome.accepted,
        outcome.error,
    )


async def test_details_come_while_a_host_is_watched_and_not_before_or_after(
    silent: Silent, watch: Watch, viewer: Viewer
) -> None:
    source = await watch(silent.port, users=3)
    await viewer.until(lambda: bool(viewer.updates[-1].snapshot.agents[0].origins))
    (origin,) = viewer.updates[-1].snapshot.agents[0].origins
    assert all(() == update.snapshot.details for update in viewer.updates)

    source.watch(detail.Watch(agent="a", origin=origin.key, request=RequestId(3)))
    await viewer.until(lambda: bool(viewer.updates[-1].snapshot.details))
    (host,) = viewer.updates[-1].snapshot.details
    assert ("a", origin.key) == (host.agent, host.origin)
    assert [1, 2] == sorted(socket.id for socket in host.sockets)
    queued = host.requests[-1]
    assert (3, 2, 2.0) == (queued.id, queued.counted, queued.limit)
    assert queued.outlook is not None
    assert (0, "maxSockets", 3) == (
        queued.outlook.ahead,
        queued.outlook.held_by,
        queued.outlook.at_once_from,
    )
    assert ("Host", f"127.0.0.1:{silent.port}") in queued.headers

    source.watch(None)
    await viewer.until(lambda: not viewer.updates[-1].snapshot.details)


async def test_a_socket_is_destroyed_from_afar_once_and_then_refused_in_words(
    silent: Silent, watch: Watch, viewer: Viewer, until: Until
) -> None:
    source = await watch(silent.port, users=1)
    await until(lambda: silent.open == 1)
    destroy = Control(action="destroy_socket", agent="a", socket=SocketId(1))

    await source.control(destroy)
    await viewer.until(lambda: 1 == viewer.updates[-1].snapshot.workloads[0].failed)

    with pytest.raises(EngineError, match="agent a has no socket s1 any more"):
        await source.control(destroy)


async def test_stop_leaves_no_socket_open_and_the_engine_watched(
    silent: Silent, watch: Watch, viewer: Viewer, until: Until
) -> None:
    source = await watch(silent.port)
    await until(lambda: silent.open == 2)

    async with asyncio.timeout(1.0):
        await source.control(Control(action="stop"))
        await until(lambda: silent.open == 0)

    assert "stopped" == viewer.updates[-1].snapshot.workloads[0].state
    assert [] == viewer.ends


async def test_a_control_of_a_workload_that_is_none_is_refused_in_words(
    silent: Silent, watch: Watch, viewer: Viewer
) -> None:
    source = await watch(silent.port)

    async with asyncio.timeout(1.0):
        with pytest.raises(EngineError, match="no workload 'x': there are w"):
            await source.control(Control(action="pause", workload="x"))

    await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].state == "running")


async def test_closing_ends_the_process_and_its_sockets_within_a_second(
    silent: Silent, watch: Watch, viewer: Viewer, until: Until, is_alive: Callable[[int], bool]
) -> None:
    source = await watch(silent.port)
    pid = source.pid
    assert pid is not None
    await until(lambda: silent.open == 2)

    async with asyncio.timeout(1.0):
        await source.close()
        await until(lambda: silent.open == 0)

    assert not is_alive(pid)
    assert [] == viewer.ends
    await source.close()


@pytest.mark.parametrize(
    ("number", "reason"),
    [
        (signal.SIGKILL, "the engine was killed by SIGKILL"),
        (signal.SIGTERM, "the engine was ended by SIGTERM"),
    ],
)
async def test_an_engine_that_dies_is_told_once_with_the_reason(
    serve: Serve,
    watch: Watch,
    viewer: Viewer,
    until: Until,
    number: signal.Signals,
    reason: str,
) -> None:
    host = await serve()
    source = await watch(host.port)
    assert source.pid is not None
    os.kill(source.pid, number)
    await viewer.until(lambda: bool(viewer.ends))

    assert [reason] == viewer.ends
    with pytest.raises(EngineError, match=reason):
        await source.submit(Edit(id=1, agent="a", option="keep_alive", value=False))
    with pytest.raises(EngineError, match=reason):
        await source.control(Control(action="pause"))
    await until(lambda: host.open == 0)


async def test_an_edit_under_way_when_the_engine_dies_fails_with_the_reason(
    serve: Serve, watch: Watch
) -> None:
    source = await watch((await serve()).port)
    assert source.pid is not None
    os.kill(source.pid, signal.SIGSTOP)
    edit = Edit(id=1, agent="a", option="keep_alive", value=False)
    submitted = asyncio.ensure_future(source.submit(edit))
    await asyncio.sleep(0)
    os.kill(source.pid, signal.SIGKILL)

    with pytest.raises(EngineError, match="the engine was killed by SIGKILL"):
        await submitted


async def test_an_engine_that_hangs_is_killed_when_it_is_closed(
    serve: Serve, watch: Watch, is_alive: Callable[[int], bool]
) -> None:
    source = await watch((await serve()).port)
    pid = source.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)

    async with asyncio.timeout(2.0):
        await source.close()

    assert not is_alive(pid)


async def test_a_profile_that_cannot_run_is_refused_in_words(
    serve: Serve, profile_for: MakeProfile, viewer: Viewer
) -> None:
    profile = profile_for((await serve()).port)
    bad = RequestClass(name="bad", headers=(("x-two", "lines\r\nhere"),))
    workloads = (msgspec.structs.replace(profile.workloads[0], requests=(bad,)),)
    source = RemoteSource(msgspec.structs.replace(profile, workloads=workloads))
    try:
        with pytest.raises(EngineError, match="x-two"):
            await source.start(viewer.on_update, viewer.on_end)
    finally:
        await source.close()
    assert ([], []) == (viewer.updates, viewer.ends)


async def test_nothing_is_spawned_for_a_host_that_needs_consent(
    profile_for: MakeProfile, viewer: Viewer
) -> None:
    profile = profile_for(80)
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="http://192.0.2.7:80"),)
    source = RemoteSource(msgspec.structs.replace(profile, workloads=workloads))

    with pytest.raises(ProfileError, match="or start with --allow 192.0.2.7"):
        await source.start(viewer.on_update, viewer.on_end)

    assert source.pid is None
    await source.close()


async def test_a_source_starts_once_and_answers_nothing_before(
    serve: Serve, profile_for: MakeProfile, watch: Watch, viewer: Viewer
) -> None:
    host = await serve()
    idle = RemoteSource(profile_for(host.port))
    with pytest.raises(EngineError, match="the engine is not running"):
        await idle.control(Control(action="pause"))
    source = await watch(host.port)
    with pytest.raises(UsageError, match="started before"):
        await source.start(viewer.on_update, viewer.on_end)


# The engine's side alone: a viewer that behaves as no RemoteSource would.


class RawViewer:
    """Speaks the wire itself."""

    def __init__(self, stack: contextlib.AsyncExitStack) -> None:
        """Begin without a channel; what is opened is closed before the servers opened earlier."""
        self._stack = stack
        self.process = EngineProcess()
        self.messages: list[wire.FromEngine] = []
        self.channel: Channel | None = None
        self.lost = asyncio.Event()
        self.came = asyncio.Event()

    async def open(self) -> Channel:
        """Connect to a new engine."""
        self.process.spawn()
        self._stack.push_async_callback(self.process.close)
        self.channel = await open_channel(
            self.process.take_socket(), self._take, lambda _: self.lost.set()
        )
        self._stack.push_async_callback(self.channel.close)
        return self.channel

    def _take(self, body: memoryview) -> None:
        self.messages.append(wire.read_from_engine(body))
        self.came.set()

    async def until(self, kind: type[wire.FromEngine]) -> wire.FromEngine:
        """Wait for the next message of a kind."""
        async with asyncio.timeout(10.0):
            while not (found := [m for m in self.messages if isinstance(m, kind)]):
                self.came.clear()
                await self.came.wait()
        self.messages.clear()
        return found[-1]


@pytest.fixture
def raw(stack: contextlib.AsyncExitStack) -> RawViewer:
    """Give a raw viewer, its engine ended after the test."""
    return RawViewer(stack)


async def test_the_engine_says_hello_and_sends_nothing_before_it_is_told_to(
    raw: RawViewer,
) -> None:
    channel = await raw.open()
    assert wire.Hello(version=wire.VERSION, pid=raw.process.pid or 0) == await raw.until(wire.Hello)

    channel.send(wire.SubmitControl(number=5, control=Control(action="pause")))

    expected = wire.Refused(number=5, reason="no profile is running yet")
    assert expected == await raw.until(wire.Refused)


async def test_a_second_profile_is_refused(
    raw: RawViewer, serve: Serve, profile_for: MakeProfile
) -> None:
    run = wire.Run(profile=profile_for((await serve()).port))
    channel = await raw.open()
    channel.send(run)
    channel.send(run)

    expected = wire.Refused(number=0, reason="a profile is running already")
    assert expected == await raw.until(wire.Refused)


async def test_a_viewer_that_is_gone_ends_the_engine_and_its_sockets_within_a_second(
    raw: RawViewer, silent: Silent, profile_for: MakeProfile, until: Until
) -> None:
    channel = await raw.open()
    channel.send(wire.Run(profile=profile_for(silent.port)))
    await until(lambda: silent.open == 2)

    async with asyncio.timeout(1.0):
        await channel.close()
        await until(lambda: silent.open == 0)

    assert "ended with exit status 0" == await raw.process.exit_words()


async def test_garbage_from_the_viewer_ends_the_engine_with_words(
    stack: contextlib.AsyncExitStack,
) -> None:
    process = EngineProcess()
    process.spawn()
    stack.push_async_callback(process.close)
    with process.take_socket() as end:
        end.sendall(b"\xff\xff\xff\xff")
        words = await process.exit_words(within_s=10.0)

    assert (
        "ended with exit status 1: the viewer was lost: a message of 4294967295 bytes is "
        "announced, 67108864 are allowed"
    ) == words


async def test_a_viewer_that_does_not_read_does_not_slow_the_engine(
    raw: RawViewer, serve: Serve, profile_for: MakeProfile, until: Until
) -> None:
    host = await serve()
    channel = await raw.open()
    await raw.until(wire.Hello)
    assert channel._transport is not None
    channel._transport.pause_reading()
    channel.send(wire.Run(profile=profile_for(host.port, users=20), interval_s=0.01))

    # Far beyond what 0.01 s updates of some 4 KiB need to fill the kernel's buffers.
    await until(lambda: host.requests > 2000)
    before = host.requests
    await until(lambda: host.requests > before + 2000)

    channel._transport.resume_reading()
    seen = await raw.until(wire.Update)
    assert isinstance(seen, wire.Update)
    async with asyncio.timeout(10.0):
        while seen.snapshot.workloads[0].completed < before:
            latest = await raw.until(wire.Update)
            assert isinstance(latest, wire.Update)
            assert latest.snapshot.seq > seen.snapshot.seq
            seen = latest


def test_the_child_says_who_starts_it_when_its_stdin_is_no_socket() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "pooltop.sources.host"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": ROOT},
        timeout=20,
        check=False,
    )

    expected = b"pooltop.sources.host is started by pooltop itself, over a socket\n"
    assert (2, b"", expected) == (done.returncode, done.stdout, done.stderr)
