"""Hostile and broken HTTP/2 frames: one table, every cut, and never a neighbour that suffers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from faults.h2_table import ROWS, Row
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, RstStreamFrame
from support.h2_frames import BY_H2, SESSIONS, MakeSession, Talk, cuts, data, headers, settings

from pooltop.engine.h2.faults import SessionFault

if TYPE_CHECKING:
    from collections.abc import Iterable

REFUSED = (GoAwayFrame, RstStreamFrame)
MOST_KEPT = 80 * 1024


def play(row: Row, pieces: Iterable[bytes], make: MakeSession = BY_H2) -> tuple[Talk, str]:
    """Send a row's octets; give the session, and the verdict as the server reads it."""
    talk = Talk(begin=not row.fresh, make=make)
    for method in ("GET", "GET", "HEAD"):
        talk.get(method, reads=False)
    talk.post()
    talk.take()
    talk.written.clear()
    for piece in pieces:
        talk.feed(piece)
        talk.take()
        if talk.error is not None:
            break
    refusals = [frame for frame in talk.written if isinstance(frame, REFUSED)]
    if not refusals:
        return talk, "ok"
    (refusal,) = refusals
    code = ErrorCodes(refusal.error_code).name
    if isinstance(refusal, GoAwayFrame):
        return talk, f"goaway {code}"
    return talk, f"reset {refusal.stream_id} {code}"


def at_random(octets: bytes, seed: str) -> list[bytes]:
    """The octets cut anywhere, the same way each time."""
    chance = random.Random(seed)
    pieces = []
    at = 0
    while at < len(octets):
        after = at + chance.choice((1, 2, 5, 8, 9, 10, 40, 1460, 16384))
        pieces.append(octets[at:after])
        at = after
    return pieces


@pytest.mark.parametrize("make", SESSIONS)
@pytest.mark.parametrize("cut", ["whole", "octets", "random"])
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_broken_frames_get_the_right_verdict_and_cost_no_more_than_they_must(
    row: Row, cut: str, make: MakeSession
) -> None:
    if cut == "random":
        pieces = at_random(row.octets, row.name)
    else:
        pieces = cuts(row.octets, 1 if cut == "octets" else len(row.octets))

    talk, verdict = play(row, pieces, make)

    assert row.expected == verdict
    if verdict.startswith("goaway"):
        assert isinstance(talk.error, SessionFault)
        assert talk.session.is_over
        assert 0 == talk.session.streams
        with pytest.raises(SessionFault):
            talk.session.receive(memoryview(settings()), now=talk.now)
        assert b"" == talk.session.take()
        return
    assert talk.error is None
    reset = [stream for stream, _ in talk.faults]
    assert [int(part) for part in verdict.split()[1:2]] == reset
    # Whoever was not named is served, and so is whoever comes next, if any may.
    if not talk.goaways:
        after = talk.get()
        talk.feed(headers(3, end=True), headers(after.stream) + data(after.stream, b"hello"))
        assert (200, b"hello") == (after.status, after.body)
        assert talk.error is None
        assert talk.session.takes_streams


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_words_of_a_fault_name_the_rule_and_are_fit_to_be_shown(row: Row) -> None:
    talk, _ = play(row, [row.octets])

    for fault in [talk.error, *(fault for _, fault in talk.faults)]:
        if fault is not None:
            assert "RFC 9113, " in str(fault)
            assert len(str(fault)) < 200
            assert str(fault).isprintable()


def test_the_table_has_no_two_rows_of_one_name_and_covers_what_it_says() -> None:
    assert len(ROWS) == len({row.name for row in ROWS})
    assert len(ROWS) >= 80


@pytest.mark.parametrize("make", SESSIONS)
@pytest.mark.parametrize("seed", range(60))
def test_octets_at_random_are_borne_or_refused_and_never_kept(seed: int, make: MakeSession) -> None:
    chance = random.Random(seed)
    sound = b"".join(row.octets for row in chance.sample(ROWS, 8) if len(row.octets) < 5000)
    octets = bytearray(settings() + sound)
    for _ in range(chance.randrange(12)):
        octets[chance.randrange(9, len(octets))] = chance.randrange(256)
    talk = Talk(begin=False, make=make)
    for _ in range(4):
        talk.get(reads=False)

    for piece in at_random(bytes(octets), str(seed)):
        talk.feed(piece)
        if talk.error is not None:
            break

    assert talk.error is None or isinstance(talk.error, SessionFault)
    assert len(talk.session.take()) < MOST_KEPT
