"""A program in a real pseudo-terminal, and what the terminal was told by it.

No emulator: those skip what they do not know, and what is asked here is whether there is anything
that should not be there. So every byte is sorted into text, sequences and lone controls.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0
"""Generous: other things run on this machine."""
WIDTH, HEIGHT = 120, 40

_TOKEN = re.compile(
    r"(?P<csi>\x1b\[[0-?]*[ -/]*[@-~])"
    r"|(?P<osc>\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))"
    r"|(?P<string>\x1b[PX^_][^\x1b]*\x1b\\)"
    r"|(?P<escape>\x1b[ -/]*[0-~])"
    r"|(?P<control>[\x00-\x1f\x7f-\x9f])"
    r"|(?P<text>[^\x00-\x1f\x7f-\x9f]+)",
    re.DOTALL,
)
_MODE = re.compile(r"\x1b\[\?([\d;]+)([hl])")


class Token(NamedTuple):
    """Something that the terminal was told."""

    kind: str
    """csi, osc, string (DCS and its like), escape, control or text."""
    text: str


def tokens(seen: bytes) -> list[Token]:
    """Sort all that was sent; bytes that are no UTF-8 are controls."""
    text = seen.decode("utf-8", "surrogateescape")
    found = [Token(match.lastgroup or "", match[0]) for match in _TOKEN.finditer(text)]
    assert len(text) == sum(len(each.text) for each in found)
    return found


class Modes:
    """What a terminal is left in, having been told all this."""

    def __init__(self, seen: bytes) -> None:
        self.on: set[int] = set()
        """Private modes that are set, beyond 7 (wrap) and 25 (cursor), which are at first."""
        self.off: set[int] = set()
        """Those two, when they are not."""
        self.keyboards = 0
        """Kitty keyboard modes that were pushed and not popped."""
        self.colored = False
        for kind, text in tokens(seen):
            if kind != "csi":
                continue
            if mode := _MODE.fullmatch(text):
                for number in map(int, mode[1].split(";")):
                    self._set(number, on=mode[2] == "h")
            elif text.endswith("u"):
                self.keyboards += {">": 1, "<": -1}.get(text[2], 0)
            elif text.endswith("m"):
                self.colored = text not in ("\x1b[0m", "\x1b[m")

    def _set(self, number: int, *, on: bool) -> None:
        usual = number in (7, 25)
        if usual:
            (self.off.discard if on else self.off.add)(number)
        else:
            (self.on.add if on else self.on.discard)(number)

    @property
    def left_over(self) -> list[str]:
        """Everything that is not as a terminal is found."""
        wrong = [f"mode {number} is on" for number in sorted(self.on)]
        wrong += [f"mode {number} is off" for number in sorted(self.off)]
        if self.keyboards:
            wrong.append(f"{self.keyboards} kitty keyboard modes are pushed")
        if self.colored:
            wrong.append("a colour is on")
        return wrong


class PseudoTerminal:
    """A program in a terminal of its own, that answers as a modern terminal does."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        controlling: bool = True,
        ignored: Sequence[signal.Signals] = (),
        size: tuple[int, int] = (WIDTH, HEIGHT),
        own_stderr: bool = False,
        folder: Path | None = None,
    ) -> None:
        """Start it.

        Args:
            words: The program and its arguments.
            environment: Beyond the usual.
            controlling: Whether the terminal is the controlling one: its hang-up is a SIGHUP.
            ignored: Signals that are ignored from the start, as nohup has it.
            size: Cells and lines.
            own_stderr: Give standard error a terminal of its own.
            folder: Where it runs; what it writes lands there.
        """
        self.width, self.height = size
        self.side, other = pty.openpty()
        self.errors, errors = pty.openpty() if own_stderr else (-1, os.dup(other))
        for each in (other, errors):
            fcntl.ioctl(each, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.before = termios.tcgetattr(other)

        def prepare() -> None:
            # Under nohup these tests would inherit that it is ignored.
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)
            if controlling:
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TEXTUAL", "COLORFGBG", "NO_COLOR", "LC_", "COLUMNS", "LINES"))
        }
        self.process = subprocess.Popen(
            words,
            stdin=other,
            stdout=other,
            stderr=errors,
            env={
                **inherited,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "LANG": "C.UTF-8",
                "PYTHONPATH": str(ROOT),
                **(environment or {}),
            },
            cwd=folder,
            start_new_session=True,
            preexec_fn=prepare,
        )
        os.close(other)
        os.close(errors)
        self.seen = b""
        """All that it sent so far."""
        self._answered = 0

    # --- talking ----------------------------------------------------------------------------

    def type(self, keys: bytes | str) -> None:
        """Press keys."""
        os.write(self.side, keys.encode() if isinstance(keys, str) else keys)

    def wait_for(self, text: bytes | str, *, after: int = 0) -> int:
        """Read until this was sent at or behind the place ``after``; gives the place behind it."""
        wanted = text.encode() if isinstance(text, str) else text
        give_up_at = time.monotonic() + PATIENCE_S
        while (place := self.seen.find(wanted, after)) < 0:
            assert self.read(give_up_at - time.monotonic()), (text, self.seen[-3000:])
        return place + len(wanted)

    def read(self, within_s: float = PATIENCE_S) -> bool:
        """Read what comes next; False when nothing came, or nobody is there to send any more."""
        sides = [side for side in (self.side, self.errors) if side >= 0]
        ready, _, _ = select.select(sides, [], [], max(0.0, within_s))
        for side in ready:
            with contextlib.suppress(OSError):  # the other side is closed
                part = os.read(side, 65536)
                self.seen += part
                self._answer()
                if part:
                    return True
        return False

    def _answer(self) -> None:
        new, self._answered = self.seen[self._answered :], len(self.seen)
        if b"\x1b[?2026$p" in new:
            self.type(b"\x1b[?2026;2$y")
        if b"\x1b[?2048$p" in new:
            self.type(b"\x1b[?2048;2$y")
        if b"\x1b[?2048h" in new:
            self.type(f"\x1b[48;{self.height};{self.width};800;1200t".encode())

    def drain(self) -> bytes:
        """Read until it is gone; gives everything it ever sent."""
        last = threading.Timer(PATIENCE_S, self.process.kill)
        last.start()
        while self.read():
            pass
        last.cancel()
        return self.seen

    def hang_up(self) -> None:
        """Close the terminal's window."""
        os.close(self.side)
        self.side = -1

    def end(self) -> int:
        """Read to its end; gives its exit status."""
        if self.side >= 0:
            self.drain()
        return self.process.wait(PATIENCE_S)

    def wait_until_stopped(self) -> None:
        """Wait until it is suspended."""
        found: list[int] = []
        waiter = threading.Thread(
            target=lambda: found.append(os.waitpid(self.process.pid, os.WUNTRACED)[1])
        )
        waiter.start()
        while waiter.is_alive():
            self.read(0.05)
        assert os.WIFSTOPPED(found[0])
        while self.read(0.0):
            pass

    # --- looking ----------------------------------------------------------------------------

    @property
    def left_over(self) -> list[str]:
        """Everything in which the terminal is not as it was found."""
        wrong = Modes(self.seen).left_over
        if termios.tcgetattr(self.side) != self.before:
            wrong.append("termios differs")
        return wrong

    def close(self) -> None:
        """End it and all of its own."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for side in (self.side, self.errors):
            if side >= 0:
                os.close(side)


class Family:
    """The processes that a process has started, each held by a descriptor of its own."""

    def __init__(self, parent: int) -> None:
        """Find them."""
        self.members = {pid: os.pidfd_open(pid) for pid in _children(parent)}

    def named(self, word: str) -> int:
        """Give the one with this word in its command line."""
        found = [
            pid for pid in self.members if word in Path(f"/proc/{pid}/cmdline").read_text("utf-8")
        ]
        assert 1 == len(found), (word, found)
        return found[0]

    def wait_until_gone(self) -> None:
        """Wait until none of them runs any more."""
        for pid, descriptor in self.members.items():
            ready, _, _ = select.select([descriptor], [], [], PATIENCE_S)
            assert ready, f"child {pid} is still running"

    def close(self) -> None:
        """Let them go."""
        for descriptor in self.members.values():
            os.close(descriptor)


def _children(parent: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            # pid (name, which may hold anything) state ppid ...
            fields = (entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            if int(fields[1]) == parent:
                yield int(entry.name)


def pooltop(*words: str) -> list[str]:
    """Give the command."""
    return [sys.executable, "-m", "pooltop", *words]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until something holds that no event announces."""
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
