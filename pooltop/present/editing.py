"""The edit form as a value: every key gives a new form, nothing is changed in place.

It is pinned to one agent's host, or one workload, from the moment it is opened; whatever the tables
do meanwhile, what is applied goes there.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Protocol

from pooltop.core.edits import EditError, Value
from pooltop.present.clean import clean
from pooltop.present.history import HostId
from pooltop.present.limits import Field, written

_LONGEST = 16


class Editable(Protocol):
    """What has options that can be edited, as they are now."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its options, in the order in which they are shown."""
        ...

    def value(self, option: str) -> Value | None:
        """Give an option's value as an Edit would carry it: None for no limit."""
        ...

    def initial(self, option: str) -> Value | None:
        """Give what the profile has."""
        ...

    def allowed(self, option: str) -> str:
        """Say what may be typed, and what the profile lets pass without a question."""
        ...

    def asks(self, option: str, value: Value | None) -> str:
        """Say why a value is asked about before it is applied; empty when it is not."""
        ...

    def parse(self, option: str, text: str) -> Value | None:
        """Give the value that was typed.

        Raises:
            EditError: it is not allowed; the message says what is.
        """
        ...

    def stepped(self, option: str, text: str, by: int) -> str:
        """Give the text after a step up or down."""
        ...


@dataclass(frozen=True, slots=True)
class WorkloadId:
    """What tells a workload from all others."""

    name: str


Target = HostId | WorkloadId
"""Whose options a form edits: the agent of a host, or a workload."""


@dataclass(frozen=True, slots=True)
class EditForm:
    """What is typed so far."""

    target: Target
    """Whom it is pinned to."""
    of: Editable
    """Its options when it was opened, or last refreshed."""
    focus: int = 0
    typed: dict[str, str] = field(default_factory=dict)
    """By option; untouched ones are not in it. Never changed, only replaced."""

    @property
    def field(self) -> Field:
        """The field that keys go to."""
        return self.of.fields[self.focus]

    def text(self, index: int) -> str:
        """Give what a field shows."""
        option = self.of.fields[index].option
        typed = self.typed.get(option)
        return written(option, self.of.value(option)) if typed is None else typed

    def _with(self, text: str) -> EditForm:
        return replace(self, typed={**self.typed, self.field.option: text})

    def refreshed(self, of: Editable) -> EditForm:
        """Take over what the options are now; what was typed stays."""
        return self if of == self.of else replace(self, of=of)

    def move(self, by: int) -> EditForm:
        """Focus another field, around the ends."""
        return replace(self, focus=(self.focus + by) % len(self.of.fields))

    def type(self, text: str) -> EditForm:
        """Add to the focused field; the first key replaces what stood there."""
        before = self.typed.get(self.field.option, "")
        return self._with((before + clean(text))[:_LONGEST])

    def backspace(self) -> EditForm:
        """Take the last character away."""
        return self._with(self.text(self.focus)[:-1])

    def clear(self) -> EditForm:
        """Empty the focused field."""
        return self._with("")

    def step(self, by: int) -> EditForm:
        """Step the focused field up or down; see ``limits.stepped``."""
        return self._with(self.of.stepped(self.field.option, self.text(self.focus), by))

    def error(self, index: int) -> str:
        """Give why a field's text is not allowed; empty when it is."""
        option = self.of.fields[index].option
        typed = self.typed.get(option)
        if typed is None:
            return ""
        try:
            self.of.parse(option, typed)
        except EditError as error:
            return str(error)
        return ""

    def asks(self) -> str:
        """Give why the focused field's text would be asked about; empty when it would not be."""
        option = self.field.option
        value = self.of.parse(option, self.text(self.focus))
        return "" if value == self.of.value(option) else self.of.asks(option, value)

    def first_error(self) -> int | None:
        """Give the first field whose text is not allowed; None when all are."""
        return next((i for i in range(len(self.of.fields)) if self.error(i)), None)

    def changes(self) -> tuple[tuple[str, Value | None], ...]:
        """Give option and new value of every field that would change something.

        Raises:
            EditError: A field's text is not allowed.
        """
        found: list[tuple[str, Value | None]] = []
        for each in self.of.fields:
            typed = self.typed.get(each.option)
            if typed is None:
                continue
            value = self.of.parse(each.option, typed)
            if value != self.of.value(each.option):
                found.append((each.option, value))
        return tuple(found)
