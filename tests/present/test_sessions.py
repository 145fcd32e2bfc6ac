"""An HTTP/2 session in words: what it carries, what caps that, and its line in the strip."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from support.undici_scenes import (
    AT,
    GONE,
    PEER,
    SESSION,
    picture,
    request,
    socket,
    sockets,
    streams,
)

from pooltop.core.dispatcher_snapshot import GoAway, SessionInfo, SessionSettings
from pooltop.core.http2 import error_name
from pooltop.core.states import QueueReason, SocketState
from pooltop.present.alerts import alerts_of
from pooltop.present.history import History
from pooltop.present.line import text_of
from pooltop.present.session_parts import session_parts
from pooltop.present.session_strip import session_line, session_lines
from pooltop.present.sessions import goaway_words, session_load
from pooltop.present.socket_pane import pane_lines


def session(own: int | None, peer: int | None) -> SessionInfo:
    return SessionInfo(streams=4, own=own, peer=SessionSettings(max_concurrent_streams=peer))


@pytest.mark.parametrize(
    ("session", "words", "by"),
    [
        (session(100, 128), "4/100", "ours"),
        (session(100, 16), "4/16", "peer's"),
        (session(100, 100), "4/100", "both"),
        (session(100, None), "4/100", "ours"),
        (session(None, 16), "4/16", "peer's"),
        (session(None, None), "4/-", ""),
        (session(100, 0), "4/0", "peer's"),
        (SessionInfo(streams=1, own=100), "1/1", "SETTINGS"),
        (GONE, "3/0", "GOAWAY"),
    ],
)
def test_a_session_says_what_it_carries_and_who_caps_that(
    session: SessionInfo, words: str, by: str
) -> None:
    load = session_load(session)
    assert (words, by) == (load.words, load.capped_by)


@pytest.mark.parametrize(
    ("code", "name"), [(0, "NO_ERROR"), (11, "ENHANCE_YOUR_CALM"), (14, "0xe"), (-1, "-0x1")]
)
def test_an_error_code_has_the_name_that_the_rfc_gives_it(code: int, name: str) -> None:
    assert name == error_name(code)


def test_a_goaway_says_whose_it_is_why_and_up_to_where() -> None:
    assert (
        "the peer said GOAWAY, ENHANCE_YOUR_CALM, dealing with up to stream 205",
        "this side said GOAWAY, NO_ERROR, dealing with no stream",
    ) == (
        goaway_words(GoAway(at=1, code=11, last_stream=205)),
        goaway_words(GoAway(at=1, by_peer=False)),
    )


def told(session: SessionInfo) -> list[str]:
    return [text_of(part.line) for part in session_parts(session, AT)]


def test_the_inspector_says_all_of_a_session() -> None:
    assert [
        "100/100 streams, capped by ours, maxConcurrentStreams 100",
        "PING 12ms 8s ago",
        "may send 61.0k bytes",
        "may receive 524k bytes",
        "the peer allows 128 streams, 65.5k bytes a stream, frames of 16.4k, a table of 4096, "
        "heads of 16.4k",
        "this side allows 262k bytes a stream, frames of 16.4k, a table of 4096",
        "spoken by nghttp2",
    ] == told(SESSION)


def test_a_session_that_ends_and_does_not_answer_says_so_first() -> None:
    assert [
        "3/0 streams: no more are opened",
        "the peer said GOAWAY, ENHANCE_YOUR_CALM, dealing with up to stream 205 2s ago",
    ] == told(GONE)[:2]
    assert "a PING has waited for 3.5s" in told(GONE)


def test_before_the_settings_of_the_peer_one_stream_is_opened_at_a_time() -> None:
    early = told(SessionInfo(streams=1, own=100))
    assert [
        "1/1 streams: the peer has not said how many",
        "the peer's SETTINGS are not here: one stream at a time",
    ] == early


def strip(session: SessionInfo, width: int) -> str:
    (line,) = session_lines(streams(session).origins[0], width, 1)
    return text_of(line)


def test_a_session_is_a_line_with_a_cell_for_each_stream() -> None:
    few = replace(SESSION, streams=5, own=8)
    assert "s1 #####... 5/8 ours" == strip(few, 60)


def test_a_line_that_is_too_short_shows_shares_and_nothing_as_full_that_is_not() -> None:
    nearly = replace(SESSION, streams=99)
    assert "s1 #########. 99/100 ours" == strip(nearly, 25)
    assert "s1 #......... 1/100 ours" == strip(replace(SESSION, streams=1), 24)
    assert "s1 ########## 100/100 ours" == strip(SESSION, 26)


def test_a_session_without_streams_shows_what_its_connection_does() -> None:
    quiet = replace(SESSION, streams=0, own=8)
    idle = socket(1, SocketState.FREE, session=quiet)
    dialled = socket(1, SocketState.CONNECTING, session=replace(quiet, peer=None), tcp=None)

    assert ["s1 =........ 0/8 ours", "s1 c. 0/1 SETTINGS"] == [
        text_of(session_line(each, each.session, "http", 60)) for each in (idle, dialled)
    ]


def test_a_session_after_a_goaway_shows_what_is_left_of_it() -> None:
    assert "s1 ggg 3/0 GOAWAY" == strip(GONE, 60)


def test_sessions_that_do_not_fit_are_told_together() -> None:
    origin = streams().origins[0]
    many = replace(
        origin, sockets=tuple(replace(origin.sockets[0], id=number) for number in (1, 2, 3))
    )
    lines = [text_of(line) for line in session_lines(many, 40, 2)]
    assert ["s1", "and 2 more sessions with 200 streams"] == [lines[0][:2], lines[1]]


def test_a_pane_has_the_line_of_the_session_where_an_agent_has_its_cells() -> None:
    crowded = replace(SESSION, peer=replace(PEER, max_concurrent_streams=50))
    both = [
        [text_of(line) for line in pane_lines(picture(agent), agent, agent.origins[0], 120, 5)]
        for agent in (streams(crowded), sockets())
    ]

    assert both[0][0].startswith("s1 ##########")
    assert both[0][0].endswith(" 100/50 peer's")
    assert "# stream  g going away  . to the cap" in both[0]
    assert "#" * 100 == both[1][0]
    assert "# active  = free  c connecting  t TLS  x closing  . room" in both[1]


def test_an_alert_says_how_full_of_streams_a_host_is() -> None:
    agent = streams()
    waits = (request(200, why=QueueReason.CONNECTIONS),)
    full = replace(agent, origins=(replace(agent.origins[0], requests=waits, queued=1),))
    history = History()
    history.add(picture(full))

    (alert,) = alerts_of(picture(full), history)

    assert "saturated 0s: 1/1 in use, 100/100 streams, 1 queued" == alert.text
