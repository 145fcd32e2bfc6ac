"""What a profile says of traffic, as the model has it: stages, expectations."""

from __future__ import annotations

import pytest

from pooltop.core.traffic import Expect, Stage
from pooltop.profiles import load_text


@pytest.fixture
def workload_of(good):
    """Give a function that adds keys to the smallest workload and gives it as it was read."""

    def make(added: str):
        return load_text(good + added).profile.workloads[0]

    return make


def test_stages_go_to_a_level_or_hold_it(workload_of):
    text = 'rate = "0/s"\nstages = [ { to = "60/m", over = "30s" }, { hold = "1m" }, { to = "0/s", over = "0s" } ]\n'
    assert (Stage(to=1.0, over_s=30), Stage(over_s=60), Stage(to=0, over_s=0)) == workload_of(
        text
    ).stages
    closed = workload_of('model = "closed"\nusers = 0\nstages = [ { to = 50, over = "20s" } ]\n')
    assert (0, (Stage(to=50.0, over_s=20),)) == (closed.users, closed.stages)
    assert () == workload_of("").stages


@pytest.mark.parametrize(
    ("said", "expect"),
    [
        ("{ status = 200 }", Expect(statuses=((200, 200),))),
        ('{ status = "2xx" }', Expect(statuses=((200, 299),))),
        ('{ status = [304, "4xx"], max_bytes = 9 }', Expect(statuses=((304, 304), (400, 499)), max_bytes=9)),
        ("{ max_bytes = 0 }", Expect(max_bytes=0)),
    ],
)  # fmt: skip
def test_what_is_expected_of_a_response(workload_of, said, expect):
    assert expect == workload_of(f"expect = {said}\n").requests[0].expect
    assert expect == workload_of(f"requests = [ {{ expect = {said} }} ]\n").requests[0].expect
    assert None is workload_of("").requests[0].expect
