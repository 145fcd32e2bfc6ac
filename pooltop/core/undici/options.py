"""What undici's dispatchers take, and the same in the words of http.Agent.

Source: undici 8.12.4 lib/dispatcher/client.js, pool.js, agent.js, balanced-pool.js,
lib/core/connect.js: the names in snake_case, with undici's units and defaults.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from pooltop.core.model import AgentOptions, Live

DispatcherKind = Literal[
    "undici-client",
    "undici-pool",
    "undici-round-robin-pool",
    "undici-balanced-pool",
    "undici-agent",
]


class DispatcherOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one dispatcher; times in milliseconds, ``math.inf`` for no limit."""

    kind: DispatcherKind = "undici-pool"
    connections: float = math.inf
    """Clients of a pool, and so its connections; 0 means no limit, as inf does. An Agent with
    exactly 1 has a bare Client per origin."""
    pipelining: float = 1
    """Requests that may run on one HTTP/1.1 connection at a time; 0 closes it after each. The only
    option that undici lets be changed later. HTTP/2 ignores it."""
    keep_alive_timeout: float = 4000
    """How long an idle connection is kept that had no hint; above 0."""
    keep_alive_max_timeout: float = 600_000
    """The most that a server's hint can make of it."""
    keep_alive_timeout_threshold: float = 2000
    """Taken off a server's hint, so that we close first."""
    headers_timeout: float = 300_000
    """From a request's being sent to the head of its response; 0 for no limit."""
    body_timeout: float = 300_000
    """Between two parts of a response's body; 0 for no limit."""
    connect_timeout: float = 10_000
    """TCP and TLS together; 0 for no limit."""
    max_requests_per_client: float = math.inf
    """A connection is closed after so many requests; 0 means no limit, as inf does."""
    client_ttl: float = 0
    """A client whose connection is older is retired when it would be picked; 0 for never."""
    allow_h2: bool = True
    """Offer HTTP/2 to https origins."""
    use_h2c: bool = False
    """HTTP/2 by prior knowledge to http origins."""
    max_origins: float = math.inf
    """Origins of an Agent at a time."""
    max_weight_per_server: float = 100
    """What a BalancedPool's member weighs at best; 0 means 100."""
    error_penalty: float = 15
    """What a broken connection takes off that, and a connection gives back; 0 means 15."""
    live: Live = "node"
    """What an edit does at once: "node" what undici does, "drain" what an operator expects."""


def projected(options: DispatcherOptions) -> AgentOptions:
    """Give the options of an http.Agent that has the same limits.

    It is what counts, bars and thresholds read: ``max_sockets`` is ``connections``, ``timeout`` the
    idle time without a hint, and there is no other limit.
    """
    return AgentOptions(
        keep_alive=options.pipelining > 0,
        max_sockets=1 if options.kind == "undici-client" else options.connections or math.inf,
        max_free_sockets=math.inf,
        timeout=options.keep_alive_timeout,
        live=options.live,
    )
