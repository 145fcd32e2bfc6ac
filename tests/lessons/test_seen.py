"""What a claim is told: differences of counters, extremes of levels."""

from __future__ import annotations

from pooltop.core.edits import EditRecord
from pooltop.core.model import AgentOptions, OriginKey
from pooltop.core.snapshot import AgentSnapshot, OriginCounters, OriginSnapshot, Snapshot
from pooltop.core.states import CloseReason
from pooltop.lessons.seen import Seen


def picture(seconds: float, *origins: OriginSnapshot, edits: tuple[EditRecord, ...] = ()):
    """Give an instant of one agent."""
    agent = AgentSnapshot(
        name="api", options=AgentOptions(), initial_options=AgentOptions(), origins=origins
    )
    return Snapshot(seq=1, at=seconds, wall_at=0.0, agents=(agent,), edits=edits)


def origin(host: str = "api", *, queued: int = 0, active: int = 0, **counters: object):
    """Give one pool."""
    return OriginSnapshot(
        key=OriginKey(host),
        scheme="http",
        host=f"{host}.localhost",
        port=80,
        queued=queued,
        active=active,
        counters=OriginCounters(**counters),  # type: ignore[arg-type]
    )


def edit(number: int) -> EditRecord:
    """Give an edit that was accepted."""
    return EditRecord(
        number=number, at=0, wall_at=0, option="max_sockets", before=1, after=2, by="operator"
    )


def test_counters_are_told_as_what_came_since_the_step_began():
    reason = CloseReason.IDLE_TIMEOUT
    seen = Seen(
        [
            picture(1.0, origin(opened=3, assigned=10, reused=7, failed={"E": 1})),
            picture(
                2.0,
                origin(opened=4, assigned=20, reused=16, failed={"E": 2, "F": 3},
                       closed={reason.value: 2}),
            ),
        ]
    )  # fmt: skip
    pool = seen.pool("api")

    assert seen.span_s == 1.0
    assert (pool.opened, pool.assigned, pool.reused, pool.reuse) == (1, 10, 9, 0.9)
    assert (pool.failed(), pool.failed("E"), pool.failed("F")) == (4, 1, 3)
    assert pool.closed(reason) == 2
    assert pool.closed(CloseReason.PEER_FIN) == 0


def test_levels_are_told_by_their_peak_after_the_step_began():
    seen = Seen(
        [
            picture(1.0, origin(queued=9, active=9)),
            picture(2.0, origin(queued=4, active=1)),
            picture(3.0, origin(queued=2, active=2)),
        ]
    )

    assert (seen.pool("api").most_queued, seen.pool("api").most_in_use) == (4, 2)


def test_a_pool_that_was_not_there_yet_began_at_nothing():
    seen = Seen([picture(1.0), picture(2.0, origin(opened=2))])

    assert seen.pool("api").opened == 2
    assert seen.pool("api", "other").now is None


def test_the_pool_of_one_of_several_hosts_is_told_by_the_hosts_name():
    pictures = [picture(1.0), picture(2.0, origin("a", opened=1), origin("b", opened=5))]

    assert Seen(pictures).pool("api", "b").opened == 5


def test_what_came_after_an_edit_begins_with_the_first_picture_that_has_it():
    pictures = [
        picture(1.0, origin(opened=1), edits=(edit(1),)),
        picture(2.0, origin(opened=5), edits=(edit(1),)),
        picture(3.0, origin(opened=6), edits=(edit(1), edit(2))),
    ]

    assert Seen(pictures).since_edit is None
    after = Seen([*pictures, picture(4.0, origin(opened=8), edits=(edit(1), edit(2)))]).since_edit
    assert after is not None
    assert after.pool("api").opened == 2
    assert [each.number for each in Seen(pictures).edits] == [2]
