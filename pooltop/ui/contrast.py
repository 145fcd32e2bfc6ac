"""How well a colour can be read on another, and what to do where it cannot.

Source: WCAG 2.2, "contrast ratio" and "relative luminance".
"""

from __future__ import annotations

from collections.abc import Sequence

from textual.color import Color

_STEPS = 40


def luminance(color: Color) -> float:
    """Give how bright a colour is seen, 0 to 1."""
    red, green, blue = (_linear(part / 255) for part in color.rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Color, other: Color) -> float:
    """Give the contrast of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def legible(front: Color, behind: Sequence[Color], ratio: float) -> Color:
    """Give the colour next to ``front`` that can be read on each of these.

    It is mixed with as little white or black as does it; where neither does, with all of the one
    that comes nearer.
    """
    if _worst(front, behind) >= ratio:
        return front
    white, black = Color(255, 255, 255), Color(0, 0, 0)
    for step in range(1, _STEPS + 1):
        for pole in (white, black):
            mixed = front.blend(pole, step / _STEPS)
            if _worst(mixed, behind) >= ratio:
                return mixed
    return max(white, black, key=lambda pole: _worst(pole, behind))


def _worst(front: Color, behind: Sequence[Color]) -> float:
    return min(contrast(front, each) for each in behind)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
