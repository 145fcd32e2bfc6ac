"""What the kept past costs a frame: CPU milliseconds at 200 hosts, 2,000 sockets, 5,000 queued.

    PYTHONPATH=. python tests/bench/history.py [hosts] [frames]

Each frame adds one snapshot, a quarter of a second after the last, to a History and asks it for
the rates of every host. Printed are the median, the mean and the worst of the frames, and the
memory that a minute of the past takes. In process CPU time, so that a busy machine says the
same; making and freeing the snapshots is not counted.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
import tracemalloc
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2])]

from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, OriginKey, RequestId, SocketId
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    RequestInfo,
    Snapshot,
    SocketInfo,
    WorkloadSnapshot,
)
from pooltop.core.states import RequestState, SocketState
from pooltop.present.history import History, HostId

FRAME_S = 0.25
MINUTE_S = 60
WARM = 100
"""Frames that are not counted: by then every bucket of the histograms is there."""
SOCKETS = 10
QUEUED = 25
REQUESTS = 10
"""Of a host in a frame."""


class Host:
    """One host that is always busy."""

    def __init__(self, number: int, random_: random.Random) -> None:
        self.number = number
        self._random = random_
        self._queue, self._wait, self._total = Recorder(), Recorder(), Recorder()
        self._done = 0

    def step(self, at: float) -> OriginSnapshot:
        """Give it a frame later."""
        for _ in range(REQUESTS):
            waited, served = self._random.expovariate(2), self._random.lognormvariate(-3, 0.7)
            self._queue.record(waited)
            self._wait.record(served)
            self._total.record(waited + served)
        self._done += REQUESTS
        sockets = tuple(
            SocketInfo(
                id=SocketId(self.number * SOCKETS + n),
                state=SocketState.ACTIVE,
                opened_at=0.0,
                since=at,
                connected_at=0.0,
                requests=self._done // SOCKETS,
                busy_s=at * 0.8,
            )
            for n in range(SOCKETS)
        )
        requests = tuple(
            RequestInfo(
                id=RequestId(n),
                state=RequestState.QUEUED,
                method="GET",
                target="/",
                submitted_at=at,
            )
            for n in range(QUEUED)
        )
        return OriginSnapshot(
            key=OriginKey(f"host{self.number}:443:"),
            scheme="https",
            host=f"host{self.number}",
            port=443,
            sockets=sockets,
            requests=requests,
            queued=QUEUED,
            oldest_queued_at=at - 0.3,
            active=SOCKETS,
            total=SOCKETS,
            counters=OriginCounters(
                submitted=self._done + QUEUED,
                completed=self._done,
                assigned=self._done,
                reused=self._done - SOCKETS,
                opened=SOCKETS,
                failed={"ECONNRESET": self._done // 100},
                statuses={200: self._done - 5, 503: 5},
            ),
            latency=OriginLatency(
                queue=self._queue.freeze(), wait=self._wait.freeze(), total=self._total.freeze()
            ),
        )


class Engine:
    """Agents of ten hosts each, and a workload."""

    def __init__(self, hosts: int) -> None:
        random_ = random.Random(7)
        self.hosts = [Host(n, random_) for n in range(hosts)]
        self._frame = 0
        self._options = AgentOptions(keep_alive=True, max_sockets=SOCKETS)

    def step(self) -> Snapshot:
        """Give the next snapshot."""
        self._frame += 1
        at = 1000.0 + self._frame * FRAME_S
        origins = [host.step(at) for host in self.hosts]
        agents = tuple(
            AgentSnapshot(
                name=f"agent{first // 10}",
                options=self._options,
                initial_options=self._options,
                origins=tuple(origins[first : first + 10]),
                total_socket_count=10 * SOCKETS,
            )
            for first in range(0, len(origins), 10)
        )
        done = self._frame * REQUESTS * len(origins)
        workload = WorkloadSnapshot(
            name="load",
            agent="agent0",
            target="host0:443",
            state="running",
            pattern="",
            rate=100.0,
            offered=done,
            completed=done,
        )
        return Snapshot(seq=self._frame, at=at, wall_at=at, agents=agents, workloads=(workload,))


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    frames = int(sys.argv[2]) if len(sys.argv) > 2 else 200
    engine, history = Engine(hosts), History()
    added: list[float] = []
    rated: list[float] = []
    for frame in range(frames):
        before = history.latest  # freed here, not while the clock runs
        snapshot = engine.step()
        start = time.process_time()
        history.add(snapshot)
        middle = time.process_time()
        for agent in snapshot.agents:
            for origin in agent.origins:
                history.rates(HostId(agent.name, origin.key), snapshot.at, 60.0)
        end = time.process_time()
        if frame >= WARM:
            added.append((middle - start) * 1000)
            rated.append((end - middle) * 1000)
    both = [sum(pair) for pair in zip(added, rated, strict=True)]
    for name, spent in (("add", added), ("rates", rated), ("both", both)):
        print(
            f"{name:5} {statistics.median(spent):6.2f} ms a frame, "
            f"mean {statistics.mean(spent):6.2f}, worst {max(spent):6.2f}"
        )
    tracemalloc.start()
    engine, history = Engine(hosts), History()
    for _ in range(int(MINUTE_S / FRAME_S)):
        history.add(engine.step())
    history.latest = None
    del engine, before, snapshot, agent, origin
    kept = tracemalloc.get_traced_memory()[0]
    print(f"{kept / 2**20:.1f} MiB for {MINUTE_S} s of {hosts} hosts")


if __name__ == "__main__":
    main()
