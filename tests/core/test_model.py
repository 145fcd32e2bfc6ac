"""The keys under which sockets are pooled, and what the values say of themselves."""

from __future__ import annotations

import pytest

from pooltop.core.model import AgentOptions, Origin, OriginKey, RequestId, TLSOptions
from pooltop.core.pool import PoolCore
from pooltop.core.traffic import RequestClass


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, "a.example:80:"),
        ({"family": 4}, "a.example:80::4"),
        ({"family": 6}, "a.example:80::6"),
        ({"local_address": "127.0.0.2"}, "a.example:80:127.0.0.2"),
        ({"local_address": "127.0.0.2", "family": 4}, "a.example:80:127.0.0.2:4"),
    ],
)
def test_an_http_key_is_nodes(more, key):
    assert key == Origin(scheme="http", host="a.example", port=80, **more).key


@pytest.mark.parametrize(
    ("servername", "key"),
    [
        (None, "a:443:" + ":" * 20),
        ("a", "a:443:" + ":" * 20),
        ("b", "a:443:" + ":" * 8 + "b" + ":" * 12),
    ],
)
def test_an_https_key_has_nodes_twenty_fields(servername, key):
    assert key == Origin(scheme="https", host="a", port=443, servername=servername).key


@pytest.mark.parametrize(
    ("more", "label"),
    [
        ({}, "a:443"),
        ({"servername": "a"}, "a:443"),
        ({"servername": "b"}, "a:443 (as b)"),
        ({"socket_path": "/run/x"}, "a:443 (unix:/run/x)"),
        ({"local_address": "127.0.0.2", "family": 4}, "a:443 (from 127.0.0.2, IPv4)"),
    ],
)
def test_origins_of_one_host_and_port_are_told_apart(more, label):
    assert label == Origin(scheme="https", host="a", port=443, **more).label


def test_the_host_header_leaves_out_the_schemes_own_port():
    def host(scheme, name, port):
        return Origin(scheme=scheme, host=name, port=port).host_header

    assert "a" == host("http", "a", 80)
    assert "a:443" == host("http", "a", 443)
    assert "a" == host("https", "a", 443)
    assert "[::1]" == host("https", "::1", 443)
    assert "[::1]:81" == host("http", "::1", 81)


def test_a_passphrase_is_never_shown():
    assert "secret" not in repr(TLSOptions(key="k.pem", passphrase="secret"))


def test_what_a_class_of_requests_says_in_its_fields_its_query_and_its_body_is_not_shown():
    kind = RequestClass(
        name="a", path="/b?key=hunter2", headers=(("Authorization", "hunter2"),), body=b"hunter2"
    )
    shown = "name='a', method='GET', path='/b', headers=('Authorization',), weight=1.0"
    assert f"RequestClass({shown})" == repr(kind)


def test_forgetting_the_queue_settles_every_request_in_it():
    pool = PoolCore(AgentOptions(max_sockets=1))
    key = OriginKey("a:80:")
    for request in (1, 2, 3):
        pool.submit(RequestId(request), key, now=0.0)
    pool.take()
    pool.forget_queue(now=1.0, code="ERR_AGENT_CLOSED", message="closed")
    step = pool.take()
    assert [2, 3] == [command.request for command in step.commands]
    assert {"Settle"} == {type(command).__name__ for command in step.commands}
    assert {} == pool.waiting
    pool.check_invariants()


def test_tls_options_show_what_is_set_and_whether_certificates_are_checked():
    assert "TLSOptions(verify=True)" == repr(TLSOptions(passphrase="secret"))
    assert "TLSOptions(ca=('a.pem',), verify=False)" == repr(
        TLSOptions(ca=("a.pem",), verify=False)
    )


def test_openssls_option_bits_are_part_of_the_key_also_when_there_are_none():
    def key(bits):
        tls = TLSOptions(secure_options=bits, keylog_file="keys.log")
        return Origin(scheme="https", host="a", port=443, tls=tls).key.split(":")

    assert ["4"] == [field for field in key(4)[3:] if field]
    assert ["0"] == [field for field in key(0)[3:] if field]
    assert [] == [field for field in key(None)[3:] if field]
