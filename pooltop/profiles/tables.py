"""The format, table by table: each key's name, what it may hold and where it goes.

This is the one place that knows the keys. The reader, the suggestions and every "belongs
in" come from it. Defaults are the model's own, by a key's ``attr`` in ``Table.gives``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from pooltop.core import exporting, model, thresholds, traffic
from pooltop.core.edits import MOST_USERS
from pooltop.profiles import unavailable, web
from pooltop.profiles.bodies import Body
from pooltop.profiles.expecting import Statuses
from pooltop.profiles.expects import Expects
from pooltop.profiles.kinds import (
    Choice,
    Decimal,
    Flag,
    Interval,
    Kind,
    SchemaVersion,
    Several,
    Whole,
)
from pooltop.profiles.listening import CollectorUrl, ListenAddress
from pooltop.profiles.proxies import ProxySettings
from pooltop.profiles.texts import Credential, FilePath, Label, Line, Secret, Variable
from pooltop.profiles.units import AUTO_REVERT, Duration, Level, Rate

MOST_SOCKETS = 1_000_000
MOST_SESSIONS = 1_000_000
MOST_ENTRIES = 256
"""Agents, workloads, demo servers, request classes of a workload."""
LARGEST_BODY = 64 * 1024 * 1024
MOST_BYTES = 2**53
"""Of a response, that can be expected."""


@dataclass(frozen=True)
class Field:
    """One key of a table."""

    name: str
    kind: Kind | Table | Named | Many
    attr: str = ""
    """The model's name for it, where that differs."""
    node: str = ""
    """Node's spelling, accepted too, so that options can be pasted."""
    required: str = ""
    """What to write, where the key must be there."""
    only: Literal["open", "closed", ""] = ""
    """The workload model it belongs to; empty for both."""
    secret: bool = False
    """Its value is never shown."""
    echoes: bool = False
    """It has the name of another table's key: a stray one belongs there."""

    @property
    def gives(self) -> str:
        """Name the attribute of the model."""
        return self.attr or self.name


@dataclass(frozen=True)
class Table:
    """A TOML table whose keys are known."""

    where: str
    """Its header, with NAME for what the user chooses."""
    fields: tuple[Field, ...]
    later: tuple[str, ...] = ()
    """Keys of the format that this version cannot do yet."""
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Keys of Node's that cannot be had, and why."""
    meant: Mapping[str, str] = field(default_factory=dict)
    """Words of Node's that are no key, but whose meaning one has."""
    gives: type[msgspec.Struct] | None = None
    """The value that is made of it."""
    is_switch: bool = False
    """Its being there turns something on: where it is not, nothing is built in."""
    mirrors: bool = False
    """Its keys are those of another table: a stray one belongs there."""

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"a table with {', '.join(field.name for field in self.fields)}"

    def spellings(self) -> dict[str, Field]:
        """Give every spelling that is accepted, Node's included."""
        names = {field.name: field for field in self.fields}
        return names | {field.node: field for field in self.fields if field.node}


@dataclass(frozen=True)
class Named:
    """Tables by name: ``[agents.NAME]``."""

    item: Table
    names: Kind
    most: int = MOST_ENTRIES

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"tables like {self.item.where}"


@dataclass(frozen=True)
class Many:
    """An array of tables."""

    item: Table
    most: int = MOST_ENTRIES

    @property
    def allowed(self) -> str:
        """Describe it."""
        return f"an array of tables like {self.item.where}"


def _sockets(on_zero: str) -> Whole:
    return Whole(1, MOST_SOCKETS, no_limit=math.inf, on_zero=on_zero)


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
        Field("servername", web.ServerName()),
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
    _sockets('Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
    node="maxSockets",
)
_MAX_FREE_SOCKETS = Field(
    "max_free_sockets",
    _sockets(
        'Node reads 0 as "not set", that is 256. Write 1 or more, or "unlimited"; to keep '
        "no idle socket write keep_alive = false."
    ),
    node="maxFreeSockets",
)

OPTIONS = (
    Field("keep_alive", Flag(), node="keepAlive"),
    Field(
        "keep_alive_msecs",
        Duration("ms", on_zero='Node reads 0 as "not set", that is "1s". Write more than 0.'),
        node="keepAliveMsecs",
    ),
    Field(
        "agent_keep_alive_timeout_buffer",
        Duration("ms", zero=True),
        node="agentKeepAliveTimeoutBuffer",
    ),
    _MAX_SOCKETS,
    Field(
        "max_total_sockets",
        _sockets('Node throws ERR_OUT_OF_RANGE for 0. Write 1 or more, or "unlimited".'),
        node="maxTotalSockets",
    ),
    _MAX_FREE_SOCKETS,
    Field("scheduling", Choice(("lifo", "fifo"))),
    Field(
        "timeout",
        Duration(
            "ms",
            no_limit=0.0,
            on_zero='Node reads 0 as no timeout. Leave it out, or write "unlimited".',
        ),
    ),
    Field("max_cached_sessions", Whole(0, MOST_SESSIONS), node="maxCachedSessions"),
    Field("local_address", web.IPAddress(), node="localAddress"),
    Field("family", web.IPVersion()),
    Field("socket_path", FilePath(is_beside=False), node="socketPath"),
    Field("no_delay", Flag(), node="noDelay"),
    Field("live", Choice(("node", "drain"))),
    Field("retry_stale", Flag()),
    Field("per_request", Flag()),
)
"""The keys of ``[agents.NAME]`` that are AgentOptions."""

