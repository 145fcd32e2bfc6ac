"""What the clocks of a profile cannot do together: in one mode, one within another, with a rate."""

from __future__ import annotations

from typing import cast

from pooltop.profiles.agent_kinds import is_dispatcher
from pooltop.profiles.ceilings import peak_of
from pooltop.profiles.checks import hosts_of, tables_of
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path

_NOT_NODES = ("queue", "connect", "dns", "tcp", "tls", "total", "free")
_PHASES = ("dns", "tcp", "tls")


def check_clocks(values: Values, report: Report) -> None:
    """Warn of clocks that will never ring.

    An agent's own keys are looked at together with those of ``[defaults]`` that it inherits, and so
    on down to a request class; what stands in ``[defaults]`` is only judged by what stands there.
    """
    shared = _defaults(values)
    _check(shared, {}, ("defaults", "timeouts"), report)
    for name, agent in tables_of(values, "agents").items():
        own = _clocks(agent)
        _check(own, shared, ("agents", name, "timeouts"), report)
        if not is_dispatcher(agent):
            _check_free(own, agent, ("agents", name, "timeouts", "free"), report)
        for host, table in hosts_of(agent).items():
            path: Path = ("agents", name, "hosts", host, "timeouts")
            _check(_clocks(table), shared | own, path, report)
    for name, workload in tables_of(values, "workloads").items():
        inherited, own = _beneath(values, workload), _clocks(workload)
        _check(own, inherited, ("workloads", name, "timeouts"), report)
        for index, request in enumerate(_requests(workload)):
            path = ("workloads", name, "requests", index, "timeouts")
            _check(_clocks(request), inherited | own, path, report)


def check_in_flight(values: Values, report: Report) -> None:
    """Warn where a silent server would make an open workload drop arrivals."""
    for name, workload in tables_of(values, "workloads").items():
        most, total = workload.get("max_in_flight"), _longest(values, workload)
        if workload.get("model", "open") != "open" or not isinstance(most, int) or total is None:
            continue
        path: Path = ("workloads", name)
        rate, where = peak_of(workload, path)
        if rate * total > most:
            at_the_peak = " at the peak" if where[2:3] == ("stages",) else ""
            message = (
                f"{rate:g}/s{at_the_peak} for a total timeout of {total:g} s can be "
                f"{rate * total:g} at once; arrivals beyond the limit are dropped."
            )
            report.warn((*path, "max_in_flight"), "P019", message)


def _longest(values: Values, workload: Values) -> float | None:
    """Give the longest that a request of a workload may take; None where there is no limit."""
    inherited = _beneath(values, workload) | _clocks(workload)
    longest = 0.0
    for request in _requests(workload) or [{}]:
        clocks = inherited | _clocks(request)
        total = clocks.get("total")
        if not isinstance(total, float) or clocks.get("mode") == "node":
            return None
        longest = max(longest, total)
    return longest


def _beneath(values: Values, workload: Values) -> Values:
    """Give the clocks that a workload's requests have if it says nothing of them."""
    agent = tables_of(values, "agents").get(str(workload.get("agent")), {})
    there = str(workload.get("base_url", "")).rpartition("://")[2]
    return _defaults(values) | _clocks(agent) | _clocks(hosts_of(agent).get(there, {}))


def _defaults(values: Values) -> Values:
    return _clocks(cast("Values", values.get("defaults", {})))


def _clocks(table: Values) -> Values:
    return cast("Values", table.get("timeouts", {}))


def _requests(workload: Values) -> list[Values]:
    return cast("list[Values]", workload.get("requests", []))


def _check(own: Values, inherited: Values, path: Path, report: Report) -> None:
    clocks = inherited | own
    if clocks.get("mode") == "node":
        for clock in _NOT_NODES:
            if own.get(clock) is not None:
                message = (
                    'does nothing with mode = "node": Node has no such clock, only idle '
                    "(its request option timeout), and that is an event: no request fails."
                )
                report.warn((*path, clock), "P019", message, on_key=True)
        return
    connect = clocks.get("connect")
    for phase in _PHASES:
        limit = own.get(phase)
        if isinstance(connect, float) and isinstance(limit, float) and limit > connect:
            message = f"connect = {connect:g} s counts dns, tcp and tls together, and comes first."
            report.warn((*path, phase), "P019", message)


def _check_free(own: Values, agent: Values, path: Path, report: Report) -> None:
    """Look at how long an idle socket is kept, beside the agent's options."""
    free, timeout = own.get("free"), agent.get("timeout")
    if not isinstance(free, float):
        return
    if not agent.get("keep_alive", False):
        report.warn(path, "P019", "no idle socket is kept without keep_alive.")
    elif isinstance(timeout, float) and 0 < timeout < free * 1000:
        report.warn(path, "P019", f"timeout = {timeout / 1000:g} s is lower and wins.")
