"""Where an agent's connections lead, against the base_url of the workloads it carries."""

from __future__ import annotations

import pytest

from pooltop.core.model import DemoServer
from pooltop.profiles import connections, load_text


def profile(agent="", base_url="http://127.0.0.1:80", more=""):
    return f'[agents.a]\n{agent}\n[workloads.w]\nagent = "a"\nbase_url = "{base_url}"\n{more}'


@pytest.mark.parametrize(
    ("kind", "base_url", "more"),
    [
        ("http.Agent", "https://127.0.0.1", ""),
        ("https.Agent", "http://127.0.0.1", ""),
        ("https.Agent", "demo:x", "[demo.x]\n"),
        ("http.Agent", "demo:x", '[demo.x]\nscheme = "https"\n'),
    ],
)
def test_an_agents_kind_refuses_the_other_scheme_as_node_does(lines, kind, base_url, more):
    other = "https" if kind == "http.Agent" else "http"
    (line,) = lines(profile(f'kind = "{kind}"', base_url, more))
    assert line.startswith("x.toml:5:12 error P019 workloads.w.base_url = ")
    assert line.endswith(
        f': this is {other}, and its agent is of kind = "{kind}" (line 2): Node throws '
        f"ERR_INVALID_PROTOCOL. Leave kind out, or write {other}.Agent."
    )


@pytest.mark.parametrize(
    ("said", "base_url", "protocol"),
    [
        ('kind = "http.Agent"', "http://127.0.0.1", "http:"),
        ('kind = "https.Agent"', "https://127.0.0.1", "https:"),
        ("", "http://127.0.0.1", None),
        ("", "https://127.0.0.1", None),
    ],
)
def test_an_agents_kind_is_the_one_protocol_it_takes(said, base_url, protocol):
    (agent,) = load_text(profile(said, base_url)).profile.agents
    assert protocol == agent.options.protocol


def test_an_agent_of_either_kind_serves_a_demo_of_its_scheme(lines):
    assert "http" == DemoServer(name="x").scheme
    assert [] == lines(profile('kind = "http.Agent"', "demo:x", "[demo.x]\n"))
    secure = '[demo.x]\nscheme = "https"\n'
    assert [] == lines(profile('kind = "https.Agent"', "demo:x", secure))


@pytest.mark.parametrize("letter", ["x", "\u00fc"])
def test_a_unix_socket_path_is_refused_one_byte_too_long(lines, monkeypatch, letter):
    monkeypatch.setattr(connections, "LONGEST_SOCKET_PATH", 107)
    fits = "/" + letter * (106 // len(letter.encode()))
    assert [] == lines(profile(f'socket_path = "{fits}"'))
    (line,) = lines(profile(f'socket_path = "{fits}/"'))
    assert line.startswith("x.toml:2:15 error P022 agents.a.socket_path = ")
    assert line.endswith(": 108 bytes: a unix socket's path has 107 at most.")


@pytest.mark.parametrize(
    ("agent", "base_url", "is_refused"),
    [
        ('local_address = "::1"', "http://127.0.0.1", True),
        ('local_address = "127.0.0.1"', "http://[::1]", True),
        ('local_address = "127.0.0.1"', "http://127.0.0.1", False),
        ('local_address = "::1"', "http://[::1]", False),
        ('local_address = "::1"', "http://localhost", False),
        ('local_address = "::1"\nsocket_path = "/run/s"', "http://127.0.0.1", False),
        (
            'local_address = "::1"\nproxy_env = { http_proxy = "http://127.0.0.2" }',
            "http://127.0.0.1",
            False,
        ),
        (
            'local_address = "::1"\nproxy_env = { https_proxy = "http://127.0.0.2" }',
            "http://127.0.0.1",
            True,
        ),
        ('local_address = "::1"\nproxy_env = "environment"', "http://127.0.0.1", False),
    ],
)
def test_an_address_to_connect_from_must_be_of_the_servers_version(
    lines, agent, base_url, is_refused
):
    found = lines(profile(agent, base_url))
    assert is_refused is bool(found)
    for line in found:
        version = 6 if "[" in base_url else 4
        assert line.startswith("x.toml:2:17 error P019 agents.a.local_address = ")
        assert f"an IPv{version} address cannot be reached from it (line " in line


@pytest.mark.parametrize(
    ("agent", "is_warned_of"),
    [
        ("retry_stale = true", True),
        ("retry_stale = true\nkeep_alive = false", True),
        ("retry_stale = true\nkeep_alive = true", False),
        ("retry_stale = false", False),
    ],
)
def test_retrying_what_can_hardly_be_stale_is_warned_of(lines, agent, is_warned_of):
    expected = (
        "x.toml:2:15 warn  P019 agents.a.retry_stale = true: no idle socket is kept without "
        "keep_alive, so hardly one is ever stale."
    )
    assert ([expected] if is_warned_of else []) == lines(profile(agent))


def test_a_host_that_is_only_a_name_over_a_unix_socket_needs_no_consent(lines):
    assert [] == lines(profile('socket_path = "/run/s"', "http://docker"))
    (line,) = lines(profile("", "http://docker"))
    assert "P063" in line


def test_another_agents_unix_socket_excuses_no_host(lines):
    more = '[agents.b]\nsocket_path = "/run/s"\n[workloads.v]\nagent = "b"\nbase_url = "http://x"\n'
    (line,) = lines(profile("", "http://docker", more))
    assert line.startswith("x.toml:5:12 error P063 workloads.w.base_url = ")
