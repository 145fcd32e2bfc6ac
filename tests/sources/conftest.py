"""Servers in the test's own loop, engines in processes of their own, and what both share."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import cast

import pytest

from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    DemoServer,
    Latency,
    OriginKey,
    Profile,
    SocketId,
)
from pooltop.core.snapshot import (
    AgentSnapshot,
    JournalEntry,
    OriginCounters,
    OriginSnapshot,
    Snapshot,
    SocketInfo,
)
from pooltop.core.states import SocketState
from pooltop.core.traffic import Think, Workload
from pooltop.demo.host import DemoHost
from pooltop.demo.server import DemoServers
from pooltop.sources.attached import AttachedSource
from pooltop.sources.base import Update
from pooltop.sources.door import Door
from pooltop.sources.hosting import Hosting
from pooltop.sources.recording_format import Meta
from pooltop.sources.recording_reader import Recording
from pooltop.sources.recording_writer import RecordingFile
from pooltop.sources.rendezvous import open_rendezvous
from pooltop.sources.wire import Description

DEADLINE_S = 10.0


class Silent(asyncio.Protocol):
    """A server that takes requests and never answers; it sees at once when a client is gone."""

    def __init__(self) -> None:
        """Begin with no connection."""
        self.port = 0
        self._transports: list[asyncio.Transport] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transports.append(cast("asyncio.Transport", transport))

    @property
    def open(self) -> int:
        """Count the connections whose client is there."""
        return sum(not transport.is_closing() for transport in self._transports)

    def abort_all(self) -> None:
        """Close what is left of them."""
        for transport in self._transports:
            transport.abort()


class Viewer:
    """Collects what a source tells, and waits for it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.updates: list[Update] = []
        self.ends: list[str] = []
        self._changed = asyncio.Event()

    def on_update(self, update: Update) -> None:
        """Keep an update."""
        self.updates.append(update)
        self._changed.set()

    def on_end(self, reason: str) -> None:
        """Keep the end."""
        self.ends.append(reason)
        self._changed.set()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something told made it so."""
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                self._changed.clear()
                await self._changed.wait()

    @property
    def completed(self) -> int:
        """Give the responses counted in the latest update."""
        snapshot = self.updates[-1].snapshot
        return sum(o.counters.completed for a in snapshot.agents for o in a.origins)


class Station:
    """An engine with a door, in the test's own process and loop."""

    def __init__(self, hosting: Hosting) -> None:
        """Keep."""
        self.hosting = hosting
        self.door: Door
        self.finished: list[str] = []

    def raw(self) -> socket.socket:
        """Connect as somebody who speaks the wire by hand."""
        with open_rendezvous() as rendezvous:
            return rendezvous.connect("e", within_s=1.0)


Serve = Callable[..., Awaitable[DemoHost]]
Until = Callable[[Callable[[], bool]], Awaitable[None]]
MakeProfile = Callable[..., Profile]
Attach = Callable[..., Awaitable[tuple[AttachedSource, Viewer]]]


@pytest.fixture
def viewer() -> Viewer:
    """Give one that was told nothing yet."""
    return Viewer()


@pytest.fixture
def make_viewer() -> type[Viewer]:
    """Give the class: a test may need several."""
    return Viewer


@pytest.fixture
def runtime_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have engines of the background found in a place of the test's own; gives the directory."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    return tmp_path / "pooltop"


@pytest.fixture
async def station(
    stack: contextlib.AsyncExitStack, runtime_dir: Path, serve: Serve, profile_for: MakeProfile
) -> Station:
    """Give an engine named e, its load running against a host that answers at once."""
    del runtime_dir
    host = await serve()
    claim = stack.enter_context(open_rendezvous()).claim("e")
    stack.callback(claim.release, keep_log=False)
    hosting = Hosting(profile_for(host.port, think=Think(min_s=0.002, max_s=0.002)), is_shared=True)
    stack.push_async_callback(hosting.close)
    found = Station(hosting)
    about = Description(name="e", pid=os.getpid(), profile="p", wall_started=0.0, viewers=0)
    door = Door(claim.listen(), hosting, describe=lambda: about, finish=found.finished.append)
    found.door = door
    stack.push_async_callback(door.close, "the test is over")
    hosting.start()
    return found


@pytest.fixture
def attach(stack: contextlib.AsyncExitStack, make_viewer: type[Viewer]) -> Attach:
    """Attach to an engine; gives the source, and a viewer that hears all of it."""

    async def to(name: str = "e", **options: object) -> tuple[AttachedSource, Viewer]:
        viewer = make_viewer()
        source = AttachedSource(name, title=name, **{"interval_s": 0.1, **options})  # type: ignore[arg-type]
        stack.push_async_callback(source.close)
        await source.start(viewer.on_update, viewer.on_end)
        return source, viewer

    return to


