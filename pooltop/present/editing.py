"""The edit form as a value: every key gives a new form, nothing is changed in place.

It is pinned to one agent and host from the moment it is opened; whatever the table does
meanwhile, what is applied goes there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from pooltop.core.edits import EditError, Value
from pooltop.core.model import AgentOptions
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.limits import FIELDS, Field, parse, stepped, value_of, written

_LONGEST = 16


@dataclass(frozen=True, slots=True)
class EditForm:
    """What is typed so far for one agent."""

    host: HostId
    """Whom it is pinned to."""
    options: AgentOptions
    """The agent's options when it was opened, or last refreshed."""
    focus: int = 0
    typed: tuple[str | None, ...] = (None,) * len(FIELDS)
    """Per field; None as long as it is untouched."""

    @property
    def field(self) -> Field:
        """The field that keys go to."""
        return FIELDS[self.focus]

    def text(self, index: int) -> str:
        """Give what a field shows."""
        typed = self.typed[index]
        option = FIELDS[index].option
        return written(option, value_of(self.options, option)) if typed is None else typed

    def _with(self, text: str) -> EditForm:
        typed = (*self.typed[: self.focus], text, *self.typed[self.focus + 1 :])
        return replace(self, typed=typed)

    def refreshed(self, options: AgentOptions) -> EditForm:
        """Take over what the agent's options are now; what was typed stays."""
        return self if options == self.options else replace(self, options=options)

    def move(self, by: int) -> EditForm:
        """Focus another field, around the ends."""
        return replace(self, focus=(self.focus + by) % len(FIELDS))

    def type(self, text: str) -> EditForm:
        """Add to the focused field; the first key replaces what stood there."""
        before = self.typed[self.focus] or ""
        return self._with((before + clean(text))[:_LONGEST])

    def backspace(self) -> EditForm:
        """Take the last character away."""
        return self._with(self.text(self.focus)[:-1])

    def step(self, by: int) -> EditForm:
        """Step the focused field up or down; see ``limits.stepped``."""
        return self._with(stepped(self.field.option, self.text(self.focus), by, self.options))

    def error(self, index: int) -> str:
        """Give why a field's text is not allowed; empty when it is."""
        typed = self.typed[index]
        if typed is None:
            return ""
        try:
            parse(FIELDS[index].option, typed, self.options)
        except EditError as error:
            return str(error)
        return ""

    def first_error(self) -> int | None:
        """Give the first field whose text is not allowed; None when all are."""
        return next((i for i in range(len(FIELDS)) if self.error(i)), None)

    def changes(self) -> tuple[tuple[str, Value | None], ...]:
        """Give option and new value of every field that would change something.

        Raises:
            EditError: A field's text is not allowed.
        """
        found: list[tuple[str, Value | None]] = []
        for field, typed in zip(FIELDS, self.typed, strict=True):
            if typed is None:
                continue
            value = parse(field.option, typed, self.options)
            if value != value_of(self.options, field.option):
                found.append((field.option, value))
        return tuple(found)
