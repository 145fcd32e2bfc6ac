"""What is told of one request, line by line."""

from __future__ import annotations

import math

import msgspec
import pytest
from support.scenes import (
    ACTIVE,
    HOST,
    OPTIONS,
    RUNNING,
    RUNNING_DETAIL,
    SOCKET_DETAIL,
    queued,
    scene,
    waiting,
)

from pooltop.core.detail import Fate, FateKind, Outlook
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import Snapshot
from pooltop.core.states import CloseReason, QueueReason
from pooltop.present.blocks import lay_out
from pooltop.present.inspect_request import DEFINITIONS, request_blocks, request_title
from pooltop.present.line import text_of
from pooltop.present.pictures import RequestPicture, request_picture

replace = msgspec.structs.replace
DRAIN = replace(OPTIONS, live="drain")


def picture(snapshot: Snapshot, number: int = 8717) -> RequestPicture:
    found = request_picture(snapshot, HOST, RequestId(number))
    assert found is not None
    return found


def shown(snapshot: Snapshot, width: int, height: int, number: int = 8717) -> list[str]:
    blocks = request_blocks(picture(snapshot, number), width, height, ascii_only=True)
    return [text_of(line) for line in lay_out(blocks, width, height)]


def said(snapshot: Snapshot, name: str, number: int = 8717) -> str:
    blocks = request_blocks(picture(snapshot, number), 400, 10)
    (block,) = (block for block in blocks if block.name == name)
    return "  ".join(text_of(part.line) for part in block.parts)


def test_a_queued_request_on_half_a_screen_of_100_columns() -> None:
    snapshot = scene(
        options=DRAIN,
        details=(
            replace(SOCKET_DETAIL, fate=Fate(kind=FateKind.HAND_OVER, request=RequestId(8717))),
        ),
    )
    assert [
        "REQUEST      workload checkout/charge  29s to its total clock  try 1  body 412 bytes",
        "WHY WAITING  no free socket and maxSockets reached: 4 held of 4 (maxTotalSockets sets no limit)",
        "WOULD START  in about 600ms (estimate)  at once if maxSockets >= 6 (DRAIN)",
        "IT GETS      s17, when its response ends",
        "LIFE         q queue 1.3s",
        "             " + "q" * 52 + ">" + "." * 29 + " 2.0s",
    ] == shown(snapshot, 100, 12)


def test_a_pane_of_40_by_8_keeps_why_and_when() -> None:
    assert [
        "REQUEST workload checkout/charge  try 1",
        "WHY WAITING no free socket and",
        "  maxSockets reached: 4 held of 4",
        "  (maxTotalSockets sets no limit)",
        "WOULD START in about 600ms (estimate)",
    ] == shown(scene(), 40, 5)


def test_a_running_request_tells_its_phases_and_its_header() -> None:
    assert [
        "REQUEST      workload checkout/charge",
        "             27s to its total clock  try 1",
        "             body 412 bytes",
        "NOW          on s17: waits for the first byte since 2.1s",
        "             request 1204 of this socket",
        "LIFE         q queue 900ms  s send 1.0ms  w wait 2.1s",
        "             " + "q" * 7 + "s" + "w" * 15 + ">" + "." * 15 + " 5.0s",
        "HEADERS      Host: api.pay  Authorization: (hidden)",
        "             Accept: */*",
    ] == shown(scene(), 57, 14, 8380)


def test_the_title_has_method_state_and_place() -> None:
    assert "REQUEST r8717  POST /charge  QUEUED 1.3s  2 of 3" == request_title(picture(scene()))
    assert "REQUEST r8380  POST /charge  RUNNING 3.0s" == request_title(picture(scene(), 8380))
    # Without details the place is that among the told ones.
    assert request_title(picture(scene(watched=False))).endswith("2 of 3")


@pytest.mark.parametrize(
    ("options", "request_", "detail", "words"),
    [
        (
            replace(OPTIONS, max_total_sockets=100.0),
            {},
            {},
            "no free socket and maxSockets reached: 4 held of 4 "
            "(maxTotalSockets is not the cause, 61 of 100)",
        ),
        (
            OPTIONS,
            {"why": QueueReason.MAX_TOTAL_SOCKETS},
            {"counted": 61, "limit": 60.0},
            "no free socket and maxTotalSockets reached: 61 held of 60 "
            "(maxSockets is not the cause, 1 of 4)  maxTotalSockets is no limit now",
        ),
        (
            replace(OPTIONS, max_sockets=64.0),
            {"overtaken_by": 12},
            {},
            "no free socket and maxSockets reached: 4 held of 4 (maxTotalSockets sets no limit)  "
            "maxSockets is 64 now  overtaken by 12 younger: with room, a new request goes first "
            "(Node)",
        ),
        (
            OPTIONS,
            {"aborted": True, "why": None},
            {},
            "given up by its caller: it stays in the queue until its turn, as in Node",
        ),
        (
            OPTIONS,
            {},
            {"counted": None},
            "no free socket and maxSockets reached (maxTotalSockets sets no limit)",
        ),
    ],
)
def test_why_it_waits_is_the_decision_with_its_numbers(options, request_, detail, words) -> None:
    snapshot = scene(
        options=options, requests=(queued(1, **request_),), told=(waiting(1, **detail),), total=61
    )
    assert words == said(snapshot, "WHY WAITING")


