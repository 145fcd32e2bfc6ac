"""A pseudo-terminal that a program draws on, as the scripts here need it: keys in, bytes out."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
END_S = 10.0


class Screen:
    """One program on a terminal of its own. What it writes has to be read, or it stands still."""

    def __init__(self, argv: list[str], *, columns: int, lines: int) -> None:
        """Start it; its standard streams are all the terminal."""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        env = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        self.process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
        )
        os.close(theirs)
        self.last = b""
        """The end of what it wrote: its last words, should it die."""

    def write(self, keys: str) -> None:
        """Press keys."""
        os.write(self._ours, keys.encode())

    def read(self, within_s: float) -> bytes:
        """Give what it wrote, as soon as it wrote something; empty when time is up."""
        if within_s < 0 or not select.select([self._ours], [], [], within_s)[0]:
            return b""
        try:
            data = os.read(self._ours, 1 << 16)
        except OSError:  # it is gone
            time.sleep(min(within_s, 0.05))
            return b""
        self.last = (self.last + data)[-4000:]
        return data

    def drain(self, for_s: float) -> bytes:
        """Give all that it writes in so many seconds."""
        end, parts = time.monotonic() + for_s, []
        while (left := end - time.monotonic()) > 0:
            parts.append(self.read(left))
        return b"".join(parts)

    def until(self, mark: bytes, within_s: float = 30.0) -> bytes:
        """Read until this was written.

        Raises:
            TimeoutError: it was not, or the program ended.
        """
        seen = b""
        end = time.monotonic() + within_s
        while mark not in seen:
            if time.monotonic() > end or self.process.poll() is not None:
                problem = f"{mark!r} was not written: {self.last[-800:]!r}"
                raise TimeoutError(problem)
            seen += self.read(0.1)
        return seen

    def end(self, keys: str = "") -> int:
        """Have it end, by keys or else by SIGTERM; gives its exit status."""
        if keys:
            self.write(keys)
        else:
            self.process.send_signal(signal.SIGTERM)
        give_up = time.monotonic() + END_S
        while self.process.poll() is None:
            self.read(0.05)
            if time.monotonic() > give_up:
                self.process.kill()
        os.close(self._ours)
        return self.process.wait()
