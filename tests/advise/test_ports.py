"""A24, in a network namespace with so few local ports that a small load can use them up."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "tests/support/few_ports.py"
UNSHARE = ("unshare", "--map-root-user", "--net")


def test_closing_more_than_there_are_ports_for_is_told_and_keeping_is_not(tmp_path):
    if not (shutil.which("unshare") and shutil.which("ip")):
        pytest.skip("needs unshare and ip")
    if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode:
        pytest.skip("no permission to make a network namespace")
    done = subprocess.run(
        [*UNSHARE, sys.executable, PROGRAM, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    assert 0 == done.returncode, done.stderr
    told = json.loads(done.stdout)
    assert "A24" in told["raised"]
    assert ["keep_alive"] == told["proposed"]
    assert "A24" not in told["twin"]