_SOCKET_BOUNDS = Interval(Whole(0, MOST_SOCKETS, no_limit=math.inf))

BOUNDS = Table(
    "[agents.NAME.bounds]",
    (
        Field("max_sockets", _SOCKET_BOUNDS, node="maxSockets"),
        Field("max_total_sockets", _SOCKET_BOUNDS, node="maxTotalSockets"),
        Field("max_free_sockets", _SOCKET_BOUNDS, node="maxFreeSockets"),
        Field("timeout", Interval(Duration("ms", no_limit=math.inf, zero=True))),
    ),
    unavailable=dict.fromkeys(
        ("keep_alive", "keepAlive", "scheduling", "live"), "it is no number, so it has no bounds."
    ),
    mirrors=True,
)
"""What an edit may do without a question asked: the numbers of ``core.edits.EDITABLE``."""

HOST = Table(
    '[agents.NAME.hosts."host:port"]',
    (
        _MAX_SOCKETS,
        _MAX_FREE_SOCKETS,
        Field("timeouts", TIMEOUTS),
        Field("tls", TLS),
    ),
    mirrors=True,
)
"""What an agent does otherwise for one host: pooltop's own, Node's agent has one number for all."""

AGENT = Table(
    "[agents.NAME]",
    (
        Field("kind", Choice(("http.Agent", "https.Agent"), later=("undici-pool", "h2"))),
        *OPTIONS,
        Field("codec", Choice(("h11", "llhttp"), later=("h2",))),
        Field("timeouts", TIMEOUTS),
        Field("tls", TLS),
        Field("bounds", BOUNDS),
        Field("hosts", Named(HOST, names=web.HostPort())),
        Field("proxy_env", ProxySettings(), node="proxyEnv", secret=True),
    ),
    later=(
        "connections",
        "client_ttl",
        "pipelining",
        "sessions",
        "max_concurrent_streams",
    ),
    meant={
        # Of net.Socket: Node's agent sets it from its own keepAliveMsecs.
        "keepAliveInitialDelay": "keep_alive_msecs",
        "keep_alive_initial_delay": "keep_alive_msecs",
    },
)

EXPECT = Table(
    "[workloads.NAME.expect]",
    (
        Field("status", Statuses(), attr="statuses"),
        Field("max_bytes", Whole(0, MOST_BYTES)),
    ),
    gives=traffic.Expect,
)

AUTH = Table(
    "[workloads.NAME.auth]",
    (
        Field("bearer", Credential(), secret=True),
        Field(
            "basic",
            Table(
                "[workloads.NAME.auth.basic]",
                (
                    Field("user", Credential(), required='user = "..."'),
                    Field("password", Credential(), required='password = "..."', secret=True),
                ),
            ),
        ),
    ),
)

_REQUEST = (
    Field("method", web.Method()),
    Field("path", web.RequestPath()),
    Field("headers", web.Headers(), secret=True),
    Field("body", Body()),
    Field("auth", AUTH),
    Field("connection", Choice(("close",))),
    Field("idempotent", Flag()),
    Field("expect", EXPECT),
    Field("follow_redirects", Whole(0, 20)),
)

REQUEST = Table(
    "[[workloads.NAME.requests]]",
    (
        Field("name", Label()),
        Field("weight", Decimal(0, 1_000_000, above=True)),
        *_REQUEST,
    ),
    later=("timeouts",),
    gives=traffic.RequestClass,
)

THINK = Table(
    "[workloads.NAME.think]",
    (
        Field("min", Duration(zero=True), attr="min_s"),
        Field("max", Duration(zero=True), attr="max_s"),
    ),
    gives=traffic.Think,
)

DATA = Table(
    "[workloads.NAME.data]",
    (
        Field("file", FilePath(), required='file = "rows.csv"'),
        Field("mode", Choice(("cycle", "random", "once"))),
    ),
)

STAGE = Table(
    "[[workloads.NAME.stages]]",
    (
        Field("to", Level()),
        Field("over", Duration(zero=True)),
        Field("hold", Duration()),
    ),
)

