"""What can be edited of what the cursor is on, by name: for the strip, and for the form."""

from __future__ import annotations

import math

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.core.tunable import at_first
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.demand import demand_of
from pooltop.present.dispatcher_limits import DispatcherLimits, limit_fields
from pooltop.present.editing import Editable, Target, WorkloadId
from pooltop.present.history import HostId
from pooltop.present.keys import Keymap
from pooltop.present.limits import BY_OPTION, AgentLimits, value_of, written
from pooltop.present.line import Line
from pooltop.present.marks import changed_limits, changed_options
from pooltop.present.workload_limits import WorkloadLimits
from pooltop.ui.view import View, find, name_of


def options_of(view: View, target: Target | None, *, live: bool) -> tuple[Editable | None, str]:
    """Give what of a target can be edited, and its name.

    Args:
        view: where it is looked for.
        target: an agent's host, or a workload.
        live: as it is now, even on a frozen screen.
    """
    snapshot = view.live if live else view.snapshot
    if snapshot is None or target is None:
        return (None, "")
    if isinstance(target, WorkloadId):
        found = next((one for one in snapshot.workloads if one.name == target.name), None)
        if found is None:
            return (None, "")
        return (WorkloadLimits.of(found), f"workload {clean(found.name, 40)}")
    agent, origin = find(snapshot, target)
    if agent is None:
        return (None, "")
    of: Editable
    before = {} if origin is None else origin.initial_limits
    own = {} if origin is None or not before else origin.own_limits
    first = agent.initial_dispatcher or agent.dispatcher
    if agent.dispatcher is not None and first is not None:
        of = DispatcherLimits(agent.dispatcher, first, agent.bounds)
    else:
        of = AgentLimits(agent.options, agent.initial_options, agent.bounds, own, before)
    label = name_of(snapshot, target)
    hosts = len(agent.origins)
    many = f", applies to each of its {hosts} hosts" if hosts > 1 else ""
    whose = f"agent {clean(agent.name, 24)}{many}"
    return (of, f"{label}, {whose}" if label else whose)


def limits_hint(view: View, host: HostId, agent: AgentSnapshot) -> Line:
    """Say how an agent differs from its profile, what can be done, and how much would do."""
    undoes = view.undoes is not None and view.undoes.agent == agent.name
    _, origin = find(view.snapshot, host)
    return (*_as_in_the_profile(agent, origin, view.keys, undoes=undoes), *_needed(view, host))


def _needed(view: View, host: HostId) -> Line:
    """Estimate, by Little's law, how many sockets the host's arrivals keep in use."""
    agent, origin = find(view.snapshot, host)
    if agent is None or origin is None or view.snapshot is None:
        return ()
    if agent.dispatcher is not None:
        return ()  # connections carry several requests: they are not what is counted
    track = view.history.track(host)
    demand = demand_of(track, view.snapshot.at, view.header.window_s)
    if demand is None or demand.needed is None or not demand.arriving_s:
        return ()
    words = (
        f"   arriving {units.rate(demand.arriving_s)}/s x {units.duration(demand.holds_s)} = "
        f"about {units.count(math.ceil(demand.needed))} needed (estimate)"
    )
    return ((words, "dim"),)


def _as_in_the_profile(
    agent: AgentSnapshot, origin: OriginSnapshot | None, keys: Keymap, *, undoes: bool
) -> Line:
    changed = [
        f"{limit_fields(agent)[option]} {written(option, value_of(at_first(agent), option))}"
        for option in changed_options(agent)
    ]
    if origin is not None:
        changed += [
            f"own {BY_OPTION[option].title} {written(option, origin.initial_limits.get(option))}"
            for option in changed_limits(origin)
        ]
    if not changed:
        key = f"   {keys.first('edit')}"
        return ((" as in the profile", "dim"), (key, "key"), (" edit", "dim"))
    was = ", ".join(changed)
    undo: Line = ((f"   {keys.first('undo')}", "key"), (" undo", "dim")) if undoes else ()
    return (
        (f" * profile: {was}", "accent"),
        *undo,
        (f"{'' if undoes else ' '}  {keys.first('restore')}", "key"),
        (" back to profile", "dim"),
        (f"  {keys.first('save')}", "key"),
        (" save", "dim"),
    )
