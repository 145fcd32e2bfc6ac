"""``[agents.NAME.hosts."host:port"]``: what an agent does otherwise for one host."""

from __future__ import annotations

import math

import pytest

from pooltop.core.model import HostOptions, Timeouts, TLSOptions
from pooltop.profiles import load_profile_text

HOSTS = """\
[defaults.timeouts]
idle = "9s"
[agents.a]
max_sockets = 4
timeouts = { connect = "1s", total = "5s" }
tls = { servername = "a.internal", min_version = "TLSv1.3" }
[agents.a.hosts."127.0.0.1:80"]
maxSockets = 6
timeouts = { total = "3s" }
tls = { servername = "b.internal" }
[agents.a.hosts."[::1]:8443"]
max_free_sockets = "unlimited"
[workloads.w]
agent = "a"
base_url = "http://127.0.0.1"
[workloads.v]
agent = "a"
base_url = "https://[::1]:8443"
"""


def test_a_hosts_tables_are_laid_over_the_agents_key_by_key() -> None:
    (agent,) = load_profile_text(HOSTS).agents
    expected = {
        "127.0.0.1:80": HostOptions(
            max_sockets=6,
            timeouts=Timeouts(connect=1.0, total=3.0, idle=9.0),
            tls=TLSOptions(servername="b.internal", min_version="TLSv1.3"),
        ),
        "[::1]:8443": HostOptions(max_free_sockets=math.inf),
    }
    assert expected == agent.hosts


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.2:80", ['warn  P034 agents.a.hosts."127.0.0.2:80": no workload of this agent goes there. Did you mean "127.0.0.1:80"?']),
        ("127.0.0.1", ['error P060 agents.a.hosts."127.0.0.1": the port is missing: expected "host:port", as "pay-b.internal:8443", or "demo:NAME".']),
        ("http://127.0.0.1:80", ['error P060 agents.a.hosts."http://127.0.0.1:80": expected "host:port", as "pay-b.internal:8443", or "demo:NAME", without scheme and path.']),
        ("LOCALHOST:80", ['error P060 agents.a.hosts."LOCALHOST:80": expected "host:port", as "pay-b.internal:8443", or "demo:NAME". Did you mean "localhost:80"?']),
        ("0x7f.1:80", ['error P060 agents.a.hosts."0x7f.1:80": the host "0x7f.1" is not an IPv4 address: write four numbers.']),
        ("127.0.0.1:99999", ['error P060 agents.a.hosts."127.0.0.1:99999": the port 99999 is not in 1 to 65535.']),
        ("demo:x", ['error P032 agents.a.hosts."demo:x": no such demo server: add [demo.NAME].']),
    ],
)  # fmt: skip
def test_a_host_that_cannot_be_or_that_nobody_reaches_is_told(good, lines, host, expected) -> None:
    text = f'{good}[agents.a.hosts."{host}"]\nmax_sockets = 2\n'
    assert expected == [line.partition(" ")[2] for line in lines(text)]


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("max_sockets = 0", 'P012 agents.a.hosts."127.0.0.1:80".max_sockets = 0: Node reads 0 as "not set", that is unlimited. Write 1 or more, or "unlimited".'),
        ("keep_alive = true", 'P015 agents.a.hosts."127.0.0.1:80".keep_alive: does not stand here; it belongs in [demo.NAME] or [agents.a].'),
        ("max_free_sockets = 9", 'P019 agents.a.hosts."127.0.0.1:80".max_free_sockets = 9: max_sockets = 4 is lower and wins.'),
        ("timeouts = { mode = 'node', total = '5s' }", 'P019 agents.a.hosts."127.0.0.1:80".timeouts.total: does nothing with mode = "node": Node has no such clock, only idle (its request option timeout), and that is an event: no request fails.'),
        ("tls = { verify = false }", 'P051 agents.a.hosts."127.0.0.1:80".tls.verify = false: certificates are not checked.'),
        ("tls = { cert = 'x.pem' }", 'P050 agents.a.hosts."127.0.0.1:80".tls.cert = "x.pem": "x.pem": no such file.'),
    ],
)  # fmt: skip
def test_what_stands_in_a_hosts_table_is_checked_as_in_the_agents(
    good, lines, table, expected
) -> None:
    found = lines(f'{good}[agents.a.hosts."127.0.0.1:80"]\n{table}\n')
    assert expected in [line.partition(" ")[2].partition(" ")[2].strip() for line in found]


def test_a_demo_servers_host_goes_by_its_name(lines) -> None:
    text = """\
[demo.slow]
[agents.a.hosts."demo:slow"]
max_sockets = 2
[workloads.w]
agent = "a"
base_url = "demo:slow"
"""
    assert [] == lines(text)
