"""A server that stalls for two seconds: an open workload's p99 tells it, as wrk2's method would."""

from __future__ import annotations

import asyncio
import math
import time

import pytest

from pooltop.core.traffic import Workload
from pooltop.engine.open_workload import OpenRunner
from pooltop.engine.workload import Around

STALL_S = 2.0
RATE = 100.0
DURATION_S = 3.0
FIRST_STALLED = 50


def _quantile(values, q):
    """Give the value that a share ``q`` of them does not go beyond."""
    return sorted(values)[max(1, math.ceil(q * len(values))) - 1]


async def test_the_p99_of_an_open_workload_tells_a_stall_as_wrk2_would(serve, agent_of):
    answered = []
    begun = []

    async def handle(wire):
        while await wire.request() is not None:
            begun.append(time.monotonic())
            if len(begun) == FIRST_STALLED:
                await asyncio.sleep(STALL_S)
            answered.append(time.monotonic())
            wire.reply()

    server = await serve(handle)
    agent = agent_of(keep_alive=True, max_sockets=1)
    done = asyncio.Event()
    load = Workload(name="w", agent="a", base_url=server.url, rate=RATE, duration=DURATION_S)
    runner = OpenRunner(load, agent, Around(on_done=lambda _: done.set()))
    runner.start()
    await asyncio.wait_for(done.wait(), 20)
    told = runner.snapshot()

    # By hand. wrk2: a latency is from when a request should have been sent, at a constant rate.
    # There is one connection, so that requests are answered in the order of their arrival.
    due = [runner._started_at + n / RATE for n in range(round(RATE * DURATION_S))]
    corrected = [end - at for at, end in zip(due, answered, strict=True)]
    uncorrected = [end - at for at, end in zip(begun, answered, strict=True)]

    assert 300 == told.completed == len(corrected)
    for q in (0.5, 0.9, 0.99, 1.0):
        assert told.latency.quantile(q) == pytest.approx(
            _quantile(corrected, q), rel=0.011, abs=0.1
        )
    # A stall of S, at rate R, gives S, S - 1/R, S - 2/R ...: p99 of 300 is the fourth of them.
    assert told.latency.quantile(0.99) > STALL_S - 4 / RATE - 0.1
    # What a tool sees that waits for an answer before it asks again: one slow request in 300.
    assert _quantile(uncorrected, 0.99) < STALL_S / 4
    assert sum(corrected) / len(corrected) == pytest.approx(
        told.latency.sum_s / told.latency.count, abs=0.1
    )
    # And where it was spent: all but one waited in our own queue, behind the one.
    phases = told.classes[0].phases
    assert phases.wait.quantile(0.99) < STALL_S / 4 < phases.wait.quantile(1.0)
    assert phases.queue.sum_s > 0.9 * (phases.total.sum_s - STALL_S)
