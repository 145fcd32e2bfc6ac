"""How far a host is: by its name or address alone."""

from __future__ import annotations

import pytest

from pooltop.core.reach import Reach, furthest, is_allowed, reach_of

REACHES = {
    Reach.LOOPBACK: ["localhost", "a.b.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"],
    Reach.PRIVATE: ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "[fd12::1]", "fc00::1", "::ffff:10.0.0.1"],
    Reach.PUBLIC: ["example.com", "localhost.evil", "172.32.0.1", "192.0.2.7", "100.64.0.1", "0.0.0.0", "::", "2001:db8::1", "64:ff9b::192.0.2.7", "2002:c000:207::1"],
    Reach.BARRED: ["169.254.0.1", "169.254.169.254", "fe80::1", "[febf::1]", "fd00:ec2::254", "::ffff:169.254.169.254", "100.100.100.200", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "168.63.129.16", "64:ff9b::169.254.169.254", "::169.254.169.254", "2002:a9fe:a9fe::1", "fe80::1%eth0", "metadata", "Metadata.Google.internal", "instance-data.ec2.internal"],
}  # fmt: skip


@pytest.mark.parametrize(
    ("host", "expected"), [(host, reach) for reach, hosts in REACHES.items() for host in hosts]
)
def test_each_host_is_as_far_as_its_network(host, expected) -> None:
    assert expected is reach_of(host)


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ([], Reach.PUBLIC),
        (["127.0.0.1", "::1"], Reach.PRIVATE),
        (["10.0.0.1", "127.0.0.1"], Reach.PRIVATE),
        (["10.0.0.1", "192.0.2.7"], Reach.PUBLIC),
        (["192.0.2.7", "169.254.169.254"], Reach.BARRED),
    ],
)
def test_a_name_is_as_far_as_the_furthest_of_its_addresses(addresses, expected) -> None:
    assert expected is furthest(addresses)


@pytest.mark.parametrize(
    ("host", "patterns", "expected"),
    [
        ("pay.ok.example", ("*.ok.example",), True),
        ("ok.example", ("*.ok.example",), False),
        ("notok.example", ("*ok.example",), False),
        ("192.0.2.7", ("*",), False),
        ("metadata.goog", ("*.goog",), False),
        ("metadata.goog", ("metadata.goog",), True),
    ],
)
def test_no_pattern_means_everything(host, patterns, expected) -> None:
    assert expected is is_allowed(host, patterns)
