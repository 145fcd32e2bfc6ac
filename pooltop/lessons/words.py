"""Lessons as plain lines, for people who read them without a dashboard."""

from __future__ import annotations

import textwrap

from pooltop.glossary import SHELVES, Book
from pooltop.lessons.catalogue import LESSONS, number_of
from pooltop.lessons.lesson import Lesson, Step
from pooltop.lessons.player import LessonPlayer, Result

LETTERS = "abcd"
"""The choices' names."""
_WIDTH = 100
_INDENT = 11


def listing() -> list[str]:
    """Give all lessons, one a line."""
    widest = max(len(lesson.name) for lesson in LESSONS)
    return [
        f"{number:>3}  {lesson.name:<{widest}}  {lesson.title}"
        for number, lesson in enumerate(LESSONS, 1)
    ]


def heading(lesson: Lesson) -> list[str]:
    """Give what stands above the first step."""
    return [
        f"LESSON {number_of(lesson)}  {lesson.title}",
        *_named("about", lesson.about),
        *_named("terms", ", ".join(lesson.terms)),
        *(
            line
            for name, means in meanings(lesson)
            for line in _named("", f"{name}: {means}", hang=2)
        ),
        *(line for note in lesson.notes for line in _named("note", note)),
    ]


def meanings(lesson: Lesson) -> list[tuple[str, str]]:
    """Give its terms with what they mean, in a phrase each: the words of ``pooltop explain``."""
    book = Book(SHELVES)
    return [(name, book.find(name)[0].term.means) for name in lesson.terms]


def question(player: LessonPlayer) -> list[str]:
    """Give the step that is about to run: what is asked, and what will be done."""
    step = player.step
    return [
        "",
        f"STEP {player.place + 1} of {len(player.lesson.steps)}",
        *_named("predict", step.question),
        *(
            line
            for letter, choice in zip(LETTERS, step.choices, strict=False)
            for line in _named("", f"{letter}  {choice}", hang=3)
        ),
        *_named("run", step.does),
    ]


def outcome(result: Result) -> list[str]:
    """Give what became of the step."""
    step, verdict = result.step, result.verdict
    numbers = "   ".join(f"{each.name} {each.text}" for each in verdict.numbers)
    return [
        *_named("see", step.look),
        *_named("measured", numbers),
        *_named("held" if verdict.held else "NOT HELD", verdict.says),
        *_named("answer", answer_of(step)),
        *(line for why, text in zip(("why", ""), step.why, strict=True)
          for line in _named(why, text)),
    ]  # fmt: skip


def answer_of(step: Step) -> str:
    """Give the right choice: its letter, and its words."""
    return f"{LETTERS[step.answer]}  {step.choices[step.answer]}"


def farewell(player: LessonPlayer) -> list[str]:
    """Give what stands below the last step."""
    lesson, results = player.lesson, player.results
    held = sum(result.verdict.held for result in results)
    settings = " ".join(f"--set {setting}" for setting in lesson.cure)
    word = "held" if player.held else "DID NOT HOLD"
    return [
        "",
        f"LESSON {number_of(lesson)} {word}: {held} of {len(results)} claims",
        *_named("without", "with the cause taken away a claim fails, and the status is 1:"),
        f"{'':{_INDENT}}pooltop demo lesson {lesson.name} {settings}",
    ]


def _named(name: str, text: str, *, hang: int = 0) -> list[str]:
    """Give a text beside its name, broken where it is long."""
    indent = " " * _INDENT
    first = f"  {name:<{_INDENT - 2}}"
    return textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=indent + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
