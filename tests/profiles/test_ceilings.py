"""The ceilings of ``[safety]``: defaults off this machine, and who is above them."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from pooltop.core.model import HostOptions
from pooltop.core.safety import Safety
from pooltop.profiles import load_profile_text, load_text
from pooltop.profiles.config import config_as_toml
from pooltop.profiles.explain import explain

Lines = Callable[[str], list[str]]

NEAR = """\
[agents.a]
max_sockets = 4
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1:80"
"""
FAR = NEAR.replace("127.0.0.1", "192.0.2.7").replace(
    "[agents", '[safety]\nallow_hosts = ["192.0.2.7"]\n[agents'
)
_BY_DEFAULT = "the default, as 192.0.2.7 is not this machine"


def test_on_this_machine_there_is_no_ceiling_but_that_of_descriptors() -> None:
    profile = load_profile_text(NEAR.replace("max_sockets = 4\n", 'rate = "900000/s"\n', 0))
    assert (Safety(max_rate=math.inf, max_open_fds=0.8), math.inf) == (
        profile.safety,
        profile.agents[0].ceiling,
    )


def test_off_this_machine_there_are_500_requests_a_second_and_200_sockets() -> None:
    profile = load_profile_text(FAR)
    assert ("w",) == profile.safety.guarded
    assert (500.0, 200.0, 4) == (
        profile.safety.max_rate,
        profile.agents[0].ceiling,
        profile.agents[0].options.max_sockets,
    )


def test_what_the_profile_says_counts_on_this_machine_too() -> None:
    said = '[safety]\nmax_rate = "20/s"\nmax_sockets = 5\nmax_open_fds = 0.5\n'
    profile = load_profile_text(said + NEAR)
    assert (Safety(max_rate=20.0, max_open_fds=0.5), 5.0) == (
        profile.safety,
        profile.agents[0].ceiling,
    )


def test_unlimited_sockets_are_capped_off_this_machine_and_it_is_said() -> None:
    loaded = load_text(FAR.replace("max_sockets = 4\n", ""), "x.toml")
    assert 200.0 == loaded.profile.agents[0].options.max_sockets
    assert [
        "x.toml:3:1 warn  P065 agents.a: max_sockets is not limited, so that of [safety] counts, "
        f'200: {_BY_DEFAULT}. For no limit write max_sockets = "unlimited" '
        "in [safety]."
    ] == [str(warning) for warning in loaded.warnings]
    lifted = FAR.replace("max_sockets = 4\n", "").replace(
        "[safety]", '[safety]\nmax_sockets = "unlimited"'
    )
    loaded = load_text(lifted, "x.toml")
    assert (math.inf, ()) == (loaded.profile.agents[0].options.max_sockets, loaded.warnings)


def test_a_host_without_limit_is_capped_too() -> None:
    host = '[agents.a.hosts."192.0.2.7:80"]\nmax_sockets = "unlimited"\n'
    loaded = load_text(FAR + host, "x.toml")
    assert {"192.0.2.7:80": HostOptions(max_sockets=200.0)} == loaded.profile.agents[0].hosts
    assert ['x.toml:9:15 warn  P065 agents.a.hosts."192.0.2.7:80".max_sockets = "unlimited"'] == [
        str(warning).rpartition(": max_sockets is not")[0] for warning in loaded.warnings
    ]


def test_agents_that_stay_on_this_machine_are_not_capped() -> None:
    more = '[agents.b]\n[workloads.v]\nagent = "b"\nbase_url = "http://127.0.0.1:81"\n'
    assert [200.0, math.inf] == [each.ceiling for each in load_profile_text(FAR + more).agents]


def test_a_unix_socket_is_on_this_machine_whatever_host_is_named() -> None:
    profile = load_profile_text(FAR.replace("max_sockets = 4", 'socket_path = "/run/x.sock"'))
    assert (math.inf, math.inf) == (profile.safety.max_rate, profile.agents[0].ceiling)


def test_a_proxy_off_this_machine_makes_the_load_leave_it() -> None:
    proxied = FAR.replace("http://192.0.2.7", "http://127.0.0.1").replace(
        "max_sockets = 4", 'max_sockets = 4\nproxy_env = { http_proxy = "http://192.0.2.7:3128" }'
    )
    profile = load_profile_text(proxied)
    assert (500.0, 200.0) == (profile.safety.max_rate, profile.agents[0].ceiling)


@pytest.mark.parametrize(
    ("said", "guarded"),
    [
        ("", ("far",)),
        ('breaker = "auto"', ("far",)),
        ('breaker = "on"', ("w", "far")),
        ('breaker = "off"', ()),
    ],
)
def test_a_breaker_guards_what_leaves_this_machine_unless_the_profile_says_otherwise(
    said: str, guarded: tuple[str, ...]
) -> None:
    safety = f'[safety]\nallow_hosts = ["192.0.2.7"]\n{said}\n'
    far = '[workloads.far]\nagent = "a"\nbase_url = "http://192.0.2.7"\n'
    assert guarded == load_profile_text(safety + NEAR + far).safety.guarded


@pytest.mark.parametrize(
    ("follows", "allow", "expected"),
    [
        ("", ("192.0.2.7",), math.inf),
        ("follow_redirects = 1\n", ("127.0.0.1", "*.localhost"), math.inf),
        ("follow_redirects = 1\n", ("127.0.0.1", "*.staging.internal"), 500.0),
        ("requests = [ { name = 'a' }, { follow_redirects = 2 } ]\n", ("192.0.2.7",), 500.0),
    ],
)
def test_where_redirects_may_lead_off_this_machine_the_ceilings_are_those_of_a_load_that_does(
    follows: str, allow: tuple[str, ...], expected: float
) -> None:
    for text, option in ((NEAR + follows, allow), (_allowing(allow) + NEAR + follows, ())):
        profile = load_text(text, allow=option).profile
        assert expected == profile.safety.max_rate
        assert (200.0 if expected == 500 else math.inf) == profile.agents[0].ceiling


def _allowing(hosts: tuple[str, ...]) -> str:
    return f"[safety]\nallow_hosts = {list(hosts)}\n"


EXPLAINED = [
    (FAR.replace("max_sockets = 4\n", ""), "agents.a.max_sockets", ["agents.a.max_sockets = 200    (safety.max_sockets)", '"unlimited" built-in']),
    (FAR, "agents.a.max_sockets", ["agents.a.max_sockets = 4    (x.toml:4:15)", '"unlimited" built-in']),
    (FAR.replace("max_sockets = 4", 'max_sockets = "unlimited"'), "agents.a.max_sockets", ["agents.a.max_sockets = 200    (safety.max_sockets)", '"unlimited" x.toml:4:15', '"unlimited" built-in']),
    (FAR, "safety.max_sockets", ["safety.max_sockets = 200    (built-in, as 192.0.2.7 is not this machine)"]),
    (FAR, "safety.max_rate", ['safety.max_rate = "500/s"    (built-in, as 192.0.2.7 is not this machine)']),
    (FAR.replace("[safety]", '[safety]\nmax_rate = "9/s"') + 'rate = "1/s"\n', "safety.max_rate", ['safety.max_rate = "9/s"    (x.toml:2:12)', '"500/s" built-in, as 192.0.2.7 is not this machine']),
    (FAR, "safety.max_open_fds", ["safety.max_open_fds = 0.8    (built-in)"]),
    (FAR, "safety.breaker", ['safety.breaker = "auto"    (built-in)']),
    (NEAR, "safety.max_sockets", ['safety.max_sockets = "unlimited"    (built-in)']),
    (NEAR, "safety.max_rate", ["safety.max_rate is not set"]),
    (FAR + "[agents.b]\n[workloads.v]\nagent = 'b'\nbase_url = 'http://127.0.0.1'\n", "safety.max_sockets", ["safety.max_sockets is not set"]),
    (FAR + '[agents.a.hosts."192.0.2.7:80"]\nmax_sockets = "unlimited"\n', 'agents.a.hosts."192.0.2.7:80".max_sockets', ['agents.a.hosts."192.0.2.7:80".max_sockets = 200    (safety.max_sockets)', '"unlimited" x.toml:9:15', "4 x.toml:4:15", '"unlimited" built-in']),
    ("[safety]\nmax_sockets = 7\n" + NEAR.replace("max_sockets = 4\n", ""), "agents.a.max_sockets", ["agents.a.max_sockets = 7    (safety.max_sockets)", '"unlimited" built-in']),
]  # fmt: skip


@pytest.mark.parametrize(("text", "key", "expected"), EXPLAINED)
def test_what_holds_is_explained_and_printed(text: str, key: str, expected: list[str]) -> None:
    first = load_text(text, "x.toml")

    said = explain(key, first.effective).splitlines()
    rows = [" ".join(row.split()) for row in said if row.startswith("    ")]
    assert expected == [said[0], *rows]
    again = load_text(config_as_toml(first.effective), "x.toml")
    assert first.profile == again.profile


RATE = "for all workloads together"
REFUSED = {
    "a rate": (
        FAR + 'rate = "501/s"\n',
        [f'8:8 error P065 workloads.w.rate = "501/s": more than max_rate, 500/s {RATE}: {_BY_DEFAULT}. Lower it, or write max_rate = "501/s" in [safety].'],
    ),
    "the peak of stages": (
        FAR + 'rate = "1/s"\nstages = [ { to = "600/s", over = "1s" } ]\n',
        [f'9:19 error P065 workloads.w.stages[0].to = "600/s": more than max_rate, 500/s {RATE}: {_BY_DEFAULT}. Lower it, or write max_rate = "600/s" in [safety].'],
    ),
    "the rate that nobody wrote": (
        '[safety]\nmax_rate = "9.5/s"\n' + NEAR,
        [f'5:1 error P065 workloads.w: more than max_rate, 9.5/s {RATE} (line 2). Lower it, or write max_rate = "10/s" in [safety].'],
    ),
    "several workloads": (
        '[safety]\nmax_rate = "100/s"\n' + NEAR + 'rate = "60/s"\n[workloads.v]\nagent = "a"\nbase_url = "http://127.0.0.1"\nrate = "50/s"\n',
        [f'8:8 error P065 workloads.w.rate = "60/s": with the other workloads 110/s at the peaks, more than max_rate, 100/s {RATE} (line 2). Lower it, or write max_rate = "110/s" in [safety].'],
    ),
    "sockets": (
        FAR.replace("= 4", "= 201"),
        [f"4:15 error P065 agents.a.max_sockets = 201: more than max_sockets of [safety], 200 to one host: {_BY_DEFAULT}. Lower it, or write max_sockets = 201 in [safety]."],
    ),
    "sockets of a host": (
        "[safety]\nmax_sockets = 5\n" + NEAR + '[agents.a.hosts."127.0.0.1:80"]\nmax_sockets = 6\n',
        ['9:15 error P065 agents.a.hosts."127.0.0.1:80".max_sockets = 6: more than max_sockets of [safety], 5 to one host (line 2). Lower it, or write max_sockets = 6 in [safety].'],
    ),
    "a share of descriptors": (
        "[safety]\nmax_open_fds = 0\nmax_rate = 9\n" + NEAR,
        ["2:16 error P012 safety.max_open_fds = 0: expected a number above 0 to 1.", '3:12 error P021 safety.max_rate = 9: a rate needs a unit. Did you mean "9/s"?'],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_above_a_ceiling_is_refused_with_both_numbers(lines: Lines, name: str) -> None:
    text, expected = REFUSED[name]
    assert [f"x.toml:{line}" for line in expected] == lines(text)


def test_rates_that_reach_the_ceiling_exactly_are_taken(lines: Lines) -> None:
    assert [] == lines(FAR + 'rate = "500/s"\n')
