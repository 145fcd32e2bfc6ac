"""The format, table by table: each key's name, what it may hold and where it goes.

This and the tables that it is made of are the one place that knows the keys. The reader, the
suggestions and every "belongs in" come from it. Defaults are the model's own, by a key's ``attr``
in ``Table.gives``.
"""

from __future__ import annotations

from collections.abc import Iterator

from pooltop.core import exporting, model, thresholds
from pooltop.core.sides import Sides
from pooltop.profiles import hosts, request_head
from pooltop.profiles.advisor_tables import ADVISOR
from pooltop.profiles.agent_tables import AGENT, TIMEOUTS
from pooltop.profiles.counts import sockets
from pooltop.profiles.expects import Expects
from pooltop.profiles.kinds import Choice, Decimal, Flag, SchemaVersion, Several
from pooltop.profiles.listening import CollectorUrl, ListenAddress
from pooltop.profiles.shape import Field, Many, Named, Table
from pooltop.profiles.texts import FilePath, Label, Variable
from pooltop.profiles.units import AUTO_REVERT, Duration, Rate
from pooltop.profiles.workload_tables import DEMO, WORKLOAD

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

COMPARE = Table(
    "[compare]",
    (
        Field("a", Label(), required='a = "NAME" of an [agents.NAME] table'),
        Field("b", Label(), required='b = "NAME" of another'),
    ),
    gives=Sides,
    is_switch=True,
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
        Field("headers", request_head.Headers(may_differ=False), secret=True),
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
                    Field("allow_hosts", Several(hosts.HostPattern())),
                    Field("max_rate", Rate()),
                    Field(
                        "max_sockets",
                        sockets('0 would send nothing. For no limit write "unlimited".'),
                        echoes=True,
                    ),
                    Field("max_open_fds", Decimal(0, 1, above=True)),
                    Field("breaker", Choice(("auto", "on", "off"))),
                ),
            ),
        ),
        Field("defaults", Table("[defaults]", (Field("timeouts", TIMEOUTS),))),
        Field("demo", Named(DEMO, names=hosts.HostLabel())),
        Field("agents", Named(AGENT, names=Label())),
        Field("workloads", Named(WORKLOAD, names=Label())),
        Field("thresholds", Many(THRESHOLD)),
        Field("compare", COMPARE),
        Field("record", RECORD),
        Field("export", EXPORT, attr="exports"),
        Field("advisor", ADVISOR),
    ),
    gives=model.Profile,
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
