"""The tables of traffic: workloads, their requests, stages and data, and the demo's servers."""

from __future__ import annotations

from pooltop.core import model, traffic
from pooltop.core.edits import MOST_USERS
from pooltop.profiles import hosts, request_head
from pooltop.profiles.agent_tables import TIMEOUTS
from pooltop.profiles.bodies import Body
from pooltop.profiles.expecting import Statuses
from pooltop.profiles.kinds import Choice, Decimal, Flag, Whole
from pooltop.profiles.protocols import Protocols
from pooltop.profiles.shape import Field, Many, Table
from pooltop.profiles.texts import Credential, FilePath, Label
from pooltop.profiles.units import Duration, Level, Rate

LARGEST_BODY = 64 * 1024 * 1024
MOST_BYTES = 2**53
"""Of a response, that can be expected."""

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
                    Field("user", Credential(), required='user = "..."', secret=True),
                    Field("password", Credential(), required='password = "..."', secret=True),
                ),
            ),
            secret=True,
        ),
    ),
)

CLOCKS = Table(
    "[workloads.NAME.timeouts]",
    tuple(field for field in TIMEOUTS.fields if field.name != "free"),
    mirrors=True,
)
"""Of the requests alone: ``free`` is of idle sockets, which are nobody's."""

_REQUEST = (
    Field("method", request_head.Method()),
    Field("path", request_head.RequestPath()),
    Field("headers", request_head.Headers(), secret=True),
    Field("body", Body()),
    Field("auth", AUTH, secret=True),
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
        Field("timeouts", CLOCKS),
        *_REQUEST,
    ),
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
        Field("base_url", hosts.BaseUrl(), required='base_url = "http://host:port" or "demo:NAME"'),
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
        Field("timeouts", CLOCKS),
        Field("requests", Many(REQUEST)),
        *_REQUEST,
    ),
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
        Field("drop_after", Whole(1, 1_000_000, no_limit=None)),
        Field("concurrency", Whole(1, 1_000_000, no_limit=None)),
        Field("protocols", Protocols()),
        Field("max_concurrent_streams", Whole(0, 1_000_000)),
        Field("goaway_after", Whole(1, 10**9, no_limit=None)),
        Field("refuse", Decimal(0, 1)),
        Field("round_trip", Duration(zero=True)),
        Field("seed", Whole(0, 2**63 - 1)),
    ),
    gives=model.DemoServer,
)
