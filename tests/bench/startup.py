"""How long a user waits: --version, --help, and the first frame of ``pooltop demo``.

    python tests/bench/startup.py [--runs 10]

The first frame is timed on a pseudo-terminal from the start of the process until the host table's
border is on it, and again until the first numbers are; and beside it that of a Textual app which
shows two words.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time

_BARE = """
from textual.app import App
from textual.widgets import Static


class Bare(App):
    def compose(self):
        yield Static("HOSTS starved")


Bare().run()
"""


def wall(argv: list[str]) -> float:
    begin = time.monotonic()
    subprocess.run(argv, check=True, capture_output=True)
    return time.monotonic() - begin


def first_frame(argv: list[str]) -> tuple[float, float]:
    """Give the seconds to the first frame and to the first numbers."""
    main_fd, child_fd = pty.openpty()
    fcntl.ioctl(child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    begin = time.monotonic()
    process = subprocess.Popen(
        argv, stdin=child_fd, stdout=child_fd, stderr=child_fd, env=env, start_new_session=True
    )
    os.close(child_fd)
    seen = b""
    marks: dict[bytes, float] = {}
    wanted = (b"HOSTS", b"starved")
    try:
        while len(marks) < len(wanted) and time.monotonic() - begin < 20:
            if select.select([main_fd], [], [], 0.1)[0]:
                seen += os.read(main_fd, 65536)
                for word in wanted:
                    if word in seen:
                        marks.setdefault(word, time.monotonic() - begin)
    finally:
        process.send_signal(signal.SIGTERM)
        while process.poll() is None:
            if select.select([main_fd], [], [], 0.1)[0]:
                try:
                    os.read(main_fd, 65536)
                except OSError:
                    break
        process.wait()
        os.close(main_fd)
    return marks[b"HOSTS"], marks[b"starved"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=10)
    options = parser.parse_args()
    base = [sys.executable, "-m", "pooltop"]
    for words in (["--version"], ["--help"]):
        wall(base + words)
        times = [wall(base + words) for _ in range(options.runs)]
        bare = statistics.median(wall([sys.executable, "-c", "pass"]) for _ in range(options.runs))
        print(
            f"{words[0]:10} median {statistics.median(times) * 1e3:5.0f} ms, "
            f"max {max(times) * 1e3:.0f}; python itself {bare * 1e3:.0f}"
        )
    bare_app = [sys.executable, "-c", _BARE]
    frames, bare_frames = [], []
    for turn in range(1 + max(3, options.runs // 2)):
        pair = first_frame([*base, "demo"]), first_frame(bare_app)
        if turn:  # the first one fills the caches of both
            frames.append(pair[0])
            bare_frames.append(pair[1])
    for what, index in (("first frame", 0), ("first numbers", 1)):
        times = [f[index] for f in frames]
        print(f"{what:14} median {statistics.median(times):.2f} s, max {max(times):.2f}")
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(frames, bare_frames, strict=True)]
    bare = statistics.median(theirs[0] for theirs in bare_frames)
    print(
        f"a bare Textual app {bare:.2f} s; the first frame takes {statistics.median(ratios):.2f} times"
    )


if __name__ == "__main__":
    main()
