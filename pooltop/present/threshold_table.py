"""All that a run must hold, a line for each: how it stands, at what, and judged since when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from pooltop.core.thresholds import State, ThresholdState
from pooltop.present.clean import cells
from pooltop.present.line import Line, fit, pad
from pooltop.present.thresholds import VERDICTS, name_of, value_words, verdict_of, when_words

DEFINITIONS = {
    "MUST HOLD": "the thresholds of the profile, those that fail first: each with its value over "
    "all that counts so far, and from when on it counts. They are judged once a second, and when "
    "the load is over.",
    "holds": "its value keeps to the limit.",
    "FAILED": "it does not, or stopped the load: as it is, the run ends with status 99.",
    "not known": "nothing is there yet to judge it by. At the end that is a failure too.",
}
"""For the help page."""

_GAP = 2
_VERDICT = 9
_LEAST_NAME = 32
"""Cells: a line that has not so many for its threshold does not say from when on it is judged."""
_MOST_VALUE = 36
_ORDER: tuple[State, ...] = ("failed", "unknown", "holds")


def threshold_title(states: Sequence[ThresholdState]) -> str:
    """Give ``MUST HOLD 3  1 FAILED, 2 holds``."""
    found = Counter(state.state for state in states)
    stand = ", ".join(f"{found[each]} {VERDICTS[each][0]}" for each in _ORDER if found[each])
    return f"MUST HOLD {len(states)}  {stand}"


def threshold_lines(states: Sequence[ThresholdState], width: int, height: int) -> list[Line]:
    """Give at most ``height`` lines of at most ``width`` cells, those that fail first."""
    ordered = sorted(states, key=lambda state: _ORDER.index(state.state))
    shown = ordered if len(ordered) <= height else ordered[: max(0, height - 1)]
    names, values, whens = (
        [words(state) for state in shown] for words in (name_of, value_words, when_words)
    )
    value_width = min(_MOST_VALUE, max(map(cells, values), default=0))
    when_width = max(map(cells, whens), default=0)
    room = width - _VERDICT - value_width - 2 * _GAP
    says_when = room - when_width - _GAP >= _LEAST_NAME
    if says_when:
        room -= when_width + _GAP
    name_width = max(0, min(room, max(map(cells, names), default=0)))
    gap = " " * _GAP
    lines: list[Line] = []
    for state, name, value, when in zip(shown, names, values, whens, strict=True):
        word, ink = verdict_of(state)
        line: Line = (
            (pad(word, _VERDICT), ink),
            (gap + pad(name, name_width), "text"),
            (gap + pad(value, value_width), ink if state.state == "failed" else "text"),
        )
        lines.append(fit((*line, (gap + when, "dim")) if says_when else line, width))
    left = len(ordered) - len(shown)
    if left and height > 0:
        lines.append(fit(((f"and {left} more", "dim"),), width))
    return lines
