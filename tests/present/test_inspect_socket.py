"""What is told of one socket, line by line."""

from __future__ import annotations

import math

import msgspec
import pytest
from support.scenes import (
    ACTIVE,
    HOST,
    IDLE,
    OPTIONS,
    RUNNING,
    RUNNING_DETAIL,
    SOCKET_DETAIL,
    queued,
    scene,
)

from pooltop.core.detail import Fate, FateKind
from pooltop.core.model import RequestId, SocketId
from pooltop.core.snapshot import Snapshot
from pooltop.core.states import CloseReason, RequestState, SocketState
from pooltop.present.blocks import as_text, lay_out
from pooltop.present.inspect_socket import DEFINITIONS, socket_blocks, socket_title
from pooltop.present.line import text_of
from pooltop.present.pictures import SocketPicture, socket_picture

replace = msgspec.structs.replace


def picture(snapshot: Snapshot, number: int = 17) -> SocketPicture:
    found = socket_picture(snapshot, HOST, SocketId(number))
    assert found is not None
    return found


def shown(snapshot: Snapshot, width: int, height: int, *, number: int = 17, **more) -> list[str]:
    blocks = socket_blocks(picture(snapshot, number), width, height, **more)
    return [text_of(line) for line in lay_out(blocks, width, height)]


def said(snapshot: Snapshot, name: str, *, number: int = 17) -> str:
    """Give what stands behind a name where there is all room in the world."""
    (block,) = (b for b in socket_blocks(picture(snapshot, number), 400, 10) if b.name == name)
    return "  ".join(text_of(part.line) for part in block.parts)


def test_a_busy_socket_on_half_a_screen_of_100_columns() -> None:
    busy = [None, None, 1.0, 1.0, 0.5, 0.0, 0.0, 1.0]
    assert [
        "STATE        # active 2.1s  age 9m12  in 1.9M bytes  out 310k bytes",
        "NOW          r8380 POST /charge 3.0s, waits for the first byte since 2.1s  checkout/charge",
        "IF IT ENDS   taken by r8716, the head of the queue, POST /charge, waiting 1.3s",
        "             last hint timeout=5, max=100",
        "TLS          TLSv1.3  session resumed  alpn http/1.1  verified  TLS_AES_256_GCM_SHA384",
        "WAY          peer 203.0.113.9:443  local 10.0.0.7:51344  fd 23",
        "LIFE         dns 2.0ms  tcp 15ms  tls 31ms  1204 requests  in use 72% of its time",
        "               ##:==#",
        "             8s: # in use  : in part  = idle",
        "LAST         r8330 200 310ms POST /charge 2s ago",
        "             r8281 503 298ms POST /charge 4s ago",
        "             r8233 ECONNRESET 100ms GET / 1m40 ago",
        "KERNEL       rtt 15ms +-2.0ms  resent 2  unacked 1  cwnd 10",
        "CERT         api.pay +1 to 2030-07-11  issued by Example CA  from 2029-11-22  also www.api.pay",
    ] == shown(scene(), 100, 30, busy=busy, ascii_only=True)


def test_a_pane_of_40_by_8_says_of_everything_what_matters_most() -> None:
    assert [
        "STATE # active 2.1s  age 9m12",
        "NOW r8380 POST /charge 3.0s, waits for",
        "  the first byte since 2.1s",
        "IF IT ENDS taken by r8716, the head of",
        "  the queue, POST /charge, waiting 1.3s",
        "TLS TLSv1.3  session resumed  verified",
        "WAY peer 203.0.113.9:443  fd 23",
        "LIFE dns 2.0ms  tcp 15ms  tls 31ms",
    ] == shown(scene(), 40, 8)


def test_what_matters_least_goes_first() -> None:
    names = [
        {line.split("  ")[0].split(" ")[0] for line in shown(scene(), 120, height)}
        for height in range(10)
    ]
    order = ["STATE", "NOW", "IF", "TLS", "WAY", "LIFE", "LAST", "KERNEL", "CERT"]
    assert [set(order[:height]) for height in range(10)] == names


