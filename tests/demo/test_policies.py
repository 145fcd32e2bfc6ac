"""Two policies by name become a profile in which they differ, and nothing else does."""

from __future__ import annotations

import itertools

import msgspec
import pytest

from pooltop.core.model import Profile
from pooltop.core.sides import Sides
from pooltop.demo.policies import NAMES, Traffic, comparison, policy
from pooltop.errors import UsageError
from pooltop.profiles import load_text

EVERY = [name.replace(":N", ":8") for name in NAMES]


def made(a: str, b: str, traffic: Traffic | None = None) -> Profile:
    loaded = load_text(comparison(a, b, traffic), "made.toml")
    assert () == loaded.warnings
    return loaded.profile


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize(("a", "b"), list(itertools.combinations(EVERY, 2)))
def test_any_two_of_them_make_a_profile_without_a_remark(a: str, b: str, tls: bool) -> None:
    profile = made(a, b, Traffic(tls=tls))

    one, other = (name.replace(":", "-") for name in (a, b))
    assert Sides(a=one, b=other) == profile.compare
    assert [one, other] == [agent.name for agent in profile.agents]
    assert [one, other] == [workload.agent for workload in profile.workloads]


def test_both_sides_are_sent_the_same_and_answered_alike() -> None:
    profile = made("keep-alive", "h2", Traffic(rate="7/s", seed=9, latency="3ms", sigma=0))

    assert [None, "keep-alive"] == [each.twin_of for each in profile.workloads]
    own = {"name": "", "agent": "", "base_url": "", "twin_of": None}
    first, second = (msgspec.structs.replace(each, **own) for each in profile.workloads)
    assert first == second
    assert (7.0, 9) == (first.rate, first.seed)
    hosts = [msgspec.structs.replace(each, name="", protocols=()) for each in profile.demo]
    assert hosts[0] == hosts[1]
    assert (9, 0.003, "https") == (hosts[0].seed, hosts[0].latency.median_s, hosts[0].scheme)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("keep-alive", "http.Agent", {"keep_alive": True, "max_sockets": 10.0}),
        ("close", "http.Agent", {"keep_alive": False, "max_sockets": 10.0}),
        ("per-request", "http.Agent", {"keep_alive": True, "per_request": True}),
        ("limit:3", "http.Agent", {"keep_alive": True, "max_sockets": 3.0}),
        ("free:2", "http.Agent", {"keep_alive": True, "max_free_sockets": 2.0}),
        ("undici", "undici-pool", {"connections": 10}),
        ("h2", "h2", {"connections": 1}),
    ],
)
def test_a_policy_is_what_its_name_says(name: str, kind: str, expected: dict[str, object]) -> None:
    agent = made(name, "shared").agents[0]

    options = agent.dispatcher or agent.options
    assert kind == (agent.dispatcher.kind if agent.dispatcher else "http.Agent")
    assert expected == {key: getattr(options, key) for key in expected}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("clos", "no policy clos; did you mean close? There are keep-alive, close,"),
        ("limit", "limit needs a number from 1 to 100000, as limit:8"),
        ("limit:0", "limit needs a number from 1 to 100000, as limit:8"),
        ("free:\u0663", "free needs a number from 1 to 100000, as free:8"),
        ("\x1b[2J", "no policy ?[2J There are"),
    ],
)
def test_what_is_no_policy_is_refused_in_words(name: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        policy(name)
    assert str(refused.value).startswith(message)


def test_a_policy_is_not_compared_with_itself() -> None:
    with pytest.raises(UsageError, match="limit:8 is compared with itself: name two policies"):
        comparison("limit:8", "limit:08")
