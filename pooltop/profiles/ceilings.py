"""The ceilings of a load: what ``[safety]`` says, or what counts without, and who is above.

Rates are added up at their peaks, for two that are apart today are together after one edit.
"""

from __future__ import annotations

import math
import os
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from pooltop.core.reach import Reach, reach_of
from pooltop.core.safety import FAR_RATE, FAR_SOCKETS, OPEN_FDS, Safety
from pooltop.core.traffic import Workload
from pooltop.errors import ProxyConfigError
from pooltop.profiles import hosts
from pooltop.profiles.agent_kinds import kind_of, limit_of, urls_of
from pooltop.profiles.checks import goes_to_unix_socket, hosts_of, tables_of
from pooltop.profiles.proxies import ProxySetting, proxy_to
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path

AUTO = "auto"
"""What ``breaker`` is where it is not said."""
_SAFETY_RATE: Path = ("safety", "max_rate")
_SAFETY_SOCKETS: Path = ("safety", "max_sockets")


class Ceilings(NamedTuple):
    """What counts for a profile."""

    safety: Safety
    leaving: dict[str, str]
    """Agent to a host off this machine that gets traffic of its: a workload's own, a proxy, or one
    of ``allow_hosts`` where redirects are followed."""
    sockets: dict[str, float]
    """Agent to its sockets per host at most; inf for no limit."""


def ceilings_of(values: Values, allow: tuple[str, ...] = ()) -> Ceilings:
    """Work out the ceilings of what was read.

    Args:
        values: what was read.
        allow: hosts that may be sent traffic besides those of ``[safety]``.
    """
    said = cast("Values", values.get("safety", {}))
    allowed = (*cast("tuple[str, ...]", said.get("allow_hosts", ())), *allow)
    breaker = said.get("breaker", AUTO)
    leaving: dict[str, str] = {}
    guarded = []
    for name, each in tables_of(values, "workloads").items():
        if host := _far(values, each, allowed):
            leaving.setdefault(cast("str", each["agent"]), host)
        if breaker == "on" or (host and breaker == AUTO):
            guarded.append(name)
    rate = said.get("max_rate", FAR_RATE if leaving else math.inf)
    safety = Safety(
        max_rate=cast("float", rate),
        max_open_fds=cast("float", said.get("max_open_fds", OPEN_FDS)),
        guarded=tuple(guarded),
    )
    sockets = {
        name: cast("float", said.get("max_sockets", FAR_SOCKETS if name in leaving else math.inf))
        for name in tables_of(values, "agents")
    }
    return Ceilings(safety, leaving, sockets)


def check_ceilings(values: Values, ceilings: Ceilings, report: Report) -> None:
    """Refuse what is above a ceiling; where nothing is said of sockets, say what counts."""
    _check_rates(values, ceilings, report)
    for name, agent in tables_of(values, "agents").items():
        path: Path = ("agents", name)
        _check_sockets(values, agent, name, ceilings, path, report)
        for host, own in hosts_of(agent).items():
            if "max_sockets" in own:
                _check_sockets(values, own, name, ceilings, (*path, "hosts", host), report)


def _check_rates(values: Values, ceilings: Ceilings, report: Report) -> None:
    peaks = {
        name: peak_of(workload, ("workloads", name))
        for name, workload in tables_of(values, "workloads").items()
        if workload.get("model", "open") == "open"
    }
    total = sum(rate for rate, _ in peaks.values())
    most = ceilings.safety.max_rate
    if total <= most:
        return
    _, path = max(peaks.values(), key=lambda peak: peak[0])
    beside = "" if len(peaks) == 1 else f"with the other workloads {total:g}/s at the peaks, "
    message = f"{beside}more than max_rate, {most:g}/s for all workloads together"
    said = _SAFETY_RATE if "max_rate" in cast("Values", values.get("safety", {})) else None
    tail = f'. Lower it, or write max_rate = "{math.ceil(total)}/s" in [safety].'
    if said is None:
        message += f": the default, as {next(iter(ceilings.leaving.values()))} is not this machine"
    is_written = path[-1] in ("rate", "to")
    report.add(path, "P065", message, see=said, tail=tail, on_key=not is_written)


