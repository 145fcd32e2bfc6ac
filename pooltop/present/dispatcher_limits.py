"""The limits strip of a dispatcher of undici's: its fields, and what an edit of one may be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pooltop.core.edits import EditError, Value, is_within
from pooltop.core.snapshot import AgentSnapshot
from pooltop.core.undici.edits import AT_CONSTRUCTION, apply_edit, editable, is_taken
from pooltop.core.undici.options import DispatcherOptions
from pooltop.present.limits import (
    BY_OPTION,
    DISPATCHER_FIELDS,
    FIELDS,
    Field,
    read,
    span_words,
    step,
    value_of,
)

_OF_H2 = {
    "connections": replace(
        BY_OPTION["connections"],
        title="sessions",
        short="sessions",
        meaning="HTTP/2 sessions per host",
    )
}


def fields_of(kind: str) -> tuple[Field, ...]:
    """Give the fields of a kind of dispatcher, in the order in which they are shown."""
    fields = {each.option: each for each in DISPATCHER_FIELDS}
    own = _OF_H2 if kind == "h2" else {}
    return tuple(own.get(option, fields[option]) for option in editable(kind))


def limit_fields(agent: AgentSnapshot) -> dict[str, str]:
    """Give the options of an agent that can be edited, each with what it is called."""
    fields = FIELDS if agent.dispatcher is None else fields_of(agent.kind)
    return {each.option: each.title for each in fields}


@dataclass(frozen=True, slots=True)
class DispatcherLimits:
    """A dispatcher's options, as a form edits them (``editing.Editable``)."""

    options: DispatcherOptions
    before: DispatcherOptions
    """As the profile has them."""
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """What the profile lets an option be edited to without a question."""

    @property
    def fields(self) -> tuple[Field, ...]:
        """Its options, in the order in which they are shown."""
        return fields_of(self.options.kind)

    def value(self, option: str) -> Value | None:
        """Give an option's value as an Edit would carry it: None for no limit."""
        return value_of(self.options, option)

    def initial(self, option: str) -> Value | None:
        """Give what the profile has."""
        return value_of(self.before, option)

    def allowed(self, option: str) -> str:
        """Say what may be typed, in which mode, and what passes without a question."""
        if not is_taken(self.options, option):
            return f"taken {AT_CONSTRUCTION}"
        allowed, bounds = BY_OPTION[option].allowed, self.bounds.get(option)
        if bounds is None:
            return allowed
        return f"{allowed}; the profile's bounds are {span_words(option, bounds)}"

    def asks(self, option: str, value: Value | None) -> str:
        """Say why a value is asked about before it is applied; empty when it is not."""
        if is_within(self.bounds, option, value):
            return ""
        return f"outside {span_words(option, self.bounds[option])}: will ask"

    def parse(self, option: str, text: str) -> Value | None:
        """Give the value that was typed.

        Raises:
            EditError: it is not allowed; the message says what is.
        """
        value = read(BY_OPTION[option], text)
        if value == self.value(option):
            return value
        if not is_taken(self.options, option):
            raise EditError(f"is taken by undici {AT_CONSTRUCTION}")
        try:
            after = apply_edit(self.options, option, value)
        except EditError as error:
            raise EditError(f"must be {BY_OPTION[option].allowed}") from error
        return value_of(after, option)

    def stepped(self, option: str, text: str, by: int) -> str:
        """Give the text after a step up or down; see ``limits.stepped``."""
        return step(BY_OPTION[option], text, by, parse=self.parse, now=self.value(option))
