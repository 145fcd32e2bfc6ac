"""The kinds of agent: which options each has, what it is told of others', and where it may lead."""

from __future__ import annotations

import math
from collections.abc import Callable

import msgspec
import pytest

from pooltop.core.model import AgentOptions
from pooltop.core.undici.options import DISPATCHERS, DispatcherOptions, built_in
from pooltop.core.undici.projection import projected
from pooltop.profiles import Loaded, load_text
from pooltop.profiles.agent_tables import AGENT, BOUNDS, DISPATCHER_OPTIONS, NODE, OPTIONS
from pooltop.profiles.config import config_as_toml
from pooltop.profiles.defaults import default_of
from pooltop.profiles.definitions import definition
from pooltop.profiles.explain import explain
from pooltop.profiles.kind_checks import MEANT_IN_AN_AGENT, meant_in

Lines = Callable[[str], list[str]]

WHERE = "http://127.0.0.1:80"
SOME_POOLS = '"undici-pool", "undici-agent", "undici-balanced-pool" or "undici-round-robin-pool"'
EVERY_OPTION = """\
connections = 8
pipelining = 4
maxConcurrentStreams = 50
keep_alive_timeout = "5s"
keepAliveMaxTimeout = "1m"
keep_alive_timeout_threshold = "1s"
headersTimeout = "2s"
body_timeout = "unlimited"
connect_timeout = "0s"
maxRequestsPerClient = 100
client_ttl = "5m"
allowH2 = false
preferH2 = false
useH2c = true
ping_interval = "off"
ping_timeout = "3s"
initialWindowSize = 65535
connection_window_size = 1_048_576
max_cached_sessions = 0
localAddress = "127.0.0.2"
family = 4
no_delay = false
live = "drain"
"""


def profile(kind: str, said: str = "", url: str = WHERE, more: str = "") -> str:
    """Give a profile of one agent, whose table begins in line 1, and one workload."""
    head = f'kind = "{kind}"' if kind else ""
    if kind == "undici-balanced-pool" and "upstreams" not in said:
        said += f'\nupstreams = ["{url}"]'
    return f'[agents.a]\n{head}\n{said}\n[workloads.w]\nagent = "a"\nbase_url = "{url}"\n{more}'


def loaded(kind: str, said: str = "", **more: str) -> Loaded:
    return load_text(profile(kind, said, **more), "x.toml")


def dispatcher(kind: str, said: str = "", **more: str) -> DispatcherOptions:
    options = loaded(kind, said, **more).profile.agents[0].dispatcher
    assert options is not None
    return options


def test_every_option_is_read_in_undicis_units_and_in_either_spelling() -> None:
    assert DispatcherOptions(
        kind="undici-pool",
        connections=8,
        pipelining=4,
        max_concurrent_streams=50,
        keep_alive_timeout=5000,
        keep_alive_max_timeout=60_000,
        keep_alive_timeout_threshold=1000,
        headers_timeout=2000,
        body_timeout=0,
        connect_timeout=0,
        max_requests_per_client=100,
        client_ttl=300_000,
        allow_h2=False,
        prefer_h2=False,
        use_h2c=True,
        ping_interval=0,
        ping_timeout=3000,
        initial_window_size=65_535,
        connection_window_size=1_048_576,
        max_cached_sessions=0,
        local_address="127.0.0.2",
        family=4,
        no_delay=False,
        live="drain",
    ) == dispatcher("undici-pool", EVERY_OPTION)


@pytest.mark.parametrize("kind", DISPATCHERS)
def test_a_kind_has_what_is_built_in_where_nobody_says_anything(kind: str) -> None:
    agent = loaded(kind).profile.agents[0]

    assert built_in(kind) == agent.dispatcher  # type: ignore[arg-type]
    assert projected(built_in(kind)) == agent.options  # type: ignore[arg-type]


def test_what_is_built_in_is_undicis_and_of_h2_one_careful_session() -> None:
    (other,) = {built_in(kind) for kind in DISPATCHERS} & {DispatcherOptions(kind="undici-agent")}
    assert (math.inf, 1, 4000, False, math.inf, "node") == (
        other.connections,
        other.pipelining,
        other.keep_alive_timeout,
        other.use_h2c,
        other.ping_timeout,
        other.live,
    )
    h2 = built_in("h2")
    assert (1, True, 15_000, "drain") == (h2.connections, h2.use_h2c, h2.ping_timeout, h2.live)


