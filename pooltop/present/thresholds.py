"""How what a run must hold stands, in words: the same on the screen and in the summary of a run."""

from __future__ import annotations

from pooltop.core.thresholds import ThresholdState, written
from pooltop.present.clean import clean
from pooltop.present.line import Ink

_VERDICTS: dict[str, tuple[str, Ink]] = {
    "holds": ("holds", "good"),
    "failed": ("FAILED", "bad"),
    "unknown": ("not known", "warn"),
}


def verdict_of(state: ThresholdState) -> tuple[str, Ink]:
    """Give the verdict in a word, and its ink."""
    return _VERDICTS[state.state]


def name_of(state: ThresholdState) -> str:
    """Give what must hold, and of what: ``request.duration p99 < 400ms (workload w)``; clean."""
    return clean(f"{state.text} ({state.where.text})" if state.where.text else state.text)


def value_words(state: ThresholdState) -> str:
    """Give the value, or why there is none; and whether it ended the load. Clean."""
    words = clean(state.why) if state.value is None else written(state.value, state.unit)
    return f"{words}; it stopped the load" if state.aborted else words


def verdict_words(state: ThresholdState) -> str:
    """Give all of it in one line, the verdict first."""
    return f"{verdict_of(state)[0]:<9}  {name_of(state)}: {value_words(state)}"
