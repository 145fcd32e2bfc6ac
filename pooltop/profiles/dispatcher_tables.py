"""The keys that undici's dispatchers have, and those of the kind ``h2``, by undici's own names.

What undici's constructors throw at is refused; so is a 0 that they take for "not set".

Source: undici 8.12.4 lib/dispatcher/client.js, pool.js, round-robin-pool.js, balanced-pool.js,
agent.js, lib/core/connect.js.
"""

from __future__ import annotations

import math

from pooltop.core.undici.options import DISPATCHERS
from pooltop.profiles import hosts
from pooltop.profiles.counts import MOST_SOCKETS, sockets
from pooltop.profiles.kinds import Flag, Interval, Several, Whole
from pooltop.profiles.shape import MOST_ENTRIES, Field
from pooltop.profiles.unavailable import by_both_spellings
from pooltop.profiles.units import Duration

UNDICI = tuple(kind for kind in DISPATCHERS if kind != "h2")
POOLS = tuple(kind for kind in UNDICI if kind != "undici-client")
BALANCED = ("undici-balanced-pool",)
H2 = ("h2",)
_OF_H2C = tuple(kind for kind in UNDICI if kind != "undici-round-robin-pool")

_LARGEST_WINDOW = 2**31 - 1
"""Source: RFC 9113, 6.9.1."""
_MOST_STREAMS = 2**31 - 1

_THROWS = "undici throws UND_ERR_INVALID_ARG for 0."
_AT_LEAST_ONE = f"{_THROWS} Write 1 or more."
_OR_UNLIMITED = 'Write 1 or more, or "unlimited".'
_CONNECTIONS = sockets(f"undici reads 0 as no limit. {_OR_UNLIMITED}")
_SESSIONS = sockets(f"0 would send nothing. {_OR_UNLIMITED}")
_PIPELINING = Whole(0, MOST_SOCKETS, no_limit=math.inf)
_STREAMS = Whole(1, _MOST_STREAMS, on_zero=_AT_LEAST_ONE)
_IDLE = Duration("ms", on_zero=f"{_THROWS} Write more than 0.")
_OR_NEVER = Duration("ms", no_limit=0.0, zero=True)
_WINDOW = Whole(1, _LARGEST_WINDOW, on_zero=_AT_LEAST_ONE)


def _unset(default: int) -> Whole:
    said = f'undici reads 0 as "not set", that is {default}. Write 1 or more.'
    return Whole(1, MOST_SOCKETS, on_zero=said)


OWN = (
    Field("connections", _CONNECTIONS, kinds=POOLS),
    Field("sessions", _SESSIONS, attr="connections", kinds=H2),
    Field("pipelining", _PIPELINING, kinds=UNDICI),
    Field("max_concurrent_streams", _STREAMS, node="maxConcurrentStreams", kinds=DISPATCHERS),
    Field("keep_alive_timeout", _IDLE, node="keepAliveTimeout", kinds=DISPATCHERS),
    Field("keep_alive_max_timeout", _IDLE, node="keepAliveMaxTimeout", kinds=UNDICI),
    Field(
        "keep_alive_timeout_threshold",
        Duration("ms", zero=True),
        node="keepAliveTimeoutThreshold",
        kinds=UNDICI,
    ),
    Field("headers_timeout", _OR_NEVER, node="headersTimeout", kinds=DISPATCHERS),
    Field("body_timeout", _OR_NEVER, node="bodyTimeout", kinds=DISPATCHERS),
    Field("connect_timeout", _OR_NEVER, node="connectTimeout", kinds=DISPATCHERS),
    Field("max_requests_per_client", _CONNECTIONS, node="maxRequestsPerClient", kinds=UNDICI),
    Field("client_ttl", _OR_NEVER, node="clientTtl", kinds=(*POOLS, *H2)),
    Field("allow_h2", Flag(), node="allowH2", kinds=UNDICI),
    Field("prefer_h2", Flag(), node="preferH2", kinds=UNDICI),
    Field("use_h2c", Flag(), node="useH2c", kinds=_OF_H2C),
    Field(
        "ping_interval",
        Duration("ms", no_limit=0.0, zero=True, word="off"),
        node="pingInterval",
        kinds=DISPATCHERS,
    ),
    Field(
        "ping_timeout",
        Duration(
            "ms",
            no_limit=math.inf,
            on_zero='0 would end a session with its first PING. For never write "unlimited".',
        ),
        kinds=DISPATCHERS,
    ),
    Field("initial_window_size", _WINDOW, node="initialWindowSize", kinds=DISPATCHERS),
    Field("connection_window_size", _WINDOW, node="connectionWindowSize", kinds=DISPATCHERS),
    Field(
        "max_origins",
        sockets(f"{_THROWS} {_OR_UNLIMITED}"),
        node="maxOrigins",
        kinds=("undici-agent",),
    ),
    Field("max_weight_per_server", _unset(100), node="maxWeightPerServer", kinds=BALANCED),
    Field("error_penalty", _unset(15), node="errorPenalty", kinds=BALANCED),
)
"""The keys of ``[agents.NAME]`` that are DispatcherOptions, and no option of an http.Agent."""

UPSTREAMS = Field("upstreams", Several(hosts.BaseUrl(), most=MOST_ENTRIES), kinds=BALANCED)
"""Where a BalancedPool goes."""

_OF_CONNECTIONS = Interval(Whole(0, MOST_SOCKETS, no_limit=math.inf))

OWN_BOUNDS = (
    Field("connections", _OF_CONNECTIONS, kinds=POOLS),
    Field("sessions", _OF_CONNECTIONS, attr="connections", kinds=H2),
    Field("pipelining", Interval(_PIPELINING), kinds=UNDICI),
    Field(
        "max_concurrent_streams",
        Interval(Whole(1, _MOST_STREAMS)),
        node="maxConcurrentStreams",
        kinds=DISPATCHERS,
    ),
)
"""The keys of ``[agents.NAME.bounds]`` that are of dispatchers alone."""
WITHOUT_BOUNDS = dict.fromkeys(
    (
        spelling
        for field in OWN
        for spelling in (field.name, field.node)
        if spelling and field.gives not in {bound.gives for bound in OWN_BOUNDS}
    ),
    "it cannot be changed while traffic flows, so it has no bounds.",
)
"""Keys that are no number that an edit can change, and why that is."""

_ELSEWHERE = {
    "socketTimeout": "unsupported by undici: use headersTimeout & bodyTimeout instead.",
    "requestTimeout": "unsupported by undici: use headersTimeout & bodyTimeout instead.",
    "idleTimeout": "unsupported by undici: use keepAliveTimeout instead.",
    "maxKeepAliveTimeout": "unsupported by undici: use keepAliveMaxTimeout instead.",
    "maxResponseSize": "not yet in this version; a request's expect = { max_bytes = ... } "
    "judges it.",
    "maxHeaderSize": "not yet in this version; a head of more than 64 KiB is always refused.",
    "strictContentLength": "a length that is not kept is always an error.",
    "autoSelectFamily": "addresses of both versions are always raced (RFC 8305); family keeps to "
    "one.",
    "autoSelectFamilyAttemptTimeout": "addresses of both versions are raced as RFC 8305 has it.",
    "h2Options": "its options stand in the agent itself: max_concurrent_streams, use_h2c, "
    "ping_interval and the two windows.",
    "factory": "a profile holds no code: kind says what is made.",
    "interceptors": "a profile holds no code.",
}

UNAVAILABLE = by_both_spellings(_ELSEWHERE)
"""Options of undici's that it took once, or that cannot be had, and why."""
