"""What one frame of the dashboard costs: CPU milliseconds at 200 hosts, 2,000 sockets.

    PYTHONPATH=. python tests/bench/frame.py [hosts] [frames]

Prints the median and the worst of the frames, and how much of one core 4 frames/s would take.
Counted in process CPU time, so that a busy machine says the same; the simulation is not counted.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1] / "ui")]

from scripted_source import ScriptedSource, SimAgent, SimHost

from pooltop.core.model import AgentOptions
from pooltop.ui.app import PoolTopApp


def busy_source(hosts: int) -> ScriptedSource:
    """Give agents of ten hosts each, every host with about ten busy sockets and a queue."""
    agents = [
        SimAgent(
            f"agent{n}",
            AgentOptions(keep_alive=True, max_sockets=10),
            [
                SimHost(f"host{n}-{m}.example", 443, "https", rate=105, service_s=0.1)
                for m in range(10)
            ],
        )
        for n in range(max(1, hosts // 10))
    ]
    return ScriptedSource(agents, title="bench")


async def measure(hosts: int, frames: int, size: tuple[int, int]) -> list[float]:
    """Give the CPU seconds of each frame, from the update's arrival to the screen's repaint."""
    source = busy_source(hosts)
    app = PoolTopApp(source)
    spent: list[float] = []
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for frame in range(frames + 5):
            update = source.step(0.25, send=False)
            before = time.process_time()
            source.send(update)
            await pilot.pause()
            if frame >= 5:
                spent.append(time.process_time() - before)
    return spent


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    for size in ((80, 24), (120, 40), (200, 60)):
        spent = asyncio.run(measure(hosts, frames, size))
        middle, worst = statistics.median(spent) * 1000, max(spent) * 1000
        print(
            f"{hosts} hosts at {size[0]}x{size[1]}: {middle:.1f} ms a frame, worst {worst:.1f}, "
            f"{middle * 4 / 10:.0f} % of a core at 4/s"
        )


if __name__ == "__main__":
    main()
