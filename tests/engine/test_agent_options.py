"""What Node's constructor makes of its options, and where a request's connection then leads."""

from __future__ import annotations

import inspect
import math
import re

import pytest

from pooltop.core.edits import EDITABLE
from pooltop.core.model import GLOBAL_AGENT, AgentOptions, TLSOptions
from pooltop.engine.agent import Agent
from pooltop.engine.options import OTHER_KEYWORDS, AgentKeywords, constructed
from pooltop.engine.way import Way, server_name
from pooltop.errors import UsageError

NAN, INF = math.nan, math.inf


# Recorded with Node 24.21: new http.Agent({[option]: value})[option].
@pytest.mark.parametrize(
    ("option", "value", "becomes"),
    [
        ("max_sockets", None, INF),
        ("max_sockets", 0, INF),
        ("max_sockets", NAN, INF),
        ("max_sockets", INF, INF),
        ("max_sockets", -1, -1),
        ("max_sockets", 1.5, 1.5),
        ("max_total_sockets", None, INF),
        ("max_total_sockets", INF, INF),
        ("max_total_sockets", 1.5, 1.5),
        ("max_free_sockets", None, 256),
        ("max_free_sockets", 0, 256),
        ("max_free_sockets", NAN, 256),
        ("max_free_sockets", -1, -1),
        ("max_free_sockets", INF, INF),
        ("keep_alive_msecs", 0, 1000),
        ("keep_alive_msecs", None, 1000),
        ("keep_alive_msecs", NAN, 1000),
        ("keep_alive_msecs", 250, 250),
        ("keep_alive_msecs", INF, INF),
        ("agent_keep_alive_timeout_buffer", 0, 0),
        ("agent_keep_alive_timeout_buffer", 1500, 1500),
        ("agent_keep_alive_timeout_buffer", -100, 1000),
        ("agent_keep_alive_timeout_buffer", INF, 1000),
        ("agent_keep_alive_timeout_buffer", NAN, 1000),
        ("agent_keep_alive_timeout_buffer", None, 1000),
        ("timeout", None, 0),
        ("timeout", 0, 0),
        ("timeout", NAN, 0),
        ("timeout", 2.0**40, 2**31 - 1),
        ("scheduling", None, "lifo"),
        ("scheduling", "", "lifo"),
        ("scheduling", "fifo", "fifo"),
        ("max_cached_sessions", None, 100),
        ("max_cached_sessions", 0, 0),
        ("keep_alive", 0, False),
        ("keep_alive", "yes", True),
    ],
)
def test_an_option_becomes_what_it_becomes_in_node(option, value, becomes):
    assert becomes == getattr(constructed({option: value}), option)


def test_the_constructor_has_a_keyword_for_every_option_and_for_nothing_else():
    assert set(AgentOptions.__struct_fields__) == set(AgentKeywords.__annotations__)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ("max_socket", ": did you mean 'max_sockets'?"),
        ("maxSockets", ": did you mean 'max_sockets'?"),
        ("keepAliveMsecs", ": did you mean 'keep_alive_msecs'?"),
        ("keepAliveInitialDelay", ": did you mean 'keep_alive_msecs'?"),
        ("createConnection", ": did you mean 'create_connection'?"),
        ("proxyEnv", ": did you mean 'proxy_env'?"),
        ("time_outs", ": did you mean 'timeouts'?"),
        ("ca", ": it belongs in tls=TLSOptions(ca=...)"),
        ("rejectUnauthorized", ": it belongs in tls=TLSOptions(verify=...)"),
        ("nonsense", ""),
    ],
)
async def test_a_keyword_that_is_no_option_is_refused_by_its_name_and_what_was_meant(wrong, words):
    with pytest.raises(TypeError) as caught:
        Agent(**{wrong: 1})
    assert f"an agent has no option {wrong!r}{words}" == str(caught.value)


