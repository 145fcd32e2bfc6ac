"""The [[thresholds]] of a profile: what they become, and every mistake at its place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pooltop.core.thresholds import Where
from pooltop.profiles import load_profile_text

Lines = Callable[[str], list[str]]


def test_thresholds_are_part_of_the_profile(good: str) -> None:
    text = good + (
        '[[thresholds]]\nexpect = "request.duration p99 < 400ms"\n'
        'where = { workload = "w", request = "default" }\nafter = "10s"\nabort = true\n'
        '[[thresholds]]\nexpect = "pool.queue.wait p95 < 20ms"\n'
        'where = { agent = "a", host = "127.0.0.1:80" }\n'
        '[[thresholds]]\nexpect = "request.errors < 1%"\n'
    )

    first, second, third = load_profile_text(text).thresholds

    assert ("request.duration p99 < 400ms", 10.0, True) == (
        first.expect.text, first.after_s, first.abort
    )  # fmt: skip
    assert Where(workload="w", request="default") == first.where
    assert ("workload w, request default", "agent a, host 127.0.0.1:80") == (
        first.where.text, second.where.text
    )  # fmt: skip
    assert (Where(), 0.0, False) == (third.where, third.after_s, third.abort)


HEAD = "[[thresholds]]\n"
EXPECT = 'expect = "request.errors < 1%"\n'


@pytest.mark.parametrize(
    ("added", "said"),
    [
        (
            HEAD + 'expect = "request.duratoin p99 < 400ms"\n',
            '7:11 error P024 thresholds[0].expect = "request.duratoin p99 < 400ms": no such metric. Did you mean "request.duration"?',
        ),
        (
            HEAD + 'expect = "request.duration p99 < 400"\n',
            '7:34 error P024 thresholds[0].expect = "request.duration p99 < 400": expected a duration such as "400ms" or "2s". Did you mean "400ms"?',
        ),
        (
            HEAD + "expect = 'request.errors ~ 1%'\n",
            '7:26 error P024 thresholds[0].expect = "request.errors ~ 1%": allowed are <, <=, > and >=.',
        ),
        (
            HEAD + 'expect = "request\\u002eerrors ~ 1%"\n',
            '7:10 error P024 thresholds[0].expect = "request.errors ~ 1%": allowed are <, <=, > and >=.',
        ),
        (
            HEAD + 'expect = "request.errors < ${env:POOLTOP_TEST_NONE:-x}"\n',
            '7:10 error P024 thresholds[0].expect = "request.errors < ${env:POOLTOP_TEST_NONE:-x}": expected a number without a unit.',
        ),
        (HEAD, '6:1 error P014 thresholds[0]: expect is missing: add expect = "request.duration p99 < 400ms".'),
        (
            HEAD + EXPECT + 'where = { workload = "ww" }\n',
            '8:22 error P035 thresholds[0].where.workload = "ww": no such workload. Did you mean "w"?',
        ),
        (
            HEAD + EXPECT + 'where = { host = "10.0.0.1" }\n',
            '8:18 error P035 thresholds[0].where.host = "10.0.0.1": no such host. Did you mean "127.0.0.1"?',
        ),
        (
            HEAD + EXPECT + 'where = { request = "zzz" }\n',
            '8:21 error P035 thresholds[0].where.request = "zzz": no such request. There is "default".',
        ),
        (
            HEAD + EXPECT + 'where = { agnet = "a" }\n',
            '8:11 error P010 thresholds[0].where.agnet: unknown key. Did you mean "agent"?',
        ),
        (
            HEAD + 'expect = "pool.reuse > 90%"\nwhere = { workload = "w" }\n',
            "8:11 error P019 thresholds[0].where.workload: pool.reuse is an agent's and a host's: it cannot be narrowed to a workload.",
        ),
        (
            HEAD + 'expect = "request.late < 1%"\nwhere = { request = "default" }\n',
            "8:11 error P019 thresholds[0].where.request: request.late is a workload's as a whole: it cannot be narrowed to a request.",
        ),
        (
            HEAD + EXPECT + "after = 10\n",
            '8:9 error P020 thresholds[0].after = 10: a duration needs a unit. Did you mean "10s"?',
        ),
        ("[thresholds]\n" + EXPECT, "6:1 error P011 thresholds: expected an array of tables like [[thresholds]], got a table."),
    ],
)  # fmt: skip
def test_a_mistake_in_a_threshold_is_told_at_its_place(
    good: str, lines: Lines, added: str, said: str
) -> None:
    assert [f"x.toml:{said}"] == lines(good + added)


def test_a_server_of_the_demo_is_a_host_by_its_name() -> None:
    text = (
        '[demo.slow]\n[agents.a]\n[workloads.w]\nagent = "a"\nbase_url = "demo:slow"\n'
        '[[thresholds]]\nexpect = "pool.reuse > 90%"\nwhere = { host = "slow.localhost" }\n'
    )

    assert "slow.localhost" == load_profile_text(text).thresholds[0].where.host
