"""A lesson at the bottom of the dashboard: predicted, run, seen and left by keys."""

from __future__ import annotations

import pytest
from textual.widgets import Digits

from pooltop.core.edits import Control
from pooltop.lessons.catalogue import LESSONS
from pooltop.lessons.lesson import Lesson, Number, Step, Verdict, resume, set_option
from pooltop.lessons.player import LessonPlayer, Phase
from pooltop.lessons.strip import LINES, bars, strip_lines
from pooltop.lessons.words import meanings
from pooltop.present.line import text_of, width_of


def _lesson(*steps: Step) -> Lesson:
    return Lesson(
        name="made-up",
        title="Made up",
        terms=("maxSockets",),
        about="Something is believed of it.",
        profile="",
        steps=steps,
        cure=("agents.kept.max_sockets=1",),
    )


def _step(**changes) -> Step:
    given = {
        "question": "What will it be?",
        "choices": ("this", "that"),
        "answer": 1,
        "does": "the load goes on",
        "do": resume("kept"),
        "look": "IN USE",
        "until": lambda seen: seen.span_s >= 1.0,
        "claim": lambda seen: Verdict(
            held=True, says="It was so.", numbers=(Number("span", seen.span_s, "s"),)
        ),
        "why": ("The one reason.", "The other reason."),
    }
    return Step(**{**given, **changes})


@pytest.fixture
def player(monkeypatch) -> LessonPlayer:
    """Play a lesson of two steps, the second of which is an edit."""
    lesson = _lesson(_step(), _step(do=(set_option("kept", "max_sockets", 3),), answer=0))
    monkeypatch.setattr("pooltop.lessons.catalogue.LESSONS", (lesson,))
    return LessonPlayer(lesson)


async def test_a_step_is_predicted_run_and_seen(desk, player):
    async with desk(lesson=player) as one:
        assert "What will it be?" in one.text()
        await one.press("b")
        assert " >b  that" in one.text()
        await one.press("enter")
        assert one.source.controls == [Control(action="resume", workload="kept")]
        await one.step()
        assert "Running: the load goes on." in one.text()
        assert "span 0.5s" in one.text() or "span 500ms" in one.text()
        await one.step(times=2)
        assert "You were right: b  that" in one.text()
        assert "It was so." in one.text()
        assert "The other reason." in one.text()
        assert "1 of 1 predicted" in one.text()


async def test_the_next_step_is_asked_and_its_edit_can_be_undone(desk, player):
    async with desk(lesson=player) as one:
        await one.press("a", "enter")
        await one.step(times=3)
        assert "You said a; right is b  that" in one.text()
        await one.press("n")
        assert "step 2 of 2" in one.text()
        await one.press("enter")
        await one.step(times=3)
        assert "Right is a  this" in one.text()
        assert [(e.agent, e.option, e.value) for e in one.source.edits] == [
            ("kept", "max_sockets", 3)
        ]
        await one.press("u")
        await one.step()
        assert one.source.edits[-1].value == 10


async def test_q_leaves_without_a_question_for_what_the_lesson_edited(desk, player):
    async with desk(lesson=player) as one:
        await one.press("enter")
        await one.step(times=3)
        await one.press("n", "enter")
        await one.step(times=3)
        assert one.source.edits
        await one.press("q")
    assert 0 == one.app.return_code


async def test_after_the_last_step_it_is_said_what_takes_the_cause_away(desk, player):
    async with desk(lesson=player) as one:
        for _ in range(2):
            await one.press("enter")
            await one.step(times=3)
            await one.press("n")
        assert "2 of 2 claims held; 0 predicted rightly." in one.text()
        assert "pooltop demo lesson made-up --set agents.kept.max_sockets=1" in one.text()
        assert player.phase is Phase.OVER


async def test_locked_nothing_is_run(desk, player):
    async with desk(lesson=player) as one:
        await one.press("L", "enter")
        assert one.source.controls == []
        assert player.phase is Phase.PREDICT
        assert "LOCKED" in one.text()


async def test_what_is_typed_elsewhere_is_no_prediction(desk, player):
    async with desk(lesson=player) as one:
        await one.press("slash", "b", "n", "enter")
        assert player.predicted is None
        assert player.phase is Phase.PREDICT
        assert one.app.board.page.choice.needle == "bn"


