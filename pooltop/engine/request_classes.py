"""A workload's request classes, prepared once: what is sent, where, and under which label."""

from __future__ import annotations

import msgspec

from pooltop.core.clocks import OwnClocks
from pooltop.core.model import Origin, OriginKey, Timeouts
from pooltop.core.traffic import Expect, RequestClass, Workload
from pooltop.engine.carrier import Carrier
from pooltop.engine.codecs.base import PreparedRequest
from pooltop.engine.option_checks import check_timeouts
from pooltop.engine.row_requests import Marks, RowRequest
from pooltop.errors import UsageError


class PreparedClass(msgspec.Struct, frozen=True, kw_only=True):
    """One class as the hot path needs it."""

    prepared: PreparedRequest
    origin: Origin
    key: OriginKey
    label: str
    """``workload/class``."""
    timeouts: Timeouts
    """Its clocks, where its own are laid over its host's, or its agent's."""
    own_clocks: OwnClocks | None
    """Those that go with it where a redirect leads it."""
    expect: Expect | None
    by_row: RowRequest | None = None
    """What makes each of its requests, where a row of data goes into it."""
    follows: int = 0
    """Redirects at most."""
    closes: bool = False
    """It asks for the end of its connection."""


def prepare_classes(workload: Workload, agent: Carrier) -> tuple[PreparedClass, ...]:
    """Give every class of a workload, in its order, as the agent's options are now.

    Raises:
        UsageError: a request cannot be sent as given.
    """
    return tuple(_prepared(each, workload, agent) for each in workload.requests)


def clocks_with(own: OwnClocks | None, clocks: Timeouts) -> Timeouts:
    """Give clocks with what a request class says otherwise.

    Raises:
        UsageError: one is out of range.
    """
    if own is None:
        return clocks
    made = msgspec.structs.replace(clocks, **own.said)
    check_timeouts(made)
    return made


def _prepared(each: RequestClass, workload: Workload, agent: Carrier) -> PreparedClass:
    marks = Marks()
    prefix = workload.base_url.split("://", 1)[1].partition("/")[2].rstrip("/")
    path = marks.of(each.path)
    headers = [(name, marks.of(value)) for name, value in each.headers]
    if each.connection:
        headers.append(("Connection", "close"))
    route = agent.way.route(workload.base_url, headers)
    prepared = agent.prepare(
        each.method,
        f"/{prefix}{path}" if prefix else path,
        headers,
        route,
        body=marks.of_body(each.body),
        idempotent=each.idempotent,
    )
    origin = route.origin
    by_row = None
    if marks.texts:
        if workload.data is None:
            raise UsageError(f"{workload.name}/{each.name} has places for rows, and no data")
        by_row = RowRequest(prepared, marks, workload.data)
    label = f"{workload.name}/{each.name}"
    return PreparedClass(
        prepared=prepared,
        origin=origin,
        key=origin.key,
        label=label,
        timeouts=clocks_with(each.timeouts, agent.timeouts_for(origin)),
        own_clocks=each.timeouts,
        expect=each.expect,
        by_row=by_row,
        follows=each.follow_redirects,
        closes=each.connection is not None,
    )
