"""Does the dashboard grow? Memory, descriptors and tasks over an hour at 1,000 requests a second.

    PYTHONPATH=. python tests/bench/soak.py [--minutes 60] [--csv FILE]

The demo's six hosts, their load scaled to 1,000 requests a second, with the dashboard on a
pseudo-terminal of 120x40. Every ten seconds a reader presses a few keys: every page, the
inspector, a filter, freeze and steps back; and the resident memory of the dashboard and of its
engine is noted. The past fills for ten minutes and the log for longer, so that the slope is taken
after twenty: a least squares line, with its standard error, and one with a step in it. Until then each process is stopped for
a second now and then, as a busy machine would: what a stall takes at most (a thousand requests that
are due at once) an allocator keeps, and one that came later would look like growth. In the end the load is stopped, and
what is still open is compared with the start.

The dashboard is run through its own command line; only a signal handler is added, that tells how
many asyncio tasks there are, and what takes the memory.
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import gc
import itertools
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from pty_screen import Screen

WARM_S = 20 * 60.0
EVERY_S = 10.0
STALL_S = 1.0
STALL_EVERY = 6
"""Turns of EVERY_S between two stalls of the warm-up."""
ALLOWED_MIB_H = 1.0

_AGENT = """
[demo.{name}]
scheme = "{scheme}"
latency = {{ median = "{latency}", sigma = 0.3 }}
keep_alive_timeout = "5s"

[agents.{name}]
kind = "{scheme}.Agent"
keep_alive = {keep_alive}
max_sockets = {sockets}
scheduling = "lifo"
codec = "llhttp"

[workloads.{name}]
model = "open"
agent = "{name}"
base_url = "demo:{name}"
arrival = "poisson"
rate = "{rate}/s"
max_in_flight = 400
seed = 7
requests = [ {{ name = "page", path = "/" }} ]
"""
_HOSTS = (
    ("kept", "http", "20ms", "true", 40, 600),
    ("close", "http", "20ms", "false", 10, 60),
    ("starved", "http", "60ms", "true", 4, 75),
    ("secure", "https", "15ms", "true", 20, 200),
    ("churn", "http", "80ms", "true", 12, 63.5),
    ("hinted", "http", "30ms", "true", 6, 1.5),
)
_KEYS = (
    "1jj",
    "z",
    "2j",
    "\r",
    "j\x1b",
    "3jj",
    "\r",
    "\x1b",
    "v",
    "v4j",
    "\r",
    "\x1b",
    "5j",
    "G",
    "g1",
    "/ke",
    "\x1b",
    " ,,,",
    "..",
    " ",
    "Z",
    "?",
    "\x1b",
    "mmmm",
    "h2",
    "h1k",
)


def profile() -> str:
    """Give the profile's text."""
    names = ("name", "scheme", "latency", "keep_alive", "sockets", "rate")
    return "schema = 1\n" + "".join(
        _AGENT.format(**dict(zip(names, host, strict=True))) for host in _HOSTS
    )


class Sample(NamedTuple):
    """What two processes take at one moment."""

    second: float
    rss: float
    """Of the dashboard, in MiB; so are all of these."""
    engine_rss: float
    fds: int
    engine_fds: int
    tasks: int
    objects: int
    """Those that the dashboard's garbage collector knows."""
    past: float
    """What the dashboard's kept past takes, packed."""
    heap: float
    """What is in use of the dashboard's C heap, and what is free between: holes that stay."""
    holes: float


def child(path: str, told: str) -> None:
    """Be the dashboard that is looked at."""
    from pooltop import cli
    from pooltop.present.rewind import Rewind

    pasts: list[Rewind] = []
    begin = Rewind.__init__

    def begun(self: Rewind, **how: int) -> None:
        begin(self, **how)
        pasts.append(self)

    Rewind.__init__ = begun  # type: ignore[method-assign]

    def tell(*_: object) -> None:
        # A name of its own first: what is read is always whole.
        fresh = Path(f"{told}.new")
        past = sum(each.memory_bytes for each in pasts)
        tasks, objects = len(asyncio.all_tasks()), len(gc.get_objects())
        fresh.write_text(" ".join(map(str, (tasks, objects, past, *heap()))))
        fresh.rename(told)

    signal.signal(signal.SIGUSR1, tell)
    raise SystemExit(cli.main(["--profile", path]))