@pytest.mark.parametrize(
    ("fate", "words"),
    [
        (
            Fate(kind=FateKind.HAND_OVER, request=RequestId(8717)),
            "taken by r8717, the first that still waits, POST /charge, waiting 1.3s",
        ),
        (Fate(kind=FateKind.HAND_OVER, request=RequestId(99)), "taken by r99"),
        (Fate(kind=FateKind.PARK), "kept idle, 2 of maxFreeSockets 16"),
        (
            Fate(kind=FateKind.PARK, request=RequestId(9)),
            "kept idle, 2 of maxFreeSockets 16; a new socket is opened for r9",
        ),
        (
            Fate(
                kind=FateKind.CLOSE,
                reason=CloseReason.OVER_MAX_FREE_SOCKETS,
                request=RequestId(9),
            ),
            "closed: over maxFreeSockets 16; a new socket is opened for r9",
        ),
        (Fate(kind=FateKind.CLOSE, reason=CloseReason.KEEP_ALIVE_OFF), "closed: keepAlive off"),
    ],
)
def test_if_it_ends_is_the_fate_in_a_sentence(fate: Fate, words: str) -> None:
    snapshot = scene(details=(replace(SOCKET_DETAIL, fate=fate),), free=(IDLE,))
    assert words == said(snapshot, "IF IT ENDS").partition("  last hint")[0]


def test_a_socket_that_is_kept_may_be_kept_for_ever_or_for_so_long() -> None:
    kept = (replace(SOCKET_DETAIL, fate=Fate(kind=FateKind.PARK)),)
    endless = replace(OPTIONS, max_free_sockets=math.inf, timeout=8000)
    assert said(scene(details=kept, options=endless), "IF IT ENDS").startswith(
        "kept idle, 1 no limit, for 8.0s at most"
    )


def test_an_idle_socket_says_when_it_goes_and_whose_turn_it_is() -> None:
    older = replace(IDLE, id=SocketId(2), since=990.0, free_timeout_ms=0.0)
    snapshot = scene(free=(older, IDLE))
    assert (
        "closed in 3.2s of 5.0s if not taken  the next to be taken (lifo)  hint timeout=5, max=100"
    ) == said(snapshot, "IDLE", number=3)
    assert said(snapshot, "IDLE", number=2).startswith(
        "no idle timeout: kept until the server closes it  1 is taken before it (lifo)"
    )
    fifo = scene(free=(older, IDLE), options=replace(OPTIONS, scheduling="fifo"))
    assert "the next to be taken (fifo)" in said(fifo, "IDLE", number=2)
    names = [block.name for block in socket_blocks(picture(snapshot, 3), 100, 30) if block.parts]
    assert ["STATE", "IDLE", "TLS", "WAY", "LIFE", "KERNEL", "CERT"] == names


def dialling(**more) -> Snapshot:
    nothing = {"connected_at": None, "tls": "", "dns": None, "tcp": None, "handshake": None}
    fresh = replace(
        ACTIVE,
        **{
            "state": SocketState.CONNECTING,
            "opened_at": 999.0,
            "since": 999.0,
            "requests": 1,
            **nothing,
            **more,
        },
    )
    request = replace(RUNNING, submitted_at=999.0, why=None)
    return scene(
        sockets=(fresh,),
        running=(request,),
        told=(replace(RUNNING_DETAIL, assigned_at=999.0, sent_at=None),),
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "looks the name up since 1.0s"),
        ({"dns": 0.2}, "connects since 800ms"),
        ({"dns": 0.2, "tcp": 0.3}, "shakes hands (TLS) since 500ms"),
        ({"dns": 0.2, "tcp": 0.3, "via": "http://p:1"}, "waits for the proxy's tunnel since 500ms"),
        ({"dns": 0.2, "tcp": 0.3, "tunnel": 0.1}, "shakes hands (TLS) since 400ms"),
    ],
)
def test_a_dial_is_told_by_its_phase(facts, words: str) -> None:
    assert f"r8380 POST /charge 1.0s, {words}  checkout/charge" == said(dialling(**facts), "NOW")


