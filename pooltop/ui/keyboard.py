"""The keyboard itself: what is being typed into has its keys first, in the order they came."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.actions import ActionParseResult
from textual.dom import DOMNode

from pooltop.present.keys import KEYS
from pooltop.ui.advising import AdvisingKeys
from pooltop.ui.asked import TakeHome

_SHARES = ("export", "take_home", "picture", "save", "quit")
"""Ids of keys that change nothing, and ask."""
_LEAVES_HELP = frozenset(
    key.action
    for key in KEYS
    if (key.group == "write" or key.id in _SHARES) and key.action != "stop"
)
"""What asks or changes something is not done under the help page, where nobody sees it."""


class Keyboard(AdvisingKeys):
    """Hands a key to the form, the question, the filter or the palette, and else to its action."""

    async def on_event(self, event: events.Event) -> None:
        """Let what is being typed into have its keys, in the order in which they came."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            if event.key in self.keys.from_anywhere:
                # By itself: the palette, while it is open, would have the key otherwise.
                if event.key in self.keys.names("stop_anywhere"):
                    self.action_stop()
                else:
                    self.action_interrupt()
                return
            if self._has_keys and self._typed(event.key, event.character):
                return
        elif isinstance(event, events.Paste) and not event.is_forwarded and self._has_keys:
            self._pasted(event.text.partition("\n")[0].strip())
            return
        await super().on_event(event)

    @property
    def _has_keys(self) -> bool:
        """Whether keys are the dashboard's: the palette has them all while it is open."""
        return len(self.screen_stack) == 1

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave every key to the palette while it is open."""
        del action, parameters
        return self._has_keys

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do what a key or the palette asks for, where it can be seen."""
        if self.board.helping and action in _LEAVES_HELP:
            self.board.toggle_help()
        return await super().run_action(action, default_namespace, namespaces)

    def _typed(self, key: str, char: str | None) -> bool:
        """Give a key to the form, the question or the filter; False when none is open."""
        board = self.board
        choice = board.page.choice
        if board.limits.editing or board.prompt.question is not None:
            if board.prompt.question is not None:
                board.prompt.take_key(key, char)
            else:
                asked = board.limits.take_key(key, char)
                if isinstance(asked, TakeHome):
                    self.take_home(asked.target)
                elif asked is not None:
                    self.apply_edits(asked)
        elif choice.filtering:
            if not choice.take_key(key, char) and key in ("up", "down"):
                board.page.table.move(-1 if key == "up" else 1)
        else:
            return False
        self.redraw()
        return True

    def _pasted(self, text: str) -> None:
        """Give a paste to what is being typed into; else nothing has a use for it."""
        board = self.board
        if board.prompt.question is not None:
            board.prompt.take_text(text)
        elif board.limits.editing:
            board.limits.take_text(text)
        elif board.page.choice.filtering:
            board.page.choice.take_text(text)
        else:
            return
        self.redraw()
