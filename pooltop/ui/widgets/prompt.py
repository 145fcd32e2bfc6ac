"""A question in the place of the limits strip: pinned, answered by typing, never a modal.

What it is about is fixed when it is asked; whatever the tables do meanwhile, the answer goes there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pooltop.present.clean import clean
from pooltop.present.keys import Keymap
from pooltop.present.line import Line, fit
from pooltop.ui.widgets.lines import LinePane, Painter

_LONGEST = 200
_STEPS = {"tab": 1, "down": 1, "shift+tab": -1, "up": -1}
"""Keys that go through what can be chosen."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, and what an answer does."""

    title: str
    """Raw; cleaned by the pane."""
    says: Line
    """What would happen."""
    then: Callable[[str], None]
    """Called with what was typed."""
    expects: str | None = None
    """What has to be typed; None takes anything, "" wants Enter alone."""
    again: str = ""
    """Id of the key that asked: pressed once more it is a yes too; empty for none."""
    text: str = ""
    """What stands in the field at first."""
    choices: tuple[str, ...] = ()
    """What can be gone through with tab and the arrows; anything else can be typed as well."""
    more: tuple[Line, ...] = ()
    """Lines below what it says; the last of them are given up first where there is no room."""


class Prompt(LinePane):
    """Shows a question while there is one."""

    def __init__(self, painter: Painter, keys: Keymap, *, id: str) -> None:  # noqa: A002 - Textual's word
        """Begin with none."""
        super().__init__(painter, id=id)
        self._keys = keys
        self.question: Question | None = None
        """What is being asked; None for nothing."""
        self._typed = ""

    def ask(self, question: Question) -> None:
        """Ask; what was being asked before is dropped."""
        self.question = question
        self._typed = question.text
        self.render_question()

    def drop(self) -> None:
        """Ask nothing any more."""
        self.question = None
        self._typed = ""

    def render_question(self) -> None:
        """Paint the question as it stands."""
        question = self.question
        if question is None:
            return
        width = self.size.width
        self.title(question.title)
        if question.choices:
            how = "tab the next, ret does it, esc leaves"
        elif question.expects is None:
            how = "ret does it, esc leaves"
        elif question.again:
            how = f"{self._keys.first(question.again)} again or ret does it, esc stays"
        elif question.expects:
            how = f"type {clean(question.expects)} then ret; esc leaves"
        else:
            how = "ret does it, esc leaves"
        field = () if question.expects == "" else ((f"[{clean(self._typed)}_]", "field.focus"),)
        second: Line = ((" ", "text"), *field, (f"  {how}", "key"))
        more, room = list(question.more), max(0, self.size.height - 2)
        if len(more) > room:
            hidden = len(more) - max(0, room - 1)
            more = [*more[: max(0, room - 1)], ((f" ... and {hidden} more", "dim"),)][:room]
        self.show([fit(line, width) for line in (question.says, *more, second)])

    def take_key(self, key: str, char: str | None) -> None:
        """Take a key while something is asked.

        Args:
            key: Textual's name of it.
            char: What it types; None for keys that type nothing.
        """
        question = self.question
        if question is None:
            return
        if key == "escape":
            self.drop()
        elif key == "enter" or (question.again and key in self._keys.names(question.again)):
            if question.expects is None or self._typed.strip() == question.expects:
                typed = self._typed
                self.drop()
                question.then(typed)
        elif question.choices and key in _STEPS:
            self._typed = _stepped(question.choices, self._typed, _STEPS[key])
        elif key in ("backspace", "ctrl+h"):
            self._typed = self._typed[:-1]
        elif key == "ctrl+u":
            self._typed = ""
        elif char is not None:
            self.take_text(char)
        self.render_question()

    def take_text(self, text: str) -> None:
        """Type what is no command, whatever it is: all of a paste, or one character."""
        question = self.question
        # Where Enter alone is wanted there is no field: what is typed unseen would be in its way.
        if question is not None and question.expects != "":
            typed = "".join(char for char in text if char.isprintable())
            self._typed = (self._typed + typed)[:_LONGEST]
            self.render_question()

    def on_resize(self) -> None:
        """Lay the question out anew."""
        self.render_question()


def _stepped(choices: tuple[str, ...], typed: str, by: int) -> str:
    """Give the next choice; of what was typed that is none, the first that begins with it."""
    if typed in choices:
        return choices[(choices.index(typed) + by) % len(choices)]
    return next((each for each in choices if each.startswith(typed)), choices[0])
