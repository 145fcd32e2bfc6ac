"""Traffic as if it had been measured."""

from __future__ import annotations

import math
import random

import pytest

from pooltop.advise.samples import Samples
from pooltop.advise.traffic import Begin, Stream, Traffic
from pooltop.core.histogram import Histogram, Recorder
from pooltop.core.model import AgentOptions


def recorded(*durations_s: float) -> Histogram:
    recorder = Recorder()
    for duration in durations_s:
        recorder.record(duration)
    return recorder.freeze()


def exponential(mean_s: float) -> Histogram:
    source = random.Random(7)
    return recorded(*(source.expovariate(1 / mean_s) for _ in range(20_000)))


@pytest.fixture
def histogram():
    return recorded


@pytest.fixture
def traffic():
    def make(*, lease: Histogram | None = None, **given) -> Traffic:
        options = given.pop("options", {})
        values = {
            "options": AgentOptions(**{"keep_alive": True, "max_sockets": 4, **options}),
            "streams": (Stream(50.0, is_constant=False),),
            "users": (),
            "lease": Samples(lease if lease is not None else exponential(0.05)),
            "connect": Samples(recorded(0.001)),
            "closes": 0.0,
            "queue_limit_s": math.inf,
            "begin": Begin(),
            "samples": 1000,
            "span_s": 30.0,
        }
        return Traffic(**(values | given))

    return make
