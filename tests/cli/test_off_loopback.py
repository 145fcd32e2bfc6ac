"""Without consent nothing leaves this machine: no packet, not even a name server's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/support/off_loopback.py"
UNSHARE = ("unshare", "--map-root-user", "--net", "--mount")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, int, str]]:
    """Exit status, packets sent and words of each start, in a network that the program made."""
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs unshare and ip")
    if subprocess.run([*UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no permission to make a network namespace")
    done = subprocess.run(
        [*UNSHARE, sys.executable, PROGRAM],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        cwd=tmp_path_factory.mktemp("off_loopback"),
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "way",
    [
        "no terminal, an address",
        "no terminal, a name",
        "no terminal, a private address",
        "said no",
        "typed another name",
        "everything allowed",
    ],
)
def test_without_consent_no_packet_leaves(told, way: str) -> None:
    status, packets, words = told[way]
    assert (2, 0) == (status, packets)
    assert "--allow" in words, "it says what to do"


@pytest.mark.parametrize("way", ["said yes", "allowed"])
def test_with_consent_there_is_traffic_to_count(told, way: str) -> None:
    status, packets, words = told[way]
    assert 0 == status, words
    assert packets > 0


def test_a_name_is_looked_up_only_on_a_terminal_and_that_is_said(told) -> None:
    status, packets, words = told["asked, and looked up first"]
    assert 2 == status
    assert packets > 0
    assert "looking up shop.test" in words


def test_a_name_that_was_consented_to_and_leads_to_a_cloud_s_metadata_is_not_dialled(told) -> None:
    status, packets, words = told["allowed, and led to metadata"]
    assert (0, 0) == (status, packets), words
