"""How late open arrivals start: pooltop at 1,000 and 5,000 a second, for 20 s each.

    python tests/bench/arrivals.py [--seconds 20] [--rates 1000 5000] [--arrival constant]

The client has one core, an nginx with one worker another. The start error is from an arrival's time
to its being handed to the agent: it is part of every latency. The aim, on an idle machine: p99 under
2 ms at 1,000 a second, and under 5 ms at 5,000. All traffic is on loopback and bounded.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import sys
import tempfile
from pathlib import Path

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.core.traffic import Workload
from pooltop.engine.engine import Engine

sys.path.insert(0, str(Path(__file__).parent))
from throughput import free_port, start_nginx

AIMS_MS = {1000: 2.0, 5000: 5.0}
SNAPSHOTS_S = 0.25
"""As a dashboard asks for them: they are part of what delays an arrival."""


async def run(url: str, rate: float, seconds: float, arrival: str) -> WorkloadSnapshot:
    """Give the last picture of a workload at a rate."""
    engine = Engine(
        Profile(
            path="bench",
            agents=(
                AgentProfile(
                    name="a",
                    codec="llhttp",
                    options=AgentOptions(keep_alive=True, max_sockets=50),
                ),
            ),
            workloads=(
                Workload(
                    name="w", agent="a", base_url=url, rate=rate, duration=seconds, arrival=arrival
                ),
            ),
        )
    )
    engine.start()
    try:
        while not engine.done.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(engine.done.wait(), SNAPSHOTS_S)
            engine.snapshot()
        return engine.snapshot().workloads[0]
    finally:
        await engine.aclose()


def tell(load: WorkloadSnapshot) -> None:
    """Print the line of a rate."""
    p50, p99, most = ((load.lateness.quantile(q) or 0.0) * 1e3 for q in (0.5, 0.99, 1))
    aim = AIMS_MS.get(int(load.rate or 0))
    verdict = "" if aim is None else f"  p99 {'under' if p99 < aim else 'OVER'} {aim:g} ms"
    numbers = f"{load.offered:9}{load.sent:9}{load.dropped:9}"
    print(f"{load.rate:8g}{p50:8.3f}{p99:8.3f}{most:8.3f}{numbers}{verdict}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--rates", type=float, nargs="*", default=[1000, 5000])
    parser.add_argument("--arrival", choices=["constant", "poisson"], default="constant")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        server = start_nginx(Path(folder), port, cores[-1])
        os.sched_setaffinity(0, {cores[0]})
        print(f"{options.arrival} arrivals for {options.seconds:g} s each, start error in ms")
        print(f"{'rate/s':>8}{'p50':>8}{'p99':>8}{'max':>8}{'offered':>9}{'sent':>9}{'dropped':>9}")
        try:
            for rate in options.rates:
                url = f"http://127.0.0.1:{port}"
                tell(asyncio.run(run(url, rate, options.seconds, options.arrival)))
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
