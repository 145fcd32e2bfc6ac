"""However the dashboard ends: the terminal as it was, no load, no child, and a true exit status.

Every case is the command itself, over a profile with a demo host, in a pseudo-terminal that has
the modes of a modern one.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.counting_server import CountingServer
from support.pseudo_terminal import Family, Modes, PseudoTerminal, pooltop, tokens

PROFILE = """\
schema = 1
[demo.d]
scheme = "http"
[agents.a]
kind = "http.Agent"
keep_alive = true
max_sockets = 4
[workloads.counted]
model = "open"
agent = "a"
base_url = "http://127.0.0.1:{port}"
rate = "40/s"
[workloads.other]
model = "open"
agent = "a"
base_url = "demo:d"
rate = "5/s"
"""
BROKEN = r"""
import sys
from pooltop import cli
from pooltop.ui.board import Board

real, frames = Board.draw, []

def draw(self, view, width, height):
    secret = "sesame-in-a-local"
    if view.snapshot is not None:
        frames.append(secret)
    if len(frames) > 3:
        raise RuntimeError("the draw failed \x1b]0;title\x07 here")
    real(self, view, width, height)

Board.draw = draw
sys.exit(cli.main(sys.argv[1:]))
"""


class Run:
    """The command, its load's other end and its children."""

    def __init__(self, server: CountingServer, profile: Path, **how: object) -> None:
        self.server = server
        words = ("--profile", str(profile), "--interval", "100ms")
        program = (
            [sys.executable, "-c", str(how.pop("script")), *words] if "script" in how else None
        )
        self.terminal = PseudoTerminal(program or pooltop(*words), **how)  # type: ignore[arg-type]
        self.family: Family | None = None

    def start(self) -> None:
        """Wait until it shows a host, and has both children and a load."""
        self.terminal.wait_for("127.0.0.1")
        self.terminal.wait_for(b"\x1b[?1016h")
        self.server.wait_for_requests(3)
        self.family = Family(self.terminal.process.pid)
        assert 2 == len(self.family.members)

    def assert_nothing_is_left(self) -> None:
        """Check that load and children are gone."""
        assert self.family is not None
        self.family.wait_until_gone()
        self.server.wait_until_left()

    def assert_restored(self) -> None:
        """Check that the terminal is as it was, and that what came after is text."""
        assert [] == self.terminal.left_over
        assert "" == "".join(
            each.text
            for each in tokens(self.after)
            # Some modes are put off twice.
            if each.kind != "text" and not re.fullmatch(r"\x1b\[\?\d+l|[\r\n]", each.text)
        )

    @property
    def after(self) -> bytes:
        """What came when the screen was given back."""
        return self.terminal.seen.rpartition(b"\x1b[?1049l\x1b[?25h")[2]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Callable[..., Run]]:
    server = CountingServer()
    runs: list[Run] = []

    def start(**how: object) -> Run:
        profile = tmp_path / "p.toml"
        profile.write_text(PROFILE.format(port=server.port))
        run = Run(server, profile, **how)
        runs.append(run)
        return run

    yield start
    for run in runs:
        run.terminal.close()
        if run.family is not None:
            run.family.close()
    server.stop()


@pytest.fixture
def run(launch: Callable[..., Run]) -> Run:
    one = launch()
    one.start()
    return one


def q(run: Run) -> None:
    run.terminal.type("q")


def ctrl_c_twice(run: Run) -> None:
    run.terminal.type("\x03")
    run.terminal.wait_for("ctrl+c again leaves at once")
    run.terminal.type("\x03")


def ctrl_c_as_kitty_sends_it(run: Run) -> None:
    run.terminal.type("\x1b[99;5u")
    run.terminal.wait_for("ctrl+c again leaves at once")
    run.terminal.type("\x1b[99;5u")


def sends(number: signal.Signals) -> Callable[[Run], None]:
    def way(run: Run) -> None:
        run.terminal.process.send_signal(number)

    return way


def engine_killed_then_q(run: Run) -> None:
    assert run.family is not None
    os.kill(run.family.named("pooltop.sources.host"), signal.SIGKILL)
    run.terminal.wait_for("killed by SIGKILL")
    run.terminal.type("q")


def demo_killed_then_q(run: Run) -> None:
    assert run.family is not None
    os.kill(run.family.named("pooltop.demo"), signal.SIGKILL)
    run.terminal.wait_for("the load was stopped")
    run.terminal.type("q")


def stopped_continued_then_q(run: Run) -> None:
    terminal = run.terminal
    terminal.type("\x1a")
    terminal.wait_until_stopped()
    assert [] == terminal.left_over
    assert "pooltop: suspended, the engine and its load go on; fg comes back" in run.after.decode()
    run.server.wait_for_requests(5)  # a look at the shell does not stop what is measured
    place = len(terminal.seen)
    terminal.process.send_signal(signal.SIGCONT)
    assert terminal.wait_for(b"\x1b[?1049h", after=place)
    terminal.wait_for("quit", after=place)  # the key line, which no update changes
    terminal.type("q")