@pytest.mark.parametrize(
    ("options", "outlook", "words"),
    [
        (
            OPTIONS,
            Outlook(ahead=1, held_by=QueueReason.MAX_SOCKETS, in_s=0.6, at_once_from=6),
            "in about 600ms (estimate)  a raised limit opens nothing for it (NODE): it waits for a "
            "socket to be released",
        ),
        (
            OPTIONS,
            Outlook(ahead=1),
            "no estimate: nothing was served from this queue lately  there is room, but NODE mode "
            "opens a socket only for a new request: it waits until one is released or goes away",
        ),
        (
            DRAIN,
            Outlook(ahead=1, held_by=QueueReason.MAX_TOTAL_SOCKETS, in_s=2),
            "in about 2.0s (estimate)  raising maxSockets alone starts it no sooner: "
            "maxTotalSockets is in the way",
        ),
    ],
)
def test_when_it_would_start_depends_on_what_an_edit_does(options, outlook, words) -> None:
    snapshot = scene(options=options, told=(waiting(1, outlook=outlook),))
    assert words == said(snapshot, "WOULD START")


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (Fate(kind=FateKind.HAND_OVER, request=RequestId(8717)), "s17, when its response ends"),
        (
            Fate(kind=FateKind.CLOSE, request=RequestId(8717), reason=CloseReason.OVER_MAX_SOCKETS),
            "a new socket, when s17 is closed",
        ),
        (Fate(kind=FateKind.HAND_OVER, request=RequestId(8716)), ""),
        (None, ""),
    ],
)
def test_the_socket_that_it_gets_is_the_one_whose_fate_names_it(fate, words: str) -> None:
    snapshot = scene(details=(replace(SOCKET_DETAIL, fate=fate),))
    assert words == said(snapshot, "IT GETS")


def test_where_several_sockets_would_do_the_first_to_end_counts() -> None:
    fate = Fate(kind=FateKind.HAND_OVER, request=RequestId(8717))
    details = tuple(replace(SOCKET_DETAIL, id=SocketId(n), fate=fate) for n in (17, 18))
    assert "the first of s17, s18, when its response ends" == said(
        scene(details=details), "IT GETS"
    )
    many = tuple(replace(SOCKET_DETAIL, id=SocketId(n), fate=fate) for n in range(5))
    assert "the first of s0, s1, s2 and 2 more, when its response ends" == said(
        scene(details=many), "IT GETS"
    )


def test_a_second_try_a_stream_and_a_clock_that_runs_out_are_said() -> None:
    late = waiting(1, again=True, body_bytes=None, deadline_at=1000.4)
    assert (
        "workload checkout/charge  400ms to its total clock  try 2, its first socket was stale  "
        "body streamed"
    ) == said(scene(told=(late,)), "REQUEST")
    bare = waiting(1, body_bytes=0, deadline_at=None)
    assert "library call  try 1" == said(
        scene(requests=(queued(1, label=""),), told=(bare,)), "REQUEST"
    )


def test_a_long_life_on_a_fresh_socket_shows_the_dial() -> None:
    fresh = replace(ACTIVE, requests=1, opened_at=998.0, connected_at=998.05)
    snapshot = scene(
        sockets=(fresh,), told=(replace(RUNNING_DETAIL, assigned_at=998.0, sent_at=998.06),)
    )
    assert ("q queue 1.0s  d dns 2.0ms  c tcp 15ms  t tls 33ms  s send 10ms  w wait 1.9s") == said(
        snapshot, "LIFE", 8380
    ).partition("  qqq")[0]


def test_of_a_host_that_nobody_watches_no_more_is_said_than_is_known() -> None:
    snapshot = scene(watched=False)
    names = [b.name for b in request_blocks(picture(snapshot), 100, 30) if b.parts]
    assert ["REQUEST", "WHY WAITING", "LIFE"] == names
    names = [b.name for b in request_blocks(picture(snapshot, 8380), 100, 30) if b.parts]
    assert ["REQUEST", "NOW"] == names


def test_every_name_has_a_definition() -> None:
    names = {block.name for block in request_blocks(picture(scene()), 100, 30)}
    assert names == DEFINITIONS.keys()


def test_a_request_that_is_settled_has_no_picture() -> None:
    assert request_picture(scene(), HOST, RequestId(1)) is None


def test_no_limit_then_and_one_now_is_a_change() -> None:
    snapshot = scene(told=(waiting(1, limit=math.inf),))
    assert said(snapshot, "WHY WAITING").endswith("maxSockets is 4 now")


def test_a_request_that_was_given_up_on_its_socket_says_so() -> None:
    snapshot = scene(running=(replace(RUNNING, aborted=True),))
    assert said(snapshot, "NOW", 8380).endswith("given up by its caller")


def test_a_call_within_a_call_names_the_other() -> None:
    snapshot = scene(requests=(queued(1, parent=RequestId(8380)),))
    assert "within r8380, which has a socket" in said(snapshot, "REQUEST")
