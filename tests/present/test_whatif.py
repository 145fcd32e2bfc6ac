"""What if on a screen, as text: the study of a host, its picture, and what is promised of an edit."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from msgspec.structs import replace as put

from pooltop.advise.whatif import Band, Prediction, Sweep
from pooltop.core.edits import EditRecord
from pooltop.core.histogram import Recorder
from pooltop.core.model import AgentOptions, HostId, OriginKey
from pooltop.core.snapshot import (
    AgentSnapshot,
    OriginCounters,
    OriginLatency,
    OriginSnapshot,
    Snapshot,
    WorkloadSnapshot,
)
from pooltop.present.history import History
from pooltop.present.keys import STANDARD
from pooltop.present.line import text_of, width_of
from pooltop.present.whatif import Promise, Study, begun, past_in, promise_of
from pooltop.present.whatif_plot import whatif_lines

KEY = OriginKey("a:80:")
HOST = HostId("x", KEY)


class Past:
    """A host that is sent 50 requests a second of 40 ms, one snapshot every half second."""

    def __init__(self, **options) -> None:
        self.options = AgentOptions(**{"keep_alive": True, "max_sockets": 3} | options)
        self.wait, self.queue = Recorder(), Recorder()
        self.at = self.done = 0.0
        self.history = History()
        self.edits: tuple[EditRecord, ...] = ()
        self.lease_s = 0.04

    def run(self, seconds: float) -> Snapshot:
        for _ in range(int(seconds * 2)):
            self.at += 0.5
            self.done += 25
            for _ in range(25):
                self.wait.record(self.lease_s)
                self.queue.record(0.0)
            self.history.add(self.snapshot())
        return self.snapshot()

    def snapshot(self) -> Snapshot:
        done = int(self.done)
        origin = OriginSnapshot(
            key=KEY,
            scheme="http",
            host="a",
            port=80,
            counters=OriginCounters(submitted=done, completed=done, assigned=done),
            latency=OriginLatency(queue=self.queue.freeze(), wait=self.wait.freeze()),
        )
        agent = AgentSnapshot(
            name="x", options=self.options, initial_options=self.options, origins=(origin,)
        )
        load = WorkloadSnapshot(
            name="w",
            agent="x",
            target="a:80",
            state="running",
            pattern="",
            rate=50.0,
            arrival="constant",
            offered=done,
            sent=done,
        )
        return Snapshot(
            seq=1, at=self.at, wall_at=self.at, agents=(agent,), workloads=(load,), edits=self.edits
        )


def study_of(past: Past, **more) -> Study:
    return begun(Study(host=HOST, name="a:80", **more), past.run(0.5), past.history)


def worked(study: Study, *limits: float) -> Study:
    sweep = Sweep(study.traffic, random.Random, limits, most=3000)
    for _ in sweep.work():
        pass
    return replace(study, curve=sweep.curve())


def edit(at: float, **values) -> EditRecord:
    given = {"number": 1, "at": at, "wall_at": at, "agent": "x", "option": "max_sockets"}
    return EditRecord(**given | {"before": 3.0, "after": 5.0, "by": "operator"} | values)


def test_the_last_half_minute_is_what_is_measured():
    past = Past()
    past.run(60)
    study = study_of(past)
    assert study.traffic.span_s == pytest.approx(30, abs=1)
    assert study.traffic.samples == pytest.approx(1500, abs=60)
    assert study.traffic.lease.mean_s == pytest.approx(0.04, rel=0.02)
    assert [(each.rate, each.is_constant) for each in study.traffic.streams] == [(50.0, True)]
    assert (study.present, study.proposed) == (3, 3)


def test_what_was_before_an_edit_is_not_taken_for_now():
    past = Past()
    past.lease_s = 1.0
    past.run(20)
    past.edits = (edit(past.at),)
    past.lease_s = 0.04
    past.run(10)
    traffic = study_of(past).traffic
    assert traffic.span_s == pytest.approx(10, abs=1)
    assert traffic.lease.mean_s < 0.1


def test_another_agents_edit_changes_nothing():
    past = Past()
    past.run(20)
    past.edits = (edit(past.at, agent="y"),)
    assert past_in(past.history, past.run(0.5), HOST).span_s == pytest.approx(20, abs=1)


def test_without_a_limit_the_proposal_is_what_the_load_needs():
    past = Past(max_sockets=math.inf)
    past.run(10)
    study = study_of(past)
    # Two sockets in use, and their root.
    assert (study.present, study.proposed) == (math.inf, 4)


def test_of_too_little_it_is_said_why_nothing_is_predicted():
    study = study_of(Past())
    assert "50 are needed" in study.problem
    assert study.moved(1) == study
    (line,) = whatif_lines(study, 80, 18, STANDARD)
    assert "nothing can be said yet" in text_of(line)


def test_a_proposal_moves_and_stays_a_limit():
    past = Past()
    past.run(10)
    study = study_of(past)
    assert study.moved(1).proposed == 4
    assert study.moved(-10).proposed == 1
    assert study.moved(10**9).proposed == 100_000


@pytest.mark.parametrize(("width", "height"), [(80, 18), (120, 30), (200, 50), (60, 8), (40, 4)])
def test_the_picture_fits_and_marks_both_limits(width, height):
    past = Past()
    past.run(10)
    study = worked(replace(study_of(past), proposed=5), 1, 2, 3, 4, 5, 6, 8, 12)
    lines = whatif_lines(study, width, height, STANDARD)
    assert len(lines) <= height
    assert max(width_of(line) for line in lines) <= width
    text = "\n".join(map(text_of, lines))
    assert "maxSockets 3 > [5]" in text
    assert "(3)" in text
    assert ("100ms |" in text) is (height >= 18)
    if height >= 8:
        assert "used" in text


def test_of_many_limits_the_marked_ones_are_always_shown():
    past = Past()
    past.run(10)
    study = worked(replace(study_of(past), proposed=17), *range(1, 30))
    text = "\n".join(text_of(line) for line in whatif_lines(study, 60, 18, STANDARD))
    assert "(3)" in text
    assert "[17]" in text


def test_the_same_picture_in_every_encoding():
    past = Past()
    past.run(10)
    study = worked(study_of(past), 1, 2, 3)
    assert all(text_of(line).isascii() for line in whatif_lines(study, 80, 18, STANDARD))


def told(value: float) -> Prediction:
    band = Band(value, value / 2, value * 2)
    return Prediction(5.0, band, band, band, band, 0.0, 100)


def test_a_promise_is_of_the_edit_that_was_asked_for_then():
    promises = (Promise(HOST, 5.0, 100.0, told(0.1)), Promise(HOST, 5.0, 400.0, told(0.2)))
    assert promise_of(edit(401.0), promises) is promises[1]
    assert promise_of(edit(100.5), promises) is promises[0]
    assert promise_of(edit(200.0), promises) is None
    assert promise_of(edit(100.5, after=6.0), promises) is None
    assert promise_of(edit(100.5, agent="y"), promises) is None
    assert promise_of(put(edit(100.5), option="timeout"), promises) is None