def test_help_says_what_every_keyword_of_an_agent_is():
    own = set(inspect.signature(Agent).parameters) - {"options"}
    assert set(OTHER_KEYWORDS) == own
    told = set(re.findall(r"^ {4}(\w+): ", inspect.getdoc(Agent.__init__), re.MULTILINE))
    assert own | set(AgentKeywords.__annotations__) <= told


def test_an_option_that_can_be_set_live_says_what_it_is():
    for option in EDITABLE:
        assert getattr(Agent, option).__doc__.endswith(".")


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("max_total_sockets", 0, "ERR_OUT_OF_RANGE"),
        ("max_total_sockets", 0.5, "ERR_OUT_OF_RANGE"),
        ("max_total_sockets", -1, "ERR_OUT_OF_RANGE"),
        ("max_total_sockets", NAN, "ERR_OUT_OF_RANGE"),
        ("max_total_sockets", "2", "ERR_INVALID_ARG_TYPE"),
        ("max_total_sockets", True, "ERR_INVALID_ARG_TYPE"),
        ("max_sockets", "2", "ERR_INVALID_ARG_TYPE"),
        ("max_sockets", True, "ERR_INVALID_ARG_TYPE"),
        ("max_free_sockets", [], "ERR_INVALID_ARG_TYPE"),
        ("timeout", -1, "ERR_OUT_OF_RANGE"),
        ("timeout", INF, "ERR_OUT_OF_RANGE"),
        ("scheduling", "filo", "ERR_INVALID_ARG_VALUE"),
        ("protocol", "ftp:", "ERR_INVALID_ARG_VALUE"),
        ("live", "dead", "ERR_INVALID_ARG_VALUE"),
        ("local_address", "localhost", "ERR_INVALID_IP_ADDRESS"),
        ("local_address", 2130706433, "ERR_INVALID_IP_ADDRESS"),
        ("local_address", bytes((127, 0, 0, 1)), "ERR_INVALID_IP_ADDRESS"),
        ("family", 5, "ERR_INVALID_ARG_VALUE"),
        ("port", 0, "ERR_SOCKET_BAD_PORT"),
        ("port", 70000, "ERR_SOCKET_BAD_PORT"),
        ("default_port", True, "ERR_SOCKET_BAD_PORT"),
        ("host", "", "ERR_INVALID_ARG_TYPE"),
        ("host", "a.example\r\nX-Injected: 1", "ERR_INVALID_ARG_VALUE"),
        ("host", "a b", "ERR_INVALID_ARG_VALUE"),
        ("host", "b\u00fccher.example", "ERR_INVALID_ARG_VALUE"),
        ("host", "\u212a.example", "ERR_INVALID_ARG_VALUE"),
        ("host", "[::1]", "ERR_INVALID_ARG_VALUE"),
        ("socket_path", "", "ERR_INVALID_ARG_TYPE"),
        ("socket_path", "/tmp/a\0b", "ERR_INVALID_ARG_TYPE"),
        ("socket_path", "/tmp/\udc80", "ERR_INVALID_ARG_TYPE"),
    ],
)
def test_an_option_that_cannot_be_is_refused_with_nodes_code(option, value, code):
    with pytest.raises(UsageError, match=option) as refused:
        constructed({option: value})
    assert code == refused.value.code


@pytest.mark.parametrize("host", ["A.Example", "127.0.0.1", "::1", "fe80::1%eth0", "a_b"])
def test_a_host_may_be_whatever_a_urls_may_be(host):
    assert host == constructed({"host": host}).host


def test_the_options_of_one_agent_make_an_equal_one():
    fields = GLOBAL_AGENT.__struct_fields__
    assert GLOBAL_AGENT == constructed({f: getattr(GLOBAL_AGENT, f) for f in fields})


def way(tls=None, **options):
    return Way(AgentOptions(**options), tls or TLSOptions())


