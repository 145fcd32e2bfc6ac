"""The tables of agents: options, clocks, TLS, bounds, and what is otherwise for one host."""

from __future__ import annotations

import math

from pooltop.core import model
from pooltop.core.undici.options import DISPATCHERS
from pooltop.profiles import dispatcher_tables, hosts, unavailable
from pooltop.profiles.counts import MOST_SESSIONS, MOST_SOCKETS, sockets
from pooltop.profiles.kinds import Choice, Flag, Interval, Several, Whole
from pooltop.profiles.proxies import ProxySettings
from pooltop.profiles.shape import HTTP_AGENT, Field, Named, Table
from pooltop.profiles.texts import FilePath, Line, Secret
from pooltop.profiles.units import Duration

NODE = (HTTP_AGENT, "https.Agent")
"""Node's own two classes."""

_CLOCK = Duration(
    no_limit=None, on_zero='0 would fail every request. For no limit write "unlimited".'
)

TIMEOUTS = Table(
    "[agents.NAME.timeouts]",
    (
        Field(
            "mode",
            Choice(
                ("fail", "node"),
                meaning='With "fail" a clock that runs out fails the request and frees its socket; '
                'with "node" there is idle alone, and it is an event only, as in Node.',
            ),
        ),
        Field("queue", _CLOCK),
        Field("connect", _CLOCK),
        Field("dns", _CLOCK),
        Field("tcp", _CLOCK),
        Field("tls", _CLOCK),
        Field("idle", _CLOCK),
        Field("total", _CLOCK),
        Field(
            "free",
            Duration(
                no_limit=None,
                on_zero="0 would keep no idle socket: write keep_alive = false. "
                'For Node\'s own rules write "unlimited".',
            ),
            kinds=NODE,
        ),
    ),
    gives=model.Timeouts,
)

_TLS_VERSION = Choice(
    ("TLSv1.2", "TLSv1.3"),
    unavailable={
        old: f"{old} is not spoken (RFC 8996)." for old in ("SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1")
    },
)

TLS = Table(
    "[agents.NAME.tls]",
    (
        Field("ca", Several(FilePath(), alone=True)),
        Field("cert", FilePath()),
        Field("key", FilePath()),
        Field("passphrase", Secret(), secret=True),
        Field("verify", Flag(), node="rejectUnauthorized"),
        Field("passphrase_env", Line()),
        Field("servername", hosts.ServerName()),
        Field("ciphers", Line()),
        Field("min_version", _TLS_VERSION, node="minVersion"),
        Field("max_version", _TLS_VERSION, node="maxVersion"),
        Field("ecdh_curve", Line(), node="ecdhCurve"),
        Field("crl", Several(FilePath(), alone=True)),
        Field("secure_options", Whole(0, 2**63 - 1), node="secureOptions"),
        Field("keylog_file", FilePath()),
    ),
    unavailable=unavailable.TLS,
    gives=model.TLSOptions,
)

