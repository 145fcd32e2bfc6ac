"""Whether there is a terminal for the dashboard, and somebody who could be asked."""

from __future__ import annotations

import os

from pooltop.cli.telling import refuse, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from pooltop.cli.args import Request

_NO_STDERR = (
    "the dashboard is drawn on standard error, which is no terminal: "
    "do not redirect it, or add --headless"
)


def is_headless(request: Request) -> bool:
    """Tell whether lines are to be printed: because they were asked for, or nothing can draw."""
    return request.headless or request.json or request.format is not None or not has_screen()


def can_ask() -> bool:
    """Tell whether somebody is there who could be asked."""
    return is_terminal(0) and is_terminal(2) and not _is_in_browser()


def cannot_show(request: Request) -> bool:
    """Tell whether there can be no dashboard, for the terminal or the theme; says why."""
    if _is_blind_or_deaf():
        return True
    if request.theme is not None:
        from pooltop.errors import UsageError
        from pooltop.ui.first_theme import check_theme

        try:
            check_theme(request.theme)
        except UsageError as error:
            refuse(f"{error}\n")
            return True
    return False


def has_screen() -> bool:
    """Tell whether there is something that the dashboard could be drawn on."""
    if _is_in_browser():
        return True
    return is_terminal(1) and os.environ.get("TERM", "") not in ("", "dumb")


def is_terminal(descriptor: int) -> bool:
    """Tell whether a descriptor is a terminal; a closed one is none."""
    try:
        return os.isatty(descriptor)
    except OSError:
        return False


def _is_blind_or_deaf() -> bool:
    """Tell whether this terminal could not carry the dashboard; says why."""
    if _is_in_browser():
        return False
    if not is_terminal(0):
        refuse("the dashboard reads keys, and standard input is no terminal: add --headless\n")
        return True
    if not is_terminal(2):
        # Textual draws there; and what is told there, nobody at this terminal would see.
        write(1, f"pooltop: {_NO_STDERR}\n")
        refuse(f"{_NO_STDERR}\n")
        return True
    return False


def _is_in_browser() -> bool:
    """Tell whether this process draws for a visitor of ``pooltop serve``."""
    return os.environ.get("TEXTUAL_DRIVER") == "textual.drivers.web_driver:WebDriver"