_MALLINFO2 = (
    *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
    *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
)


class MallInfo(ctypes.Structure):
    """glibc's ``struct mallinfo2``."""

    _fields_ = [(name, ctypes.c_size_t) for name in _MALLINFO2]


def heap() -> tuple[int, int]:
    """Give the bytes of this process's C heap that are in use and that are free; 0 where unknown."""
    try:
        ask = ctypes.CDLL(None).mallinfo2
    except (AttributeError, OSError):
        return (0, 0)
    ask.restype = MallInfo
    info = ask()
    return (info.uordblks, info.fordblks)


def rss_mib(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def engine_of(pid: int) -> int:
    """Give the id of the dashboard's child that is the engine."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for each in map(int, children):
        if b"pooltop.sources.host" in Path(f"/proc/{each}/cmdline").read_bytes():
            return each
    raise LookupError("there is no engine")


class Growth(NamedTuple):
    """A line through (second, MiB), or two that are parallel, with a step between them."""

    slope: float
    """MiB an hour."""
    error: float
    """Its standard error."""
    step: float = 0.0
    """MiB from one line to the other."""
    at: float = 0.0
    """Second of the step."""

    def __str__(self) -> str:
        step = f" and {self.step:+.2f} MiB at {self.at:.0f} s" if self.at else ""
        return f"{self.slope:+.2f} MiB/h (+-{self.error:.2f}){step}"

    @property
    def is_none(self) -> bool:
        return self.slope - 2 * self.error < ALLOWED_MIB_H and self.step < ALLOWED_MIB_H


_UNKNOWN = Growth(float("nan"), float("nan"))


def growth(points: list[tuple[float, float]]) -> Growth:
    """Give the least squares line."""
    return _fit([points])[1] if len(points) > 2 else _UNKNOWN


def growth_beside_a_step(points: list[tuple[float, float]]) -> Growth:
    """Give the least squares line with one step in it, wherever that fits best.

    A peak of the traffic makes an allocator take an arena more, once, and keep it: within 40
    minutes half a MiB would pass for a slope of more than one an hour. What leaks goes on after it.
    """
    cuts = range(2, len(points) - 1)
    fits = [_fit([points[:cut], points[cut:]]) for cut in cuts]
    return min(fits, default=(0.0, _UNKNOWN))[1]


def _fit(parts: list[list[tuple[float, float]]]) -> tuple[float, Growth]:
    """Give the squares that are left, and the lines."""
    sides = [_centred(part) for part in parts]
    spread = sum(x * x for _, _, side in sides for x, _ in side)
    line = sum(x * y for _, _, side in sides for x, y in side) / spread
    rest = sum((y - line * x) ** 2 for _, _, side in sides for x, y in side)
    error = (rest / (sum(map(len, parts)) - 1 - len(parts)) / spread) ** 0.5
    (x0, y0, _), (x1, y1, _) = sides[0], sides[-1]
    at = parts[1][0][0] if len(parts) > 1 else 0.0
    return rest, Growth(line * 3600, error * 3600, y1 - y0 - line * (x1 - x0), at)


def _centred(
    points: list[tuple[float, float]],
) -> tuple[float, float, list[tuple[float, float]]]:
    """Give the middle of points, and each by its distance from it."""
    x0 = sum(x for x, _ in points) / len(points)
    y0 = sum(y for _, y in points) / len(points)
    return x0, y0, [(x - x0, y - y0) for x, y in points]


class Soak:
    """One run."""

    def __init__(self, screen: Screen, told: Path, csv: str | None) -> None:
        self.screen = screen
        self._csv = None if csv is None else Path(csv)
        if self._csv is not None:
            self._csv.write_text(",".join(Sample._fields) + "\n")
        self._told = told
        self._began = time.monotonic()
        self.pid = screen.process.pid
        self.engine = engine_of(self.pid)
        self.samples: list[Sample] = []
        self._keys = itertools.cycle(_KEYS)

    @property
    def second(self) -> float:
        return time.monotonic() - self._began

    def sample(self) -> Sample:
        self._told.unlink(missing_ok=True)
        self.screen.process.send_signal(signal.SIGUSR1)
        while not self._told.exists():
            if self.screen.process.poll() is not None:
                raise RuntimeError(f"the dashboard ended: {self.screen.last!r}")
            self.screen.read(0.05)
        tasks, objects, *sizes = map(int, self._told.read_text().split())
        return Sample(
            self.second,
            rss_mib(self.pid),
            rss_mib(self.engine),
            descriptors(self.pid),
            descriptors(self.engine),
            tasks,
            objects,
            *(size / 2**20 for size in sizes),
        )

    def run(self, seconds: float) -> None:
        for turn in itertools.count(1):
            self.screen.drain(turn * EVERY_S - self.second)
            if self.second >= seconds:
                return
            sample = self.sample()
            self.samples.append(sample)
            if self._csv is not None:
                with self._csv.open("a") as file:
                    file.write(",".join(map(str, sample)) + "\n")
            self.screen.write(next(self._keys))
            if self.second < WARM_S and turn % STALL_EVERY == 0:
                self._stall((self.pid, self.engine)[turn // STALL_EVERY % 2])

    def _stall(self, pid: int) -> None:
        os.kill(pid, signal.SIGSTOP)
        try:
            self.screen.drain(STALL_S)
        finally:
            os.kill(pid, signal.SIGCONT)


def verdict(soak: Soak, first: Sample, last: Sample, stopped: Sample, status: int) -> bool:
    warm = [s for s in soak.samples if s.second >= WARM_S]
    print(f"{len(soak.samples)} samples, {len(warm)} of them after the warm-up of {WARM_S:.0f} s")
    grows = False
    for who, at in (("dashboard", "rss"), ("engine", "engine_rss")):
        points = [(s.second, getattr(s, at)) for s in warm]
        sizes = [size for _, size in points] or [float("nan")]
        whole, beside = growth(points), growth_beside_a_step(points)
        grows |= not (whole.is_none or beside.is_none)
        print(
            f"{who:10} {getattr(first, at):6.1f} MiB at first, {sizes[0]:.1f} warm, "
            f"{sizes[-1]:.1f} last, {max(sizes):.1f} at most: {whole}; with a step {beside}"
        )
    print(f"{'':11}{'first':>8}{'last':>8}{'stopped':>8}")
    for what in ("fds", "engine_fds", "tasks", "objects", "past", "heap", "holes"):
        values = (getattr(s, what) for s in (first, last, stopped))
        print(f"{what:11}" + "".join(f"{value:8.0f}" for value in values))
    print(f"exit status {status}")
    good = not grows and stopped.fds == first.fds and stopped.tasks == first.tasks and status == 0
    print("verdict:", "it does not grow" if good else "IT GROWS, or leaves something behind")
    return good


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--csv", help="write the samples there as they are taken")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(*options.child)
        return
    with tempfile.TemporaryDirectory() as name:
        told, path = Path(name) / "told", Path(name) / "soak.toml"
        path.write_text(profile())
        argv = [sys.executable, __file__, "--child", str(path), str(told)]
        screen = Screen(argv, columns=120, lines=40)
        try:
            screen.until(b"starved")
            soak = Soak(screen, told, options.csv)
            print(f"dashboard {soak.pid}, engine {soak.engine}", flush=True)
            screen.drain(5)
            first = soak.sample()
            soak.run(options.minutes * 60)
            # Page 1, nothing open, live; then the load's end, and time for what is to be closed.
            screen.write("\x1b")
            screen.drain(1)
            screen.write("\x1b")
            screen.drain(1)
            screen.write("1")
            screen.drain(5)
            last = soak.sample()
            screen.write("P")
            screen.drain(15)
            stopped = soak.sample()
            status = screen.end("q")
        except BaseException:
            screen.process.kill()
            screen.process.wait()
            raise
    raise SystemExit(0 if verdict(soak, first, last, stopped, status) else 1)


if __name__ == "__main__":
    main()
