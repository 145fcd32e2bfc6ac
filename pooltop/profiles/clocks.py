"""What the clocks of a profile cannot do together: in one mode, or one within another."""

from __future__ import annotations

from typing import cast

from pooltop.profiles.checks import hosts_of, tables_of
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path

_NOT_NODES = ("queue", "connect", "dns", "tcp", "tls", "total", "free")
_PHASES = ("dns", "tcp", "tls")


def check_clocks(values: Values, report: Report) -> None:
    """Warn of clocks that will never ring.

    An agent's own keys are looked at together with those of ``[defaults]`` that it inherits; what
    stands in ``[defaults]`` is only judged by what stands there.
    """
    defaults = cast("Values", values.get("defaults", {}))
    shared = cast("Values", defaults.get("timeouts", {}))
    _check(shared, {}, ("defaults", "timeouts"), report)
    for name, agent in tables_of(values, "agents").items():
        own = cast("Values", agent.get("timeouts", {}))
        _check(own, shared, ("agents", name, "timeouts"), report)
        _check_free(own, agent, ("agents", name, "timeouts", "free"), report)
        for host, table in hosts_of(agent).items():
            path: Path = ("agents", name, "hosts", host, "timeouts")
            _check(cast("Values", table.get("timeouts", {})), shared | own, path, report)


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
