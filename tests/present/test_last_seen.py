"""What is said of a request that the snapshot has no more."""

from __future__ import annotations

import msgspec
from support.scenes import AT, HOST, RUNNING, SOCKET_DETAIL, scene

from pooltop.core.detail import PastRequest
from pooltop.core.model import RequestId
from pooltop.core.snapshot import Snapshot
from pooltop.present.last_seen import LastSeen, last_seen, settled_lines, settled_title
from pooltop.present.line import text_of

replace = msgspec.structs.replace
WAITING = RequestId(8717)


def later(seconds: float, **values: object) -> Snapshot:
    """Give a moment of the host without requests, or with these values of its own."""
    now = scene()
    (agent,) = now.agents
    (origin,) = agent.origins
    none = {"requests": (), "running": (), "queued": 0}
    changed = replace(agent, origins=(replace(origin, **(none | values)),))
    return replace(now, at=AT + seconds, agents=(changed,), details=())


def ended(snapshot: Snapshot, past: PastRequest) -> Snapshot:
    told = replace(SOCKET_DETAIL, past=(past,))
    (detail,) = scene().details
    return replace(snapshot, details=(replace(detail, sockets=(told,)),))


def said(request: RequestId, seen: LastSeen, snapshot: Snapshot) -> list[str]:
    return [text_of(line) for line in settled_lines(request, seen, snapshot, 100, 12)]


def test_a_request_that_ran_is_settled_and_stays_on_the_screen_as_it_was() -> None:
    seen = last_seen(scene(), HOST, RUNNING.id, None)
    now = later(2.0)
    seen = last_seen(now, HOST, RUNNING.id, seen)
    assert "REQUEST r8380  POST /charge  SETTLED" == settled_title(RUNNING.id, seen, now)
    first, *rest = said(RUNNING.id, seen, now)
    assert (
        "r8380 is settled: it neither waits nor runs any more. How it ended is not told. "
        "As it was 2.0s ago:"
    ) == first
    assert any("checkout/charge" in line for line in rest)


def test_how_it_ended_is_told_and_kept_when_its_socket_has_forgotten_it() -> None:
    past = PastRequest(
        id=WAITING, method="POST", target="/charge", status=200, took=0.31, ended_at=AT + 1
    )
    seen = last_seen(scene(), HOST, WAITING, None)
    seen = last_seen(ended(later(1.5), past), HOST, WAITING, seen)
    forgotten = later(4.0)
    seen = last_seen(forgotten, HOST, WAITING, seen)
    assert (
        "r8717 is settled: 200 after 310ms on its socket, 3s ago. As it was 4.0s ago:"
        == (said(WAITING, seen, forgotten)[0])
    )


def test_a_failure_is_told_by_its_name() -> None:
    past = PastRequest(
        id=WAITING, method="POST", target="/", outcome="ECONNRESET", took=0.1, ended_at=AT
    )
    now = ended(later(1.0), past)
    assert ["r8717 is settled: ECONNRESET after 100ms on its socket, 1s ago."] == said(
        WAITING, last_seen(now, HOST, WAITING, None), now
    )


def test_what_was_never_seen_may_be_settled_or_far_back() -> None:
    now = later(0.0)
    seen = last_seen(now, HOST, WAITING, None)
    assert LastSeen(None) == seen
    assert "REQUEST r8717  NOT TOLD" == settled_title(WAITING, seen, now)
    assert (
        "r8717 is not told, and was not seen before: it is settled, or far back in its queue"
        in (said(WAITING, seen, now)[0])
    )


def test_one_that_waited_further_back_than_is_told_now_is_not_said_to_be_settled() -> None:
    seen = last_seen(scene(), HOST, WAITING, None)
    now = later(1.0, queued=500)
    assert "r8717 is not told any more: only the head of its queue is" in " ".join(
        said(WAITING, last_seen(now, HOST, WAITING, seen), now)
    )


def test_a_reader_who_goes_back_in_time_is_not_told_what_came_later() -> None:
    past = PastRequest(id=WAITING, method="POST", target="/", status=200, ended_at=AT + 1)
    seen = LastSeen(last_seen(scene(), HOST, WAITING, None).picture, past)
    assert LastSeen(None) == last_seen(later(-5.0), HOST, WAITING, seen)
