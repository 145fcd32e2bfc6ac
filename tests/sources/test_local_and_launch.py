"""The other sources: an engine in this process, and all processes of a profile together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pooltop.core.edits import Control, Edit
from pooltop.core.model import DemoServer, Latency, ProxyEnv
from pooltop.errors import EngineError, ProfileError, UsageError
from pooltop.sources.consent import targets_needing_consent
from pooltop.sources.launch import LaunchedSource, limited
from pooltop.sources.local import LocalSource

if TYPE_CHECKING:
    from conftest import MakeProfile, Serve, Silent, Until, Viewer


async def test_a_local_engine_counts_what_the_server_counts(
    serve: Serve, profile_for: MakeProfile, viewer: Viewer
) -> None:
    host = await serve()
    async with contextlib.aclosing(
        _Closing(LocalSource(profile_for(host.port, max_requests=30)))
    ) as c:
        await c.source.start(viewer.on_update, viewer.on_end)
        # The end of the load is told at once, long before the interval of a second is over.
        async with asyncio.timeout(0.9):
            await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].state == "done")

    assert (30, 30) == (viewer.completed, host.requests)


async def test_an_edit_of_a_local_engine_brings_an_update_that_shows_it(
    silent: Silent, profile_for: MakeProfile, viewer: Viewer, until: Until
) -> None:
    source = LocalSource(profile_for(silent.port, users=3, max_sockets=1), interval_s=60)
    async with contextlib.aclosing(_Closing(source)):
        await source.start(viewer.on_update, viewer.on_end)
        await until(lambda: silent.open == 1)

        outcome = await source.submit(Edit(id=1, agent="a", option="max_sockets", value=2))

        assert 1 == outcome.opened
        assert 2 == viewer.updates[-1].snapshot.agents[0].options.max_sockets
        with pytest.raises(UsageError):
            await source.start(viewer.on_update, viewer.on_end)
    await until(lambda: silent.open == 0)
    with pytest.raises(EngineError):
        await source.control(Control(action="pause"))
    await source.close()


@pytest.mark.parametrize("own_process", [True, False])
async def test_a_profile_with_demo_hosts_runs_against_them_and_leaves_no_process(
    profile_for: MakeProfile,
    viewer: Viewer,
    own_process: bool,
    is_alive: Callable[[int], bool],
) -> None:
    profile = msgspec.structs.replace(
        profile_for(0, max_requests=20, rate=1.0),
        demo=(DemoServer(name="near", scheme="https", latency=Latency(median_s=0.0)),),
    )
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="demo:near"),)
    profile = msgspec.structs.replace(profile, workloads=workloads)
    source = LaunchedSource(profile, interval_s=0.05, own_process=own_process)
    source.spawn()
    pids = [
        p for p in (source._demo and source._demo.pid, source._engine and source._engine.pid) if p
    ]
    try:
        await source.start(viewer.on_update, viewer.on_end)
        await viewer.until(lambda: viewer.updates[-1].snapshot.workloads[0].state == "done")
        paused_at = time.monotonic()
        await source.control(Control(action="pause"))
    finally:
        async with asyncio.timeout(2.0):
            await source.close()

    origin = viewer.updates[-1].snapshot.agents[0].origins[0]
    held = origin.time_wait
    assert held is None or held.at >= paused_at, "the last picture has a count of its own"
    assert (held is None) is (sys.platform != "linux")
    assert (20, {}, "near.localhost") == (viewer.completed, origin.counters.failed, origin.host)
    assert (1 + own_process) == len(pids)
    assert [] == [pid for pid in pids if is_alive(pid)]


@pytest.mark.parametrize("own_process", [True, False])
async def test_the_end_of_the_demo_stops_the_load_and_is_told_once(
    profile_for: MakeProfile,
    viewer: Viewer,
    own_process: bool,
    is_alive: Callable[[int], bool],
) -> None:
    profile = msgspec.structs.replace(profile_for(0), demo=(DemoServer(name="near"),))
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="demo:near"),)
    profile = msgspec.structs.replace(profile, workloads=workloads)
    source = LaunchedSource(profile, interval_s=0.05, own_process=own_process)
    try:
        await source.start(viewer.on_update, viewer.on_end)
        assert source._demo is not None
        assert source._demo.pid is not None
        engine = source._engine.pid if source._engine is not None else None
        os.kill(source._demo.pid, signal.SIGKILL)
        await viewer.until(lambda: bool(viewer.ends))
        assert engine is None or not is_alive(engine)
        with pytest.raises(EngineError):
            await source.control(Control(action="resume"))
    finally:
        await source.close()

    assert ["the demo's process was killed by SIGKILL; the load was stopped"] == viewer.ends
    assert "stopped" == viewer.updates[-1].snapshot.workloads[0].state


def test_spawned_processes_end_where_no_event_loop_runs(
    profile_for: MakeProfile, is_alive: Callable[[int], bool]
) -> None:
    profile = msgspec.structs.replace(profile_for(1), demo=(DemoServer(name="x"),))
    source = LaunchedSource(profile, interval_s=1, own_process=True)
    source.spawn()
    assert source._demo is not None
    assert source._engine is not None
    pids = (source._demo.pid or 0, source._engine.pid or 0)

    source.close_now()

    assert [False, False] == [is_alive(pid) for pid in pids]


def test_a_launch_without_consent_is_refused_before_anything_exists(
    profile_for: MakeProfile,
) -> None:
    profile = profile_for(80)
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url="http://192.0.2.7"),)

    with pytest.raises(ProfileError) as caught:
        LaunchedSource(
            msgspec.structs.replace(profile, workloads=workloads), interval_s=1, own_process=True
        )

    assert (
        "test.toml: 192.0.2.7 is not this machine: to send it traffic add it to the profile's "
        '[safety], allow_hosts = ["192.0.2.7"], or start with --allow 192.0.2.7'
    ) == str(caught.value)


@pytest.mark.parametrize(
    ("url", "allowed", "expected"),
    [
        ("http://127.0.0.1:80", (), []),
        ("http://127.9.9.9:80/x", (), []),
        ("http://[::1]:80", (), []),
        ("https://localhost:443", (), []),
        ("https://a.b.localhost:443", (), []),
        ("demo:anything", (), []),
        ("http://192.0.2.7:80", (), ["192.0.2.7"]),
        ("http://192.0.2.7:80", ("192.0.2.7",), []),
        ("http://[2001:db8::1]:80", (), ["2001:db8::1"]),
        ("http://[2001:db8::1]:80", ("2001:db8::1",), []),
        ("http://0.0.0.0:80", (), ["0.0.0.0"]),
        ("http://a.example:80", ("*.example",), []),
        ("http://169.254.169.254:80", ("169.254.169.254",), []),
        (
            "http://metadata.google.internal:80",
            ("*.google.internal",),
            ["metadata.google.internal"],
        ),
        ("http://metadata.google.internal:80", ("metadata.google.internal",), []),
        ("http://aexample:80", ("*.example",), ["aexample"]),
        ("http://a.example.evil:80", ("*.example",), ["a.example.evil"]),
        ("http://localhost.evil:80", (), ["localhost.evil"]),
        ("http://127.0.0.1@192.0.2.7:80", (), ["192.0.2.7"]),
        ("http://:80", (), [""]),
    ],
)
def test_only_this_machine_and_named_hosts_need_no_consent(
    profile_for: MakeProfile, url: str, allowed: tuple[str, ...], expected: list[str]
) -> None:
    profile = profile_for(80)
    workloads = (msgspec.structs.replace(profile.workloads[0], base_url=url),)
    profile = msgspec.structs.replace(profile, workloads=workloads, allow_hosts=allowed)

    assert expected == targets_needing_consent(profile)


def test_what_goes_to_a_unix_socket_needs_no_consent_and_nothing_else_is_excused(
    profile_for: MakeProfile,
) -> None:
    profile = profile_for(80)
    there = msgspec.structs.replace(profile.workloads[0], base_url="http://192.0.2.7:80")
    other = msgspec.structs.replace(there, name="v", agent="b", base_url="http://192.0.2.8:80")
    (agent,) = profile.agents
    options = msgspec.structs.replace(agent.options, socket_path="/run/s")
    proxied = ProxyEnv(http_proxy="http://192.0.2.9")
    to_socket = msgspec.structs.replace(agent, options=options, proxy_env=proxied)
    agents = (to_socket, msgspec.structs.replace(agent, name="b"))
    profile = msgspec.structs.replace(profile, agents=agents, workloads=(there, other))

    assert ["192.0.2.8"] == targets_needing_consent(profile)


def test_every_upstream_of_a_balanced_pool_needs_consent(profile_for: MakeProfile) -> None:
    profile = profile_for(80)
    upstreams = (profile.workloads[0].base_url, "https://192.0.2.7:443", "demo:x")
    (agent,) = profile.agents
    balanced = msgspec.structs.replace(agent, upstreams=upstreams)

    assert ["192.0.2.7"] == targets_needing_consent(
        msgspec.structs.replace(profile, agents=(balanced,))
    )


@pytest.mark.parametrize(
    ("settings", "environ", "expected"),
    [
        (None, {"http_proxy": "http://192.0.2.7"}, []),
        (ProxyEnv(http_proxy="http://192.0.2.7:3128"), {}, ["192.0.2.7"]),
        (ProxyEnv(http_proxy="http://127.0.0.1:3128"), {}, []),
        (ProxyEnv(http_proxy="http://proxy.allowed"), {}, []),
        (ProxyEnv(https_proxy="http://192.0.2.7:3128"), {}, []),
        (ProxyEnv(http_proxy="http://192.0.2.7", no_proxy="127.0.0.1"), {}, []),
        ("environment", {"HTTP_PROXY": "http://me:hunter2@192.0.2.7"}, ["192.0.2.7"]),
        ("environment", {}, []),
    ],
)
def test_a_proxy_on_the_way_needs_consent_like_any_host(
    profile_for: MakeProfile,
    monkeypatch: pytest.MonkeyPatch,
    settings: Any,
    environ: dict[str, str],
    expected: list[str],
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    profile = profile_for(80)
    agents = (msgspec.structs.replace(profile.agents[0], proxy_env=settings),)
    profile = msgspec.structs.replace(profile, agents=agents, allow_hosts=("proxy.allowed",))

    assert expected == targets_needing_consent(profile)


def test_an_environment_that_names_no_possible_proxy_is_told_without_its_password(
    profile_for: MakeProfile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://me:hunter2@:1")
    profile = profile_for(80)
    agents = (msgspec.structs.replace(profile.agents[0], proxy_env="environment"),)

    with pytest.raises(ProfileError, match="http_proxy: http://:1 has no possible host") as caught:
        targets_needing_consent(msgspec.structs.replace(profile, agents=agents))

    assert "hunter2" not in str(caught.value)


def test_a_duration_shortens_workloads_and_lengthens_none(profile_for: MakeProfile) -> None:
    profile = profile_for(80)
    endless, short, long = (
        msgspec.structs.replace(profile.workloads[0], duration=d) for d in (None, 2.0, 90.0)
    )
    profile = msgspec.structs.replace(profile, workloads=(endless, short, long))

    assert [5.0, 2.0, 5.0] == [each.duration for each in limited(profile, 5.0).workloads]
    assert profile is limited(profile, None)


class _Closing:
    """Lets ``aclosing`` end a source."""

    def __init__(self, source: LocalSource) -> None:
        self.source = source

    async def aclose(self) -> None:
        await self.source.close()