def test_sessions_are_the_connections_of_the_kind_h2() -> None:
    assert 3 == dispatcher("h2", "sessions = 3").connections
    assert math.inf == dispatcher("h2", 'sessions = "unlimited"').connections


@pytest.mark.parametrize("kind", [None, *NODE])
def test_an_agent_of_nodes_is_no_dispatcher(kind: str | None) -> None:
    url = WHERE.replace("http", "https") if kind == "https.Agent" else WHERE
    agent = loaded(kind or "", "max_sockets = 4", url=url).profile.agents[0]

    assert (None, 4) == (agent.dispatcher, agent.options.max_sockets)


def test_every_attribute_of_a_dispatchers_options_can_be_written() -> None:
    written = {field.gives for field in DISPATCHER_OPTIONS}

    assert {"kind"} == set(DispatcherOptions.__struct_fields__) - written
    assert set() == written - set(DispatcherOptions.__struct_fields__)


def test_the_numbers_that_can_be_changed_live_have_bounds() -> None:
    own = {field.gives for field in BOUNDS.fields if field.whose == "undici"}

    assert {"connections", "pipelining", "max_concurrent_streams"} == own
    said = "bounds = { sessions = [1, 4], maxConcurrentStreams = [1, 200] }"
    assert {"connections": (1, 4), "max_concurrent_streams": (1, 200)} == loaded(
        "h2", said
    ).profile.agents[0].bounds


def test_a_dispatchers_limits_are_told_in_an_agents_words_too() -> None:
    agent = loaded("undici-pool", "connections = 8\nkeep_alive_timeout = '5s'").profile.agents[0]
    assert (
        AgentOptions(keep_alive=True, max_sockets=8, max_free_sockets=math.inf, timeout=5000)
        == agent.options
    )


def test_a_dispatcher_over_a_unix_socket_needs_no_consent(lines: Lines) -> None:
    assert [] == lines(profile("undici-pool", 'socketPath = "/run/s"', "http://docker"))


_THROWS = "undici throws UND_ERR_INVALID_ARG for 0."
_WHOLE = 'a whole number from 1 to 1000000, or "unlimited"'
VALUES = {
    "connections = 0": 'P012 connections = 0: undici reads 0 as no limit. Write 1 or more, or "unlimited".',
    "connections = -1": f"P012 connections = -1: expected {_WHOLE}.",
    "connections = 1.5": f"P011 connections = 1.5: expected {_WHOLE}, got a number with a fraction.",
    "pipelining = -1": 'P012 pipelining = -1: expected a whole number from 0 to 1000000, or "unlimited".',
    'keepAliveTimeout = "0s"': f'P012 keepAliveTimeout = "0s": {_THROWS} Write more than 0.',
    "keepAliveTimeout = 4000": 'P020 keepAliveTimeout = 4000: a duration needs a unit. Did you mean "4000ms"?',
    'keep_alive_max_timeout = "0s"': f'P012 keep_alive_max_timeout = "0s": {_THROWS} Write more than 0.',
    'keep_alive_timeout_threshold = "-1s"': 'P012 keep_alive_timeout_threshold = "-1s": expected 0s, at most 596h.',
    'headers_timeout = "-1s"': 'P012 headers_timeout = "-1s": expected 0s, at most 596h.',
    'body_timeout = "-1s"': 'P012 body_timeout = "-1s": expected 0s, at most 596h.',
    'connectTimeout = "-1s"': 'P012 connectTimeout = "-1s": expected 0s, at most 596h.',
    "max_requests_per_client = 0": 'P012 max_requests_per_client = 0: undici reads 0 as no limit. Write 1 or more, or "unlimited".',
    'client_ttl = "-1s"': 'P012 client_ttl = "-1s": expected 0s, at most 596h.',
    "allowH2 = 1": "P011 allowH2 = 1: expected true or false, got a whole number.",
    "max_concurrent_streams = 0": f"P012 max_concurrent_streams = 0: {_THROWS} Write 1 or more.",
    'ping_interval = "-1s"': 'P012 ping_interval = "-1s": expected 0s, at most 596h.',
    'ping_timeout = "0s"': 'P012 ping_timeout = "0s": 0 would end a session with its first PING. For never write "unlimited".',
    "initial_window_size = 0": f"P012 initial_window_size = 0: {_THROWS} Write 1 or more.",
    "connection_window_size = 2147483648": "P012 connection_window_size = 2147483648: expected a whole number from 1 to 2147483647.",
    "bounds.connections = [4, 1]": "P019 bounds.connections: the least comes first. Did you mean [1, 4]?",
    "bounds.keepAliveTimeout = [1, 2]": "P023 bounds.keepAliveTimeout: it cannot be changed while traffic flows, so it has no bounds.",
    "bounds.live = [1, 2]": "P023 bounds.live: it is no number, so it has no bounds.",
}  # fmt: skip


