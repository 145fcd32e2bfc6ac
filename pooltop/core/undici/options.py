"""What undici's dispatchers take, and the kind ``h2``, which is a pool of HTTP/2 sessions alone.

Rules of this file: it imports nothing of ours, for an agent of a profile has these options.

Source: undici 8.12.4 lib/dispatcher/client.js, pool.js, agent.js, balanced-pool.js,
lib/core/connect.js: the names in snake_case, with undici's units and defaults.
"""

from __future__ import annotations

import math
from typing import Final, Literal, get_args

import msgspec

DispatcherKind = Literal[
    "undici-client",
    "undici-pool",
    "undici-agent",
    "undici-balanced-pool",
    "undici-round-robin-pool",
    "h2",
]
DISPATCHERS: Final[tuple[DispatcherKind, ...]] = get_args(DispatcherKind)
"""Every kind."""
OF_ONE_ORIGIN: Final[frozenset[str]] = frozenset(
    ("undici-client", "undici-pool", "undici-round-robin-pool")
)
"""The kinds that undici makes for a single origin."""


class DispatcherOptions(msgspec.Struct, frozen=True, kw_only=True):
    """The options of one dispatcher; times in milliseconds, ``math.inf`` for no limit."""

    kind: DispatcherKind = "undici-pool"
    connections: float = math.inf
    """Clients of a pool, and so its connections; 0 means no limit, as inf does. An Agent with
    exactly 1 has a bare Client per origin. Of the kind "h2" it is its sessions per origin."""
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
    prefer_h2: bool = False
    """Name HTTP/2 before HTTP/1.1 in that offer: it decides where the server goes by our order."""
    use_h2c: bool = False
    """HTTP/2 by prior knowledge to http origins."""
    max_concurrent_streams: float = 100
    """Streams of a session at a time, 1 or more; the server's own limit counts where it is less."""
    ping_interval: float = 60_000
    """From one PING of a session to the next; 0 for none."""
    ping_timeout: float = math.inf
    """How long its answer may take before the session is given up; inf for ever, as undici, which
    does nothing about a PING that is not answered."""
    initial_window_size: float = 262_144
    """Octets of body that a server may send on a stream before it is given more; 1 or more."""
    connection_window_size: float = 524_288
    """Likewise on all streams of a session together."""
    max_origins: float = math.inf
    """Origins of an Agent at a time."""
    max_weight_per_server: float = 100
    """What a BalancedPool's member weighs at best; 0 means 100."""
    error_penalty: float = 15
    """What a broken connection takes off that, and a connection gives back; 0 means 15."""
    max_cached_sessions: float = 100
    """TLS sessions kept for resuming; 0 keeps none."""
    local_address: str | None = None
    """Address to bind to before connecting; None leaves it to the system."""
    family: Literal[4, 6] | None = None
    """IP version to use; None for either, raced (RFC 8305)."""
    socket_path: str | None = None
    """A unix socket to connect to instead of host and port."""
    no_delay: bool = True
    """TCP_NODELAY: small writes are sent at once, as undici always has it."""
    live: Literal["node", "drain"] = "node"
    """What an edit does at once: "node" what undici does, "drain" what an operator expects."""


def built_in(kind: DispatcherKind) -> DispatcherOptions:
    """Give the options of a kind of which nobody says anything.

    The kind "h2" is pooltop's own: one session per origin, by prior knowledge to http origins. A
    session whose PING is not answered is given up, and an edit does what an operator expects.
    """
    if kind == "h2":
        return DispatcherOptions(
            kind="h2", connections=1, use_h2c=True, ping_timeout=15_000, live="drain"
        )
    return DispatcherOptions(kind=kind)


def speaks_h2c(options: DispatcherOptions) -> bool:
    """Say whether HTTP/2 is spoken to http origins; undici's RoundRobinPool forgets that it is."""
    return options.kind == "h2" or (options.use_h2c and options.kind != "undici-round-robin-pool")
