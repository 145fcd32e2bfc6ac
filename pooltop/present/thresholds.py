"""How what a run must hold stands, in words: the same on the screen and in the summary of a run."""

from __future__ import annotations

from pooltop.core.thresholds import State, ThresholdState, Verdict, written
from pooltop.present.clean import clean
from pooltop.present.line import Ink

VERDICTS: dict[State, tuple[str, Ink]] = {
    "holds": ("holds", "good"),
    "failed": ("FAILED", "bad"),
    "unknown": ("not known", "warn"),
}
"""How a threshold stands, in a word and an ink."""


_OF_ALL: dict[Verdict, tuple[str, Ink]] = {
    "held": ("held", "good"),
    "failed": ("FAILED", "bad"),
    "unknown": ("not known yet", "warn"),
}


def verdict_of(state: ThresholdState) -> tuple[str, Ink]:
    """Give the verdict in a word, and its ink."""
    return VERDICTS[state.state]


def overall_words(verdict: Verdict) -> tuple[str, Ink]:
    """Give what a whole run came to in words, and their ink."""
    return _OF_ALL[verdict]


def name_of(state: ThresholdState) -> str:
    """Give what must hold, and of what: ``request.duration p99 < 400ms (workload w)``; clean."""
    return clean(f"{state.text} ({state.where.text})" if state.where.text else state.text)


def value_words(state: ThresholdState) -> str:
    """Give the value, or why there is none; and whether it ended the load. Clean."""
    words = clean(state.why) if state.value is None else written(state.value, state.unit)
    return f"{words}; it stopped the load" if state.aborted else words


def when_words(state: ThresholdState) -> str:
    """Give when it is judged: from when on, and whether a failure will stop the load."""
    since = f"from {written(state.after_s, 's')} on" if state.after_s else "from the start"
    return f"{since}, stops the load" if state.abort and not state.aborted else since


def verdict_words(state: ThresholdState) -> str:
    """Give all of it in one line, the verdict first."""
    said = f"{name_of(state)}: {value_words(state)}"
    return f"{verdict_of(state)[0]:<9}  {said} ({when_words(state)})"