def test_a_url_leads_to_its_own_host_and_port():
    route = way().route("http://a.example:81/x?y=1")
    assert ("a.example", 81, "/x?y=1", "a.example:81") == (
        route.origin.host,
        route.origin.port,
        route.target,
        route.host_header,
    )


def test_the_agents_host_and_port_go_before_the_urls_and_the_host_header_is_the_urls():
    route = way(host="127.0.0.1", port=8080).route("http://a.example/")
    assert ("127.0.0.1:8080:", "a.example") == (route.origin.key, route.host_header)


def test_the_agents_connect_options_go_before_the_requests():
    agent = way(local_address="127.0.0.2", family=4)
    route = agent.route(
        "http://a.example/", local_address="127.0.0.3", family=6, socket_path="/run/a.sock"
    )
    assert "a.example:80:127.0.0.2:4:/run/a.sock" == route.origin.key


def test_a_default_port_is_where_urls_without_one_lead_and_is_left_out_of_host():
    agent = way(default_port=8080)
    without = agent.route("http://a/")
    assert ("a:8080:", "a") == (without.origin.key, without.host_header)
    assert "a:80" == agent.route("http://a:80/").host_header


def test_an_agent_for_one_protocol_refuses_urls_of_the_other():
    with pytest.raises(UsageError, match="Protocol 'https:' not supported. Expected 'http:'") as no:
        way(protocol="http:").route("https://a/")
    assert "ERR_INVALID_PROTOCOL" == no.value.code
    assert "a:443:" + ":" * 20 == way(protocol="https:").route("https://a/").origin.key


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("a.example", "a.example"),
        ("a.example:8443", "a.example"),
        ("127.0.0.1:8443", ""),
        ("[::1]:8443", ""),
        ("[::1]", ""),
        ("[a.example", "[a.example"),
    ],
)
def test_the_name_for_sni_comes_from_the_host_header(header, name):
    assert name == server_name(header)


def test_a_host_header_of_another_name_is_another_https_key():
    origin = way().route("https://a/", [("host", "b:99")]).origin
    assert ("b", "a:443:" + ":" * 8 + "b" + ":" * 12) == (origin.server_name, origin.key)
    assert "a:80:" == way().route("http://a/", [("Host", "b")]).origin.key


def test_the_agents_servername_goes_before_the_host_header():
    origin = way(TLSOptions(servername="c")).route("https://a/", [("host", "b")]).origin
    assert "c" == origin.server_name


def test_the_agents_tls_options_go_before_the_requests_one_by_one():
    agent = way(TLSOptions(ca=("agent.pem",), min_version="TLSv1.3"))
    own = TLSOptions(ca=("own.pem",), verify=False)
    tls = agent.route("https://a/", tls=own).origin.tls
    assert TLSOptions(ca=("agent.pem",), min_version="TLSv1.3", verify=False) == tls


@pytest.mark.parametrize("wanted", [None, True, False])
@pytest.mark.parametrize("agents", [None, True, False])
def test_what_the_agent_says_about_verifying_goes_before_what_the_request_says(agents, wanted):
    route = way(TLSOptions(verify=agents)).route("https://a/", tls=TLSOptions(verify=wanted))
    verify = wanted if agents is None else agents
    assert (verify, verify is not False) == (route.origin.tls.verify, route.origin.tls.verifies)
    # Recorded with Node 24.21: "true" and left out are two keys.
    word = {None: "", True: "true", False: "false"}[verify]
    assert f"a:443::::::::{word}:::::::::::::" == route.origin.key


def test_all_that_decides_about_trust_is_in_the_https_key():
    tls = TLSOptions(
        ca=("1", "2"),
        cert="3",
        ciphers="4",
        key="5",
        verify=False,
        min_version="6",
        max_version="7",
        crl=("8",),
        ecdh_curve="9",
    )
    key = way(tls).route("https://a/").origin.key
    assert "a:443::1,2:3::4:5::false::6:7::8::9::::::" == key
