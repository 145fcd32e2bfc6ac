"""Where the demo's hosts listen, and a profile made to point there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from pooltop.errors import ProfileError

if TYPE_CHECKING:
    from pooltop.core.model import Profile, TLSOptions

SCHEME = "demo:"
"""What the ``base_url`` of a workload starts with when it means a ``[demo.NAME]`` table."""


class DemoAddress(msgspec.Struct, frozen=True):
    """Where one demo host listens."""

    scheme: Literal["http", "https"]
    host: str
    """``NAME.localhost``: always loopback (RFC 6761, 6.3), though not every resolver knows it."""
    port: int

    @property
    def url(self) -> str:
        """What a ``base_url`` needs."""
        return f"{self.scheme}://{self.host}:{self.port}"


class DemoAddresses(msgspec.Struct, frozen=True):
    """Where all hosts of a demo listen."""

    ca: str | None
    """The PEM file to trust for the https hosts; None when there are none."""
    servers: dict[str, DemoAddress]
    """By the host's name in the profile."""


def resolve_demo(profile: Profile, addresses: DemoAddresses) -> Profile:
    """Give the profile with each ``demo:NAME`` replaced by the real URL.

    Every agent that goes to such a host over https also comes to trust the demo's authority. An
    agent without ``tls.ca`` trusted the system's authorities until then, and now only this one: a
    profile keeps its demo and its real https hosts on different agents.

    Raises:
        ProfileError: a workload, or an agent's upstreams, name a demo host that is not there.
    """
    trusting: set[str] = set()

    def resolved(url: str, agent: str, key: str) -> str:
        if not url.startswith(SCHEME):
            return url
        name = url.removeprefix(SCHEME)
        address = addresses.servers.get(name)
        if address is None:
            known = ", ".join(sorted(addresses.servers)) or "none"
            message = f"there is no [demo.{name}]; the demo's hosts: {known}"
            raise ProfileError(f"{profile.path}: {key}: {message}")
        if address.scheme == "https":
            trusting.add(agent)
        return address.url

    workloads = [
        msgspec.structs.replace(
            each, base_url=resolved(each.base_url, each.agent, f"workloads.{each.name}.base_url")
        )
        for each in profile.workloads
    ]
    upstreams = {
        agent.name: tuple(
            resolved(url, agent.name, f"agents.{agent.name}.upstreams") for url in agent.upstreams
        )
        for agent in profile.agents
    }
    agents = []
    for agent in profile.agents:
        ca = addresses.ca if agent.name in trusting else None
        hosts = {
            _authority(host, addresses): msgspec.structs.replace(own, tls=_trusting(own.tls, ca))
            for host, own in agent.hosts.items()
        }
        tls = _trusting(agent.tls, ca) or agent.tls
        agents.append(
            msgspec.structs.replace(agent, tls=tls, hosts=hosts, upstreams=upstreams[agent.name])
        )
    return msgspec.structs.replace(profile, agents=tuple(agents), workloads=tuple(workloads))


def _authority(host: str, addresses: DemoAddresses) -> str:
    """Give where a host of an agent's ``hosts`` is; one of no demo that there is stays as it is."""
    address = addresses.servers.get(host.removeprefix(SCHEME)) if host.startswith(SCHEME) else None
    return host if address is None else f"{address.host}:{address.port}"


def _trusting(tls: TLSOptions | None, ca: str | None) -> TLSOptions | None:
    """Give TLS options that trust the authority too; None for None."""
    if tls is None or ca is None or ca in tls.ca:
        return tls
    return msgspec.structs.replace(tls, ca=(*tls.ca, ca))
