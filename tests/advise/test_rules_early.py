"""A1 to A18 by hand: what just raises each, and every single thing without which it does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support.views import AT, SPAN_S, spread, view, window

from pooltop.advise.table import TABLE
from pooltop.advise.view import HostView
from pooltop.core.model import OriginKey, SocketId, Timeouts
from pooltop.core.snapshot import SocketInfo
from pooltop.core.states import CloseReason, SocketState

RULES = {each.id: each.rule for each in TABLE}
FACTS = {"A8", "A9", "A10", "A13", "A14", "A15", "A17"}
"""What is seen as it is, whatever the number of requests."""
OTHER = OriginKey("o:80:")
FULL_FREE = CloseReason.OVER_MAX_FREE_SOCKETS


def idle(number: int = 1, *, since: float = AT - SPAN_S, **more: Any) -> SocketInfo:
    return SocketInfo(
        id=SocketId(number), state=SocketState.FREE, opened_at=AT - 60, since=since, **more
    )


def hinted(hint: str = "timeout=5", **more: Any) -> dict[str, Any]:
    return {"origin": {"free_sockets": (idle(hint=hint, **more),)}}


def sibling(lease_s: float = 0.0099, **levels: Any):
    return window(OTHER, lease=(1000, 1000 * lease_s), levels={"mean_queued": 0.0, **levels})


def before(leases: int, seconds: float):
    """Give a window as busy as the one after it."""
    return window(lease=(leases, seconds), levels={"mean_in_use": 9.0})


BUSY = {
    "levels": {"mean_in_use": 9.5, "at_limit": 0.95, "waiting": 0.95, "mean_queued": 30.0},
    "latency": {"queue": spread(_21=1000)},
}
SLOWING = {**BUSY, "lease": (1000, 100.0), "earlier": (before(1000, 69.0),)}
PILE = {
    "origin": {"free_sockets": tuple(idle(n) for n in range(8)), "free": 8},
    "levels": {"peak_in_use": 8, "least_in_use": 2},
}
CHURN = {
    "options": {"max_free_sockets": 1.0},
    "counts": {"closed": {FULL_FREE: 11}, "opened": 6},
}
UNUSED = {
    "counts": {
        "assigned": 20,
        "reused": 0,
        "opened": 20,
        "closed": {CloseReason.CONNECTION_CLOSE: 10},
    }
}
BURSTS = {"options": {"keep_alive": False}, "counts": {"queued": 1, "reused": 50}}
SPIKES = {"options": {"max_sockets": math.inf}, "levels": {"peak_in_use": 20}}
EACH = {"agent": {"agents_made": 900}, "agents_made": 900}
OVER = {
    "load": {"state": "done"},
    "counts": {"submitted": 0},
    "origin": {"free_sockets": (idle(),)},
}
UNLIKE = {
    "levels": {"waiting": 0.5, "mean_queued": 8.0},
    "siblings": (sibling(mean_queued=2.0),),
}
STARVED = {
    "options": {"max_total_sockets": 2.0},
    "levels": {"starved": 0.2},
    "siblings": (sibling(mean_in_use=2.0, mean_free=0.0),),
}
STALE = {"counts": {"stale_reuse": 2}}
SHORT = {"counts": {"opened": 100, "closed": {CloseReason.HINT_TOO_SHORT: 90}}}
EARLY = {
    **hinted("timeout=2"),
    "options": {"timeout": 30_000.0},
    "timeout_events": 1,
    "latency": {"odd_lease": spread(_1100=1)},
}
BLIND = {
    "agent": {"timeouts": Timeouts(idle=0.5)},
    "latency": {"queue": spread(_600=1000)},
}

HOLDS: dict[str, tuple[str, dict[str, Any], dict[str, dict[str, Any]]]] = {
    "healthy": (
        "A1",
        BUSY,
        {
            "some room": {"levels": {"mean_in_use": 9.4}},
            "not at the limit all the time": {"levels": {"at_limit": 0.94}},
            "nobody waits for a while": {"levels": {"waiting": 0.94}},
            "waits that are wanted": {"latency": {"queue": spread(_19=1000)}},
            "no limit": {"options": {"max_sockets": math.inf}},
            "few": {"counts": {"assigned": 19}},
            "the target slows": {"lease": (1000, 100.0), "earlier": (window(lease=(1000, 70.0)),)},
            "an agent each": {"options": {"per_request": True}},
        },
    ),
    "slowing": (
        "A2",
        SLOWING,
        {
            "as fast as it was": {"earlier": (before(1000, 73.0),)},
            "nothing is known of before": {"earlier": ()},
            "few before": {"earlier": (before(19, 1.0),)},
            "nobody waits": {"levels": {"waiting": 0.0}},
        },
    ),
    "flat": (
        "A2",
        {
            **BUSY,
            "lease": (1000, 50.0),
            "earlier": (window(levels={"mean_in_use": 7.5}, lease=(0, 0.0)),),
        },
        {
            "more got more done": {"counts": {"completed": 1050}},
            "about as many in use": {
                "earlier": (window(levels={"mean_in_use": 7.7}, lease=(0, 0.0)),)
            },
        },
    ),
    "pile": (
        "A3",
        PILE,
        {
            "fewer than are used": {"levels": {"peak_in_use": 9}},
            "were used before": {"earlier": (window(levels={"peak_in_use": 9}),)},
            "one was just used": {
                "origin": {
                    "free_sockets": (*PILE["origin"]["free_sockets"][1:], idle(9, since=AT - 9))
                }
            },
            "few": {"counts": {"completed": 19}},
            "all in turn": {"options": {"scheduling": "fifo"}},
            "an agent each": {"options": {"per_request": True}},
        },
    ),
    "churn": (
        "A4",
        CHURN,
        {
            "one in a hundred": {"counts": {"closed": {FULL_FREE: 10}}},
            "not opened again": {"counts": {"opened": 5}},
            "few": {"counts": {"assigned": 19}},
        },
    ),
    "no reuse": (
        "A5",
        UNUSED,
        {
            "some reuse": {"counts": {"assigned": 20, "opened": 19}},
            "few": {"counts": {"assigned": 19, "opened": 19}},
            "none is closed yet": {"counts": {"closed": {CloseReason.CONNECTION_CLOSE: 9}}},
        },
    ),
    "bursts": (
        "A6",
        BURSTS,
        {
            "keep-alive": {"options": {"keep_alive": True}},
            "nobody waited": {"counts": {"queued": 0}},
            "hardly any": {"counts": {"reused": 49}},
            "few": {"counts": {"assigned": 19, "reused": 19}},
        },
    ),
    "spikes": (
        "A7",
        SPIKES,
        {
            "a small spike": {"levels": {"peak_in_use": 19}},
            "a limit": {"options": {"max_sockets": 1000.0}},
            "a limit of all": {"options": {"max_total_sockets": 1000.0}},
            "an agent each": {"options": {"per_request": True}},
            "few": {"counts": {"completed": 19}},
            "few at its peak": {"levels": {"peak_in_use": 7}, "lease": (1000, 10.0)},
        },
    ),
    "unverified": ("A8", {"origin": {"verified": False}}, {"verified": {"origin": {"verified": True}}}),
    "an agent each": (
        "A9",
        EACH,
        {
            "one agent": {"agent": {"agents_made": None}},
            "fewer": {"agents_made": 899},
            "few": {"counts": {"assigned": 19}},
        },
    ),
    "left open": (
        "A10",
        OVER,
        {
            "it goes on": {"load": {"state": "running"}},
            "it is held": {"load": {"state": "paused"}},
            "no load at all": {"load": None},
            "a timer closes it": {"origin": {"free_sockets": (idle(free_timeout_ms=1.0),)}},
            "requests came": {"counts": {"submitted": 1}},
        },
    ),
    "unlike": (
        "A11",
        UNLIKE,
        {
            "alike": {"siblings": (sibling(0.0101, mean_queued=2.0),)},
            "the other waits too": {"siblings": (sibling(mean_queued=2.1),)},
            "nobody waits": {"levels": {"waiting": 0.4}},
            "alone": {"siblings": ()},
            "few there": {"siblings": (window(OTHER, lease=(19, 0.1)),)},
            "few here": {"lease": (19, 1.0)},
        },
    ),
    "starved": (
        "A12",
        STARVED,
        {
            "has a socket": {"levels": {"starved": 0.19}},
            "no total": {"options": {"max_total_sockets": math.inf}},
            "alone": {"siblings": ()},
            "an agent each": {"options": {"per_request": True}},
        },
    ),
    "stale": ("A13", STALE, {"a mishap": {"counts": {"stale_reuse": 1}}}),
    "ignored": (
        "A14",
        hinted(),
        {
            "a timeout": {"options": {"timeout": 60_000.0}},
            "a timer": hinted(free_timeout_ms=1.0),
            "no keep-alive": {"options": {"keep_alive": False}},
            "no hint": hinted(""),
            "one that is not read": hinted("max=9, timeout=5"),
        },
    ),
    "ignored, and all in use just now": (
        "A14",
        {"levels": {"hint": "timeout=5"}},
        {
            "a clock of our own": {"agent": {"timeouts": Timeouts(free=4.0)}},
            "no hint": {"levels": {"hint": ""}},
        },
    ),
    "unread": (
        "A15",
        hinted("max=9, timeout=5"),
        {
            "one that is read": hinted("timeout=5, max=9"),
            "no hint": hinted("max=9"),
            "set by hand": {"options": {"timeout": 4000.0}},
            "no keep-alive": {"options": {"keep_alive": False}},
        },
    ),
    "never kept": (
        "A16",
        SHORT,
        {
            "some are": {"counts": {"closed": {CloseReason.HINT_TOO_SHORT: 89}}},
            "none closed": {"counts": {"opened": 0, "closed": {}}},
            "few": {"counts": {"assigned": 19}},
        },
    ),
    "early": (
        "A17",
        EARLY,
        {
            "no event": {"timeout_events": 0},
            "no timeout of the agent's": {"options": {"timeout": 0.0}},
            "the agent's own": {"options": {"timeout": 1000.0}},
            "a reply in time": {"latency": {"odd_lease": spread(_900=1)}},
            "nothing is used again": {"counts": {"reused": 0}},
            "no hint": hinted(""),
        },
    ),
    "blind": (
        "A18",
        BLIND,
        {
            "a wait within it": {"latency": {"queue": spread(_400=1000)}},
            "a clock of the queue": {"agent": {"timeouts": Timeouts(idle=0.5, queue=9.0)}},
            "one of all": {"agent": {"timeouts": Timeouts(idle=0.5, total=9.0)}},
            "none at all": {"agent": {"timeouts": Timeouts()}},
            "the host has one": {"origin": {"timeouts": Timeouts(idle=0.5, total=9.0)}},
            "few": {"counts": {"assigned": 19}},
        },
    ),
    "blind as Node is": (
        "A18",
        {**BLIND, "agent": {"timeouts": Timeouts(mode="node", idle=0.5, total=9.0)}},
        {"none": {"agent": {"timeouts": Timeouts(mode="node", total=9.0)}}},
    ),
}  # fmt: skip
MISSES = [(case, miss) for case, (_, _, misses) in HOLDS.items() for miss in misses]


def _view(how: dict[str, Any]) -> HostView:
    return view(**how)


def _with(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Lay what is otherwise over a case, table by table."""
    merged = dict(base)
    for name, value in other.items():
        mine = merged.get(name)
        merges = isinstance(mine, dict) and isinstance(value, dict)
        merged[name] = {**mine, **value} if merges else value
    return merged


