"""What was set otherwise in two runs, what was edited in them, and what had to hold: as texts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from pooltop.core.edits import EditRecord, Value, node_name
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, Snapshot
from pooltop.present.clean import clean
from pooltop.present.limits import written
from pooltop.present.thresholds import name_of, value_words, verdict_of

NOT_THERE = "-"
"""Stands for what a run has not."""


class Difference(NamedTuple):
    """One thing that is not the same in both runs; all text is clean."""

    of: str
    """``agent payments``, ``workload browse``, ``threshold``, ``edits``."""
    name: str
    old: str
    new: str


HostName = Callable[[str, OriginSnapshot], str]
"""Gives what an agent's host is called in both runs; clean."""


def differences(old: Snapshot, new: Snapshot, host_name: HostName) -> Iterator[Difference]:
    """Give what differs at the end of two runs: options, load, thresholds, and the edits made."""
    before, after = _settings(old, host_name), _settings(new, host_name)
    names = dict.fromkeys((*before, *after))
    places = {of: place for place, of in reversed([*enumerate(of for of, _ in names)])}
    for of, name in sorted(names, key=lambda each: places[each[0]]):
        one, other = (run.get((of, name), NOT_THERE) for run in (before, after))
        if one != other:
            yield Difference(of, name, one, other)
    for place in range(max(len(old.edits), len(new.edits))):
        one, other = (
            _edit(run.edits[place]) if place < len(run.edits) else NOT_THERE for run in (old, new)
        )
        yield Difference("edits", f"edit {place + 1}", one, other)


def _settings(snapshot: Snapshot, host_name: HostName) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for agent in snapshot.agents:
        name = f"agent {clean(agent.name)}"
        found.update(((name, option), value) for option, value in options_of(agent, host_name))
    for workload in snapshot.workloads:
        found[f"workload {clean(workload.name)}", "load"] = clean(workload.pattern)
    for state in snapshot.thresholds:
        found["threshold", name_of(state)] = f"{verdict_of(state)[0]} ({value_words(state)})"
    return found


def options_of(agent: AgentSnapshot, host_name: HostName) -> Iterator[tuple[str, str]]:
    """Give all that an agent is set to, by name, and where its hosts differ."""
    options = agent.options if agent.dispatcher is None else agent.dispatcher
    for option in options.__struct_fields__:
        yield node_name(option), _shown(option, getattr(options, option))
    for clock in agent.timeouts.__struct_fields__:
        yield f"timeouts.{clock}", _clock(getattr(agent.timeouts, clock))
    yield "codec", clean(agent.codec)
    yield "certificates checked", "on" if agent.verify else "off"
    for origin in agent.origins:
        host = host_name(agent.name, origin)
        own: Mapping[str, float] = origin.own_limits
        for option, value in own.items():
            yield f"{host} {node_name(option)}", _shown(option, value)
        if origin.timeouts is not None:
            for clock, seconds in msgspec.structs.asdict(origin.timeouts).items():
                yield f"{host} timeouts.{clock}", _clock(seconds)


def _shown(option: str, value: Value | None) -> str:
    """Give a value in words, where a screen has a dash for want of room."""
    if value is None:
        return NOT_THERE
    return "unlimited" if value == math.inf else written(option, value)


def _clock(value: object) -> str:
    if isinstance(value, float | int):
        return f"{value:g}s"
    return "unlimited" if value is None else clean(str(value))


def _edit(edit: EditRecord) -> str:
    host = f" {edit.host}" if edit.host else ""
    whose = clean(f"{edit.agent or edit.workload}{host}")
    before, after = (
        _shown(edit.option, math.inf if value is None else value)  # as an Edit says "no limit"
        for value in (edit.before, edit.after)
    )
    return f"{whose} {node_name(edit.option)} {before} > {after}"
