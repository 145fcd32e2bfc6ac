"""The gate: nothing is sent to another machine unless its operator's host was named.

The loader refuses such a profile with line and column. This is the second look, at the value
that is about to run, wherever it came from: it runs before any process or socket is made.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from pooltop.core.model import Profile
from pooltop.core.reach import is_allowed
from pooltop.errors import ProfileError, ProxyConfigError
from pooltop.profiles.proxies import proxy_to

_DEMO = "demo:"


def targets_needing_consent(profile: Profile) -> list[str]:
    """Give the hosts that the profile would send to and that nobody allowed, each once.

    Free are ``localhost``, names under it, loopback addresses, the embedded demo, and whatever an
    agent with a ``socket_path`` sends, as that goes to the unix socket; everything else must be
    matched by ``profile.allow_hosts``. A proxy on the way is a host like any other: it gets the
    traffic, and the one behind it is named by the URL; and so is a collector that is sent numbers.

    Raises:
        ProfileError: the environment, which an agent is to read, names no possible proxy.
    """
    hosts: dict[str, None] = {}
    if profile.exports.otlp is not None:
        collector = urlsplit(profile.exports.otlp.endpoint).hostname or ""
        if not is_allowed(collector, profile.allow_hosts):
            hosts[collector] = None
    settings = {agent.name: agent.proxy_env for agent in profile.agents}
    # An agent's own socket_path wins over every request's, and no proxy is asked on the way to it.
    local = {agent.name for agent in profile.agents if agent.options.socket_path}
    aims = [(workload.agent, workload.base_url) for workload in profile.workloads]
    # Of several upstreams a base_url names one.
    aims += [(agent.name, url) for agent in profile.agents for url in agent.upstreams]
    for agent, url in aims:
        if url.startswith(_DEMO):
            continue  # looked at again when its host is known
        if agent in local:
            continue  # the host is a name in the Host header, and never connected to
        there = [urlsplit(url).hostname or ""]
        try:
            proxy = proxy_to(settings.get(agent), url, os.environ)
        except ProxyConfigError as error:
            raise ProfileError(f"{profile.path}: agents.{agent}: {error}") from error
        if proxy is not None:
            there.append(proxy.host)
        hosts.update(dict.fromkeys(h for h in there if not is_allowed(h, profile.allow_hosts)))
    return list(hosts)


def require_consent(profile: Profile) -> None:
    """Pass when every host may be sent to.

    Raises:
        ProfileError: one may not; the message has both remedies.
    """
    hosts = targets_needing_consent(profile)
    if hosts:
        message = "; ".join(refusal(host) for host in hosts)
        raise ProfileError(f"{profile.path}: {message}")


def refusal(host: str) -> str:
    """Say that a host is not allowed, and both ways to allow it."""
    return (
        f"{host} is not this machine: to send it traffic add it to the profile's [safety], "
        f'allow_hosts = ["{host}"], or start with --allow {host}'
    )