@pytest.mark.parametrize(
    ("state", "told", "words"),
    [
        (RequestState.ASSIGNED, {}, "is attached to its socket next"),
        (RequestState.ENDED, {}, "its response is whole, the socket is released next"),
        (RequestState.RUNNING, {"sent_at": None}, "is being sent since 2.1s"),
        (RequestState.RUNNING, {"first_byte_at": 999.6}, "receives the response since 400ms"),
    ],
)
def test_a_request_on_a_socket_is_told_by_what_it_does(state, told, words: str) -> None:
    snapshot = scene(
        running=(replace(RUNNING, state=state),), told=(replace(RUNNING_DETAIL, **told),)
    )
    assert f"r8380 POST /charge 3.0s, {words}  checkout/charge" == said(snapshot, "NOW")


def test_of_a_host_that_nobody_watches_no_more_is_said_than_is_known() -> None:
    snapshot = scene(watched=False)
    assert "r8380 POST /charge 3.0s, under way  checkout/charge" == said(snapshot, "NOW")
    assert "" == said(snapshot, "IF IT ENDS")
    assert "" == said(snapshot, "LAST")


def test_a_certificate_that_nobody_checked_is_said_first() -> None:
    unchecked = scene(sockets=(replace(ACTIVE, verified=False),))
    assert said(unchecked, "TLS").startswith("NOT VERIFIED  TLSv1.3")
    assert "verified" not in said(unchecked, "TLS")


def test_what_the_kernel_repeats_and_how_old_that_is() -> None:
    kernel = replace(ACTIVE.kernel, retransmits=3, at=990.0, min_rtt=0.01, mss=1448)
    assert (
        "rtt 15ms +-2.0ms least 10ms  sending again, 3 times without an answer  resent 2  unacked 1"
        "  cwnd 10 x 1448 bytes  read 10s ago"
    ) == said(scene(sockets=(replace(ACTIVE, kernel=kernel),)), "KERNEL")


def test_the_title_names_socket_host_and_state() -> None:
    assert "SOCKET s17  api.pay:443  ACTIVE" == socket_title(picture(scene()))


def test_a_socket_is_copied_as_words_without_drawings() -> None:
    title, state, *_, last, kernel, cert = as_text(
        socket_title(picture(scene())),
        socket_blocks(picture(scene()), 100, 30, busy=[1.0, 0.0]),
    ).splitlines()
    assert "SOCKET s17  api.pay:443  ACTIVE" == title
    assert "STATE        # active 2.1s  age 9m12  in 1.9M bytes  out 310k bytes" == state
    assert "             r8233 ECONNRESET 100ms  GET /  1m40 ago" == last
    assert kernel.startswith("KERNEL")
    assert cert.endswith("also www.api.pay")


def test_a_socket_that_is_gone_has_no_picture() -> None:
    assert socket_picture(scene(), HOST, SocketId(99)) is None
    assert socket_picture(scene(), HOST._replace(agent="other"), SocketId(17)) is None


def test_every_name_has_a_definition() -> None:
    names = {block.name for block in socket_blocks(picture(scene(free=(IDLE,))), 100, 30)}
    assert names == DEFINITIONS.keys()


def test_a_request_that_its_caller_gave_up_is_said_so() -> None:
    snapshot = scene(running=(replace(RUNNING, aborted=True),), requests=(queued(0, aborted=True),))
    assert said(snapshot, "NOW").endswith("given up by its caller")


@pytest.mark.parametrize(
    ("since", "words"), [(999.5, ""), (997.5, "nobody reads on in it since 2.5s")]
)
def test_a_response_that_nobody_reads_is_told_after_a_second(since: float, words: str) -> None:
    snapshot = scene(sockets=(replace(ACTIVE, unread_since=since),))
    assert said(snapshot, "NOW").endswith(words or "checkout/charge")