@pytest.mark.parametrize("case", HOLDS)
def test_a_rule_finds_what_just_raises_it(case):
    id_, how, _ = HOLDS[case]
    finding = RULES[id_](_view(how))
    assert finding is not None
    assert finding.evidence
    assert (id_ in FACTS) == finding.is_fact
    assert finding.is_fact or finding.samples > 0
    assert all(math.isfinite(each.value) for each in finding.evidence)


@pytest.mark.parametrize(("case", "miss"), MISSES)
def test_a_rule_finds_nothing_without_any_part_of_it(case, miss):
    id_, how, misses = HOLDS[case]
    assert RULES[id_](_view(_with(how, misses[miss]))) is None


def test_every_early_rule_has_a_case_and_says_nothing_of_a_pool_that_is_well():
    early = {f"A{n}" for n in range(1, 19)}
    assert early == {id_ for id_, _, _ in HOLDS.values()}
    assert [] == [id_ for id_ in sorted(early) if RULES[id_](view()) is not None]


@pytest.mark.parametrize(
    ("case", "other", "proposed"),
    [
        # 100/s of 95 ms each with a wait of 20 ms at most, and 80 % in use at most.
        ("healthy", {"lease": (1000, 95.0)}, ("max_sockets", 14.0)),
        # Of users those who are in the pool.
        ("healthy", {"load": {"model": "closed"}}, ("max_sockets", 40.0)),
        # No advice leads beyond what the profile allows, nor to what is there already.
        ("healthy", {"lease": (1000, 95.0), "agent": {"ceiling": 12.0}}, ("max_sockets", 12.0)),
        ("healthy", {"agent": {"bounds": {"max_sockets": (1.0, 10.0)}}}, None),
        ("healthy", {"lease": (1000, 95.0), "process": {"max_fds": 24, "open_fds": 1}}, ("max_sockets", 11.0)),
        ("slowing", {"lease": (1000, 200.0)}, ("max_sockets", 7.0)),
        ("flat", {}, None),
        ("pile", {}, ("max_free_sockets", 6.0)),
        ("pile", {"options": {"max_free_sockets": 6.0}}, None),
        ("churn", {}, ("max_free_sockets", 10.0)),
        ("churn", {"options": {"max_free_sockets": 2.0, "max_sockets": math.inf}}, ("max_free_sockets", 7.0)),
        ("no reuse", {"options": {"keep_alive": False}}, ("keep_alive", True)),
        ("no reuse", {}, None),
        ("bursts", {}, ("keep_alive", True)),
        ("spikes", {}, ("max_sockets", 10.0)),
        ("stale", hinted(), ("timeout", 4000.0)),
        ("stale", {}, None),
        ("ignored", {}, ("timeout", 4000.0)),
        ("ignored", {"latency": {"connect": spread(_500=10)}}, ("timeout", 3400.0)),
        ("ignored", hinted("timeout=1"), None),
        # Node's timer goes on while a request runs: a reply of 4 s would not outlive it.
        ("ignored", {"latency": {"odd_lease": spread(_3900=1)}}, ("timeout", 4000.0)),
        ("ignored", {"latency": {"odd_lease": spread(_4100=1)}}, None),
        # No timer of Node's lasts as long.
        ("ignored", hinted("timeout=2147484"), ("timeout", 2147483000.0)),
        ("ignored", hinted("timeout=2147485"), None),
        ("unread", hinted("max=9, timeout=999999999"), None),
        ("unread", {}, ("timeout", 4000.0)),
        ("early", {}, None),
    ],
)  # fmt: skip
def test_what_is_proposed(case, other, proposed):
    id_, how, _ = HOLDS[case]
    change = RULES[id_](_view(_with(how, other))).edit
    assert proposed == (change and (change.option, change.value))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (CloseReason.CONNECTION_CLOSE, "Connection: close"),
        (CloseReason.HTTP_1_0, "HTTP/1.0"),
        (CloseReason.HINT_TOO_SHORT, "hint is within the agent's buffer"),
        (CloseReason.ABORTED, "not read to their end"),
        (CloseReason.OPERATOR, "its sockets are closed"),
    ],
)
def test_no_reuse_has_its_cause_named(reason, words):
    finding = RULES["A5"](_view(_with(UNUSED, {"counts": {"closed": {reason: 20}}})))
    assert words in finding.why
