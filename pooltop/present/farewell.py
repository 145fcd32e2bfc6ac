"""What stays on the terminal after the dashboard has left: a few lines of what a run came to.

No header fields, no addresses with passwords: only names and numbers that the screen showed too.
"""

from __future__ import annotations

from collections import Counter

from pooltop.core.histogram import Histogram
from pooltop.core.snapshot import Snapshot
from pooltop.core.tunable import at_first, in_force
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.delivery import shortfalls
from pooltop.present.dispatcher_limits import limit_fields
from pooltop.present.faults import counts
from pooltop.present.limits import BY_OPTION, value_of, written
from pooltop.present.marks import changed_limits, changed_load, changed_options
from pooltop.present.thresholds import verdict_words

_MOST = 5
"""Names of errors, and lines of edits, of thresholds, and of what was not delivered."""


def farewell_lines(snapshot: Snapshot, *, seen_s: float, goes_on: bool) -> list[str]:
    """Give the lines.

    Args:
        snapshot: The last one; its counters are totals since the engine began.
        seen_s: How long it was watched.
        goes_on: Whether the engine outlives its viewer.
    """
    origins = [origin for agent in snapshot.agents for origin in agent.origins]
    failed: Counter[str] = Counter()
    for origin in origins:
        failed.update(origin.counters.failed)
    latency = Histogram.total(origin.latency.total for origin in origins)
    submitted = sum(origin.counters.submitted for origin in origins)
    completed = sum(origin.counters.completed for origin in origins)
    under_way = sum(origin.under_way for origin in origins)
    errors = f" ({counts(failed, _MOST)})" if failed else ""
    ended = f"{completed} completed, {failed.total()} failed{errors}"
    end = "its engine goes on" if goes_on else "the load has ended"
    lines = [
        f"pooltop: {clean(snapshot.profile)} watched for {units.age(seen_s)}; {end}",
        f"  requests  {submitted} submitted, {ended}, {under_way} under way",
    ]
    if latency.count:
        shown = ", ".join(
            f"{name} {units.duration(latency.quantile(q))}"
            for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
        )
        lines.append(f"  latency   {shown} (intended start to last byte)")
    lines += [
        f"  load      {clean(each.name)} {shortfall}"
        for each in snapshot.workloads
        for shortfall in shortfalls(each, snapshot.max_rate)
    ][:_MOST]
    lines += [
        f"  threshold {verdict_words(each)}"
        for each in snapshot.thresholds
        if each.state == "failed"
    ][:_MOST]
    edits = _edits(snapshot)
    where = "still in force" if goes_on else "gone with the engine"
    lines += [f"  edited    {edit}, not in the profile, {where}" for edit in edits[:_MOST]]
    if len(edits) > _MOST:
        lines.append(f"  edited    {len(edits) - _MOST} more")
    return lines


def _edits(snapshot: Snapshot) -> list[str]:
    """Give what differs from the profile, e.g. ``api maxSockets 50 > 64``."""
    found = [
        f"{clean(agent.name)} {limit_fields(agent)[option]} "
        f"{written(option, value_of(at_first(agent), option))} > "
        f"{written(option, value_of(in_force(agent), option))}"
        for agent in snapshot.agents
        for option in changed_options(agent)
    ]
    found += [
        f"{clean(agent.name)} {clean(origin.authority)} {BY_OPTION[option].title} "
        f"{written(option, origin.initial_limits.get(option))} > "
        f"{written(option, origin.own_limits.get(option))}"
        for agent in snapshot.agents
        for origin in agent.origins
        for option in changed_limits(origin)
    ]
    found += [
        f"{clean(workload.name)} {option} {before:g} > {after:g}"
        for workload in snapshot.workloads
        for option, before, after in changed_load(workload)
    ]
    return found