@pytest.mark.parametrize(("said", "problem"), VALUES.items(), ids=VALUES.keys())
def test_a_value_that_undici_would_not_take_is_refused(
    lines: Lines, said: str, problem: str
) -> None:
    (line,) = lines(profile("undici-pool", said))
    code, _, rest = problem.partition(" ")
    assert (f"error {code} agents.a.{rest}", "x.toml:3:") == (line[line.index("error") :], line[:9])


@pytest.mark.parametrize(
    ("kind", "said", "problem"),
    [
        ("undici-agent", "maxOrigins = 0", 'maxOrigins = 0: undici throws UND_ERR_INVALID_ARG for 0. Write 1 or more, or "unlimited".'),
        ("undici-balanced-pool", "max_weight_per_server = 0", 'max_weight_per_server = 0: undici reads 0 as "not set", that is 100. Write 1 or more.'),
        ("undici-balanced-pool", "errorPenalty = 0", 'errorPenalty = 0: undici reads 0 as "not set", that is 15. Write 1 or more.'),
        ("h2", "sessions = 0", 'sessions = 0: 0 would send nothing. Write 1 or more, or "unlimited".'),
    ],
)  # fmt: skip
def test_a_value_of_one_kind_is_refused(lines: Lines, kind: str, said: str, problem: str) -> None:
    assert [f"x.toml:3:{len(said)} error P012 agents.a.{problem}"] == lines(profile(kind, said))


STRANGE = [
    ("", "connections = 8", f'belongs to kind = {SOME_POOLS}; this agent does not say its kind, so it is "http.Agent". Did you mean "max_sockets"?'),
    ("http.Agent", "sessions = 8", 'belongs to kind = "h2"; this agent is "http.Agent". Did you mean "max_sockets"?'),
    ("http.Agent", "keepAliveTimeout = '4s'", 'belongs to undici\'s kinds and "h2"; this agent is "http.Agent". Did you mean "timeout"?'),
    ("http.Agent", "pipelining = 2", "belongs to undici's kinds; this agent is \"http.Agent\". There one request is on a socket at a time; for 0 write keep_alive = false."),
    ("http.Agent", "upstreams = ['http://127.0.0.1']", 'belongs to kind = "undici-balanced-pool"; this agent is "http.Agent".'),
    ("undici-pool", "maxSockets = 8", 'belongs to Node\'s http.Agent; this agent is "undici-pool". Did you mean "connections"?'),
    ("undici-pool", "keepAlive = true", 'belongs to Node\'s http.Agent; this agent is "undici-pool". undici: unsupported keepAlive, use pipelining=0 instead.'),
    ("undici-pool", "timeout = '5s'", 'belongs to Node\'s http.Agent; this agent is "undici-pool". Did you mean "keep_alive_timeout"?'),
    ("undici-pool", "sessions = 8", 'belongs to kind = "h2"; this agent is "undici-pool". Did you mean "connections"?'),
    ("undici-pool", "proxyEnv = 'environment'", 'belongs to Node\'s http.Agent; this agent is "undici-pool". undici has a dispatcher of its own for proxies, which is not here yet.'),
    ("undici-pool", "retry_stale = true", 'belongs to Node\'s http.Agent; this agent is "undici-pool". Dispatchers cannot have it yet.'),
    ("undici-pool", "per_request = true", 'belongs to Node\'s http.Agent; this agent is "undici-pool". Dispatchers cannot have it yet.'),
    ("undici-pool", "max_origins = 8", 'belongs to kind = "undici-agent"; this agent is "undici-pool".'),
    ("undici-client", "connections = 8", f'belongs to kind = {SOME_POOLS}; this agent is "undici-client". It has one; for more write kind = "undici-pool".'),
    ("undici-client", "max_sockets = 8", 'belongs to Node\'s http.Agent; this agent is "undici-client". It has one connection; for more write kind = "undici-pool".'),
    ("undici-round-robin-pool", "use_h2c = true", 'belongs to kind = "undici-client", "undici-pool", "undici-agent" or "undici-balanced-pool"; this agent is "undici-round-robin-pool". undici\'s own drops it, and speaks HTTP/1.1 to http origins.'),
    ("h2", "connections = 8", f'belongs to kind = {SOME_POOLS}; this agent is "h2". Did you mean "sessions"?'),
    ("h2", "max_sockets = 8", 'belongs to Node\'s http.Agent; this agent is "h2". Did you mean "sessions"?'),
    ("h2", "pipelining = 8", 'belongs to undici\'s kinds; this agent is "h2". Did you mean "max_concurrent_streams"?'),
    ("h2", "codec = 'llhttp'", 'belongs to what speaks HTTP/1.1; this agent is "h2". It is for HTTP/1.1.'),
    ("h2", "use_h2c = true", 'belongs to kind = "undici-client", "undici-pool", "undici-agent" or "undici-balanced-pool"; this agent is "h2". It speaks nothing else, to http origins too.'),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "problem"), STRANGE)
