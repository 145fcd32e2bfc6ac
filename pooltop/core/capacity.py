"""How full a pool is, derived by looking at one snapshot: what marks, alerts and bookmarks mean."""

from __future__ import annotations

import math

import msgspec

from pooltop.core.model import HOST_LIMITS, AgentOptions
from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot

_NO_LIMITS = dict.fromkeys(("max_sockets", "max_free_sockets", "max_total_sockets"), math.inf)


def options_of(agent: AgentSnapshot, origin: OriginSnapshot) -> AgentOptions:
    """Give the options in force for an origin: the agent's, with the host's own limits in them.

    Where an agent is made for every request, each limit binds within one of them only: over all of
    them, which is what a snapshot shows, there is none.
    """
    own = origin.own_limits
    if agent.options.per_request:
        return msgspec.structs.replace(agent.options, **_NO_LIMITS)
    if not own:
        return agent.options
    limits = {name: own[name] for name in HOST_LIMITS if name in own}
    return msgspec.structs.replace(agent.options, **limits)


def in_use(origin: OriginSnapshot) -> int:
    """Give the sockets that maxSockets counts: Node's ``sockets`` list of the origin."""
    return len(origin.sockets)


def room(agent: AgentSnapshot, origin: OriginSnapshot) -> float:
    """Give how many sockets could be opened for the origin; inf without a limit."""
    options = options_of(agent, origin)
    own = options.max_sockets - in_use(origin)
    shared = options.max_total_sockets - agent.total_socket_count
    return max(0, min(own, shared))


def is_saturated(agent: AgentSnapshot, origin: OriginSnapshot) -> bool:
    """Tell whether requests wait and no socket may be opened for them."""
    return origin.queued > 0 and room(agent, origin) <= 0


def limit_of(agent: AgentSnapshot, origin: OriginSnapshot) -> float:
    """Give how many sockets an origin can have in use; inf without a limit."""
    options = options_of(agent, origin)
    return min(options.max_sockets, options.max_total_sockets)
