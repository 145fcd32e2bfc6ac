"""An agent's options as attributes that can be set while traffic flows, as Node's can."""

from __future__ import annotations

from typing import Generic, Protocol, Self, TypeVar, overload

from pooltop.core.edits import Value
from pooltop.core.events import OptionsChanged
from pooltop.core.model import AgentOptions

_Read = TypeVar("_Read")
_Written = TypeVar("_Written", bound=Value | None)


class Editable(Protocol):
    """An agent, as far as this file sees it."""

    @property
    def options(self) -> AgentOptions:
        """The options in force."""

    def set_option(self, option: str, value: Value | None) -> OptionsChanged:
        """Change one."""


class LiveOption(Generic[_Read, _Written]):
    """The option of the attribute's own name: what it gives, and what it can be set to.

    Setting it is ``set_option``, and raises what that raises.
    """

    def __init__(self, doc: str) -> None:
        """Keep what ``help`` shows."""
        self.__doc__ = doc
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        """Learn which option it is."""
        self._name = name

    @overload
    def __get__(self, agent: None, owner: type) -> Self: ...
    @overload
    def __get__(self, agent: Editable, owner: type) -> _Read: ...
    def __get__(self, agent: Editable | None, owner: type) -> Self | _Read:
        """Give the option in force."""
        if agent is None:
            return self
        value: _Read = getattr(agent.options, self._name)
        return value

    def __set__(self, agent: Editable, value: _Written) -> None:
        """Change it live: ``live`` says what happens at once."""
        agent.set_option(self._name, value)
