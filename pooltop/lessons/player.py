"""The course of a lesson: predict, run, see, and on to the next step.

A state machine without clocks or input: whoever plays hands it keys and snapshots, and does what
it asks. One table has the moves; whatever does not fit the phase is ignored, for a key may come
at any time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from pooltop.core.snapshot import Snapshot
from pooltop.lessons.lesson import Action, Lesson, Number, Step, Verdict
from pooltop.lessons.seen import Seen


class Phase(StrEnum):
    """Where a step is."""

    PREDICT = "predict"
    """The question stands; nothing runs yet."""
    RUNNING = "running"
    """What is to be seen happens now."""
    SEEN = "seen"
    """It was judged."""
    OVER = "over"
    """The last step was judged, and left."""


PHASES = {
    Phase.PREDICT: Phase.RUNNING,
    Phase.RUNNING: Phase.SEEN,
    Phase.SEEN: Phase.PREDICT,
}
"""Where each phase leads; from the last step's SEEN it is OVER."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one step."""

    step: Step
    predicted: int | None
    """Which choice was taken beforehand, from 0; None for none."""
    verdict: Verdict

    @property
    def was_right(self) -> bool:
        """Whether the right choice was taken beforehand."""
        return self.predicted == self.step.answer


class LessonPlayer:
    """Plays one lesson, once."""

    def __init__(self, lesson: Lesson) -> None:
        """Begin with the first step's question."""
        self.lesson = lesson
        self.phase = Phase.PREDICT
        self.place = 0
        """Of the step, from 0."""
        self.predicted: int | None = None
        """Which choice was taken, from 0; None for none yet."""
        self.results: list[Result] = []
        """Of the steps that were judged, in order."""
        self._seen: list[Snapshot] = []

    @property
    def step(self) -> Step:
        """The present one; the last when it is over."""
        return self.lesson.steps[min(self.place, len(self.lesson.steps) - 1)]

    @property
    def result(self) -> Result | None:
        """Of the step that was just judged; None before that."""
        return self.results[-1] if self.phase in (Phase.SEEN, Phase.OVER) else None

    @property
    def numbers(self) -> tuple[Number, ...]:
        """What is measured of the step: so far while it runs, at its end afterwards."""
        if self.phase is Phase.RUNNING and len(self._seen) > 1:
            return self.step.claim(Seen(self._seen)).numbers
        return () if self.result is None else self.result.verdict.numbers

    @property
    def held(self) -> bool:
        """Whether every claim so far did."""
        return all(result.verdict.held for result in self.results)

    def predict(self, choice: int) -> bool:
        """Take a choice, from 0, or another one; tells whether there is such a one now."""
        if self.phase is not Phase.PREDICT or not 0 <= choice < len(self.step.choices):
            return False
        self.predicted = choice
        return True

    def run(self, before: Snapshot) -> tuple[Action, ...]:
        """Begin to run the step; gives what to ask of the engine, none if this is not the time.

        Args:
            before: the latest snapshot, from which on it is judged.
        """
        if self.phase is not Phase.PREDICT:
            return ()
        self._go_on()
        self._seen = [before]
        return self.step.do

    def add(self, snapshot: Snapshot) -> bool:
        """Look at a snapshot; tells whether it was the one that decided the step."""
        if self.phase is not Phase.RUNNING:
            return False
        if snapshot.at <= self._seen[-1].at:
            return False  # told again, or a past that is played back
        self._seen.append(snapshot)
        seen = Seen(self._seen)
        is_over = self.step.until(seen)
        if not is_over and seen.span_s < self.step.most_s:
            return False
        verdict = self.step.claim(seen)
        if not is_over:
            says = f"It did not come to that within {self.step.most_s:g} s. {verdict.says}"
            verdict = replace(verdict, held=False, says=says)
        self.results.append(Result(self.step, self.predicted, verdict))
        self._seen = []
        self._go_on()
        return True

    def next(self) -> bool:
        """Go on to the next step's question, or to the end; tells whether this was the time."""
        if self.phase is not Phase.SEEN:
            return False
        self.place += 1
        self.predicted = None
        if self.place == len(self.lesson.steps):
            self.phase = Phase.OVER
        else:
            self._go_on()
        return True

    def _go_on(self) -> None:
        self.phase = PHASES[self.phase]
