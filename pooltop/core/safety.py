"""What keeps a load from doing harm, as a profile's ``[safety]`` has it: ceilings, breakers."""

from __future__ import annotations

import math

import msgspec

FAR_RATE = 500.0
"""Arrivals per second of all workloads together, where any of them leaves this machine and the
profile has no ``max_rate``."""
FAR_SOCKETS = 200.0
"""Sockets per host of an agent whose traffic leaves this machine, without ``max_sockets``."""
OPEN_FDS = 0.8
"""Share of the process's descriptors that may be open: the rest is for what is no socket, and for
the addresses that one dial tries at a time."""


class Safety(msgspec.Struct, frozen=True, kw_only=True):
    """The ceilings and breakers of one run, worked out: defaults depend on where traffic goes.

    Those of sockets are ``AgentProfile.ceiling``, as an agent that stays on this machine has none.
    """

    max_rate: float = math.inf
    """Requests per second that all workloads together may start; inf for no limit. What open ones
    ask for is checked against it; users are paced, and so are redirected requests."""
    max_open_fds: float = OPEN_FDS
    """Share of the process's descriptors that may be open when a socket is made, above 0 to 1."""
    guarded: tuple[str, ...] = ()
    """The workloads that are cut while their server is in trouble: see ``core.breaker``."""
