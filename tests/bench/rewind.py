"""What the ring for rewinding costs: CPU milliseconds an instant, and its memory, by hosts.

    PYTHONPATH=. python tests/bench/rewind.py [hosts] [minutes]

200 hosts have 2,000 sockets and 5,000 queued requests (``busy``).
Counted in process CPU time, so that a busy machine says the same; making the pictures is not counted.
"""

from __future__ import annotations

import statistics
import sys
import time
from itertools import pairwise

from busy import BusyEngine

from pooltop.present.rewind import Rewind

INTERVAL_S = 0.5


def main() -> None:
    """Measure and print."""
    hosts = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    engine = BusyEngine(hosts)
    rewind = Rewind()
    spent: list[float] = []
    for _ in range(int(minutes * 60 / INTERVAL_S)):
        snapshot = engine.step(INTERVAL_S).snapshot
        before = time.process_time()
        rewind.add(snapshot)
        spent.append(time.process_time() - before)
    kept = rewind.instants
    origins = [origin for agent in snapshot.agents for origin in agent.origins]
    sockets, queued = (sum(getattr(o, name) for o in origins) for name in ("total", "queued"))
    before = time.process_time()
    rewind.before(kept[-1])
    unpacking = time.process_time() - before
    print(f"{len(origins)} hosts, {sockets} sockets, {queued} queued, {1 / INTERVAL_S:g} updates/s")
    print(f"mean of an update   {statistics.fmean(spent) * 1000:6.1f} ms")
    print(f"worst of an update  {max(spent) * 1000:6.1f} ms")
    print(f"to look at one      {unpacking * 1000:6.1f} ms")
    print(f"memory              {rewind.memory_bytes / 2**20:6.1f} MiB for {len(kept)} instants")
    print(f"largest gap         {max(b - a for a, b in pairwise(kept)):6.1f} s")


if __name__ == "__main__":
    main()
