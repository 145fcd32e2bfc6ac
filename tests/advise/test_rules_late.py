"""A19 to A35 by hand: what just raises each, and every single thing without which it does not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from support.views import AT, spread, view, window

from pooltop.advise.table import TABLE
from pooltop.core.dispatcher_snapshot import SessionInfo, SessionSettings
from pooltop.core.edits import EditRecord
from pooltop.core.model import OriginKey, RequestId, SocketId
from pooltop.core.snapshot import Moved, OriginSnapshot, RequestInfo, SocketInfo, TimeWait
from pooltop.core.states import CloseReason, RequestState, SocketState
from pooltop.core.undici.options import DispatcherOptions

RULES = {each.id: each.rule for each in TABLE}


FACTS = {"A19", "A20", "A21", "A22", "A24", "A25", "A26", "A28", "A34"}
"""What is seen as it is, whatever the number of requests."""


def socket(number: int = 1, state: SocketState = SocketState.ACTIVE, **more: Any) -> SocketInfo:
    times = {"opened_at": AT - 60, "since": AT - 60, **more}
    return SocketInfo(id=SocketId(number), state=state, **times)


def request(number: int, at: float = AT - 5, *, queued: bool = True, **more: Any) -> RequestInfo:
    state = RequestState.QUEUED if queued else RequestState.RUNNING
    return RequestInfo(
        id=RequestId(number), state=state, method="GET", target="/", submitted_at=at, **more
    )


def edit(**more: Any) -> EditRecord:
    told = {"number": 1, "at": AT - 8, "wall_at": 0.0, "agent": "a", "option": "max_sockets"}
    return EditRecord(**{**told, "before": 2.0, "after": 10.0, "by": "operator", **more})


def session(streams: int, cap: int = 100) -> SocketInfo:
    peer = SessionSettings(max_concurrent_streams=cap)
    return socket(session=SessionInfo(streams=streams, peer=peer))


IN_USE = tuple(socket(n) for n in range(2))
RAISED = {
    "edits": (edit(),),
    "origin": {
        "oldest_queued_at": AT - 9,
        "queued": 1,
        "requests": (request(1, AT - 9, overtaken_by=1),),
        "sockets": tuple(socket(n) for n in range(10)),
    },
}
LOWERED = {
    "origin": {"total": 11, "free": 5},
    "levels": {"mean_in_use": 6.0, "mean_free": 5.0},
}
UNREAD = {
    "options": {"max_sockets": 2.0},
    "origin": {"sockets": (socket(1, unread_since=AT - 1.1), socket(2))},
}
TAXED = {"latency": {"total": spread(_100=100), "connect": spread(_205=10)}}
NEVER_RESUMED = {
    "latency": {"total": spread(_100=100), "connect": spread(_1=5)},
    "counts": {"handshakes": 5, "resumed": 0},
}
OTHER = OriginSnapshot(key=OriginKey("h:80::4"), scheme="http", host="h", port=80)
PEERS = {
    "counts": {"peers": {"p:1": 701, "q:1": 300, "r:1": 400}},
    "origin": {"free_sockets": tuple(socket(n, remote=f"{p}:1") for n, p in enumerate("pqr"))},
}
MOVED = {
    "origin": {
        "moved": Moved(since=AT - 1, count=1, lifetime_s=5.0),
        "free_sockets": (socket(opened_at=AT - 10.1),),
    }
}
CLOSING = {
    "process": {"local_ports": 600},
    "counts": {"closed": {CloseReason.CONNECTION_CLOSE: 71}},
}
FULL_STREAMS = {
    "agent": {"dispatcher": DispatcherOptions(kind="h2", connections=1, live="drain")},
    "options": {"max_sockets": 1.0},
    "origin": {"sockets": (session(4, 4),)},
    "levels": {"waiting": 0.5, "mean_queued": 4.0},
}
THIN = {
    "agent": {"dispatcher": DispatcherOptions(kind="undici-pool", connections=10, live="drain")},
    "origin": {"sockets": tuple(session(1) for _ in range(4))},
}
SPREAD = {
    "levels": {"waiting": 0.5},
    "latency": {"odd_lease": spread(_10=94, _110=10)},
}
STORM = {
    "counts": {"retried": 100, "requeued": 101},
    "earlier": (window(lease=(1000, 10.0)),),
}
USERS = {"load": {"model": "closed", "users": 10, "sent": 1000}}
WIDE = {"levels": {"mean_in_use": 2.9, "peak_in_use": 5}, "lease": (1000, 12.0)}
NESTED = {
    "options": {"max_sockets": 2.0},
    "levels": {"at_limit": 0.95, "limit": 2.0},
    "counts": {"completed": 0, "bytes_in": 0},
    "origin": {
        "sockets": IN_USE,
        "running": (request(1, queued=False), request(2, queued=False)),
        "requests": (
            request(3, parent=RequestId(1)),
            request(4, parent=RequestId(2)),
            request(5),
        ),
    },
}
DEAD = {
    "levels": {"waiting": 0.5},
    "counts": {"completed": 0, "failed": {"connect clock": 6, "queue clock": 5}},
}

HOLDS: dict[str, tuple[str, dict[str, Any], dict[str, dict[str, Any]]]] = {
    "raised": (
        "A19",
        RAISED,
        {
            "mode drain": {"options": {"live": "drain"}},
            "lowered": {"edits": (edit(before=20.0),)},
            "of another agent": {"edits": (edit(agent="b"),)},
            "of another host": {"edits": (edit(host="x:1"),)},
            "of another option": {"edits": (edit(option="timeout"),)},
            "taken back": {"edits": (edit(fate="undone"),)},
            "lowered again": {"edits": (edit(), edit(number=2, before=10.0, after=4.0))},
            "before a lease is over": {"lease": (10, 90.0)},
            "nobody waits": {"origin": {"oldest_queued_at": None, "requests": ()}},
            "who waits came later": {"origin": {"oldest_queued_at": AT - 7}},
            "nobody overtakes, no room": {"origin": {"requests": (request(1, AT - 9),)}},
        },
    ),
    "raised from no limit to one": (
        "A19",
        {**RAISED, "edits": (edit(before=5.0, after=None),)},
        {"the other way": {"edits": (edit(before=None, after=5.0),)}},
    ),
    "raised, and there is room": (
        "A19",
        {
            **RAISED,
            "origin": {**RAISED["origin"], "requests": (request(1, AT - 9),), "sockets": IN_USE},
        },
        {"given up": {"origin": {"requests": (request(1, AT - 9, aborted=True),)}}},
    ),
    "lowered": (
        "A20",
        LOWERED,
        {
            "mode drain": {"options": {"live": "drain"}},
            "no limit": {"options": {"max_sockets": math.inf}},
            "as many as allowed": {"origin": {"total": 10}},
            "they close": {"origin": {"closing": 1}},
            "but for a moment": {"levels": {"mean_free": 4.0}},
            "an agent each": {"options": {"per_request": True}},
        },
    ),
    "ghosts": (
        "A21",
        {"origin": {"queued": 20, "queued_given_up": 2}},
        {"too few": {"origin": {"queued": 21}}, "none": {"origin": {"queued_given_up": 0}}},
    ),
    "unread": (
        "A22",
        UNREAD,
        {
            "only just come": {"origin": {"sockets": (socket(1, unread_since=AT - 1), socket(2))}},
            "all are read": {"origin": {"sockets": IN_USE}},
            "there is room": {"options": {"max_sockets": 3.0}},
            "one of many": {
                "options": {"max_sockets": 3.0},
                "origin": {"sockets": (*UNREAD["origin"]["sockets"], socket(3))},
            },
        },
    ),
    "unread without a limit": (
        "A22",
        {
            "options": {"max_sockets": math.inf},
            "origin": {"sockets": tuple(socket(n, unread_since=AT - 2) for n in range(5))},
        },
        {"four": {"origin": {"sockets": tuple(socket(n, unread_since=1.0) for n in range(4))}}},
    ),
    "taxed": (
        "A23",
        TAXED,
        {
            "a fifth": {"latency": {"total": spread(_100=100), "connect": spread(_195=10)}},
            "four connects": {"latency": {"total": spread(_100=100), "connect": spread(_900=4)}},
            "few requests": {"counts": {"completed": 19}},
        },
    ),
    "never resumed": (
        "A23",
        NEVER_RESUMED,
        {
            "once resumed": {"counts": {"handshakes": 5, "resumed": 1}},
            "a start": {"counts": {"handshakes": 4, "resumed": 0}},
        },
    ),
    "closing": (
        "A24",
        CLOSING,
        {
            "slowly": {"counts": {"closed": {CloseReason.CONNECTION_CLOSE: 70}}},
            "by the peer": {"counts": {"closed": {CloseReason.PEER_FIN: 900}}},
            "the kernel has none of ours": {
                "origin": {"time_wait": TimeWait(at=AT, ours=0, fullest=0)}
            },
            "ports are not known": {"process": {"local_ports": None}},
        },
    ),
    "ports held": (
        "A24",
        {
            "process": {"local_ports": 100},
            "origin": {"time_wait": TimeWait(at=AT, ours=71, fullest=71)},
        },
        {"fewer": {"origin": {"time_wait": TimeWait(at=AT, ours=90, fullest=70)}}},
    ),
    "no port was found": (
        "A24",
        {"process": {"local_ports": 28_232}, "counts": {"failed": {"EADDRNOTAVAIL": 1}}},
        {"something else": {"counts": {"failed": {"ECONNREFUSED": 1}}}},
    ),
    "descriptors": (
        "A25",
        {"process": {"open_fds": 51, "max_fds": 100}},
        {
            "half": {"process": {"open_fds": 50, "max_fds": 100}},
            "no limit": {"process": {"open_fds": 51, "max_fds": None}},
        },
    ),
    "descriptors below the profile's ceiling": (
        "A25",
        {"process": {"open_fds": 19, "max_fds": 100, "fd_ceiling": 20}},
        {"room": {"process": {"open_fds": 18, "max_fds": 100, "fd_ceiling": 20}}},
    ),
    "two keys": (
        "A26",
        {"others": (OTHER,), "siblings": (window(OTHER.key),)},
        {
            "one is not used": {"siblings": (window(OTHER.key, counts={"assigned": 0}),)},
            "another port": {"others": (OriginSnapshot(key=OTHER.key, scheme="http", host="h", port=81),)},
        },
    ),
    "uneven": (
        "A27",
        PEERS,
        {
            "twice": {"counts": {"peers": {"p:1": 700, "q:1": 300, "r:1": 400}}},
            "it was even lately": {"before": {"peers": {"p:1": 300}}},
            "the others are gone": {"origin": {"free_sockets": (socket(remote="p:1"),)}},
            "hardly used": {"counts": {"peers": {"p:1": 17, "q:1": 1, "r:1": 1}}},
        },
    ),
    "moved": (
        "A28",
        MOVED,
        {
            "young": {"origin": {"free_sockets": (socket(opened_at=AT - 10),)}},
            "not moved": {"origin": {"moved": None}},
            "closed": {"origin": {"free_sockets": ()}},
        },
    ),
    "full of streams": (
        "A29",
        FULL_STREAMS,
        {
            "room for one": {"origin": {"sockets": (session(3, 4),)}},
            "nobody waits": {"levels": {"waiting": 0.4}},
            "an agent": {"agent": {"dispatcher": None}},
        },
    ),
    "a stream each": (
        "A29",
        THIN,
        {
            "three sessions": {"origin": {"sockets": tuple(session(1) for _ in range(3))}},
            "two each": {"origin": {"sockets": tuple(session(2) for _ in range(4))}},
            "no more are allowed": {"origin": {"sockets": tuple(session(1, 1) for _ in range(4))}},
        },
    ),
    "spread": (
        "A30",
        SPREAD,
        {
            "nobody waits": {"levels": {"waiting": 0.4}},
            "all alike": {"latency": {"odd_lease": spread(_10=94, _95=10)}},
            "too rare": {"latency": {"odd_lease": spread(_10=97, _110=3)}},
            "few": {"lease": (19, 1.0)},
        },
    ),
    "storm": (
        "A31",
        STORM,
        {
            "a fifth": {"counts": {"retried": 100, "requeued": 100}},
            "the target is well": {"earlier": (window(lease=(1000, 45.0)),)},
            "nothing to compare with": {"earlier": ()},
        },
    ),
    "dropped": (
        "A32",
        {"load": {"offered": 100, "sent": 99, "dropped": 1}},
        {"none": {"load": {"offered": 100, "sent": 100, "dropped": 0}}, "no load": {"load": None}},
    ),
    "as many users as sockets": (
        "A32",
        USERS,
        {
            "one more": {"load": {**USERS["load"], "users": 11}},
            "on its way": {"load": {**USERS["load"], "heading_for": 50.0}},
            "somebody waited": {"counts": {"queued": 1}},
            "no limit": {"options": {"max_sockets": math.inf}},
            "few": {"load": {**USERS["load"], "sent": 19}},
            "nobody": {"load": {**USERS["load"], "users": 0}},
        },
    ),
    "wide": (
        "A33",
        WIDE,
        {
            "used enough": {"levels": {"mean_in_use": 3.0, "peak_in_use": 5}},
            "all in use once": {"levels": {"mean_in_use": 1.0, "peak_in_use": 10}},
            "all in use once before": {"earlier": (window(levels={"peak_in_use": 10}),)},
            "more than half in use once": {"levels": {"mean_in_use": 1.0, "peak_in_use": 6}},
            "somebody waited": {"counts": {"queued": 1}},
            "no limit": {"options": {"max_sockets": math.inf}},
            "few": {"counts": {"completed": 19}},
            "an agent each": {"options": {"per_request": True}},
            "streams": {"origin": {"sockets": (session(1),)}},
        },
    ),
    "nested": (
        "A34",
        NESTED,
        {
            "something was served": {"counts": {"completed": 1}},
            "something came": {"counts": {"completed": 0, "bytes_in": 1}},
            "not full": {"levels": {"at_limit": 0.94}},
            "one of two": {"origin": {"requests": (request(3, parent=RequestId(1)),)}},
            "nobody's children": {"origin": {"requests": (request(3), request(4))}},
            "no limit": {"options": {"max_sockets": math.inf}},
        },
    ),
    "dead": (
        "A35",
        DEAD,
        {
            "nobody waits": {"levels": {"waiting": 0.4}},
            "half of them": {"counts": {"completed": 0, "failed": {"connect clock": 6, "queue clock": 6}}},
            "one is served": {"counts": {"completed": 1}},
            "reset later": {"counts": {"completed": 0, "failed": {"ECONNRESET": 6}}},
            "nothing ended": {"counts": {"completed": 0, "failed": {}}},
        },
    ),
}  # fmt: skip
MISSES = [(case, miss) for case, (_, _, misses) in HOLDS.items() for miss in misses]


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
    finding = RULES[id_](view(**how))
    assert finding is not None
    assert finding.evidence
    assert finding.samples > 0
    assert (id_ in FACTS or case == "dropped") == finding.is_fact
    assert all(math.isfinite(each.value) for each in finding.evidence)


@pytest.mark.parametrize(("case", "miss"), MISSES)
def test_a_rule_finds_nothing_without_any_part_of_it(case, miss):
    id_, how, misses = HOLDS[case]
    assert RULES[id_](view(**_with(how, misses[miss]))) is None


def test_every_late_rule_has_a_case_and_says_nothing_of_a_pool_that_is_well():
    late = {f"A{n}" for n in range(19, 36)}
    assert late == {id_ for id_, _, _ in HOLDS.values()}
    assert [] == [id_ for id_ in sorted(late) if RULES[id_](view()) is not None]


@pytest.mark.parametrize(
    ("case", "proposed"),
    [
        ("raised", ("live", "drain")),
        ("lowered", ("live", "drain")),
        ("uneven", ("scheduling", "fifo")),
        ("full of streams", ("connections", 3.0)),
        ("a stream each", ("connections", 1.0)),
        ("wide", ("max_sockets", 5.0)),
        ("nested", ("max_sockets", 4.0)),
        ("taxed", None),
        ("closing", None),
    ],
)
def test_what_is_proposed(case, proposed):
    id_, how, _ = HOLDS[case]
    change = RULES[id_](view(**how)).edit
    assert proposed == (change and (change.option, change.value))


@pytest.mark.parametrize(("case", "id_"), [("taxed", "A23"), ("closing", "A24")])
def test_keep_alive_is_proposed_where_it_is_off(case, id_):
    off = _with(HOLDS[case][1], {"options": {"keep_alive": False}})
    change = RULES[id_](view(**off)).edit
    assert ("keep_alive", True) == (change.option, change.value)


def test_calls_within_calls_within_calls_need_more():
    deeper = _with(
        NESTED,
        {
            "origin": {
                "running": (
                    request(1, queued=False),
                    request(2, queued=False, parent=RequestId(1)),
                ),
                "requests": (
                    request(3, parent=RequestId(2)),
                    request(4, parent=RequestId(1)),
                    request(5),
                ),
            }
        },
    )
    finding = RULES["A34"](view(**deeper))
    # Two callers, of which one holds three sockets at once: 2 * (3 - 1) + 1.
    assert ("max_sockets", 5.0) == (finding.edit.option, finding.edit.value)
