"""A port for Prometheus that cannot be had: said at its place before anything is started."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from pooltop import cli

PROFILE = """\
[demo.here]
[agents.a]
keep_alive = true
[workloads.w]
agent = "a"
base_url = "demo:here"
[export.prometheus]
listen = "127.0.0.1:{port}"
"""
REMEDY = "Choose another port; 0 takes any that is free.\n"


@pytest.fixture
def taken() -> Iterator[int]:
    """Give a port of loopback that somebody listens on."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


@pytest.fixture(autouse=True)
def _nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have nothing started: whatever is started fails the test."""

    def start(*_: object, **__: object) -> None:
        raise AssertionError("started")

    monkeypatch.setattr("subprocess.Popen", start)


@pytest.mark.parametrize("more", [["--headless"], ["--detach"]])
def test_a_port_that_is_taken_is_said_with_its_line_and_what_to_do(
    tmp_path: Path, taken: int, capfd: pytest.CaptureFixture[str], more: list[str]
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(PROFILE.format(port=taken))

    assert 2 == cli.main(["--profile", str(path), *more])
    where = f'{path}:8:10 error P067 export.prometheus.listen = "127.0.0.1:{taken}"'
    assert ("", f"{where}: Address already in use. {REMEDY}") == tuple(capfd.readouterr())


def test_an_address_of_no_machine_that_the_command_line_names_is_said_so(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "p.toml"
    path.write_text(PROFILE.format(port=0))
    nobodys = "192.0.2.1:9464"  # RFC 5737: no machine has it

    assert 2 == cli.main(["--profile", str(path), "--headless", "--prometheus", nobodys])
    *warnings, problem = capfd.readouterr().err.splitlines()
    assert all("P064" in each for each in warnings)
    said = f'error P067 export.prometheus.listen = "{nobodys}": Cannot assign requested address. '
    assert problem.endswith(said + REMEDY.rstrip())
    assert problem.startswith("--set ")
