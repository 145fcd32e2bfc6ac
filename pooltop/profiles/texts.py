"""The kinds of values that are text of one sort or another: names, lines, paths, secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pooltop.core.template import Template
from pooltop.profiles.kinds import Kind, Schema, refused, request_text, require_text
from pooltop.profiles.shown import quoted

LONGEST_NAME = 64
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


@dataclass(frozen=True)
class Label(Kind):
    """A short printable text that stands on screens: a name, an environment."""

    allowed: str = f"a name of 1 to {LONGEST_NAME} printable characters"

    def read(self, value: object) -> str:
        """Take what can be shown on one line."""
        text = require_text(self, value)
        if not text.isprintable() or not 1 <= len(text.strip()) <= LONGEST_NAME:
            raise refused("P022", f"expected {self.allowed}.")
        if len(text) > LONGEST_NAME or text != text.strip():
            raise refused("P022", f"expected {self.allowed}, no blanks around it.")
        return text

    def schema(self) -> Schema:
        """Give the length."""
        return {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME}


@dataclass(frozen=True)
class Line(Kind):
    """One line of text whose meaning is checked later."""

    allowed: str = "one line of printable text"

    def read(self, value: object) -> str:
        """Take what can be shown on one line."""
        text = require_text(self, value)
        if not text.isprintable() or not text.strip():
            raise refused("P022", f"expected {self.allowed}.")
        return text

    def schema(self) -> Schema:
        """Say that it is not empty."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class FilePath(Kind):
    """The path of a file; whether it can be used is checked later, with its meaning."""

    allowed: str = "the path of a file"
    is_beside: bool = True
    """A relative one starts beside the file that says it."""

    def read(self, value: object) -> str:
        """Take any text that can be a path."""
        text = require_text(self, value)
        if not text or "\0" in text:
            raise refused("P022", f"expected {self.allowed}, got {quoted(text)}.")
        return text

    def schema(self) -> Schema:
        """Say that it is not empty."""
        return {"type": "string", "minLength": 1}


@dataclass(frozen=True)
class Variable(Kind):
    """The name of an environment variable."""

    allowed: str = "the name of an environment variable"

    def read(self, value: object) -> str:
        """Take what every shell can set."""
        name = require_text(self, value)
        if not VARIABLE.fullmatch(name):
            raise refused("P022", f"expected {self.allowed}: letters, digits and _.")
        return name

    def schema(self) -> Schema:
        """Give the signs."""
        return {"type": "string", "pattern": f"^{VARIABLE.pattern}$"}


@dataclass(frozen=True)
class Secret(Kind):
    """A text that is never shown."""

    allowed: str = "a string"

    def read(self, value: object) -> str:
        """Take any text."""
        return require_text(self, value)

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}


@dataclass(frozen=True)
class Credential(Kind):
    """A part of what a request says who it is from: it may differ from row to row."""

    allowed: str = "a string"

    def read(self, value: object) -> Template:
        """Take any text."""
        return request_text(self, value)

    def write(self, value: object) -> object:
        """Give the text; never shown."""
        return "".join(value.parts) if isinstance(value, Template) else value

    def schema(self) -> Schema:
        """Say string."""
        return {"type": "string"}
