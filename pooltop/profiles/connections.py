"""Whether an agent's connections can lead where its workloads send: kind, addresses, unix socket.

What is refused here would fail every request, by what the agent and the base_url say together.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from typing import cast

from pooltop.core.model import ProxyEnv
from pooltop.profiles import hosts
from pooltop.profiles.agent_kinds import is_dispatcher, urls_of
from pooltop.profiles.agent_tables import NODE
from pooltop.profiles.checks import host_of, tables_of
from pooltop.profiles.proxies import proxy_to
from pooltop.profiles.reader import Values
from pooltop.profiles.report import Report
from pooltop.profiles.shown import Path, quoted

LONGEST_SOCKET_PATH = 103 if sys.platform == "darwin" else 107
"""Bytes of a unix socket's path: sun_path, less its NUL. Source: unix(7)."""
_KINDS = {"http": "http.Agent", "https": "https.Agent"}


def check_connections(values: Values, report: Report) -> None:
    """Check every agent's connect options, and against each base_url that it is to carry."""
    agents = tables_of(values, "agents")
    for name, agent in agents.items():
        _check_socket_path(agent, ("agents", name, "socket_path"), report)
        _check_passwords(agent, ("agents", name, "proxy_env"), report)
        if is_dispatcher(agent):
            continue
        if agent.get("retry_stale") is True and agent.get("keep_alive", False) is False:
            message = "no idle socket is kept without keep_alive, so hardly one is ever stale."
            report.warn(("agents", name, "retry_stale"), "P019", message)
        _check_alone(agent, ("agents", name), report)
    for name, workload in tables_of(values, "workloads").items():
        carrier, url = workload.get("agent"), workload.get("base_url")
        if not (isinstance(carrier, str) and isinstance(url, str) and carrier in agents):
            continue
        path: Path = ("workloads", name, "base_url")
        _check_kind(agents[carrier], carrier, _scheme(url, values), path, report)
        local: Path = ("agents", carrier, "local_address")
        for each in urls_of(agents[carrier], url):
            _check_versions(agents[carrier], each, local, path, report)


def _check_socket_path(agent: Values, path: Path, report: Report) -> None:
    socket_path = agent.get("socket_path")
    if isinstance(socket_path, str):
        size = len(os.fsencode(socket_path))
        if size > LONGEST_SOCKET_PATH:
            message = f"{size} bytes: a unix socket's path has {LONGEST_SOCKET_PATH} at most."
            report.add(path, "P022", message)


def _check_passwords(agent: Values, path: Path, report: Report) -> None:
    """Warn of a proxy's password that stands in the profile itself."""
    settings = agent.get("proxy_env")
    if not isinstance(settings, ProxyEnv):
        return
    for key, url in (("http_proxy", settings.http_proxy), ("https_proxy", settings.https_proxy)):
        # Of two spellings it is the one that is there, the lower case first.
        written = next((k for k in (key, key.upper()) if report.layers.said((*path, k))), key)
        if "@" in (url or ""):
            report.warn_of_secret((*path, written))


def _check_alone(agent: Values, path: Path, report: Report) -> None:
    """Warn of what an agent that serves one request only cannot have."""
    if agent.get("per_request") is not True:
        return
    for key in ("max_sockets", "max_total_sockets", "max_free_sockets"):
        if key in agent:
            message = "with per_request it binds within each agent, which has one socket."
            report.warn((*path, key), "P019", message)
    if "hosts" in agent:
        message = "with per_request the limits in it bind within each agent, which has one socket."
        report.warn((*path, "hosts"), "P019", message, on_key=True)


def _scheme(url: str, values: Values) -> str:
    if not url.startswith(hosts.DEMO):
        return url.partition("://")[0]
    demo = tables_of(values, "demo").get(url.removeprefix(hosts.DEMO), {})
    return cast("str", demo.get("scheme", "http"))


def _check_kind(agent: Values, carrier: str, scheme: str, path: Path, report: Report) -> None:
    """Refuse what Node throws at: each Agent class of its has one protocol.

    Source: Node v24 lib/_http_client.js ClientRequest, ERR_INVALID_PROTOCOL.
    """
    kind = agent.get("kind")
    if kind in NODE and kind != _KINDS[scheme]:
        hint = f"this is {scheme}, and its agent is of kind = {quoted(kind)}"
        tail = f": Node throws ERR_INVALID_PROTOCOL. Leave kind out, or write {_KINDS[scheme]}."
        report.add(path, "P019", hint, see=("agents", carrier, "kind"), tail=tail)


def _check_versions(agent: Values, url: str, path: Path, to: Path, report: Report) -> None:
    """Refuse an address to connect from that cannot reach the one in the URL."""
    local = agent.get("local_address")
    if not isinstance(local, str) or "socket_path" in agent or url.startswith(hosts.DEMO):
        return
    try:
        there = ipaddress.ip_address(host_of(url).strip("[]"))
    except ValueError:
        return  # a name may have addresses of either version
    settings = agent.get("proxy_env")
    if settings == "environment":
        return  # not known before it is read: see sources/consent.py
    if isinstance(settings, ProxyEnv) and proxy_to(settings, url, {}) is not None:
        return  # the proxy is connected to without it
    if ipaddress.ip_address(local).version != there.version:
        message = f"an IPv{there.version} address cannot be reached from it"
        report.add(path, "P019", message, see=to, tail=".")
