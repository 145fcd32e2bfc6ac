"""How the dashboard ends in a real terminal: exit status, and the terminal as it was."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import asyncio, sys
sys.path[:0] = {paths!r}
from scripted_source import ScriptedSource, demo_agents
from pooltop.ui import run_dashboard

class Live(ScriptedSource):
    async def start(self, on_update, on_end):
        await super().start(on_update, on_end)
        self.task = asyncio.create_task(self.go())

    async def go(self):
        while True:
            self.step(0.1)
            await asyncio.sleep(0.05)

    async def close(self):
        self.task.cancel()
        print("source closed", file=sys.stdout)

sys.exit(run_dashboard(Live(demo_agents())))
"""


class Terminal:
    """A dashboard in a pseudo terminal."""

    def __init__(self) -> None:
        paths = [str(ROOT), str(ROOT / "tests" / "ui")]
        self.side, other = pty.openpty()
        environment = os.environ | {
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "COLUMNS": "100",
            "LINES": "30",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT.format(paths=paths)],
            stdin=other,
            stdout=other,
            stderr=other,
            env=environment,
            start_new_session=True,
        )
        os.close(other)
        self.seen = b""

    def wait_for(self, text: bytes) -> None:
        """Read until the terminal has been sent this."""
        deadline = time.monotonic() + 20
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen[-2000:]
            self.seen += self.read()

    def read(self) -> bytes:
        try:
            return os.read(self.side, 65536)
        except OSError:  # the other side is closed
            return b""

    def drain(self) -> bytes:
        """Read until the dashboard is gone; one that stays is ended, so that no test hangs."""
        last = threading.Timer(20, self.process.kill)
        last.start()
        while part := self.read():
            self.seen += part
        last.cancel()
        return self.seen

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.side)


@pytest.fixture
def terminal():
    one = Terminal()
    try:
        one.wait_for(b"starved")
        yield one
    finally:
        one.close()


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)],
    ids=["int", "term", "hup"],
)
def test_a_signal_ends_in_order_and_restores_the_terminal(terminal, number, status) -> None:
    terminal.process.send_signal(number)
    seen = terminal.drain()
    assert status == terminal.process.wait(10)
    assert b"\x1b[?1049l" in seen
    assert b"\x1b[?25h" in seen
    assert b"source closed" in seen


def test_q_ends_with_status_zero(terminal) -> None:
    os.write(terminal.side, b"q")
    seen = terminal.drain()
    assert 0 == terminal.process.wait(10)
    assert b"\x1b[?1049l" in seen


def test_keys_of_one_write_are_acted_on_in_order(terminal) -> None:
    os.write(terminal.side, b"e40\r")
    terminal.wait_for(b"raised, 0 dialled")
    os.write(terminal.side, b"q")
    terminal.drain()
    assert 0 == terminal.process.wait(10)


def test_importing_everything_else_does_not_import_textual() -> None:
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "import pkgutil, importlib, pooltop.present as p\n"
        "[importlib.import_module('pooltop.present.' + m.name) for m in pkgutil.iter_modules(p.__path__)]\n"
        "assert not {'textual', 'rich', 'asyncio'} & set(sys.modules), 'a front end leaked in'\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(ROOT)], check=False, timeout=30)
    assert 0 == done.returncode