def test_a_key_of_another_kind_is_told_where_it_belongs_and_what_was_meant(
    lines: Lines, kind: str, said: str, problem: str
) -> None:
    key = said.partition(" ")[0]
    assert [f"x.toml:3:1 error P018 agents.a.{key}: {problem}"] == lines(profile(kind, said))


def test_keys_of_another_kind_are_found_wherever_they_stand_in_an_agent(lines: Lines) -> None:
    said = """\
bounds = { max_sockets = [1, 2] }
timeouts = { total = "5s", free = "5s" }
[agents.a.hosts."127.0.0.1:80"]
max_sockets = 5
tls = { verify = true }
timeouts = { total = "5s", free = "6s" }"""
    whose = 'belongs to Node\'s http.Agent; this agent is "undici-pool".'
    alone = "A dispatcher has one for all its hosts: give this one an agent of its own."
    host = 'agents.a.hosts."127.0.0.1:80"'
    assert [
        f'x.toml:3:12 error P018 agents.a.bounds.max_sockets: {whose} Did you mean "connections"?',
        f'x.toml:4:28 error P018 agents.a.timeouts.free: {whose} Did you mean "keep_alive_timeout" of the agent?',
        f"x.toml:6:1 error P018 {host}.max_sockets: {whose} {alone}",
        f"x.toml:7:1 error P018 {host}.tls: {whose} {alone}",
        f'x.toml:8:28 error P018 {host}.timeouts.free: {whose} Did you mean "keep_alive_timeout" of the agent?',
    ] == lines(profile("undici-pool", said))  # fmt: skip


def test_nothing_is_said_of_keys_where_the_kind_itself_is_wrong(lines: Lines) -> None:
    (line,) = lines(profile("undici-pol", "connections = 8\nmax_sockets = 8"))
    assert line.startswith('x.toml:2:8 error P013 agents.a.kind = "undici-pol": allowed are ')
    assert line.endswith(' Did you mean "undici-pool"?')


