"""A lesson at the bottom of the dashboard: its step as a few lines that stay where they are."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pooltop.lessons.catalogue import number_of
from pooltop.lessons.lesson import Number, Step
from pooltop.lessons.player import LessonPlayer, Phase, Result
from pooltop.lessons.words import LETTERS, answer_of, meanings
from pooltop.present.line import Ink, Line, Span, fit

LINES = 6
"""Of its content: two of question and three choices, or what was seen and why, and the keys."""
_ASKED_LINES = 2
_VALUE = 5
"""Cells of a number's value: see ``units``."""
_LEAST_BAR = 10
"""Cells, below which bars say nothing."""


def strip_title(player: LessonPlayer) -> str:
    """Give what its border says."""
    lesson, results = player.lesson, player.results
    step = f"step {min(player.place + 1, len(lesson.steps))} of {len(lesson.steps)}"
    right = sum(result.was_right for result in results)
    score = f"  {right} of {len(results)} predicted" if results else ""
    return f"LESSON {number_of(lesson)}  {lesson.title}  {step}{score}"


def strip_lines(player: LessonPlayer, width: int, *, explained: bool = False) -> list[Line]:
    """Give its LINES lines.

    Args:
        player: of the lesson.
        width: in cells.
        explained: what the lesson is about stands in the place of the step.
    """
    if explained:
        lines = _about(player, width)
    elif player.phase is Phase.PREDICT:
        lines = _asked(player, width)
    elif player.phase is Phase.RUNNING:
        lines = _running(player, width)
    elif player.phase is Phase.SEEN:
        lines = _seen(player.results[-1], width)
    else:
        lines = _over(player, width)
    head, keys = lines[:-1][: LINES - 1], lines[-1]
    return [*head, *[()] * (LINES - 1 - len(head)), keys]


def stage_lines(player: LessonPlayer, width: int) -> list[Line]:
    """Give the captions below the large digits of the presenter's view."""
    if player.phase is Phase.PREDICT:
        return _text(player.step.question, "strong", width, 4)
    if player.phase is Phase.RUNNING:
        return _text(f"Running: {player.step.does}. {player.step.look}", "accent", width, 4)
    verdict = player.results[-1].verdict
    words = verdict.says if verdict.held else f"NOT HELD: {verdict.says}"
    said = _text(words, "strong" if verdict.held else "bad", width, 4)
    return [*said, (), *bars(verdict.numbers, width)]


def bars(numbers: Sequence[Number], width: int) -> list[Line]:
    """Give a bar for each number that has another of its unit, all of a unit to one scale."""
    lines: list[Line] = []
    widest = max((len(number.name) for number in numbers), default=0)
    room = width - widest - _VALUE - 4
    for unit in dict.fromkeys(number.unit for number in numbers):
        alike = [number for number in numbers if number.unit == unit]
        most = 1.0 if unit == "share" else max(number.value for number in alike)
        if len(alike) < 2 or most <= 0 or room < _LEAST_BAR:
            continue
        for number in alike:
            cells = round(room * number.value / most)
            name: Span = (f" {number.name:<{widest}}  ", "dim")
            value: Span = (f"{number.text:>{_VALUE}} ", "strong")
            lines += [(name, value, ("#" * cells, "bar.use")), ()]
    return lines


def _asked(player: LessonPlayer, width: int) -> list[Line]:
    step = player.step
    letters = " ".join(LETTERS[: len(step.choices)])
    return [
        *_text(step.question, "strong", width, _ASKED_LINES),
        *(_choice(player, step, place, width) for place in range(len(step.choices))),
        _keys((letters, "predict"), ("?", "about"), ("ret", f"runs: {step.does}"), width=width),
    ]


def _choice(player: LessonPlayer, step: Step, place: int, width: int) -> Line:
    taken = player.predicted == place
    ink: Ink = "accent" if taken else "text"
    mark = ">" if taken else " "
    line: Line = ((f" {mark}", ink), (LETTERS[place], "key"), (f"  {step.choices[place]}", ink))
    return fit(line, width)


def _running(player: LessonPlayer, width: int) -> list[Line]:
    step = player.step
    return [
        *_text(f"Running: {step.does}.", "accent", width, 1),
        *_text(f"Look: {step.look}", "text", width, 2),
        _numbers(player, width),
        _keys(("?", "about"), ("F", "large digits"), width=width),
    ]


def _seen(result: Result, width: int) -> list[Line]:
    step, verdict = result.step, result.verdict
    right = answer_of(step)
    if result.predicted is None:
        said: Span = (f" Right is {right}", "strong")
    elif result.was_right:
        said = (f" You were right: {right}", "good")
    else:
        said = (f" You said {LETTERS[result.predicted]}; right is {right}", "warn")
    held: Ink = "text" if verdict.held else "bad"
    words = verdict.says if verdict.held else f"NOT HELD: {verdict.says}"
    return [
        fit((said,), width),
        *_text(words, held, width, 2 if len(words) > width - 2 else 1),
        *(fit(((f" {line}", "dim"),), width) for line in step.why),
        _keys(("n", "next"), ("?", "about"), ("F", "large digits"), width=width),
    ]


def _over(player: LessonPlayer, width: int) -> list[Line]:
    results = player.results
    held = sum(result.verdict.held for result in results)
    right = sum(result.was_right for result in results)
    settings = " ".join(f"--set {setting}" for setting in player.lesson.cure)
    said = f"{held} of {len(results)} claims held; {right} predicted rightly."
    tried = f"pooltop demo lesson {player.lesson.name} {settings}"
    return [
        *_text(said, "good" if player.held else "bad", width, 1),
        *_text("With the cause taken away a claim fails; try it:", "text", width, 1),
        *_text(tried, "accent", width, 2),
        _keys(("?", "about"), ("q", "leaves"), width=width),
    ]


def _about(player: LessonPlayer, width: int) -> list[Line]:
    lesson = player.lesson
    return [
        *_text(lesson.about, "text", width, 3),
        *(
            fit(((f" {name}", "accent"), (f": {means}", "dim")), width)
            for name, means in meanings(lesson)
        ),
        _keys(("?", "help, of all keys"), ("esc", "back"), width=width),
    ]


def _numbers(player: LessonPlayer, width: int) -> Line:
    spans: list[Span] = [(" ", "text")]
    for number in player.numbers:
        spans += [(f"{number.name} ", "dim"), (f"{number.text}   ", "strong")]
    return fit(spans, width)


def _text(text: str, ink: Ink, width: int, most: int) -> list[Line]:
    lines = textwrap.wrap(text, max(10, width - 2), max_lines=most, placeholder=" ...")
    return [((f" {line}", ink),) for line in lines]


def _keys(*hints: tuple[str, str], width: int) -> Line:
    spans: list[Span] = []
    for key, word in hints:
        spans += [("   " if spans else " ", "text"), (key, "key"), (f" {word}", "dim")]
    return fit(spans, width)