@pytest.fixture
async def stack() -> AsyncIterator[contextlib.AsyncExitStack]:
    """Close what a test opened, in reverse."""
    async with contextlib.AsyncExitStack() as opened:
        yield opened


@pytest.fixture
def serve(stack: contextlib.AsyncExitStack) -> Serve:
    """Start a host that answers at once."""

    async def start() -> DemoHost:
        spec = DemoServer(name="kept", latency=Latency(median_s=0.0))
        servers = await stack.enter_async_context(DemoServers([spec]))
        return servers.hosts["kept"]

    return start


@pytest.fixture
async def silent() -> AsyncIterator[Silent]:
    """Give a server that never answers."""
    protocol = Silent()
    loop = asyncio.get_running_loop()
    async with await loop.create_server(lambda: protocol, "127.0.0.1", 0) as server:
        protocol.port = server.sockets[0].getsockname()[1]
        yield protocol
        server.close()
        protocol.abort_all()
        await asyncio.sleep(0)


@pytest.fixture
def profile_for() -> MakeProfile:
    """Give a profile of one agent and one workload, ``users`` in a loop unless told otherwise."""

    def make(port: int, *, users: int = 2, max_sockets: float = 2, **more: object) -> Profile:
        workload = {"model": "closed", "users": users, **more}
        options = AgentOptions(keep_alive=True, max_sockets=max_sockets, live="drain")
        return Profile(
            path="test.toml",
            agents=(AgentProfile(name="a", options=options, codec="llhttp"),),
            workloads=(
                Workload(name="w", agent="a", base_url=f"http://127.0.0.1:{port}", **workload),  # type: ignore[arg-type]
            ),
        )

    return make


@pytest.fixture
def until() -> Until:
    """Wait for what no event tells: another process's end, a server's counter."""

    async def wait(is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                await asyncio.sleep(0.005)

    return wait


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Tell whether a process exists."""

    def look(pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return True

    return look


class Story:
    """Makes updates by hand: one agent and one host, some seconds after the start."""

    def snapshot(self, s: float, *, queued: int = 0, **more: object) -> Snapshot:
        """Give the snapshot of ``s`` seconds after the start."""
        origin = OriginSnapshot(
            key=OriginKey("a:80:"),
            scheme="http",
            host="a",
            port=80,
            sockets=(
                SocketInfo(id=SocketId(1), state=SocketState.ACTIVE, opened_at=100.0, since=100.0),
            ),
            queued=queued,
            active=1,
            total=1,
            counters=OriginCounters(completed=int(s * 10), **more.pop("counters", {})),
        )
        agent = AgentSnapshot(
            name="one",
            options=AgentOptions(max_sockets=1),
            initial_options=AgentOptions(max_sockets=1),
            origins=(origin,),
            total_socket_count=1,
        )
        values = {"seq": int(s * 2) + 1, "profile": "p.toml", "agents": (agent,), **more}
        return Snapshot(at=100.0 + s, wall_at=1.9e9 + s, **values)

    def entry(self, number: int, s: float, kind: str = "INFO", text: str = "") -> JournalEntry:
        """Give a journal entry."""
        return JournalEntry(
            seq=number, at=100.0 + s, wall_at=1.9e9 + s, kind=kind, text=text or f"entry {number}"
        )

    def update(self, s: float, **more: object) -> Update:
        """Give an update with one journal entry, whose number is that of the half second."""
        entry = self.entry(int(s * 2) + 1, s)
        return Update(snapshot=self.snapshot(s, **more), entries=(entry,))

    def updates(self, seconds: float, step: float = 0.5) -> list[Update]:
        """Give one update every ``step`` seconds."""
        return [self.update(n * step) for n in range(int(seconds / step) + 1)]


@pytest.fixture
def story() -> Story:
    """Make updates by hand."""
    return Story()


Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write updates to a recording and give its path."""

    def to(updates: Iterable[Update], *, name: str = "r.ptr", finished: bool = True) -> str:
        file = RecordingFile(str(tmp_path / name))
        file.begin(Meta(pooltop="1.2.3", title="p.toml", wall_started=1.9e9, interval_s=0.5))
        for update in updates:
            file.append(update)
        size = file.size
        file.finish()
        if not finished:
            os.truncate(file.path, size)
        return file.path

    return to


@pytest.fixture
def opened() -> Iterator[Callable[[str], Recording]]:
    """Open recordings, and close them after the test."""
    with contextlib.ExitStack() as recordings:

        def read(path: str) -> Recording:
            recording = Recording(path)
            recordings.callback(recording.close)
            return recording

        yield read
