"""The keyboard itself: what is being typed into has its keys first, in the order they came."""

from __future__ import annotations

from textual import events

from pooltop.ui.asked import ApplyEdits, StopAll
from pooltop.ui.writing import WritingKeys

_LONGEST_PASTE = 64


class Keyboard(WritingKeys):
    """Hands a key to the form, the question, the filter or the palette, and else to its action."""

    async def on_event(self, event: events.Event) -> None:
        """Let what is being typed into have its keys, in the order in which they came."""
        if len(self.screen_stack) == 1:
            if isinstance(event, events.Key) and not event.is_forwarded:
                anywhere = event.key in self.keys.from_anywhere
                if not anywhere and self._typed(event.key, event.character):
                    return
            elif isinstance(event, events.Paste) and not event.is_forwarded:
                for char in event.text.partition("\n")[0].strip()[:_LONGEST_PASTE]:
                    self._typed(char, char)
                return
        await super().on_event(event)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key to the palette while it is open."""
        del action, parameters
        return len(self.screen_stack) == 1

    def _typed(self, key: str, char: str | None) -> bool:
        """Give a key to the form, the question or the filter; False when none is open."""
        board = self.board
        choice = board.page.choice
        if board.limits.editing or board.prompt.question is not None:
            pane = board.limits if board.limits.editing else board.prompt
            asked = pane.take_key(key, char)
            if isinstance(asked, ApplyEdits):
                self.apply_edits(asked)
            elif isinstance(asked, StopAll):
                self.operator.stop()
        elif choice.filtering:
            if not choice.take_key(key, char) and key in ("up", "down"):
                board.page.table.move(-1 if key == "up" else 1)
        else:
            return False
        self.redraw()
        return True