def stopped_then_ended(run: Run) -> None:
    terminal = run.terminal
    terminal.process.send_signal(signal.SIGTSTP)
    terminal.wait_until_stopped()
    terminal.process.send_signal(signal.SIGTERM)
    terminal.process.send_signal(signal.SIGCONT)


def continued_without_a_stop(run: Run) -> None:
    run.terminal.process.send_signal(signal.SIGCONT)
    run.terminal.type("?")
    run.terminal.wait_for("HELP")
    run.terminal.type("q")


WAYS = [
    (q, 0),
    (ctrl_c_twice, 130),
    (ctrl_c_as_kitty_sends_it, 130),
    (sends(signal.SIGINT), 130),
    (sends(signal.SIGTERM), 143),
    (sends(signal.SIGHUP), 129),
    (engine_killed_then_q, 1),
    (demo_killed_then_q, 1),
    (stopped_continued_then_q, 0),
    (stopped_then_ended, 143),
    (continued_without_a_stop, 0),
]
NAMES = [
    "q",
    "ctrl-c",
    "ctrl-c-kitty",
    "int",
    "term",
    "hup",
    "engine",
    "demo",
    "fg",
    "kill",
    "cont",
]


@pytest.mark.parametrize(("way", "status"), WAYS, ids=NAMES)
def test_it_ends_without_a_trace(run: Run, way: Callable[[Run], None], status: int) -> None:
    way(run)
    assert status == run.terminal.end()
    run.assert_restored()
    assert re.search(rb"\r\n  requests  \d+ submitted, \d+ completed, \d+ failed", run.after)
    run.assert_nothing_is_left()


def test_an_error_in_a_draw_is_told_without_values_on_a_restored_terminal(
    launch: Callable[..., Run],
) -> None:
    run = launch(script=BROKEN)
    assert 1 == run.terminal.end()
    run.assert_restored()
    told = run.after
    assert b"RuntimeError: the draw failed \\x1b]0;title\\x07 here" in told
    assert b"this is a bug of pooltop" in told
    assert b"sesame" not in told.replace(b'secret = "sesame', b"")
    run.server.wait_until_left()


@pytest.mark.parametrize("controlling", [True, False], ids=["with SIGHUP", "without SIGHUP"])
def test_a_window_that_is_closed_ends_it(launch: Callable[..., Run], controlling: bool) -> None:
    run = launch(controlling=controlling)
    run.start()
    run.terminal.hang_up()
    assert 129 == run.terminal.end()
    run.assert_nothing_is_left()


def test_a_window_that_is_closed_while_it_is_stopped_ends_it(run: Run) -> None:
    run.terminal.type("\x1a")
    run.terminal.wait_until_stopped()
    run.terminal.hang_up()
    run.terminal.process.send_signal(signal.SIGCONT)
    assert 129 == run.terminal.end()
    run.assert_nothing_is_left()


def test_under_nohup_a_signal_ends_nothing_and_a_closed_window_does(
    launch: Callable[..., Run],
) -> None:
    run = launch(ignored=[signal.SIGHUP])
    run.start()
    run.terminal.process.send_signal(signal.SIGHUP)
    run.terminal.type("?")
    run.terminal.wait_for("HELP")
    run.terminal.hang_up()
    assert 129 == run.terminal.end()
    run.assert_nothing_is_left()


def test_a_screen_that_takes_nothing_any_more_ends_it(launch: Callable[..., Run]) -> None:
    run = launch(own_stderr=True)
    run.start()
    os.close(run.terminal.errors)
    run.terminal.errors = -1
    assert 129 == run.terminal.end()
    run.assert_nothing_is_left()


def test_a_terminal_that_does_not_read_keeps_nobody_from_ending_it(run: Run) -> None:
    for _ in range(60):
        run.terminal.type("T")  # a whole screen each, and nobody reads them
        run.server.wait_for_requests(1)
    run.terminal.process.send_signal(signal.SIGTERM)
    assert 143 == run.terminal.process.wait(60)
    assert "termios differs" not in run.terminal.left_over
    run.assert_nothing_is_left()


def test_what_a_terminal_is_left_in_is_read_from_all_it_was_told() -> None:
    told = b"\x1b[?1049h\x1b[?25l\x1b[>25u\x1b[?1000;1006h\x1b[31mhi\x1b[0m\x1b[?1049l\x1b[?1000l"
    assert [
        "mode 1006 is on",
        "mode 25 is off",
        "1 kitty keyboard modes are pushed",
    ] == Modes(told).left_over
