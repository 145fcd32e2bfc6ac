"""An agent's proxies in a profile."""

from __future__ import annotations

import pytest

from pooltop.core.model import ProxyEnv
from pooltop.profiles import load_text


def with_proxies(good, setting, *more):
    lines = good.splitlines()
    return "\n".join([lines[0], setting, *lines[1:], *more, ""])


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ('proxy_env = "environment"', "environment"),
        (
            'proxy_env = { http_proxy = "http://u:p@127.0.0.1:3128", no_proxy = "*.x" }',
            ProxyEnv(http_proxy="http://u:p@127.0.0.1:3128", no_proxy="*.x"),
        ),
        (
            'proxyEnv = { HTTPS_PROXY = "https://a", https_proxy = "https://b" }',
            ProxyEnv(https_proxy="https://b"),
        ),
        ("proxy_env = {}", ProxyEnv()),
    ],
)
def test_proxies_are_settings_or_the_environment(good, setting, expected):
    (agent,) = load_text(with_proxies(good, setting), "x.toml").profile.agents
    assert expected == agent.proxy_env


def test_an_agent_without_the_key_has_no_proxy(good):
    assert load_text(good, "x.toml").profile.agents[0].proxy_env is None


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("http_proxy", '"socks5://me:hunter2@p"', "begins with http:// or https://"),
        ("http_proxy", '"http://me:hunter2@:80"', "has no possible host or port"),
        ("HTTP_PROXY", '"http://me:hunter2%@p"', "not percent-encoded"),
        ("https_proxy", '"${env:UNSET:-hunter2}"', "begins with http:// or https://"),
        ("no_proxy", '["hunter2"]', "expected a string, got an array"),
        ("no_proxy", "3", "expected a string, got a whole number"),
        ("HTTPS_proxy", '"hunter2"', 'unknown key. Did you mean "https_proxy"?'),
        ("ftp_proxy", '"hunter2"', "unknown key."),
        ("Http_Proxy", '"hunter2"', "unknown key. Did you mean"),
    ],
)
def test_a_wrong_setting_is_told_at_its_place_and_its_value_is_not_shown(
    good, lines, key, value, words
):
    (problem,) = lines(with_proxies(good, f"proxy_env = {{ {key} = {value} }}"))
    assert problem.startswith("x.toml:2:")
    assert f"agents.a.proxy_env.{key}" in problem
    assert words in problem
    assert "hunter2" not in problem


@pytest.mark.parametrize("key", ["http_proxy", "HTTPS_PROXY"])
def test_a_proxy_s_password_in_the_profile_itself_is_warned_of(good, lines, monkeypatch, key):
    setting = f'proxy_env = {{ {key} = "http://me:hunter2@127.0.0.1:1" }}'
    (warning,) = lines(with_proxies(good, setting))
    place = f"x.toml:2:{setting.index(chr(34)) + 1} warn  P054 agents.a.proxy_env.{key}: a secret"
    assert place == warning[: len(place)]
    monkeypatch.setenv("PROXY", "http://me:hunter2@127.0.0.1:1")
    assert [] == lines(with_proxies(good, f'proxy_env = {{ {key} = "${{env:PROXY}}" }}'))


def test_a_proxy_off_this_machine_has_to_be_allowed_like_any_host(good, lines, monkeypatch):
    monkeypatch.setenv("PROXY", "http://me:hunter2@192.0.2.7:3128")
    setting = 'proxy_env = { http_proxy = "${env:PROXY}" }'
    (problem,) = lines(with_proxies(good, setting))
    assert problem.startswith("x.toml:2:")
    assert "P063 agents.a.proxy_env: 192.0.2.7 is not this machine" in problem
    assert "hunter2" not in problem
    assert [] == lines(with_proxies(good, setting, "[safety]", 'allow_hosts = ["192.0.2.7"]'))


@pytest.mark.parametrize(
    "setting",
    [
        'proxy_env = { https_proxy = "http://192.0.2.7:3128" }',
        'proxy_env = { http_proxy = "http://192.0.2.7:3128", no_proxy = "127.0.0.1" }',
    ],
)
def test_a_proxy_that_nothing_goes_through_needs_no_consent(good, lines, setting):
    assert [] == lines(with_proxies(good, setting))