async def test_every_other_key_is_the_dashboards(desk, player):
    async with desk(lesson=player) as one:
        await one.press("2", "enter")
        assert one.app.board.page.name == "Sockets"
        await one.step(times=3)
        assert player.phase is Phase.SEEN
        await one.press("enter")
        assert one.app.reader.inspecting
        await one.press("n")
        assert player.phase is Phase.SEEN
        await one.press("escape", "n")
        assert player.phase is Phase.PREDICT


async def test_the_first_question_mark_tells_of_the_lesson_and_the_second_of_all_keys(desk, player):
    async with desk(lesson=player) as one:
        await one.press("question_mark")
        assert "Something is believed of it." in one.text()
        assert f" maxSockets: {dict(meanings(player.lesson))['maxSockets']}"[:60] in one.text()
        await one.press("question_mark")
        assert one.app.board.helping
        assert "What will it be?" in one.text()
        await one.press("escape", "question_mark", "escape")
        assert not one.app.board.helping
        assert not one.app.explained


async def test_what_is_measured_is_shown_in_large_digits_and_in_the_strongest_contrast(
    desk, player
):
    async with desk(lesson=player) as one:
        await one.press("F")
        assert one.app.theme == "pooltop-contrast"
        assert one.text().count("What will it be?") == 2
        await one.press("enter")
        await one.step()
        assert "Running: the load goes on. IN USE" in one.text()
        await one.step()
        stage = one.app.board.stage
        assert [each.value for each in stage.query(Digits) if each.parent.display] == ["1.0s"]
        assert one.text().count("It was so.") == 2
        assert "HOSTS" not in one.text()
        await one.press("F")
        assert one.app.theme == "pooltop"
        assert "HOSTS" in one.text()


async def test_the_help_page_goes_over_the_large_digits(desk, player):
    async with desk(lesson=player) as one:
        await one.press("F", "question_mark", "question_mark")
        assert "HELP" in one.text()
        await one.press("escape")
        assert "HELP" not in one.text()
        assert one.app.board.stage.display


async def test_what_is_written_of_a_judged_step_is_said(desk, player):
    judged = []

    def keep(player):
        judged.append(player.results[-1].verdict.says)
        return "handout in here.svg"

    async with desk(lesson=player, judged=keep) as one:
        await one.press("enter")
        await one.step(times=3)
        assert judged == ["It was so."]
        assert "handout in here.svg" in one.text()


@pytest.mark.parametrize("size", [(40, 17), (80, 24), (120, 40), (200, 60)])
async def test_the_strip_takes_no_line_of_what_must_be_seen(desk, player, size):
    async with desk(lesson=player, size=size) as one:
        lines = one.screen()
        assert "LESSON 1" in one.text()
        assert "b  that" in one.text()
        assert lines[-1].strip()
        assert "pooltop" in lines[0]


async def test_where_there_is_no_room_the_dashboard_goes_first(desk, player):
    async with desk(lesson=player, size=(80, 16)) as one:
        assert "LESSON" not in one.text()
        assert "kept" in one.text()


def test_numbers_of_one_unit_have_bars_to_one_scale():
    numbers = (Number("few", 4), Number("many", 40), Number("time", 0.2, "s"))

    lines = [text_of(line) for line in bars(numbers, 60) if line]

    # A number that has no other of its unit has nothing to be measured by.
    assert [line.split()[:2] for line in lines] == [["few", "4"], ["many", "40"]]
    assert [line.count("#") for line in lines] == [5, 47]
    assert max(len(line) for line in lines) <= 60


def test_shares_have_bars_of_the_whole():
    line, _ = (each for each in bars((Number("a", 0.5, "share"),) * 2, 60) if each)

    assert text_of(line).count("#") == 25


def test_where_nothing_was_there_no_bar_is_drawn():
    assert bars((Number("a", 0), Number("b", 0)), 60) == []
    assert bars((Number("a", 1), Number("b", 2)), 15) == []


@pytest.mark.parametrize("width", [78, 118])
@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_every_question_and_its_choices_fit_the_strip(lesson, width):
    player = LessonPlayer(lesson)
    for place, step in enumerate(lesson.steps):
        player.place = place
        lines = strip_lines(player, width)
        shown = " ".join(text_of(line).strip() for line in lines)
        assert len(lines) == LINES
        assert max(width_of(line) for line in lines) <= width
        assert "..." not in shown
        assert all(choice in shown for choice in step.choices)
        assert step.does in text_of(lines[-1])


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_what_a_lesson_is_about_fits_the_strip(lesson):
    lines = strip_lines(LessonPlayer(lesson), 78, explained=True)

    assert len(lines) == LINES
    assert not any(text_of(line).endswith("...") for line in lines)
