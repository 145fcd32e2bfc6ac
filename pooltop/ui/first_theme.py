"""Which theme the dashboard begins with, and whether blocks can be drawn: what the terminal says.

OSC 11 would ask the terminal for its background. It is not asked: the answer comes when it comes,
over a slow line after the dashboard has left, and then a shell reads it as if it had been typed.
"""

from __future__ import annotations

from collections.abc import Mapping

from pooltop.errors import UsageError

_LIGHT = ("7", "15")
_FEW = ("", "standard", "windows")


def first_theme(environment: Mapping[str, str], color_system: str | None) -> str:
    """Give a theme's name.

    Args:
        environment: ``NO_COLOR`` takes all colours away, ``COLORFGBG`` tells of a light background.
        color_system: As Rich finds it: "standard" for 16 colours, "256", "truecolor"; None for
            none.
    """
    # foreground;background, at times with a word between; written by rxvt, Konsole, iTerm2 ...
    is_light = environment.get("COLORFGBG", "").rpartition(";")[2] in _LIGHT
    if "NO_COLOR" in environment or (color_system or "") in _FEW:
        return "ansi-light" if is_light else "ansi-dark"
    return "pooltop-light" if is_light else "pooltop"


def check_theme(name: str) -> None:
    """See whether there is such a theme, before anything is started.

    Raises:
        UsageError: there is not.
    """
    from textual.theme import BUILTIN_THEMES  # noqa: PLC0415 - checked only where one is named

    from pooltop.ui.theme import THEMES  # noqa: PLC0415 - likewise

    known = [*(theme.name for theme in THEMES), *sorted(BUILTIN_THEMES)]
    if name not in known:
        raise UsageError(f"--theme {name}: there is none; there are {', '.join(known)}")
