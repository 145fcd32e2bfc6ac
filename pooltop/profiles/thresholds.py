"""The ``[[thresholds]]`` of a profile: that what they are about is there, and fits."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import cast

import msgspec

from pooltop.core.metrics import METRICS
from pooltop.core.thresholds import Expectation, Threshold
from pooltop.profiles import hosts
from pooltop.profiles.checks import host_of, names_of, request_name, tables_of
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, nearest, one_of, quoted
from pooltop.profiles.stages import end_of

_MOST_NAMED = 5
_DEMO_DOMAIN = ".localhost"


def build_thresholds(values: Values) -> tuple[Threshold, ...]:
    """Make those of a profile that was read without an error."""
    tables = cast("list[Values]", values.get("thresholds", []))
    return tuple(msgspec.convert(table, Threshold) for table in tables)


def check_thresholds(tree: dict[str, object], values: Values, report: Report) -> None:
    """Check that what thresholds are about is there, and fits their metric.

    Args:
        tree: as it was written.
        values: what was read of it.
        report: takes the problems.
    """
    known = {
        "workload": names_of(tree, "workloads"),
        "agent": names_of(tree, "agents"),
        "request": _requests(values),
        "host": _hosts(values),
    }
    end = max(map(end_of, tables_of(values, "workloads").values()), default=math.inf)
    for index, table in enumerate(cast("list[Values]", values.get("thresholds", []))):
        path: Path = ("thresholds", index, "where")
        where = cast("dict[str, str]", table.get("where", {}))
        expect = table.get("expect")
        after = table.get("after_s")
        if isinstance(after, float) and 0 < end <= after:
            message = f"the load is over after {end:g} s: nothing would be left to judge it by."
            report.warn(("thresholds", index, "after"), "P019", message)
        for kind, name in where.items():
            if isinstance(expect, Expectation):
                scope = METRICS[expect.metric].scope
                why = _misfit(kind, scope)
                if why:
                    message = f"{expect.metric} is {why}: it cannot be narrowed to a {kind}."
                    report.add((*path, kind), "P019", message, on_key=True)
                    continue
            if name not in known[kind]:
                _refuse_name(kind, name, known[kind], (*path, kind), report)


def _misfit(kind: str, scope: str) -> str:
    if scope == "pool" and kind in ("workload", "request"):
        return "an agent's and a host's"
    return "a workload's as a whole" if scope == "workload" and kind == "request" else ""


def _refuse_name(kind: str, name: str, known: Iterable[str], path: Path, report: Report) -> None:
    names = tuple(dict.fromkeys(known))
    near = None if report.is_crowded else nearest(name, names)
    if near is not None:
        hint = f" Did you mean {quoted(near)}?"
    else:
        shown = one_of(names[:_MOST_NAMED]) if names else "none"
        hint = f" There is {shown}{' and more' if len(names) > _MOST_NAMED else ''}."
    report.add(path, "P035", f"no such {kind}.{hint}")


def _requests(values: Values) -> tuple[str, ...]:
    names: list[str] = []
    for workload in tables_of(values, "workloads").values():
        requests = cast("list[Values]", workload.get("requests", []))
        names += [request_name(each) for each in requests] or ["default"]
    return tuple(names)


def _hosts(values: Values) -> tuple[str, ...]:
    """Give the names that hosts go by: with their port, and without."""
    names: list[str] = []
    for workload in tables_of(values, "workloads").values():
        url = workload.get("base_url")
        if not isinstance(url, str):
            continue
        if url.startswith(hosts.DEMO):
            names.append(url.removeprefix(hosts.DEMO) + _DEMO_DOMAIN)
            continue
        host = host_of(url)
        names += [url.partition("://")[2], host, host.strip("[]")]
    return tuple(names)
