"""What an open dashboard costs the traffic: p99 at 500 requests a second, with and without it.

    python tests/bench/dashboard_latency.py [--rounds 5] [--seconds 8]

An open workload against nginx on loopback; in turn headless (engine in the process that prints)
and with the dashboard on a pseudo-terminal (engine in a process of its own). The figures are the
engine's own histograms, from the intended start, between the second second and the last.
"""

from __future__ import annotations

import argparse
import asyncio
import fcntl
import io
import json
import os
import pty
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from throughput import free_port, start_nginx

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Workload
from pooltop.headless import run_headless
from pooltop.sources.launch import LaunchedSource
from pooltop.ui.app import PoolTopApp

WARM_S = 2.0


class Tap:
    """A Source that passes everything on and keeps the first and the last picture."""

    def __init__(self, inner: LaunchedSource, on_done) -> None:
        self._inner = inner
        self._on_done = on_done
        self.title = inner.title
        self.first = self.last = None

    async def start(self, on_update, on_end) -> None:
        def update(news) -> None:
            snapshot = news.snapshot
            workload = snapshot.workloads[0]
            if self.first is None and workload.offered >= WARM_S * 500:
                self.first = snapshot
            self.last = snapshot
            on_update(news)
            if workload.state == "done":
                self._on_done()

        await self._inner.start(update, on_end)

    def __getattr__(self, name: str):
        return getattr(self._inner, name)

    def figures(self) -> dict[str, float]:
        before, after = (s.agents[0].origins[0].latency.total for s in (self.first, self.last))
        window = after.since(before)
        facts = self.last.process
        return {
            "p50_ms": window.quantile(0.5) * 1e3,
            "p99_ms": window.quantile(0.99) * 1e3,
            "count": window.count,
            "late": self.last.workloads[0].late,
            "engine_cpu_s": facts.cpu_s,
        }


def profile(port: int, seconds: float) -> Profile:
    return Profile(
        path="bench",
        agents=(
            AgentProfile(
                name="a", options=AgentOptions(keep_alive=True, max_sockets=50), codec="llhttp"
            ),
        ),
        workloads=(
            Workload(
                name="w",
                agent="a",
                base_url=f"http://127.0.0.1:{port}",
                rate=500.0,
                arrival="poisson",
                duration=seconds,
            ),
        ),
    )


def child(mode: str, port: int, seconds: float, result: str) -> None:
    """Be the one that is measured."""
    if mode == "headless":
        source = LaunchedSource(profile(port, seconds), interval_s=0.5, own_process=False)
        tap = Tap(source, lambda: None)
        run_headless(tap, form="line", interval=0.5, duration=None, out=io.StringIO())
    else:
        source = LaunchedSource(profile(port, seconds), interval_s=0.5, own_process=True)
        source.spawn()
        app: PoolTopApp
        tap = Tap(source, lambda: app.exit())
        app = PoolTopApp(tap)

        async def run() -> None:
            try:
                await app.run_async()
            finally:
                await source.close()

        asyncio.run(run())
    Path(result).write_text(json.dumps(tap.figures()))


def measure(mode: str, port: int, seconds: float, folder: Path) -> dict[str, float]:
    result = folder / "figures.json"
    result.unlink(missing_ok=True)
    argv = [sys.executable, __file__, "--child", mode, str(port), str(seconds), str(result)]
    main_fd, child_fd = pty.openpty()
    fcntl.ioctl(child_fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        argv, stdin=child_fd, stdout=child_fd, stderr=child_fd, env=env, start_new_session=True
    )
    os.close(child_fd)
    while process.poll() is None:
        if select.select([main_fd], [], [], 0.2)[0]:
            try:
                os.read(main_fd, 65536)
            except OSError:
                break
    process.wait()
    os.close(main_fd)
    return json.loads(result.read_text())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        mode, port, seconds, result = options.child
        child(mode, int(port), float(seconds), result)
        return
    found: dict[str, list[dict[str, float]]] = {"headless": [], "dashboard": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        server = start_nginx(folder, port, None)
        try:
            for _ in range(options.rounds):
                for mode, figures in found.items():
                    figures.append(measure(mode, port, options.seconds, folder))
        finally:
            server.terminate()
            server.wait()
    print(f"500 requests/s, {options.rounds} rounds of {options.seconds:g} s, 120x40")
    for mode, figures in found.items():
        p50 = statistics.median(f["p50_ms"] for f in figures)
        p99 = [f["p99_ms"] for f in figures]
        cpu = statistics.median(f["engine_cpu_s"] for f in figures) / options.seconds
        print(
            f"{mode:10} p50 {p50:6.2f} ms  p99 {statistics.median(p99):6.2f} ms "
            f"({min(p99):.2f} to {max(p99):.2f})  late {sum(f['late'] for f in figures):.0f}  "
            f"engine {cpu:.0%} of a core"
        )
    pairs = zip(found["dashboard"], found["headless"], strict=True)
    ratio = statistics.median(a["p99_ms"] / b["p99_ms"] for a, b in pairs)
    print(f"p99 with the dashboard is {ratio:.2f} times that without (median of pairs)")


if __name__ == "__main__":
    main()
