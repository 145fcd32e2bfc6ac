"""Is a frame within its budget? CPU and key-to-paint at 200 hosts, 2,000 sockets, 5,000 queued.

    PYTHONPATH=. python tests/bench/frame.py [--seconds 8] [--only 120x40] [--profile FOLDER]

The dashboard as it is run, on a pseudo-terminal, over the real wire: a process beside it sends
four updates a second as an engine does, prepared by ``busy``, so that taking them from the socket
and decoding them counts. For every page, at two sizes, with the inspector and without:

- CPU of the dashboard alone, all its threads, by the kernel's count, as a share of one core;
  under 25 % is the budget. A busy machine says nearly the same.
- The same while the cursor moves three times a second, which makes it nearly twice as many frames.
- From a key written to the terminal to the bytes that paint the cursor on its new row: median,
  95 % and the worst; under 100 ms is the budget. A busy machine adds to it.
  Where the inspector covers the table there is no cursor to be seen, and no figure.
- The rate that the header tells at the end: fewer than four a second where the dashboard has found
  frames too dear.

``--profile`` writes the dashboard's cProfile there, a file for each size, at one update a second.
``nice -n -10`` keeps others on a busy machine from getting into the second figure.
"""

from __future__ import annotations

import argparse
import cProfile
import re
import select
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from busy import HOSTS, BusyEngine
from pty_screen import Screen

from pooltop.core.model import Profile
from pooltop.sources.wire import (
    VERSION,
    Frames,
    Goodbye,
    Hello,
    Run,
    SetWatch,
    Update,
    encode,
    read_from_viewer,
)

INTERVAL_S = 0.25
KEY_S = 0.33
MOST_CPU = 0.25
MOST_PAINT_S = 0.1
SIZES = ((120, 40), (200, 60))
PAGES = ("Pools", "Sockets", "Queue", "Workloads", "Events")
_STYLE = rb"(?:\x1b\[[0-9;]*m)"
_RATE = re.compile(rb"LIVE +((?:[\d.]+/s -> )?[\d.]+/s)")
_CURSOR = re.compile(rb"\x1b\[(\d+);\d+H(?:[^\x1b]|" + _STYLE + rb"){0,60}?>(?: |" + _STYLE + rb")")
"""The mark of the cursor, and the line of the screen that it is on."""


def feed(hosts: int, every_s: float) -> None:
    """Be the engine: standard input is one end of the viewer's socket."""
    end = socket.socket(fileno=0)
    frames = Frames()
    engine = BusyEngine(hosts)
    watch = None
    end.sendall(encode(Hello(version=VERSION, pid=0)))
    due = None
    while True:
        left = None if due is None else max(0.0, due - time.monotonic())
        if select.select([end], [], [], left)[0]:
            count = end.recv_into(frames.room())
            if not count:
                return
            for body in frames.filled(count):
                message = read_from_viewer(body)
                match message:
                    case Run():
                        due = time.monotonic()
                    case SetWatch():
                        watch = message.watch
                    case Goodbye():
                        return
        elif due is not None:
            due += every_s
            update = engine.step(INTERVAL_S, watch)
            end.sendall(encode(Update(snapshot=update.snapshot, entries=update.entries)))


class FeedProcess:
    """Stands in the place of an EngineProcess."""

    def __init__(self, hosts: int, every_s: float) -> None:
        self._end, theirs = socket.socketpair()
        self._child = subprocess.Popen(
            [sys.executable, __file__, "--feed", "--hosts", str(hosts), "--every", str(every_s)],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
        )
        theirs.close()
        self.pid = self._child.pid

    def take_socket(self) -> socket.socket:
        return self._end

    async def exit_words(self) -> str:
        return "ended"

    async def close(self) -> None:
        self._child.kill()
        self._child.wait()


def child(hosts: int, profile: str | None) -> int:
    """Be the dashboard that is measured."""
    from pooltop.sources.remote import RemoteSource
    from pooltop.ui import run_dashboard

    source = RemoteSource(
        Profile(path="busy.toml"),
        engine=FeedProcess(hosts, 1.0 if profile else INTERVAL_S),
        interval_s=INTERVAL_S,
    )
    if profile is None:
        return run_dashboard(source)
    profiler = cProfile.Profile()
    try:
        return profiler.runcall(run_dashboard, source)
    finally:
        profiler.dump_stats(profile)


class Figures(NamedTuple):
    """What one setting cost."""

    cpu: float
    """Share of one core, nobody touching the keyboard."""
    cpu_moving: float
    """The same while the cursor moves."""
    rate: str
    paint_s: list[float]
    """From each key to its effect, ascending."""
    bytes_s: float
    keys: int


