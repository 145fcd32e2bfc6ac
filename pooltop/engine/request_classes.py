"""A workload's request classes, prepared once: what is sent, where, and under which label."""

from __future__ import annotations

import msgspec

from pooltop.core.model import Origin, OriginKey
from pooltop.core.traffic import Expect, RequestClass, Workload
from pooltop.engine.agent import Agent
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.request import prepare


class PreparedClass(msgspec.Struct, frozen=True):
    """One class as the hot path needs it."""

    prepared: PreparedRequest
    origin: Origin
    key: OriginKey
    label: str
    """``workload/class``."""
    expect: Expect | None


def prepare_classes(workload: Workload, agent: Agent) -> tuple[PreparedClass, ...]:
    """Give every class of a workload, in its order, as the agent's options are now.

    Raises:
        UsageError: a request cannot be sent as given.
    """
    return tuple(_prepared(each, workload, agent) for each in workload.requests)


def _prepared(each: RequestClass, workload: Workload, agent: Agent) -> PreparedClass:
    prefix = workload.base_url.split("://", 1)[1].partition("/")[2].rstrip("/")
    headers = [*each.headers, *([("Connection", "close")] if each.connection else [])]
    route = agent.way.route(workload.base_url, headers)
    prepared = prepare(
        each.method,
        f"/{prefix}{each.path}" if prefix else each.path,
        headers,
        host_header=route.host_header,
        keep_alive=agent.sends_keep_alive(route.origin),
        body=each.body,
        proxy=route.proxy,
        idempotent=each.idempotent,
    )
    origin = route.origin
    return PreparedClass(prepared, origin, origin.key, f"{workload.name}/{each.name}", each.expect)