@pytest.mark.parametrize(
    ("key", "hint"),
    [
        ("socketTimeout", "unsupported by undici: use headersTimeout & bodyTimeout instead."),
        ("requestTimeout", "unsupported by undici: use headersTimeout & bodyTimeout instead."),
        ("idleTimeout", "unsupported by undici: use keepAliveTimeout instead."),
        ("max_keep_alive_timeout", "unsupported by undici: use keepAliveMaxTimeout instead."),
        ("maxResponseSize", "not yet in this version; a request's expect = { max_bytes = ... } judges it."),
        ("max_header_size", "not yet in this version; a head of more than 64 KiB is always refused."),
        ("autoSelectFamily", "addresses of both versions are always raced (RFC 8305); family keeps to one."),
        ("h2Options", "its options stand in the agent itself: max_concurrent_streams, use_h2c, ping_interval and the two windows."),
    ],
)  # fmt: skip
def test_what_undici_took_once_or_cannot_be_had_is_refused_with_what_to_write(
    lines: Lines, key: str, hint: str
) -> None:
    expected = [f"x.toml:3:1 error P023 agents.a.{key}: {hint}"]
    assert expected == lines(profile("undici-pool", f"{key} = 1"))


def test_of_an_unknown_key_those_of_the_kind_alone_are_named(lines: Lines) -> None:
    (line,) = lines(profile("h2", "zzz = 1"))

    allowed = set(line.partition("Allowed are ")[2].rstrip(".").split(", "))
    assert {field.name for field in AGENT.fields if field.is_of("h2")} == allowed
    assert ({"sessions"}, set()) == (allowed & {"sessions"}, allowed & {"connections", "codec"})


@pytest.mark.parametrize("key", sorted(MEANT_IN_AN_AGENT))
def test_what_is_meant_in_an_agent_of_nodes_is_of_a_key_that_it_does_not_have(key: str) -> None:
    assert not AGENT.spellings()[key].is_of(NODE[0])


@pytest.mark.parametrize("kind", DISPATCHERS)
def test_what_is_meant_in_a_dispatcher_is_of_a_key_that_some_do_not_have(kind: str) -> None:
    fields = AGENT.spellings() | {"free": BOUNDS.spellings()["timeout"]}

    assert set() == set(meant_in(kind)) - {name for name, f in fields.items() if f.kinds}
    strange = {field.name for field in OPTIONS if not field.is_of(kind)}
    assert set() == strange - set(meant_in(kind))


@pytest.mark.parametrize("kind", ["undici-client", "undici-pool", "undici-round-robin-pool"])
@pytest.mark.parametrize("other", ["http://127.0.0.1:81", "https://127.0.0.1:80", "demo:x"])
def test_a_kind_of_one_origin_is_refused_a_second(lines: Lines, kind: str, other: str) -> None:
    more = f'[workloads.v]\nagent = "a"\nbase_url = "{other}"\n[demo.x]\n'
    if other != "demo:x":
        more = more.replace("[demo.x]\n", "")
    assert [
        f'x.toml:9:12 error P019 workloads.v.base_url = "{other}": a second origin for an agent of '
        f'kind "{kind}", which has one (line 6). For several write kind = "undici-agent".'
    ] == lines(profile(kind, more=more))


@pytest.mark.parametrize("kind", ["undici-agent", "h2"])
def test_a_kind_with_a_pool_for_each_origin_may_have_several(lines: Lines, kind: str) -> None:
    more = '[workloads.v]\nagent = "a"\nbase_url = "https://127.0.0.1:80"\n'
    assert [] == lines(profile(kind, more=more))


def test_a_kind_of_one_origin_may_have_several_workloads(lines: Lines) -> None:
    more = f'[workloads.v]\nagent = "a"\nbase_url = "{WHERE}"\n'
    assert [] == lines(profile("undici-pool", more=more))


@pytest.mark.parametrize("url", [WHERE, "https://127.0.0.1:443"])
@pytest.mark.parametrize("kind", [kind for kind in DISPATCHERS if kind != "undici-balanced-pool"])
def test_a_dispatcher_takes_either_scheme(lines: Lines, kind: str, url: str) -> None:
    assert [] == lines(profile(kind, url=url))


def balanced(*upstreams: str, url: str = "http://127.0.0.1:81", more: str = "") -> str:
    return profile("undici-balanced-pool", f"upstreams = {list(upstreams)}", url, more)


def test_a_balanced_pool_has_its_upstreams(lines: Lines) -> None:
    text = balanced("http://127.0.0.1:81", "https://127.0.0.1", "demo:x", more="[demo.x]\n")
    assert [] == lines(text)
    assert ("http://127.0.0.1:81", "https://127.0.0.1:443", "demo:x") == load_text(
        text
    ).profile.agents[0].upstreams


