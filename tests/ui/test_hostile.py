"""Text from the network and the profile can command nothing, and no size is a crash."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_source import ScriptedSource, SimAgent, SimHost
from textual.events import Paste

from pooltop.core.edits import EditOutcome
from pooltop.core.model import AgentOptions
from pooltop.present.header import HeaderFacts, header_line
from pooltop.present.line import text_of
from pooltop.ui.layout import plan

HOSTILE = [
    "[/]",
    "[@click=app.quit]click[/]",
    "x[/foo]y[",
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]0;title\x07\x1b[31mred",
    "\x9b31m\x90q\x9c",
    "\u202egnp.exe\u2066",
    "a\nb\rc\td\x00\x08\x7f",
    "\u200b\u200d\ufeff",
    "lone \udc9b surrogate",
    "\u2028\u2029",
    "Z" * 5000,
    "\u6f22\u5b57" * 40,
    "e" + "\u0301" * 50,
    "$(reboot) {x} %s",
]


def hostile_source(texts: list[str]) -> ScriptedSource:
    agents = [
        SimAgent(
            text,
            AgentOptions(max_sockets=2),
            [SimHost(text, 80, rate=60, service_s=0.2, label=text, target=text)],
        )
        for text in texts
    ]
    source = ScriptedSource(agents, title=texts[0])
    for text in texts:
        for kind in ("INFO", "CLOSE", text):
            source.say(kind, text, text)
    return source


def assert_harmless(one) -> None:
    width = one.app.size.width
    for line in one.screen():
        assert line.isprintable(), ascii(line)
    for row in one.app.screen._compositor.render_strips():
        assert row.cell_length <= width
        for segment in row:
            assert not (segment.style and segment.style.meta.get("@click"))


@pytest.mark.parametrize("size", [(120, 40), (80, 24), (50, 14)])
async def test_hostile_text_is_shown_and_does_nothing_in_every_pane(desk, size) -> None:
    async with desk(hostile_source(HOSTILE), size=size, steps=4) as one:
        assert_harmless(one)
        await one.press("v", "home")
        for _ in HOSTILE:
            await one.press("e", "5", "enter", "j")
            assert_harmless(one)
        assert len(HOSTILE) == len({edit.agent for edit in one.source.edits})
        await one.press("slash", *"ab", "enter", "escape")
        for text in HOSTILE:
            one.source.end(text)
            one.app.post_message(Paste(text))
            await one.pilot.pause()
            assert_harmless(one)
        for offset in ((5, 0), (10, 1), (10, 4), (10, 8)):
            await one.pilot.click(offset=offset)
        assert one.app.is_running
        assert one.app.return_code is None


async def test_hostile_names_on_cards_are_harmless(desk):
    source = hostile_source(HOSTILE)
    for agent in source.agents:
        agent.hosts[0].verified = False
    async with desk(source, steps=4) as one:
        await one.press("7")
        assert len(HOSTILE) == len(one.app.board.advice.rows)
        for _ in HOSTILE:
            assert_harmless(one)
            await one.press("enter")
            assert_harmless(one)
            await one.press("A", "escape", "down")
        assert [] == one.source.edits
        await one.press("5")
        assert_harmless(one)


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_a_hostile_title_is_harmless(text) -> None:
    facts = HeaderFacts(title=text, state="LIVE", window_s=60)
    assert text_of(header_line(facts, 200)).isprintable()


async def test_hostile_text_from_a_refusal_is_harmless(desk) -> None:
    class Refusing(ScriptedSource):
        async def submit(self, edit):
            return EditOutcome(id=edit.id, accepted=False, error="\x1b[31m[/]\u202e")

    source = hostile_source(["h"])
    async with desk(Refusing(source.agents)) as one:
        await one.press("e", "5", "enter")
        assert "\\x1b[31m[/]\\u202e" in one.text()
        assert_harmless(one)


async def test_no_size_is_a_crash(desk) -> None:
    sizes = [
        (1, 1),
        (2, 1),
        (1, 40),
        (300, 1),
        (300, 100),
        (39, 10),
        (40, 9),
        (40, 10),
        (59, 16),
        (60, 15),
        (60, 16),
        (79, 24),
        (99, 30),
        (119, 40),
        (120, 33),
        (120, 34),
        (160, 50),
    ]
    dice = random.Random(7)
    sizes += [(dice.randint(1, 300), dice.randint(1, 100)) for _ in range(40)]
    async with desk() as one:
        for number, (width, height) in enumerate(sizes):
            await one.pilot.resize_terminal(width, height)
            if number % 5 == 0:
                await one.press(("e", "escape", "question_mark", "m", "j")[number // 5 % 5])
            await one.step(0.1)
            assert one.app.is_running
            assert_harmless(one)


async def test_a_screen_too_small_says_so_and_q_works(desk) -> None:
    async with desk(size=(60, 9)) as one:
        assert "pooltop needs 40x10; this is 60x9. q quits." in one.text()


async def test_a_terminal_too_narrow_for_the_sentence_still_says_how_to_leave(desk) -> None:
    async with desk(size=(30, 9)) as one:
        shown = [line.strip() for line in one.screen()[:3]]
        assert ["pooltop needs 40x10", "this is 30x9", "q quits."] == shown
        await one.press("q")
    assert 0 == one.app.return_code


@pytest.mark.parametrize("hosts", [1, 4])
def test_at_120_by_40_the_sockets_of_an_https_host_have_lines_of_their_own(hosts) -> None:
    layout = plan(120, 40, hosts=hosts)
    frame, together, heading = 2, 5, 1  # strip, notable, legend, kernel, TLS
    assert layout.sockets - frame - together - heading >= 2


@given(st.integers(1, 300), st.integers(1, 100), st.integers(0, 500), st.booleans())
def test_a_plan_never_needs_more_lines_than_there_are(width, height, hosts, editing) -> None:
    found = plan(width, height, hosts=hosts, editing=editing)
    if found.mode != "message":
        used = 3 + found.tabs + found.body + found.card + found.limits + found.log
        assert used <= height
        assert found.table >= 3
        assert min(found.plots, found.sockets, found.limits, found.card, found.log) >= 0


@given(st.integers(1, 300), st.integers(1, 100), st.integers(0, 500), st.booleans())
def test_what_must_hold_never_takes_the_room_of_the_table(
    width, height, thresholds, editing
) -> None:
    found = plan(
        width, height, hosts=1, editing=editing, pools=False, plots=True, thresholds=thresholds
    )
    if found.mode != "message":
        assert found.body == found.table + found.plots + found.thresholds
        assert found.table >= 3
        assert found.thresholds <= thresholds + found.frame
