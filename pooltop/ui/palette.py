"""The list of all commands: Textual's, that a second click does not break."""

from __future__ import annotations

from textual.await_complete import AwaitComplete
from textual.command import CommandPalette


class Palette(CommandPalette):
    """Leaves once, however often it is told to.

    Two clicks beside it at once end the app in Textual 8.2.8: the second asks to leave a screen
    that has been left.
    """

    def dismiss(self, result: None = None) -> AwaitComplete:
        """Close it, unless it is closed."""
        return super().dismiss(result) if self.is_active else AwaitComplete()