UPSTREAMS = {
    "none": (balanced(), ['1:1 error P014 agents.a: upstreams is missing: add upstreams = ["http://host:port", "http://other:port"].']),
    "not said": (profile("undici-balanced-pool", "# upstreams"), ['1:1 error P014 agents.a: upstreams is missing: add upstreams = ["http://host:port", "http://other:port"].']),
    "not one of them": (balanced("http://127.0.0.1:82"), ['6:12 error P019 workloads.w.base_url = "http://127.0.0.1:81": not one of the upstreams of its agent (line 3): name the first of them.']),
    "twice": (balanced("http://127.0.0.1:81", "http://127.0.0.1:81/"), ['3:37 error P017 agents.a.upstreams[1] = "http://127.0.0.1:81/": it stands there twice: undici takes it once.']),
    "no url": (balanced("http://127.0.0.1:81", "127.0.0.1:82"), ['3:37 error P060 agents.a.upstreams[1] = "127.0.0.1:82": no scheme. Did you mean "http://127.0.0.1:82"?']),
    "another machine": (balanced("http://127.0.0.1:81", "http://192.0.2.7"), ['3:37 error P063 agents.a.upstreams[1] = "http://192.0.2.7": 192.0.2.7 is not this machine. To send it traffic add it to [safety]: allow_hosts = ["192.0.2.7"], or start with --allow 192.0.2.7.']),
    "the first on another machine": (balanced("http://192.0.2.7", url="http://192.0.2.7"), ['3:14 error P063 agents.a.upstreams[0] = "http://192.0.2.7": 192.0.2.7 is not this machine. To send it traffic add it to [safety]: allow_hosts = ["192.0.2.7"], or start with --allow 192.0.2.7.']),
    "no such demo": (balanced("http://127.0.0.1:81", "demo:y", more="[demo.x]\n"), ['3:37 error P032 agents.a.upstreams[1] = "demo:y": no such demo server. There are "x".']),
    "an address of the other version": (balanced("http://127.0.0.1:81", "http://[::1]:81").replace("kind", 'local_address = "127.0.0.1"\nkind'), ['2:17 error P019 agents.a.local_address = "127.0.0.1": an IPv6 address cannot be reached from it (line 7).']),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), UPSTREAMS.values(), ids=UPSTREAMS.keys())
def test_upstreams_that_lead_nowhere_are_refused(
    lines: Lines, text: str, expected: list[str]
) -> None:
    assert [f"x.toml:{line}" for line in expected] == lines(text)


def test_an_upstream_off_this_machine_makes_the_load_leave_it() -> None:
    safety = '[safety]\nallow_hosts = ["192.0.2.7"]\n'
    found = load_text(safety + balanced("http://127.0.0.1:81", "http://192.0.2.7")).profile

    assert (500.0, ("w",), 200.0) == (
        found.safety.max_rate,
        found.safety.guarded,
        found.agents[0].ceiling,
    )
    assert 200.0 == getattr(found.agents[0].dispatcher, "connections", None)


FAR = '[safety]\nallow_hosts = ["192.0.2.7"]\n{}'
BY_DEFAULT = "the default, as 192.0.2.7 is not this machine"


@pytest.mark.parametrize(
    ("kind", "said", "connections", "expected"),
    [
        ("undici-pool", "", 200, [f'x.toml:3:1 warn  P065 agents.a: connections is not limited, so max_sockets of [safety] counts, 200: {BY_DEFAULT}. For no limit write max_sockets = "unlimited" in [safety].']),
        ("undici-pool", "connections = 8", 8, []),
        ("undici-client", "", math.inf, []),
        ("h2", "", 1, []),
        ("h2", "sessions = 7", 7, []),
    ],
)  # fmt: skip
def test_a_ceiling_of_sockets_is_one_of_connections(
    kind: str, said: str, connections: float, expected: list[str]
) -> None:
    found = load_text(FAR.format(profile(kind, said, "http://192.0.2.7")), "x.toml")

    assert connections == getattr(found.profile.agents[0].dispatcher, "connections", None)
    assert expected == [str(warning) for warning in found.warnings]


