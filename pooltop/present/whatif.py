"""What if, as it is asked on a screen: which host, from which instant, and what was foretold."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import msgspec

from pooltop.advise.sizing import staffing
from pooltop.advise.traffic import Past, Traffic, Unpredictable, find, traffic_of
from pooltop.advise.whatif import Prediction
from pooltop.core.edits import EditRecord, Value
from pooltop.core.model import HostId
from pooltop.core.snapshot import Snapshot, WorkloadSnapshot
from pooltop.present.history import History

WINDOW_S = 30.0
"""Seconds of the past that arrivals and answers are taken from, if nothing was changed in them."""
OPTION = "max_sockets"
MOST = 100_000
"""The highest limit that can be proposed."""
_DELIVERED_S = 10.0
"""An edit that was asked for is in force after so many seconds at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """One host under other limits, as far as it is known."""

    host: HostId
    name: str
    """The host's, clean."""
    proposed: int | None = None
    """The limit that would be applied; None until something is known."""
    traffic: Traffic | None = None
    """What it is simulated with; None where nothing can be."""
    at: float = 0.0
    """The instant that it is predicted from."""
    present: float = math.inf
    """The limit in force then."""
    curve: tuple[Prediction, ...] = ()
    """By limit, the lowest first; empty until the first is worked out."""
    is_working: bool = False
    """More is being worked out."""
    problem: str = ""
    """Why nothing can be predicted, in words."""

    def of(self, limit: float) -> Prediction | None:
        """Give what is predicted of a limit; None if that is not worked out."""
        return next((each for each in self.curve if each.limit == limit), None)

    def moved(self, by: int) -> Study:
        """Give it with the proposed limit moved."""
        if self.proposed is None:
            return self
        return replace(self, proposed=max(1, min(MOST, self.proposed + by)))


@dataclass(frozen=True, slots=True)
class Promise:
    """What was foretold of an edit when it was asked for."""

    host: HostId
    value: Value | None
    """The edit's; None for no limit."""
    at: float
    """The instant of the newest snapshot then."""
    prediction: Prediction


def promise_of(edit: EditRecord, promises: Iterable[Promise]) -> Promise | None:
    """Give what was foretold of an edit; None where nothing was."""
    if edit.option != OPTION:
        return None
    return next(
        (
            each
            for each in promises
            if (each.host.agent, each.value) == (edit.agent, edit.after)
            and each.at - _DELIVERED_S <= edit.at <= each.at + _DELIVERED_S
        ),
        None,
    )


def begun(study: Study, snapshot: Snapshot, history: History) -> Study:
    """Give a study that begins anew at the instant of a snapshot, with no curve yet."""
    try:
        past = past_in(history, snapshot, study.host)
        traffic = traffic_of(snapshot, *study.host, past)
    except Unpredictable as why:
        return replace(
            study, traffic=None, curve=(), at=snapshot.at, problem=str(why), is_working=False
        )
    present = traffic.options.max_sockets
    proposed = study.proposed
    if proposed is None:
        proposed = staffing(traffic.load) if math.isinf(present) else max(1, int(present))
    return replace(
        study, traffic=traffic, at=snapshot.at, present=present, proposed=proposed, problem=""
    )


def past_in(history: History, snapshot: Snapshot, host: HostId) -> Past:
    """Give what a host did in the last seconds before an instant, since nothing was changed.

    Raises:
        Unpredictable: it is not there, or not for long enough.
    """
    _, origin = find(snapshot, host.agent, host.origin)
    end = snapshot.at
    start = max(end - WINDOW_S, _changed_at(snapshot, host.agent))
    track = history.track(host)
    moments = track.moments
    if not moments.at:
        raise Unpredictable("nothing is known of the time before this instant")
    old, new = moments.index_at(start), moments.index_at(end)
    start = moments.at[old]
    totals = origin.counters
    return Past(
        span_s=moments.at[new] - start,
        submitted=round(moments.gained("submitted", old, new)),
        # How often a connection is closed after an answer hardly ever changes: since the start.
        completed=totals.completed,
        closed=totals.closed,
        # Of a socket's lease all but the reading of the answer's rest.
        lease=track.service.between(start, end),
        connect=origin.latency.connect,
        workloads={
            each.name: _earlier(history, each, start, end)
            for each in snapshot.workloads
            if each.agent == host.agent
        },
    )


def _changed_at(snapshot: Snapshot, agent: str) -> float:
    """Give the instant of the latest edit that concerns an agent; -inf for none."""
    mine = {each.name for each in snapshot.workloads if each.agent == agent}
    return max(
        (edit.at for edit in snapshot.edits if edit.agent == agent or edit.workload in mine),
        default=-math.inf,
    )


def _earlier(
    history: History, workload: WorkloadSnapshot, start: float, end: float
) -> WorkloadSnapshot:
    moments = history.workload(workload.name).moments
    if not moments.at:
        return workload
    old, new = moments.index_at(start), moments.index_at(end)
    sent = moments.gained("sent", old, new)
    offered = moments.gained("offered", old, new)
    return msgspec.structs.replace(
        workload,
        sent=workload.sent - round(sent),
        offered=workload.offered - round(offered),
    )
