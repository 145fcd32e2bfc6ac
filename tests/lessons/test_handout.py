"""A step as a picture to print: whole, alone, and with the numbers of its run."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from pooltop.errors import UsageError
from pooltop.handouts import Handouts
from pooltop.lessons.catalogue import LESSONS
from pooltop.lessons.handout import handout, handout_name
from pooltop.lessons.lesson import Number, Verdict
from pooltop.lessons.player import LessonPlayer, Phase, Result

SVG = "{http://www.w3.org/2000/svg}"
VERDICT = Verdict(
    held=True,
    says="3 < 4 & so on.",
    numbers=(Number("sockets", 40), Number("answer", 0.208, "s"), Number("reuse", 0.93, "share")),
)
steps = pytest.mark.parametrize(
    ("lesson", "place"),
    [(lesson, place) for lesson in LESSONS for place in range(len(lesson.steps))],
    ids=lambda each: getattr(each, "name", each),
)


def judged(lesson=LESSONS[0]) -> LessonPlayer:
    """Give a player whose first step was judged."""
    player = LessonPlayer(lesson)
    player.phase = Phase.SEEN
    player.results = [Result(lesson.steps[0], 1, VERDICT)]
    return player


@steps
def test_all_of_a_step_stands_on_its_page(lesson, place):
    step = lesson.steps[place]
    root = ET.fromstring(handout(lesson, place, Result(step, None, VERDICT)))
    texts = root.findall(f"{SVG}text")
    words = " ".join(" ".join(text.text or "" for text in texts).split())

    for said in (lesson.title, *step.choices, *step.why, "3 < 4 & so on.", "40", "208ms", "93%"):
        assert said in words
    # The last line is the foot's; what is above it ends before.
    places = [float(text.get("y", "0")) for text in texts]
    assert max(places[:-1]) < places[-1] < 600
    assert {each.tag for each in root} == {f"{SVG}title", f"{SVG}rect", f"{SVG}text"}


def test_a_claim_that_did_not_hold_is_said_to():
    lesson = LESSONS[0]
    verdict = Verdict(held=False, says="No.", numbers=())

    assert "Not held: No." in handout(lesson, 0, Result(lesson.steps[0], None, verdict))


def test_each_judged_step_is_written_into_the_folder(tmp_path):
    lesson = LESSONS[0]
    handouts = Handouts(str(tmp_path / "new"), lesson)

    said = handouts.judged(judged())

    path = tmp_path / "new" / "lesson-01-reuse-step-1.svg"
    assert said == f"handout in {path}"
    assert path.read_text("utf-8").startswith("<?xml")
    assert not handouts.failed


def test_a_handout_that_is_there_is_not_overwritten_and_nothing_is_sent(tmp_path):
    lesson = LESSONS[0]
    there = tmp_path / handout_name(lesson, 1)
    there.write_text("mine")

    with pytest.raises(UsageError, match="is there already: name another folder"):
        Handouts(str(tmp_path), lesson)
    assert there.read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot be made"):
        Handouts(str(tmp_path / "file" / "inside"), LESSONS[0])


def test_a_handout_that_cannot_be_written_is_told_and_fails_the_run(tmp_path):
    handouts = Handouts(str(tmp_path), LESSONS[0])
    (tmp_path / handout_name(LESSONS[0], 0)).write_text("somebody was quicker")

    assert "exists, and nothing is overwritten" in handouts.judged(judged())
    assert handouts.failed