def test_more_connections_than_the_ceiling_are_refused_by_their_own_name(lines: Lines) -> None:
    tail = f"more than max_sockets of [safety], 200 to one host: {BY_DEFAULT}. Lower it, or write max_sockets = 300 in [safety]."  # fmt: skip
    text = FAR.format(profile("h2", "sessions = 300", "http://192.0.2.7"))
    assert [f"x.toml:5:12 error P065 agents.a.sessions = 300: {tail}"] == lines(text)
    text = FAR.format(profile("undici-pool", "connections = 300", "http://192.0.2.7"))
    assert [f"x.toml:5:15 error P065 agents.a.connections = 300: {tail}"] == lines(text)


WARNED = [
    ("undici-pool", "connections = 820", ["3:15 warn  P053 agents.a.connections = 820: this process may have 1024 files open (ulimit -n), and a socket beyond 0.8 of them, 819, is refused (max_open_fds)."]),
    ("undici-pool", "connections = 819", []),
    ("h2", "sessions = 820", ["3:12 warn  P053 agents.a.sessions = 820: this process may have 1024 files open (ulimit -n), and a socket beyond 0.8 of them, 819, is refused (max_open_fds)."]),
    ("h2", "sessions = 8\nbounds.sessions = [1, 4]", ["3:12 warn  P019 agents.a.sessions = 8: outside of its own bounds (line 4)."]),
    ("undici-pool", "pipelining = 8\nbounds.pipelining = [1, 4]", ["3:14 warn  P019 agents.a.pipelining = 8: outside of its own bounds (line 4)."]),
    ("undici-pool", "allow_h2 = false\nprefer_h2 = true", ["4:13 warn  P019 agents.a.prefer_h2 = true: allow_h2 = false offers HTTP/1.1 alone."]),
    ("undici-agent", "connections = 1\nclient_ttl = '1m'", ['4:14 warn  P019 agents.a.client_ttl = "1m": with connections = 1 an origin has a bare Client, which is never retired.']),
    ("undici-pool", "connections = 1\nclient_ttl = '1m'", []),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "said", "expected"), WARNED)
def test_what_makes_no_sense_together_is_warned_of(
    lines: Lines, monkeypatch: pytest.MonkeyPatch, kind: str, said: str, expected: list[str]
) -> None:
    monkeypatch.setattr("pooltop.profiles.loading._open_files", lambda: 1024)

    assert [f"x.toml:{line}" for line in expected] == lines(profile(kind, said))


def test_a_clock_of_idle_sockets_in_the_defaults_is_of_nodes_agents_alone() -> None:
    text = profile("undici-pool") + "[agents.b]\n[defaults.timeouts]\ntotal = '9s'\nfree = '4s'\n"
    found = load_text(text)

    a, b = found.profile.agents
    assert ((9, None), (9, 4)) == (
        (a.timeouts.total, a.timeouts.free),
        (b.timeouts.total, b.timeouts.free),
    )
    assert "agents.a.timeouts.free is not set" in explain("agents.a.timeouts.free", found.effective)


@pytest.mark.parametrize("kind", DISPATCHERS)
def test_a_printed_dispatcher_is_the_dispatcher_and_has_no_key_of_another_kind(kind: str) -> None:
    first = loaded(kind, "pipelining = 9\nclient_ttl = '1m'" if kind == "undici-pool" else "")

    text = config_as_toml(first.effective)

    again = load_text(text, "x.toml")
    assert first.profile == again.profile
    assert () == again.warnings
    shown = {line.partition(" = ")[0] for line in text.split("[agents.a]")[1].splitlines()}
    options = {field.name for field in DISPATCHER_OPTIONS}
    expected = {field.name for field in DISPATCHER_OPTIONS if default_of(AGENT, field, kind) is not None}  # fmt: skip
    assert expected == shown & options


EXPLAINED = """\
agents.a.keep_alive_timeout = "5s"    (x.toml:3:20)
  How long an idle connection is kept of which the server said nothing.
  undici's keepAliveTimeout.
  Of undici's kinds and "h2".
  Allowed: a duration like "500ms", "2s", "1.5m", "1h".
  Overruled:
    "4s"  built-in
"""


