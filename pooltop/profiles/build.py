"""From values that are right to the model's own: the last step, which cannot fail."""

from __future__ import annotations

import math
from typing import TypeVar, cast

import msgspec

from pooltop.core.clocks import OwnClocks
from pooltop.core.exporting import Exports
from pooltop.core.model import (
    AgentOptions,
    AgentProfile,
    DemoServer,
    HostOptions,
    Profile,
    RecordTo,
    Timeouts,
    TLSOptions,
)
from pooltop.core.sides import Sides
from pooltop.core.traffic import RequestClass, Workload
from pooltop.core.undici.options import DispatcherKind, DispatcherOptions, built_in
from pooltop.core.undici.projection import projected
from pooltop.profiles.advising import build_advisor
from pooltop.profiles.agent_kinds import is_dispatcher, kind_of, limit_of
from pooltop.profiles.agent_tables import DISPATCHER_OPTIONS, OPTIONS
from pooltop.profiles.ceilings import Ceilings
from pooltop.profiles.checks import request_name, tables_of
from pooltop.profiles.reader import Values
from pooltop.profiles.stages import stages_of
from pooltop.profiles.thresholds import build_thresholds
from pooltop.profiles.workload_tables import REQUEST_KEYS

S = TypeVar("S", bound=msgspec.Struct)

_PROTOCOLS = {"http.Agent": "http:", "https.Agent": "https:"}
"""What Node's two classes take, by ``kind``; without it an agent takes both."""
PROD = "prod"
"""The environment in which an edit that nobody keeps is put back, unless the profile decides."""
PROD_REVERT_S = 60.0


def build_profile(values: Values, path: str, ceilings: Ceilings) -> Profile:
    """Make the profile of values that were read without an error."""
    defaults = cast("Values", cast("Values", values.get("defaults", {})).get("timeouts", {}))
    safety = cast("Values", values.get("safety", {}))
    environment = cast("str | None", values.get("environment"))
    sides = _made(Sides, cast("Values", values["compare"])) if "compare" in values else None
    workloads = tuple(
        _workload(name, item) for name, item in tables_of(values, "workloads").items()
    )
    return Profile(
        path=path,
        agents=tuple(
            _agent(name, agent, defaults, ceilings.sockets[name])
            for name, agent in tables_of(values, "agents").items()
        ),
        workloads=workloads if sides is None else _paired(workloads, sides),
        demo=tuple(
            _made(DemoServer, {"name": name, **server})
            for name, server in tables_of(values, "demo").items()
        ),
        environment=environment,
        auto_revert=cast(
            "float | None",
            values.get("auto_revert", PROD_REVERT_S if environment == PROD else None),
        ),
        allow_hosts=cast("tuple[str, ...]", safety.get("allow_hosts", ())),
        thresholds=build_thresholds(values),
        record=_made(RecordTo, cast("Values", values.get("record", {}))),
        exports=_made(Exports, cast("Values", values.get("exports", {}))),
        safety=ceilings.safety,
        compare=sides,
        advisor=build_advisor(values),
    )


def _paired(workloads: tuple[Workload, ...], sides: Sides) -> tuple[Workload, ...]:
    """Pair the workloads of both sides, in their order: they are to have the same moments."""
    first = [each.name for each in workloads if each.agent == sides.a]
    second = [each.name for each in workloads if each.agent == sides.b]
    twins = dict(zip(second, first, strict=False))
    return tuple(msgspec.structs.replace(each, twin_of=twins.get(each.name)) for each in workloads)


def _agent(name: str, agent: Values, defaults: Values, ceiling: float) -> AgentProfile:
    own = cast("Values", agent.get("timeouts", {}))
    dispatcher = _dispatcher(agent, ceiling) if is_dispatcher(agent) else None
    if dispatcher is not None:
        defaults = {clock: value for clock, value in defaults.items() if clock != "free"}
    tls = cast("Values", agent.get("tls", {}))
    made = {
        "name": name,
        "options": _options(agent, ceiling) if dispatcher is None else projected(dispatcher),
        "dispatcher": dispatcher,
        "timeouts": _made(Timeouts, defaults | own),
        "tls": _made(TLSOptions, tls),
        "hosts": {
            host: _host(values, defaults | own, tls, ceiling)
            for host, values in cast("dict[str, Values]", agent.get("hosts", {})).items()
        },
        "ceiling": ceiling,
    }
    for key in ("codec", "h2_codec", "proxy_env", "bounds", "upstreams"):
        if key in agent:
            made[key] = agent[key]
    return _made(AgentProfile, made)


def _options(agent: Values, ceiling: float) -> AgentOptions:
    options = {field.gives: agent[field.gives] for field in OPTIONS if field.gives in agent}
    if "kind" in agent:
        options["protocol"] = _PROTOCOLS[kind_of(agent)]
    _put_ceiling(options, ceiling)
    return _made(AgentOptions, options)


def _dispatcher(agent: Values, ceiling: float) -> DispatcherOptions:
    """Make the options of a dispatcher: what is said is laid over what its kind has built in."""
    kind = cast("DispatcherKind", str(agent["kind"]))
    said = {f.gives: agent[f.gives] for f in DISPATCHER_OPTIONS if f.gives in agent}
    options = msgspec.structs.asdict(built_in(kind)) | said
    if limit_of(kind).key:
        _put_ceiling(options, ceiling, limit_of(kind).gives)
    return _made(DispatcherOptions, options)


def _put_ceiling(options: Values, ceiling: float, limit: str = "max_sockets") -> None:
    """Put a ceiling in the place of no limit; more than it was refused."""
    if ceiling < math.inf and options.get(limit, math.inf) == math.inf:
        options[limit] = ceiling


def _host(values: Values, timeouts: Values, tls: Values, ceiling: float) -> HostOptions:
    """Make what is otherwise for a host: its tables are laid over the agent's, key by key."""
    made = dict(values)
    if "max_sockets" in made:
        _put_ceiling(made, ceiling)
    for key, kind, agents in (("timeouts", Timeouts, timeouts), ("tls", TLSOptions, tls)):
        if key in values:
            made[key] = _made(kind, agents | cast("Values", values[key]))
    return _made(HostOptions, made)


def _workload(name: str, workload: Values) -> Workload:
    rest = {key: value for key, value in workload.items() if key not in REQUEST_KEYS}
    direct = {key: value for key, value in workload.items() if key in REQUEST_KEYS}
    classes = cast("list[Values]", workload.get("requests", []))
    clocks = cast("Values", rest.pop("timeouts", {}))
    if classes:
        rest["requests"] = tuple(
            _request({**item, "name": request_name(item)}, clocks) for item in classes
        )
    elif direct or clocks:
        rest["requests"] = (_request({"name": "default", **direct}, clocks),)
    rest["stages"] = stages_of(cast("list[Values]", workload.get("stages", [])))
    think = cast("Values", workload.get("think", {}))
    if "min_s" in think and "max_s" not in think:
        rest["think"] = {**think, "max_s": think["min_s"]}
    return _made(Workload, {"name": name, **rest})


def _request(values: Values, clocks: Values) -> RequestClass:
    """Make a request class: its own clocks are laid over its workload's."""
    own = clocks | cast("Values", values.get("timeouts", {}))
    return _made(RequestClass, {**values, "timeouts": _made(OwnClocks, own) if own else None})


def _made(kind: type[S], values: Values) -> S:
    """Make a value of the model.

    msgspec checks the types once more: a table of the format that gave the model what it
    does not take would be a bug of ours, found here rather than in the engine.
    """
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise AssertionError(f"{kind.__name__} of a checked profile: {error}") from error