WORKLOAD = Table(
    "[workloads.NAME]",
    (
        Field("model", Choice(("open", "closed"))),
        Field("agent", Label(), required='agent = "NAME" of an [agents.NAME] table'),
        Field("base_url", web.BaseUrl(), required='base_url = "http://host:port" or "demo:NAME"'),
        Field("arrival", Choice(("constant", "poisson")), only="open"),
        Field("rate", Rate(zero=True), only="open"),
        Field("max_in_flight", Whole(1, 1_000_000), only="open"),
        Field("users", Whole(0, MOST_USERS), only="closed"),
        Field("think", THINK, only="closed"),
        Field("stages", Many(STAGE)),
        Field("duration", Duration(no_limit=None)),
        Field("max_requests", Whole(1, 10**12, no_limit=None)),
        Field("seed", Whole(0, 2**63 - 1)),
        Field("data", DATA),
        Field("requests", Many(REQUEST)),
        *_REQUEST,
    ),
    later=("timeouts",),
    gives=traffic.Workload,
)
REQUEST_KEYS = tuple(field.name for field in _REQUEST)
"""Keys of a request class that may stand in the workload itself when it has only one."""

LATENCY = Table(
    "[demo.NAME.latency]",
    (
        Field("median", Duration(zero=True), attr="median_s"),
        Field("sigma", Decimal(0, 5)),
    ),
    gives=model.Latency,
)

DEMO = Table(
    "[demo.NAME]",
    (
        Field("scheme", Choice(("http", "https"))),
        Field("latency", LATENCY),
        Field("body_bytes", Whole(0, LARGEST_BODY)),
        Field("keep_alive", Flag()),
        Field("keep_alive_timeout", Duration(no_limit=None)),
        Field("keep_alive_max", Whole(1, 1_000_000, no_limit=None)),
        Field("idle_close", Duration(no_limit=None)),
        Field("concurrency", Whole(1, 1_000_000, no_limit=None)),
    ),
    gives=model.DemoServer,
)

WHERE = Table(
    "[thresholds.where]",
    (
        Field("workload", Label()),
        Field("request", Label()),
        Field("agent", Label()),
        Field("host", Label()),
    ),
    gives=thresholds.Where,
)

RECORD = Table(
    "[record]", (Field("jsonl", FilePath()), Field("file", FilePath())), gives=model.RecordTo
)

THRESHOLD = Table(
    "[[thresholds]]",
    (
        Field("expect", Expects(), required='expect = "request.duration p99 < 400ms"'),
        Field("where", WHERE),
        Field("after", Duration(zero=True), attr="after_s"),
        Field("abort", Flag()),
    ),
    gives=thresholds.Threshold,
)

PROMETHEUS = Table(
    "[export.prometheus]",
    (Field("listen", ListenAddress(), required='listen = "127.0.0.1:9464"'),),
    gives=exporting.PrometheusExport,
    is_switch=True,
)

OTLP = Table(
    "[export.otlp]",
    (
        Field(
            "endpoint",
            CollectorUrl(),
            required='endpoint = "http://127.0.0.1:4318/v1/metrics"',
        ),
        Field("interval", Duration(), attr="interval_s"),
        Field("headers", web.Headers(), secret=True),
    ),
    gives=exporting.OtlpExport,
    is_switch=True,
)

EXPORT = Table(
    "[export]", (Field("prometheus", PROMETHEUS), Field("otlp", OTLP)), gives=exporting.Exports
)

INCLUDE = Several(FilePath(), alone=True)
ENV = Table("[env]", (Field("required", Several(Variable())),))

PROFILE = Table(
    "the top level",
    (
        Field("schema", SchemaVersion()),
        Field("include", INCLUDE),
        Field("env", ENV),
        Field("environment", Label()),
        Field("auto_revert", AUTO_REVERT),
        Field(
            "safety",
            Table(
                "[safety]",
                (
                    Field("allow_hosts", Several(web.HostPattern())),
                    Field("max_rate", Rate()),
                    Field(
                        "max_sockets",
                        _sockets('0 would send nothing. For no limit write "unlimited".'),
                        echoes=True,
                    ),
                    Field("max_open_fds", Decimal(0, 1, above=True)),
                    Field("breaker", Choice(("auto", "on", "off"))),
                ),
            ),
        ),
        Field("defaults", Table("[defaults]", (Field("timeouts", TIMEOUTS),))),
        Field("demo", Named(DEMO, names=web.HostLabel())),
        Field("agents", Named(AGENT, names=Label())),
        Field("workloads", Named(WORKLOAD, names=Label())),
        Field("thresholds", Many(THRESHOLD)),
        Field("record", RECORD),
        Field("export", EXPORT, attr="exports"),
    ),
    gives=model.Profile,
    later=("advisor",),
)


def tables_with(key: str) -> tuple[str, ...]:
    """Give the headers of the tables in which a key belongs."""
    tables = (table for table in all_tables(PROFILE) if not table.mirrors)
    found = (
        table.where
        for table in tables
        if (field := table.spellings().get(key)) is not None and not field.echoes
    )
    return tuple(dict.fromkeys(found))


def all_tables(table: Table) -> Iterator[Table]:
    """Give a table and every table inside, some of them several times."""
    yield table
    for key in table.fields:
        kind = key.kind.item if isinstance(key.kind, Named | Many) else key.kind
        if isinstance(kind, Table):
            yield from all_tables(kind)