def peak_of(workload: Values, path: Path) -> tuple[float, Path]:
    """Give the highest rate of a workload, and where it stands."""
    rate = workload.get("rate")
    peak = (float(rate), (*path, "rate")) if isinstance(rate, float) else (_RATE, path)
    for index, stage in enumerate(cast("list[Values]", workload.get("stages", []))):
        to = stage.get("to")
        if isinstance(to, float) and to > peak[0]:
            peak = (to, (*path, "stages", index, "to"))
    return peak


_RATE = Workload(name="", agent="", base_url="").rate


def _check_sockets(
    values: Values, table: Values, agent: str, ceilings: Ceilings, path: Path, report: Report
) -> None:
    """Refuse more sockets of an agent, or of a host of its, and say it where a limit is put in."""
    most = ceilings.sockets[agent]
    limit = limit_of(kind_of(tables_of(values, "agents")[agent]))
    sockets = cast("float", table.get(limit.gives, limit.unsaid))
    if sockets <= most:
        return
    is_said = "max_sockets" in cast("Values", values.get("safety", {}))
    because = "" if is_said else f": the default, as {ceilings.leaving[agent]} is not this machine"
    see = _SAFETY_SOCKETS if is_said else None
    ceiling = f"max_sockets of [safety], {most:g} to one host{because}"
    is_written = limit.gives in table
    place: Path = (*path, limit.key) if is_written else path
    if sockets < math.inf:
        tail = f". Lower it, or write max_sockets = {sockets:g} in [safety]."
        report.add(place, "P065", f"more than {ceiling}", see=see, tail=tail)
    elif not report.has_errors and (is_written or not is_said):
        of_safety = "that" if limit.key == "max_sockets" else "max_sockets"
        message = (
            f"{limit.key} is not limited, so {of_safety} of [safety] counts, {most:g}{because}"
        )
        tail = '. For no limit write max_sockets = "unlimited" in [safety].'
        report.add(
            place, "P065", message, severity="warn", see=see, tail=tail, on_key=not is_written
        )


def _far(values: Values, workload: Values, allowed: tuple[str, ...]) -> str:
    """Give a host off this machine that a workload's traffic goes to, or may; "" for none."""
    agent, url = workload.get("agent"), workload.get("base_url")
    if not isinstance(agent, str) or not isinstance(url, str):
        return ""
    if goes_to_unix_socket(values, agent):
        return ""
    there = urls_of(tables_of(values, "agents").get(agent, {}), url)
    far = (host for each in there if (host := _far_of_url(values, agent, each)))
    return next(far, "") or _led_to(workload, allowed)


def _led_to(workload: Values, allowed: tuple[str, ...]) -> str:
    """Give a host off this machine to which redirects may lead a workload; "" for none."""
    requests = cast("list[Values]", workload.get("requests", [workload]))
    if not any(request.get("follow_redirects") for request in requests):
        return ""
    far = (host for host in allowed if reach_of(host.removeprefix("*.")) is not Reach.LOOPBACK)
    return next(far, "")


def _far_of_url(values: Values, agent: str, url: str) -> str:
    if url.startswith(hosts.DEMO):
        return ""
    host = urlsplit(url).hostname or ""
    if reach_of(host) is not Reach.LOOPBACK:
        return host
    settings = tables_of(values, "agents").get(agent, {}).get("proxy_env")
    try:
        proxy = proxy_to(cast("ProxySetting", settings), url, os.environ)
    except ProxyConfigError:
        return ""  # told as what it is when the load starts: sources/consent.py
    return "" if proxy is None or reach_of(proxy.host) is Reach.LOOPBACK else proxy.host
