"""How full a pool is, derived by looking at one snapshot: what marks, alerts and bookmarks mean."""

from __future__ import annotations

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot


def in_use(origin: OriginSnapshot) -> int:
    """Give the sockets that maxSockets counts: Node's ``sockets`` list of the origin."""
    return len(origin.sockets)


def room(agent: AgentSnapshot, origin: OriginSnapshot) -> float:
    """Give how many sockets could be opened for the origin; inf without a limit."""
    own = agent.options.max_sockets - in_use(origin)
    shared = agent.options.max_total_sockets - agent.total_socket_count
    return max(0, min(own, shared))


def is_saturated(agent: AgentSnapshot, origin: OriginSnapshot) -> bool:
    """Tell whether requests wait and no socket may be opened for them."""
    return origin.queued > 0 and room(agent, origin) <= 0


def limit_of(agent: AgentSnapshot) -> float:
    """Give how many sockets one origin of the agent can have in use; inf without a limit."""
    return min(agent.options.max_sockets, agent.options.max_total_sockets)
