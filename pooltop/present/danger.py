"""How grave a change is: most edits are applied at once, some are asked about first."""

from __future__ import annotations

from pooltop.core.edits import Value, is_leap, is_within
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot, WorkloadSnapshot
from pooltop.present.limits import BY_OPTION, written
from pooltop.present.marks import in_use

_COUNTS = ("max_sockets", "max_total_sockets", "connections")


def doubts(
    agent: AgentSnapshot,
    changes: tuple[tuple[str, Value | None], ...],
    host: OriginSnapshot | None = None,
) -> str:
    """Say what speaks against edits, in a sentence; empty when they are everyday ones.

    Args:
        agent: whose options they change, as it is now.
        changes: option and new value; None is "no limit".
        host: whose own limits they change where it has them; None for nobody's.
    """
    drains = dict(changes).get("live", agent.options.live) == "drain"
    said = [_bounds(agent, option, value) for option, value in changes]
    said += [_starves(option, value) for option, value in changes]
    if drains:
        said += [_culls(agent, host, option, value) for option, value in changes]
    return "; ".join(each for each in said if each)


def load_doubts(workload: WorkloadSnapshot, changes: tuple[tuple[str, Value | None], ...]) -> str:
    """Say what speaks against edits of a workload, in a sentence; empty when nothing does.

    Args:
        workload: whose rate or users they change, as it is now.
        changes: option and new value.
    """
    now = {"rate": workload.rate, "users": workload.users}
    said = [_leaps(option, now.get(option), value) for option, value in changes]
    return "; ".join(each for each in said if each)


def _leaps(option: str, before: float | None, after: Value | None) -> str:
    if before is None or after is None or isinstance(after, str) or not is_leap(before, after):
        return ""
    return f"{option} {before:g} > {after:g} more than doubles the load"


def _bounds(agent: AgentSnapshot, option: str, value: Value | None) -> str:
    bounds = agent.bounds.get(option)
    if bounds is None or is_within(agent.bounds, option, value):
        return ""
    least, most = bounds
    title = BY_OPTION[option].title
    span = f"{written(option, least)}..{written(option, most)}"
    return f"{title} {written(option, value)} is outside the profile's bounds {span}"


def _starves(option: str, value: Value | None) -> str:
    if option not in _COUNTS or value != 0 or isinstance(value, bool):
        return ""
    return f"{BY_OPTION[option].title} 0 opens no socket: every request that finds none idle waits"


def _culls(
    agent: AgentSnapshot, host: OriginSnapshot | None, option: str, value: Value | None
) -> str:
    """Say how many idle sockets an edit closes at once, where they live in mode drain."""
    idle = sum(origin.free for origin in agent.origins)
    if host is not None and option in host.own_limits:
        reached: tuple[OriginSnapshot, ...] = (host,)
    else:
        reached = tuple(each for each in agent.origins if option not in each.own_limits)
    if option == "keep_alive" and value is False:
        culled = idle
    elif option not in (*_COUNTS, "max_free_sockets") or value is None or isinstance(value, str):
        return ""
    elif option == "max_free_sockets":
        culled = sum(max(0, origin.free - int(value)) for origin in reached)
    elif option in ("max_sockets", "connections"):
        culled = sum(
            min(origin.free, max(0, in_use(origin) + origin.free - int(value)))
            for origin in reached
        )
    else:
        culled = min(idle, max(0, agent.total_socket_count - int(value)))
    if not culled:
        return ""
    return f"closes {culled} idle socket{'' if culled == 1 else 's'} at once"
