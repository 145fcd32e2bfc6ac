"""What was tuned live and is in force, as changes of the profile that a run came from. Pure.

Taken is what somebody stands for: a value that was kept, or was meant for good. What would still be
put back because nobody kept it is left out, and said; so is what no profile can say, as a limit of
0, which Node's constructor reads as none. An edit holds a workload with stages at a level: then one
stage takes their place, that holds it for as long as they took, for with them the load ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, cast

from pooltop.core.edits import EDITABLE, EditRecord, Value
from pooltop.core.model import AgentOptions, AgentProfile, HostOptions, Profile
from pooltop.core.snapshot import AgentSnapshot, Snapshot, WorkloadSnapshot
from pooltop.core.stages import Plan
from pooltop.core.traffic import Workload
from pooltop.core.undici.edits import editable
from pooltop.core.undici.options import DispatcherOptions
from pooltop.profiles.agent_tables import AGENT, HOST
from pooltop.profiles.effective import Effective
from pooltop.profiles.filled import value_at
from pooltop.profiles.kinds import Kind, Refused, refused
from pooltop.profiles.shape import HTTP_AGENT, Field
from pooltop.profiles.shown import Path, printable, shown_inline, shown_key
from pooltop.profiles.workload_tables import STAGE, WORKLOAD

Verdict = Callable[[int], str]
"""Gives what was measured of an edit, by its number, in words; "" for nothing."""


class Change(NamedTuple):
    """A key whose value is another than in the profile that a run came from."""

    path: Path
    before: object
    """As TOML has it; None where nobody said it."""
    after: object
    why: str
    """The edit, and what was measured of it."""

    @property
    def key(self) -> str:
        """Name the key as TOML does."""
        return shown_key(self.path)

    @property
    def values(self) -> str:
        """Give both values, as ``20 -> 50``."""
        before = "not set" if self.before is None else shown_inline(self.before)
        return f"{before} -> {shown_inline(self.after)}"


@dataclass(frozen=True)
class Tuned:
    """What is to be written, and what is not."""

    changes: tuple[Change, ...]
    left_out: tuple[str, ...] = ()
    """What differs from the profile and is not written, and why: one sentence each."""


def tuned(
    snapshot: Snapshot,
    profile: Profile,
    effective: Effective,
    verdict: Verdict = lambda _: "",
) -> Tuned:
    """Give what was tuned and is in force at an instant.

    Args:
        snapshot: the instant.
        profile: what the engine began with.
        effective: who said what of it.
        verdict: of the edits.
    """
    changes: list[Change] = []
    left_out: list[str] = []
    for slot in _slots(snapshot, profile):
        if slot.pending is not None:
            after = _plain(slot.pending.option, slot.pending.after)
            words = f"{_words(slot, after)} of edit {slot.pending.number}"
            left_out.append(f"{slot.key} {words}: nobody kept it, and it would be put back")
        try:
            changes += _changes(slot, effective, verdict)
        except Refused as error:
            left_out.append(f"{slot.key} {_words(slot, slot.value)}: {error.faults[0].message}")
    return Tuned(tuple(changes), tuple(left_out))


def tunable(dispatcher: DispatcherOptions | None) -> tuple[Field, ...]:
    """Give the keys of an agent whose values edits change, in a fixed order.

    Args:
        dispatcher: its options; None for an http.Agent.
    """
    kind = HTTP_AGENT if dispatcher is None else dispatcher.kind
    keys = {field.gives: field for field in AGENT.fields if field.is_of(kind)}
    return tuple(keys[name] for name in (EDITABLE if dispatcher is None else editable(kind)))


def differing(wanted: Tuned, profile: Profile) -> Iterator[tuple[Change, object]]:
    """Give each change that a profile does not have, with what it has instead."""
    for change in wanted.changes:
        section, name, *_, key = change.path
        named = profile.agents if section == "agents" else profile.workloads
        one = next((each for each in named if each.name == name), None)
        if one is None:
            yield change, None
            continue
        if key == "stages":
            assert isinstance(one, Workload)
            value: object = [{"hold": _HOLD.write(stage.over_s)} for stage in one.stages]
        else:
            held: object = one
            if isinstance(one, AgentProfile):
                host = str(change.path[-2])
                is_own = len(change.path) > _AGENTS
                own = one.dispatcher or one.options
                held = one.hosts.get(host, HostOptions()) if is_own else own
            field = _field(change.path)
            value = cast("Kind", field.kind).write(getattr(held, field.gives))
        if value != change.after:
            yield change, value


class _Slot(NamedTuple):
    """One option of an agent, or what is asked of a workload."""

    path: Path
    initial: Value
    value: Value
    """What somebody stands for."""
    record: EditRecord | None
    """The edit that brought it; None where none is known to have."""
    pending: EditRecord | None
    """The edit in force that would be put back."""
    held: Workload | None = None
    """A workload whose stages that edit holds."""

    @property
    def key(self) -> str:
        return shown_key(self.path)


def _slots(snapshot: Snapshot, profile: Profile) -> Iterator[_Slot]:
    agents = {agent.name: agent for agent in snapshot.agents}
    for one in profile.agents:
        agent = agents.get(one.name)
        if agent is not None:
            yield from _agent_slots(one, agent, snapshot)
            yield from _host_slots(one, agent, snapshot)
    workloads = {workload.name: workload for workload in snapshot.workloads}
    for each in profile.workloads:
        if each.name in workloads:
            loads = [record for record in snapshot.edits if record.workload == each.name]
            yield _load(each, workloads[each.name], loads)


def _agent_slots(one: AgentProfile, agent: AgentSnapshot, snapshot: Snapshot) -> Iterator[_Slot]:
    began: AgentOptions | DispatcherOptions = one.dispatcher or one.options
    now: AgentOptions | DispatcherOptions = agent.dispatcher or agent.options
    if type(began) is not type(now):
        return  # it is not told what is in force
    for field in tunable(one.dispatcher):
        initial: Value = getattr(began, field.gives)
        value: Value = getattr(now, field.gives)
        records = _records(snapshot, one.name, field.gives)
        yield _slot(("agents", one.name, field.name), initial, value, records)


def _host_slots(one: AgentProfile, agent: AgentSnapshot, snapshot: Snapshot) -> Iterator[_Slot]:
    """Give the limits that hosts have for themselves, as far as they were sent anything."""
    seen = {origin.authority: origin.own_limits for origin in agent.origins}
    for host, own in one.hosts.items():
        for option, initial in own.limits.items():
            now = seen.get(host, {}).get(option, initial)
            records = _records(snapshot, one.name, option, host)
            path: Path = ("agents", one.name, "hosts", host, option)
            yield _slot(path, initial, now, records)


def _records(snapshot: Snapshot, agent: str, option: str, host: str = "") -> tuple[EditRecord, ...]:
    who = (agent, host, option)
    return tuple(each for each in snapshot.edits if (each.agent, each.host, each.option) == who)


def _slot(path: Path, initial: Value, now: Value, records: Sequence[EditRecord]) -> _Slot:
    newest = records[-1] if records else None
    if newest is None or newest.revert_at is None:
        return _Slot(path, initial, now, newest, None)
    # What it goes back to: the last value that was kept, or meant for good.
    stands = next((r for r in reversed(records) if r.fate == "kept" or _is_for_good(r)), None)
    value = initial if stands is None else _plain(stands.option, stands.after)
    return _Slot(path, initial, value, stands, newest)


def _is_for_good(record: EditRecord) -> bool:
    return record.fate == "" and record.revert_at is None


def _load(workload: Workload, seen: WorkloadSnapshot, records: Sequence[EditRecord]) -> _Slot:
    option = "rate" if workload.model == "open" else "users"
    asked = seen.rate if workload.model == "open" else seen.users
    asked = asked if seen.heading_for is None else seen.heading_for
    initial: float = getattr(workload, option)
    slot = _slot(
        ("workloads", workload.name, option), initial, initial if asked is None else asked, records
    )
    if not workload.stages:
        return slot
    if slot.record is None or slot.record.on_stages:
        return slot._replace(value=initial, record=None)
    return slot._replace(value=_plain(option, slot.record.after), held=workload)


def _changes(slot: _Slot, effective: Effective, verdict: Verdict) -> list[Change]:
    """Give what has to be written of a slot.

    Raises:
        Refused: no profile can say it.
    """
    why = _why(slot.record, verdict)
    found = []
    if slot.value != slot.initial:
        kind = cast("Kind", _field(slot.path).kind)
        before, after = kind.write(slot.initial), _written(kind, slot.value)
        found.append(Change(slot.path, before, after, why))
    if slot.held is not None:
        stages = (*slot.path[:2], "stages")
        said = value_at(effective.layers.tree, stages)
        one = {"hold": _written(_HOLD, Plan(slot.held).end)}
        found.append(Change(stages, said, [one], why))
    return found


def _why(record: EditRecord | None, verdict: Verdict) -> str:
    if record is None:
        return "an edit that is not remembered"
    by = "" if record.by == "operator" else f" by {record.by}"
    words = printable(verdict(record.number))
    return f"edit {record.number}{by}" + (f", {words}" if words else "")


_HOLD = cast("Kind", STAGE.spellings()["hold"].kind)


_AGENTS = 3
"""Steps to an option of an agent; to one of its hosts' there are more."""


def _field(path: Path) -> Field:
    table = WORKLOAD if path[0] == "workloads" else AGENT if len(path) == _AGENTS else HOST
    return table.spellings()[str(path[-1])]


def _written(kind: Kind, value: Value) -> object:
    """Give a value as TOML has it.

    Raises:
        Refused: it cannot say it, or not exactly.
    """
    text = kind.write(value)
    if kind.read(text) != value:
        raise refused("P012", f"a profile can say {shown_inline(text)} at the nearest")
    return text


def _plain(option: str, value: Value | None) -> Value:
    """Give an edit's value as the model has it: None is "no limit" there."""
    if value is None:
        return 0.0 if option == "timeout" else math.inf
    return value


def _words(slot: _Slot, value: Value) -> str:
    return shown_inline(cast("Kind", _field(slot.path).kind).write(value))
