"""Pointing a profile at the demo's real addresses."""

from __future__ import annotations

import pytest

from pooltop.core.model import AgentProfile, HostOptions, Profile, TLSOptions
from pooltop.core.traffic import Workload
from pooltop.demo.addresses import DemoAddress, DemoAddresses, resolve_demo
from pooltop.errors import ProfileError

ADDRESSES = DemoAddresses(
    ca="/ca.pem",
    servers={
        "kept": DemoAddress("http", "kept.localhost", 8001),
        "secure": DemoAddress("https", "secure.localhost", 8002),
    },
)


def profile(**urls: str) -> Profile:
    """One agent for each workload, of the same name."""
    return Profile(
        path="x.toml",
        agents=tuple(AgentProfile(name=name) for name in urls),
        workloads=tuple(
            Workload(name=name, agent=name, base_url=url) for name, url in urls.items()
        ),
    )


def test_demo_urls_are_replaced_and_others_left_alone() -> None:
    given = profile(kept="demo:kept", secure="demo:secure", real="http://127.0.0.1:9")
    resolved = resolve_demo(given, ADDRESSES)
    expected = [
        "http://kept.localhost:8001",
        "https://secure.localhost:8002",
        "http://127.0.0.1:9",
    ]
    assert expected == [workload.base_url for workload in resolved.workloads]


def test_only_agents_of_https_demo_workloads_trust_the_authority() -> None:
    resolved = resolve_demo(profile(kept="demo:kept", secure="demo:secure"), ADDRESSES)
    assert [(), ("/ca.pem",)] == [agent.tls.ca for agent in resolved.agents]


def test_the_authority_is_added_once_to_those_already_trusted() -> None:
    given = Profile(
        path="x.toml",
        agents=(AgentProfile(name="a", tls=TLSOptions(ca=("/own.pem",))),),
        workloads=tuple(
            Workload(name=name, agent="a", base_url="demo:secure") for name in ("one", "two")
        ),
    )
    resolved = resolve_demo(given, ADDRESSES)
    assert ("/own.pem", "/ca.pem") == resolved.agents[0].tls.ca
    assert resolved == resolve_demo(resolved, ADDRESSES)


def test_a_profile_without_demo_urls_is_unchanged() -> None:
    given = profile(real="https://127.0.0.1:9")
    assert given == resolve_demo(given, ADDRESSES)


def test_an_unknown_demo_host_is_the_profiles_mistake() -> None:
    with pytest.raises(ProfileError) as caught:
        resolve_demo(profile(lost="demo:nowhere"), ADDRESSES)
    expected = (
        "x.toml: workloads.lost.base_url: there is no [demo.nowhere]; "
        "the demo's hosts: kept, secure"
    )
    assert expected == str(caught.value)


def test_a_host_of_an_agents_own_is_found_where_the_demo_listens() -> None:
    hosts = {
        "demo:kept": HostOptions(max_sockets=2),
        "demo:secure": HostOptions(tls=TLSOptions(servername="x")),
        "real:80": HostOptions(tls=TLSOptions(ca=("/own.pem",))),
    }
    given = Profile(
        path="x.toml",
        agents=(AgentProfile(name="a", hosts=hosts),),
        workloads=(Workload(name="w", agent="a", base_url="demo:secure"),),
    )
    expected = {
        "kept.localhost:8001": HostOptions(max_sockets=2),
        "secure.localhost:8002": HostOptions(tls=TLSOptions(servername="x", ca=("/ca.pem",))),
        "real:80": HostOptions(tls=TLSOptions(ca=("/own.pem", "/ca.pem"))),
    }
    assert expected == resolve_demo(given, ADDRESSES).agents[0].hosts


def test_upstreams_are_replaced_too_and_trusted() -> None:
    upstreams = ("demo:kept", "http://127.0.0.1:9", "demo:secure")
    given = Profile(path="x.toml", agents=(AgentProfile(name="a", upstreams=upstreams),))
    (agent,) = resolve_demo(given, ADDRESSES).agents
    expected = ("http://kept.localhost:8001", "http://127.0.0.1:9", "https://secure.localhost:8002")
    assert (expected, ("/ca.pem",)) == (agent.upstreams, agent.tls.ca)


def test_an_upstream_that_is_no_demo_host_is_the_profiles_mistake() -> None:
    given = Profile(path="x.toml", agents=(AgentProfile(name="a", upstreams=("demo:x",)),))
    with pytest.raises(ProfileError, match=r"agents\.a\.upstreams: there is no \[demo\.x\]"):
        resolve_demo(given, ADDRESSES)