_MAX_SOCKETS = Field(
    "max_sockets",
    sockets('Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
    node="maxSockets",
    kinds=NODE,
)
_MAX_FREE_SOCKETS = Field(
    "max_free_sockets",
    sockets(
        'Node reads 0 as "not set", that is 256. Write 1 or more, or "unlimited"; to keep '
        "no idle socket write keep_alive = false."
    ),
    node="maxFreeSockets",
    kinds=NODE,
)

_SHARED = (
    Field("max_cached_sessions", Whole(0, MOST_SESSIONS), node="maxCachedSessions"),
    Field("local_address", hosts.IPAddress(), node="localAddress"),
    Field("family", hosts.IPVersion()),
    Field("socket_path", FilePath(is_beside=False), node="socketPath"),
    Field("no_delay", Flag(), node="noDelay"),
    Field("live", Choice(("node", "drain"))),
)

OPTIONS = (
    Field("keep_alive", Flag(), node="keepAlive", kinds=NODE),
    Field(
        "keep_alive_msecs",
        Duration("ms", on_zero='Node reads 0 as "not set", that is "1s". Write more than 0.'),
        node="keepAliveMsecs",
        kinds=NODE,
    ),
    Field(
        "agent_keep_alive_timeout_buffer",
        Duration("ms", zero=True),
        node="agentKeepAliveTimeoutBuffer",
        kinds=NODE,
    ),
    _MAX_SOCKETS,
    Field(
        "max_total_sockets",
        sockets('Node throws ERR_OUT_OF_RANGE for 0. Write 1 or more, or "unlimited".'),
        node="maxTotalSockets",
        kinds=NODE,
    ),
    _MAX_FREE_SOCKETS,
    Field("scheduling", Choice(("lifo", "fifo")), kinds=NODE),
    Field(
        "timeout",
        Duration(
            "ms",
            no_limit=0.0,
            on_zero='Node reads 0 as no timeout. Leave it out, or write "unlimited".',
        ),
        kinds=NODE,
    ),
    *_SHARED,
    Field("retry_stale", Flag(), kinds=NODE),
    Field("per_request", Flag(), kinds=NODE),
)
"""The keys of ``[agents.NAME]`` that are AgentOptions."""

DISPATCHER_OPTIONS = (*dispatcher_tables.OWN, *_SHARED)
"""The keys of ``[agents.NAME]`` that are DispatcherOptions."""

_SOCKET_BOUNDS = Interval(Whole(0, MOST_SOCKETS, no_limit=math.inf))

BOUNDS = Table(
    "[agents.NAME.bounds]",
    (
        Field("max_sockets", _SOCKET_BOUNDS, node="maxSockets", kinds=NODE),
        Field("max_total_sockets", _SOCKET_BOUNDS, node="maxTotalSockets", kinds=NODE),
        Field("max_free_sockets", _SOCKET_BOUNDS, node="maxFreeSockets", kinds=NODE),
        Field("timeout", Interval(Duration("ms", no_limit=math.inf, zero=True)), kinds=NODE),
        *dispatcher_tables.OWN_BOUNDS,
    ),
    unavailable=dispatcher_tables.WITHOUT_BOUNDS
    | dict.fromkeys(
        ("keep_alive", "keepAlive", "scheduling", "live"), "it is no number, so it has no bounds."
    ),
    mirrors=True,
)
"""What an edit may do without a question asked: the numbers of ``core.edits.EDITABLE``, and of a
dispatcher those that can be changed while traffic flows."""

HOST = Table(
    '[agents.NAME.hosts."host:port"]',
    (
        _MAX_SOCKETS,
        _MAX_FREE_SOCKETS,
        Field("timeouts", TIMEOUTS),
        Field("tls", TLS, kinds=NODE),
    ),
    mirrors=True,
)
"""What an agent does otherwise for one host: pooltop's own, Node's agent has one number for all."""

AGENT = Table(
    "[agents.NAME]",
    (
        Field("kind", Choice((*NODE, *DISPATCHERS))),
        *OPTIONS,
        *dispatcher_tables.OWN,
        dispatcher_tables.UPSTREAMS,
        Field(
            "codec",
            Choice(
                ("h11", "llhttp"),
                unavailable={"h2": "HTTP/2 is no codec of HTTP/1.1, but a kind of agent."},
            ),
            kinds=(*NODE, *dispatcher_tables.UNDICI),
        ),
        Field("h2_codec", Choice(("h2", "nghttp2")), kinds=DISPATCHERS),
        Field("timeouts", TIMEOUTS),
        Field("tls", TLS),
        Field("bounds", BOUNDS),
        Field("hosts", Named(HOST, names=hosts.HostPort())),
        Field("proxy_env", ProxySettings(), node="proxyEnv", secret=True, kinds=NODE),
    ),
    unavailable=dispatcher_tables.UNAVAILABLE,
    meant={
        # Of net.Socket: Node's agent sets it from its own keepAliveMsecs.
        "keepAliveInitialDelay": "keep_alive_msecs",
        "keep_alive_initial_delay": "keep_alive_msecs",
        "h2c": "use_h2c",
    },
)
