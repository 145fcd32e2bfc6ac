"""One host's view by hand, for rules: a window of ten seconds in which all was well, but for ..."""

from __future__ import annotations

import dataclasses
from typing import Any

from msgspec.structs import replace

from pooltop.advise.levels import LevelSums
from pooltop.advise.view import HostView
from pooltop.advise.windows import HostWindow, WorkloadWindow
from pooltop.core.advising import AdvisorOptions
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.model import AgentOptions, HostId, OriginKey
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    ProcessFacts,
    Snapshot,
    WorkloadSnapshot,
)

AT = 1000.0
SPAN_S = 10.0
KEY = OriginKey("h:80:")
_LEVELS = {
    "limit": 10.0,
    "mean_in_use": 5.0,
    "peak_in_use": 8,
    "least_in_use": 1,
    "mean_free": 1.0,
    "peak_free": 3,
}
_OPTIONS = AgentOptions()
_AGENT = AgentSnapshot(name="a", options=_OPTIONS, initial_options=_OPTIONS)
_ORIGIN = OriginSnapshot(key=KEY, scheme="http", host="h", port=80)
_COUNTS = OriginCounters(
    submitted=1000, completed=1000, assigned=1000, reused=995, opened=5, connected=5
)


def spread(**seconds_of: int) -> Histogram:
    """Give a histogram: ``_100`` = 7 is seven times 100 ms."""
    recorder = Recorder()
    for name, count in seconds_of.items():
        for _ in range(count):
            recorder.record(int(name.strip("_")) / 1000)
    return recorder.freeze()


def window(
    key: OriginKey = KEY,
    *,
    levels: dict[str, Any] | None = None,
    counts: dict[str, Any] | None = None,
    before: dict[str, Any] | None = None,
    latency: dict[str, Histogram] | None = None,
    lease: tuple[int, float] = (1000, 50.0),
    timeout_events: int = 0,
    agents_made: int = 0,
    **more: Any,
) -> HostWindow:
    """Give a closed window; ``lease`` is how many gave their socket back, and their seconds."""
    empty = LevelSums(_AGENT, _ORIGIN).close()
    return HostWindow(
        id=HostId("a", key),
        opened_at=AT - SPAN_S,
        closed_at=AT,
        levels=dataclasses.replace(empty, **{**_LEVELS, **(levels or {})}),
        before=OriginCounters(**(before or {})),
        after=replace(_COUNTS, **(counts or {})),
        latency_before=OriginLatency(),
        latency_after=OriginLatency(**(latency or {})),
        lease_count=lease[0],
        lease_s=lease[1],
        timeout_events=timeout_events,
        agents_made=agents_made,
        **more,
    )


def view(
    *,
    origin: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    agent: dict[str, Any] | None = None,
    others: tuple[OriginSnapshot, ...] = (),
    siblings: tuple[HostWindow, ...] = (),
    earlier: tuple[HostWindow, ...] = (),
    process: dict[str, Any] | None = None,
    edits: tuple[Any, ...] = (),
    load: dict[str, Any] | None = None,
    **of_window: Any,
) -> HostView:
    """Give a view; what is not said is of a pool that is well."""
    own = OriginSnapshot(key=KEY, scheme="http", host="h", port=80, **(origin or {}))
    limits = AgentOptions(**{"keep_alive": True, "max_sockets": 10.0, **(options or {})})
    pools = AgentSnapshot(
        name="a",
        options=limits,
        initial_options=limits,
        origins=(own, *others),
        **(agent or {}),
    )
    loads: tuple[WorkloadWindow, ...] = ()
    if load is not None:
        told = {"name": "w", "agent": "a", "target": "h:80", "state": "running", "pattern": ""}
        before = WorkloadSnapshot(**told)
        after = WorkloadSnapshot(**{**told, **load})
        loads = (WorkloadWindow(opened_at=AT - SPAN_S, closed_at=AT, before=before, after=after),)
    return HostView(
        id=HostId("a", KEY),
        snapshot=Snapshot(
            seq=1,
            at=AT,
            wall_at=AT,
            agents=(pools,),
            workloads=tuple(one.after for one in loads),
            process=ProcessFacts(**(process or {})),
            edits=edits,
        ),
        agent=pools,
        origin=own,
        options=AdvisorOptions(),
        windows=(*earlier, window(**of_window)),
        newest=siblings,
        workloads=loads,
        workload=loads[0] if loads else None,
    )
