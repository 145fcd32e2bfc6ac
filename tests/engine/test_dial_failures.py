"""Why a connection could not be made, each told apart: over the real thing, in a network of ours."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/support/own_network.py"
UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """What each request failed with, in a network namespace that the program made for itself."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs unshare and ip")
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode:
        pytest.skip("no permission to make a network namespace")
    done = subprocess.run(
        [*UNSHARE, sys.executable, PROGRAM],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path_factory.mktemp("own_network"),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


def test_a_name_that_does_not_exist_is_not_found(failures):
    expected = ["ENOTFOUND", "getaddrinfo ENOTFOUND missing.test: no such name"]
    assert expected == failures["no such name"]


def test_a_name_without_an_address_of_the_family_is_not_found(failures):
    code, words = failures["no address of the family"]
    assert "ENOTFOUND" == code
    expected = "getaddrinfo ENOTFOUND ipv4-only.test: no such name, or it has no IPv6 address"
    assert expected == words


def test_a_name_with_an_address_of_the_family_is_connected_to(failures):
    code, words = failures["an address of the family"]
    assert "ECONNREFUSED" == code
    assert words.startswith("connect ECONNREFUSED 127.0.0.1:9")


@pytest.mark.parametrize("way", ["silent", "failing"])
def test_a_name_server_that_does_not_answer_is_no_missing_name(failures, way):
    code, words = failures[f"name server {way}"]
    assert "EAI_AGAIN" == code
    expected = f"getaddrinfo EAI_AGAIN {way}.test: no name server gave an answer; it may pass"
    assert expected == words


def test_a_port_without_a_listener_refuses(failures):
    expected = ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:9: nothing listens there"]
    assert expected == failures["refused"]


def test_a_network_without_a_route_is_unreachable(failures):
    expected = ["ENETUNREACH", "connect ENETUNREACH 192.0.2.1:80: no route to this network"]
    assert expected == failures["no route"]


def test_a_host_that_the_routes_exclude_is_unreachable(failures):
    expected = ["EHOSTUNREACH", "connect EHOSTUNREACH 198.51.100.1:80: no route to this host"]
    assert expected == failures["unreachable"]


def test_a_host_that_the_rules_forbid_is_forbidden(failures):
    code, words = failures["prohibited"]
    assert "EACCES" == code
    assert words.endswith("the system's rules (a firewall, perhaps) forbid it")


def test_a_host_that_does_not_answer_times_out(failures):
    code, words = failures["no answer"]
    assert "ETIMEDOUT" == code
    assert words.endswith("no answer within the system's own limit")


def test_a_peer_to_which_every_port_is_taken_says_so(failures):
    code, words = failures["out of ports"]
    assert "EADDRNOTAVAIL" == code
    assert "every local port towards this address is taken" in words


@pytest.mark.parametrize(
    ("way", "beginning"),
    [
        ("out of descriptors", "connect EMFILE 127.0.0.1:9"),
        ("out of descriptors in the look-up", "getaddrinfo EMFILE ipv4-only.test"),
    ],
)
def test_a_process_without_a_descriptor_left_says_so(failures, way, beginning):
    code, words = failures[way]
    assert "EMFILE" == code
    assert words.startswith(f"{beginning}: this process has no file descriptor left")
