"""The clocks of a profile: every key, both modes, and what cannot ring."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.model import Timeouts
from pooltop.profiles import load_profile_text

Lines = Callable[[str], list[str]]
NO_CLOCK = (
    'does nothing with mode = "node": Node has no such clock, only idle (its request option '
    "timeout), and that is an event: no request fails."
)


def test_every_clock_can_be_set_and_an_agents_own_win(good: str) -> None:
    text = good + (
        '[defaults.timeouts]\ntotal = "9s"\nidle = "8s"\n'
        '[agents.a.timeouts]\nqueue = "1s"\nconnect = "2s"\ndns = "500ms"\n'
        'tcp = "600ms"\ntls = "700ms"\nidle = "3s"\n'
    )
    (agent,) = load_profile_text(text).agents
    expected = Timeouts(queue=1, connect=2, dns=0.5, tcp=0.6, tls=0.7, idle=3, total=9)
    assert expected == agent.timeouts


def test_the_mode_is_fail_unless_it_says_node(good: str) -> None:
    assert "fail" == load_profile_text(good).agents[0].timeouts.mode
    text = good + '[defaults.timeouts]\nmode = "node"\n'
    assert "node" == load_profile_text(text).agents[0].timeouts.mode


def test_another_mode_is_refused_with_what_the_two_do(lines: Lines, good: str) -> None:
    expected = (
        'x.toml:7:8 error P013 agents.a.timeouts.mode = "event": allowed are "fail" or "node". '
        'With "fail" a clock that runs out fails the request and frees its socket; with "node" '
        "there is idle alone, and it is an event only, as in Node."
    )
    assert [expected] == lines(good + '[agents.a.timeouts]\nmode = "event"\n')


@pytest.mark.parametrize("clock", ["queue", "connect", "dns", "tcp", "tls", "total"])
def test_a_clock_that_node_has_not_is_pointed_out(lines: Lines, good: str, clock: str) -> None:
    text = good + f'[agents.a.timeouts]\nmode = "node"\nidle = "1s"\n{clock} = "1s"\n'
    assert [f"x.toml:9:1 warn  P019 agents.a.timeouts.{clock}: {NO_CLOCK}"] == lines(text)


def test_a_mode_that_is_inherited_counts_and_an_inherited_clock_is_no_mistake(
    lines: Lines, good: str
) -> None:
    text = good + '[defaults.timeouts]\nmode = "node"\n[agents.a.timeouts]\ntotal = "1s"\n'
    assert [f"x.toml:9:1 warn  P019 agents.a.timeouts.total: {NO_CLOCK}"] == lines(text)
    text = good + '[defaults.timeouts]\ntotal = "1s"\n[agents.a.timeouts]\nmode = "node"\n'
    assert [] == lines(text)


def test_a_phase_that_outlasts_connect_is_pointed_out(lines: Lines, good: str) -> None:
    text = good + '[agents.a.timeouts]\nconnect = "1s"\ntls = "2s"\ndns = "1s"\n'
    expected = (
        'x.toml:8:7 warn  P019 agents.a.timeouts.tls = "2s": '
        "connect = 1 s counts dns, tcp and tls together, and comes first."
    )
    assert [expected] == lines(text)


def test_stale_sockets_are_retried_where_the_profile_says_so(good: str) -> None:
    profile = load_profile_text(good)
    assert not profile.agents[0].options.retry_stale
    assert profile.workloads[0].requests[0].idempotent is None
    text = good.replace("[workloads.w]", "retry_stale = true\n[workloads.w]\nidempotent = false")
    profile = load_profile_text(text)
    assert profile.agents[0].options.retry_stale
    assert profile.workloads[0].requests[0].idempotent is False


def test_a_free_clock_beside_a_shorter_timeout_is_remarked_upon(lines) -> None:
    text = """\
[agents.a]
keep_alive = true
timeout = "2s"
timeouts = { free = "5s" }
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:80"
"""
    told = 'agents.a.timeouts.free = "5s": timeout = 2 s is lower and wins.'
    assert [f"x.toml:4:21 warn  P019 {told}"] == lines(text)
    assert [] == lines(text.replace('"5s"', '"1s"'))