def test_an_option_is_explained_with_its_kinds_and_undicis_name() -> None:
    found = loaded("undici-pool", 'keepAliveTimeout = "5s"').effective

    assert EXPLAINED == explain("agents.a.keepAliveTimeout", found)
    assert EXPLAINED == explain("agents.a.keep_alive_timeout", found)


def test_what_is_built_in_is_that_of_the_kind() -> None:
    h2, pool = loaded("h2").effective, loaded("undici-pool").effective

    assert 'agents.a.live = "drain"    (built-in)' == explain("agents.a.live", h2).split("\n")[0]
    assert 'agents.a.live = "node"    (built-in)' == explain("agents.a.live", pool).split("\n")[0]
    assert explain("agents.a.sessions", h2).startswith("agents.a.sessions = 1    (built-in)")
    assert explain("agents.a.sessions", pool).startswith("agents.a.sessions is not set\n")
    assert 'agents.a.connections = "unlimited"    (built-in)' in explain("agents.a.connections", pool)  # fmt: skip
    assert "agents.a.max_sockets" not in explain("agents.a", pool)


def test_a_ceiling_is_told_where_it_stands_in_the_place_of_no_limit() -> None:
    text = FAR.format(profile("undici-pool", "", "http://192.0.2.7"))

    found = explain("agents.a.connections", load_text(text).effective).splitlines()
    assert "agents.a.connections = 200    (safety.max_sockets)" == found[0]


def test_settings_of_the_environment_and_of_the_command_line_know_the_kinds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__A__KIND", "undici-pool")
    monkeypatch.setenv("POOLTOP__AGENTS__A__KEEPALIVETIMEOUT", "7s")
    monkeypatch.setenv("POOLTOP__AGENTS__A__MAX_CONCURRENT_STREAMS", "9")

    found = load_text(profile("http.Agent"), "x.toml", settings=("agents.a.connections=3",))

    options = found.profile.agents[0].dispatcher
    assert options is not None
    assert ("undici-pool", 3, 7000, 9) == (
        options.kind,
        options.connections,
        options.keep_alive_timeout,
        options.max_concurrent_streams,
    )


def test_a_key_of_another_kind_is_refused_from_the_command_line_too(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLTOP__AGENTS__A__MAXSOCKETS", "7")

    assert [
        'POOLTOP__AGENTS__A__MAXSOCKETS: error P018 agents.a.maxSockets: belongs to Node\'s '
        'http.Agent; this agent is "undici-pool". Did you mean "connections"?'
    ] == lines(profile("undici-pool"))  # fmt: skip


def test_a_kind_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KIND", "h2")
    found = loaded("${env:KIND}", "sessions = 2")

    assert 2 == getattr(found.profile.agents[0].dispatcher, "connections", None)
    assert "sessions = 2\n" in config_as_toml(found.effective)


def test_a_profile_with_dispatchers_is_what_msgspec_can_carry() -> None:
    found = load_text(balanced("http://127.0.0.1:81")).profile

    assert found == msgspec.msgpack.decode(msgspec.msgpack.encode(found), type=type(found))


def test_a_definition_says_undicis_name_and_not_nodes() -> None:
    named = [f for f in DISPATCHER_OPTIONS if f.node and f.kinds]

    assert {"undici"} == {field.whose for field in named}
    assert [] == [f.name for f in named if "Node" in definition(AGENT, f)]


def test_the_http_2_codec_is_chosen_by_name_and_unset_the_fastest_installed() -> None:
    agents = [loaded("h2", said).profile.agents[0] for said in ("", 'h2_codec = "h2"')]

    assert [None, "h2"] == [agent.h2_codec for agent in agents]


def test_an_http_2_codec_that_is_not_installed_is_told(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = profile("undici-pool", 'h2_codec = "nghttp2"')
    monkeypatch.setattr("pooltop.profiles.kind_checks.is_installed", lambda _: True)
    assert [] == lines(text)
    monkeypatch.setattr("pooltop.profiles.kind_checks.is_installed", lambda _: False)

    assert [
        'x.toml:3:12 error P066 agents.a.h2_codec = "nghttp2": it needs pip install "pooltop[h2fast]".'
    ] == lines(text)
