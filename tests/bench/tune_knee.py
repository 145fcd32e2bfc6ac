"""pooltop tune on servers whose knee is known: found within 20 %, and the server never hurt.

    python tests/bench/tune_knee.py [--shape cap|usl|core] [--seed 1]

Three shapes (``shaped_server``): one that works on eight at a time; one that slows as more share it
(the Universal Scalability Law); one whose answers need a core that all share. Each is sent more than
it can serve. Watched from outside: what the server takes for an answer, every 0.1 s. Above twice the
base it may be for 5 s on end at most. Exits with 1 where a shape fails.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

import shaped_server
from shaped_server import Shape

from pooltop.core.model import AgentOptions, AgentProfile, Profile
from pooltop.core.traffic import Workload
from pooltop.headless.tune import Asked, _Tune, told_as
from pooltop.sources.base import Update
from pooltop.sources.local import LocalSource

SHAPES = {
    "cap": Shape(shape="cap", mean_s=0.04, cap=8, spread="lognormal"),
    "usl": Shape(shape="usl", mean_s=0.03, sigma=0.02, kappa=0.002),
    "core": Shape(shape="core", mean_s=0.05, core_s=0.005, spread="exponential"),
}
USERS = 60
WITHIN = 0.2
TWICE, FOR_S = 2.0, 5.0


class WatchedSource(LocalSource):
    """Keeps what the server took, picture by picture."""

    def __init__(self, profile: Profile) -> None:
        super().__init__(profile, interval_s=0.1)
        self.seen: list[tuple[float, float, float]] = []

    async def start(self, on_update: Callable[[Update], None], on_end) -> None:
        def take(update: Update) -> None:
            for origin in update.snapshot.agents[0].origins:
                lease = origin.latency.lease
                self.seen.append((update.snapshot.at, lease.count, lease.sum_s))
            on_update(update)

        await super().start(take, on_end)

    def hurt_s(self, base_s: float) -> float:
        """Give for how long the server took more than twice its base, on end."""
        longest = began = 0.0
        before = self.seen[0]
        for now in self.seen[1:]:
            count = now[1] - before[1]
            if count <= 0:
                continue
            hurts = (now[2] - before[2]) / count > TWICE * base_s
            began = (began or before[0]) if hurts else 0.0
            longest = max(longest, now[0] - began if began else 0.0)
            before = now
        return longest


class Result:
    """What was told at the end, besides the lines."""

    def __init__(self) -> None:
        self._lines = told_as(lambda text: print(text, end="", flush=True), as_json=False)
        self.begun, self.tried = self._lines.begun, self._lines.tried

    def over(self, verdict, trials) -> None:
        self.verdict = verdict
        self._lines.over(verdict, trials)


def run(name: str, seed: int) -> bool:
    shape = replace(SHAPES[name], seed=seed)
    server, port = shaped_server.start(shape)
    profile = Profile(
        path="bench",
        held=True,
        agents=(AgentProfile(name="a", options=AgentOptions(keep_alive=True, max_sockets=50)),),
        workloads=(
            Workload(
                name="w",
                agent="a",
                base_url=f"http://127.0.0.1:{port}",
                model="closed",
                users=USERS,
            ),
        ),
    )
    source, told = WatchedSource(profile), Result()
    began = time.monotonic()
    try:
        asyncio.run(_Tune(source, Asked(host=f"127.0.0.1:{port}"), told).run())
    finally:
        server.stdin.close()
        server.wait(5)
    verdict = told.verdict
    hurt_s = source.hurt_s(verdict.base_s)
    off = verdict.knee / shape.knee - 1
    good = abs(off) <= WITHIN and hurt_s <= FOR_S
    print(
        f"{name}: knee {verdict.knee:.1f}, truly {shape.knee:.1f} ({off:+.0%}), "
        f"over twice the base for {hurt_s:.1f} s, in {time.monotonic() - began:.0f} s: "
        f"{'good' if good else 'FAILED'}\n"
    )
    return good


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--shape", choices=SHAPES)
    parser.add_argument("--seed", type=int, default=1, help="of the servers' chance")
    args = parser.parse_args()
    names = [args.shape] if args.shape else [*SHAPES]
    results = {name: run(name, args.seed) for name in names}
    raise SystemExit(not all(results.values()))


if __name__ == "__main__":
    main()