class Measurer:
    """A dashboard on a terminal, and what it costs."""

    def __init__(self, size: tuple[int, int], hosts: int, profile: str | None) -> None:
        argv = [sys.executable, __file__, "--child", "--hosts", str(hosts)]
        if profile is not None:
            argv += ["--profile", profile]
        self.screen = Screen(argv, columns=size[0], lines=size[1])
        self.screen.until(b"api-00")
        self._tasks = Path(f"/proc/{self.screen.process.pid}/task")

    def cpu_s(self) -> float:
        """Give the seconds that all threads have run so far."""
        runs = ((each / "schedstat").read_text().split()[0] for each in self._tasks.iterdir())
        return sum(map(int, runs)) / 1e9

    def press(self, keys: str) -> None:
        """Press keys one after the other, and wait until all is painted."""
        for key in keys:
            self.screen.write(key)
            self.screen.drain(0.4)

    def measure(self, seconds: float) -> Figures:
        """Only look on for so many seconds, then move the cursor down and up for as many."""
        cpu, begin = self.cpu_s(), time.monotonic()
        while (left := begin + seconds - time.monotonic()) > 0:
            self.screen.read(left)
        resting = (self.cpu_s() - cpu) / (time.monotonic() - begin)
        read: list[tuple[float, bytes]] = []
        pressed: list[float] = []
        cpu, begin = self.cpu_s(), time.monotonic()
        count = max(2, round(seconds / KEY_S))
        for turn in range(count):
            self.screen.write("j" if turn < (count + 1) // 2 else "k")
            pressed.append(time.monotonic())
            while (left := begin + (turn + 1) * KEY_S - time.monotonic()) > 0:
                data = self.screen.read(left)
                if data:
                    read.append((time.monotonic(), data))
        took = time.monotonic() - begin
        spent = self.cpu_s() - cpu
        paints = _paints(read, pressed)
        return Figures(
            resting,
            spent / took,
            _rate(b"".join(data for _, data in read)),
            sorted(paints),
            sum(len(data) for _, data in read) / took,
            len(pressed),
        )


def _paints(read: list[tuple[float, bytes]], pressed: list[float]) -> list[float]:
    """Give how long each key took until the cursor was painted on another row.

    What is read comes in pieces: a row counts as painted with the piece that holds its end.
    """
    stream = b"".join(data for _, data in read)
    ends, end = [], 0
    for _, data in read:
        end += len(data)
        ends.append(end)
    seen: list[tuple[float, int]] = []
    place = 0
    for found in _CURSOR.finditer(stream):
        while ends[place] < found.end():
            place += 1
        seen.append((read[place][0], int(found[1])))
    here: int | None = None
    paints = []
    for number, at in enumerate(pressed):
        until = pressed[number + 1] if number + 1 < len(pressed) else float("inf")
        now = [(when, line) for when, line in seen if at <= when < until]
        other = next(((when, line) for when, line in now if line != here), None)
        if here is not None and other is not None:
            paints.append(other[0] - at)
        here = now[-1][1] if now else here
    return paints


def _rate(stream: bytes) -> str:
    """Give the rate that the header told last."""
    found = _RATE.findall(re.sub(_STYLE, b"", stream))
    return found[-1].decode() if found else "-"


def show(name: str, figures: Figures) -> bool:
    """Print a line of the table; tells whether it is within the budget."""
    paints = figures.paint_s or [float("nan")]
    p95 = paints[min(len(paints) - 1, int(len(paints) * 0.95))]
    good = figures.cpu < MOST_CPU and not p95 >= MOST_PAINT_S
    print(
        f"{name:38}{figures.cpu * 100:6.1f} %{figures.cpu_moving * 100:6.1f} %"
        f"{figures.rate:>12}{figures.bytes_s / 1024:8.0f}"
        f"{statistics.median(paints) * 1000:9.0f}{p95 * 1000:6.0f}{paints[-1] * 1000:6.0f}"
        f"  {len(figures.paint_s):3}/{figures.keys}  {'' if good else 'OVER'}",
        flush=True,
    )
    return good


def run(size: tuple[int, int], hosts: int, seconds: float, profile: str | None) -> bool:
    """Measure everything at one size."""
    measurer = Measurer(size, hosts, profile)
    good = True
    try:
        measurer.screen.drain(3)
        for number, page in enumerate(PAGES, 1):
            measurer.press(str(number))
            for scope in ("", " of all hosts") if page in ("Sockets", "Queue") else ("",):
                if scope:
                    measurer.press("h")
                for inspected in (False, True):
                    if inspected:
                        measurer.press("\r")
                    name = f"{size[0]}x{size[1]} {page}{scope}{', inspector' if inspected else ''}"
                    good &= show(name, measurer.measure(seconds))
                    if inspected:
                        measurer.press("\x1b")
                        measurer.screen.drain(0.5)
                if scope:
                    measurer.press("h")
    finally:
        measurer.screen.end()
    return good


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=8, help="of each setting")
    parser.add_argument("--hosts", type=int, default=HOSTS)
    parser.add_argument("--only", help="one size, like 120x40")
    parser.add_argument("--profile", help=argparse.SUPPRESS)
    parser.add_argument("--every", type=float, default=INTERVAL_S, help=argparse.SUPPRESS)
    parser.add_argument("--feed", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.feed:
        feed(options.hosts, options.every)
        return
    if options.child:
        raise SystemExit(child(options.hosts, options.profile))
    sizes = [s for s in SIZES if options.only in (None, f"{s[0]}x{s[1]}")]
    print(f"{options.hosts} hosts, {options.hosts * 10} sockets, {options.hosts * 25} queued, 4/s")
    heading = f"{'':38}{'CPU':>8}{'moving':>8}{'drawn':>12}{'KiB/s':>8}"
    print(f"{heading}  key: {'p50':>4}{'p95':>6}{'max':>6} ms")
    good = True
    for size in sizes:
        path = options.profile and str(Path(options.profile) / f"{size[0]}x{size[1]}.prof")
        good &= run(size, options.hosts, options.seconds, path)
    raise SystemExit(0 if good else 1)


if __name__ == "__main__":
    main()
