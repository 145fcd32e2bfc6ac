"""The clocks of a profile: every key, both modes, and what cannot ring."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from pooltop.core.clocks import OwnClocks
from pooltop.core.model import Profile, Timeouts
from pooltop.core.traffic import RequestClass
from pooltop.profiles import load_profile_text, load_text
from pooltop.profiles.config import config_as_toml
from pooltop.profiles.explain import explain

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


CLOCKS = """\
[defaults.timeouts]
total = "9s"
idle = "8s"
[agents.a]
timeouts = { queue = "1s", connect = "2s" }
[agents.a.hosts."127.0.0.1:80"]
timeouts = { queue = "3s" }
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1"
timeouts = { total = "7s", tcp = "500ms" }
[[workloads.w.requests]]
name = "hasty"
timeouts = { total = "1s", idle = "unlimited" }
[[workloads.w.requests]]
name = "usual"
[workloads.v]
agent = "a"
base_url = "http://127.0.0.1:81"
"""


def test_a_request_class_s_clocks_are_laid_over_its_workload_s() -> None:
    workload, other = load_profile_text(CLOCKS).workloads
    assert [OwnClocks(total=1.0, tcp=0.5, idle=None), OwnClocks(total=7.0, tcp=0.5), None] == [
        each.timeouts for each in (*workload.requests, *other.requests)
    ]


def test_of_a_workload_with_one_class_the_clocks_are_that_class_s(good: str) -> None:
    (workload,) = load_profile_text(good + 'timeouts = { mode = "node", idle = "1s" }\n').workloads
    assert (RequestClass(name="default", timeouts=OwnClocks(mode="node", idle=1.0)),) == (
        workload.requests
    )


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("workloads.w.requests[0].timeouts.total", ['"1s" x.toml:14:22', '"7s" x.toml:11:22', '"9s" x.toml:2:9', '"unlimited" built-in']),
        ("workloads.w.requests[0].timeouts.idle", ['"unlimited" x.toml:14:35', '"8s" x.toml:3:8', '"unlimited" built-in']),
        ("workloads.w.requests[1].timeouts.total", ['"7s" x.toml:11:22', '"9s" x.toml:2:9', '"unlimited" built-in']),
        ("workloads.w.requests[1].timeouts.queue", ['"3s" x.toml:7:22', '"1s" x.toml:5:22', '"unlimited" built-in']),
        ("workloads.w.timeouts.connect", ['"2s" x.toml:5:38', '"unlimited" built-in']),
        ("workloads.v.timeouts.queue", ['"1s" x.toml:5:22', '"unlimited" built-in']),
        ("workloads.v.timeouts.mode", ['"fail" built-in']),
    ],
)  # fmt: skip
def test_of_a_clock_of_a_request_every_layer_is_named(key: str, expected: list[str]) -> None:
    effective = load_text(CLOCKS, "x.toml").effective
    found = explain(key, effective).splitlines()
    head = found[0].partition(" = ")[2].replace("    (", " ").rstrip(")")
    rows = [" ".join(row.split()) for row in found if row.startswith("    ")]
    assert expected == [head, *rows]


def test_a_setting_goes_before_a_file_s_clock_of_the_same_workload() -> None:
    said = ("workloads.w.timeouts.tcp=250ms", "agents.a.timeouts.total=2s")
    workload = load_text(CLOCKS, "x.toml", settings=said).profile.workloads[0]
    assert OwnClocks(total=7.0, tcp=0.25) == workload.requests[1].timeouts


def test_a_printed_profile_has_of_a_request_s_clocks_what_is_said_of_them() -> None:
    first = load_text(CLOCKS, "x.toml")
    printed = config_as_toml(first.effective)
    assert first.profile == load_text(printed, "x.toml").profile
    assert "[workloads.v.timeouts]" not in printed


def test_a_profile_with_clocks_of_requests_can_be_sent() -> None:
    profile = load_profile_text(CLOCKS)
    assert profile == msgspec.msgpack.decode(msgspec.msgpack.encode(profile), type=Profile)
