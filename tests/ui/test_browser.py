"""The dashboard behind a browser's page: it ends with the page, however much is left to draw."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOON_S = 20.0


@pytest.fixture
def page() -> Iterator[subprocess.Popen[bytes]]:
    """Run the demo as textual-serve does, at its first picture."""
    with subprocess.Popen(
        [sys.executable, "-m", "pooltop", "demo"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver",
        },
    ) as process:
        try:
            assert process.stdout is not None
            seen = b""
            while b"HOSTS" not in seen:
                data = process.stdout.read1()
                assert data, seen
                seen += data
            yield process
        finally:
            process.kill()


def said(about: dict[str, object]) -> bytes:
    """Give what the page says of itself, as it is sent."""
    body = json.dumps(about).encode()
    return b"M" + len(body).to_bytes(4, "big") + body


def test_a_page_that_is_gone_takes_the_dashboard_with_it(page) -> None:
    page.communicate(timeout=SOON_S)
    assert 129 == page.returncode


def test_of_a_flood_of_sizes_the_last_is_drawn_and_nothing_waits_for_it(page) -> None:
    sizes = [said({"type": "resize", "width": 150 + n % 2, "height": 40}) for n in range(2000)]
    page.communicate(b"".join(sizes), timeout=SOON_S)
    assert 129 == page.returncode


def test_a_signal_does_not_wait_for_the_page(page) -> None:
    page.send_signal(signal.SIGTERM)
    page.stdout.read()
    assert 143 == page.wait(SOON_S)


def test_a_size_that_is_none_is_not_taken(page) -> None:
    page.stdin.write(said({"type": "resize", "width": "wide"}) + said({"type": "quit"}))
    page.stdin.flush()
    page.stdout.read()
    assert 0 == page.wait(SOON_S)
