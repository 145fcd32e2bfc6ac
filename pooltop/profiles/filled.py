"""A string of a profile after its ``${...}`` were filled in: still a string, that knows its past.

Every kind of value reads it as the text that it has become. What it was written as matters where
it is shown, and where it came from where secrets are weighed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Self

from pooltop.core.template import Template
from pooltop.profiles.shown import Path
from pooltop.profiles.syntax import SyntaxRefusedError, parse

_SCALAR = re.compile(r"[A-Za-z0-9+._-]{1,64}")


class Filled(str):
    """The text that a string with references stands for.

    Where ``template`` has columns the text is not complete before there is a row, and shows them
    as they were written.
    """

    __slots__ = ("files", "from_outside", "is_setting", "is_whole", "template")

    template: Template
    """The text around the columns of a data feed."""
    is_whole: bool
    """It was one reference and nothing else, so it may be a number or a boolean."""
    from_outside: bool
    """Something of the environment or of a file is in it."""
    files: tuple[str, ...]
    """What was read for it: paths from the current directory."""
    is_setting: bool
    """It was said without quotes outside of a file: the number that it spells comes first."""

    @classmethod
    def of(
        cls,
        template: Template,
        *,
        is_whole: bool = False,
        from_outside: bool = False,
        files: tuple[str, ...] = (),
    ) -> Self:
        """Make one of its parts."""
        pairs = zip(template.columns, template.parts[1:], strict=True)
        text = template.parts[0] + "".join(f"${{row.{column}}}{part}" for column, part in pairs)
        filled = cls(text)
        filled.template = template
        filled.is_whole = is_whole
        filled.from_outside = from_outside
        filled.files = files
        filled.is_setting = False
        return filled

    @classmethod
    def setting(cls, text: str) -> Self:
        """Make one of a word of the command line or of a variable, which has no type."""
        filled = cls.of(Template((text,)), is_whole=True)
        filled.is_setting = True
        return filled

    def __repr__(self) -> str:
        """Leave the text out: it may be a secret."""
        return f"Filled({self.template!r})"


class Unfilled:
    """Stands where a reference could not be filled in, which was told: nothing to read."""

    def __repr__(self) -> str:
        """Say what it is."""
        return "UNFILLED"


UNFILLED = Unfilled()


def is_complete(value: object) -> bool:
    """Tell whether every reference in a value was filled in."""
    if isinstance(value, dict):
        return all(is_complete(item) for item in value.values())
    if isinstance(value, list):
        return all(is_complete(item) for item in value)
    return value is not UNFILLED


def files_in(value: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Give every file that was read for a value, with the place in the value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from files_in(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from files_in(item, (*path, index))
    elif isinstance(value, Filled):
        yield from ((path, file) for file in value.files)


def value_at(value: object, path: Path) -> object:
    """Give what stands in a value at a path; None if nothing does."""
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def settled(value: object) -> object:
    """Give a value in which every setting that spells a number or a boolean is one."""
    if isinstance(value, dict):
        return {key: settled(item) for key, item in value.items()}
    return with_type(value, ()) if isinstance(value, Filled) and value.is_setting else value


def with_type(value: object, at: Path) -> object:
    """Give a value whose whole-string reference at a path is the TOML scalar that it spells.

    The value itself where that is no reference, or spells none: a number, a boolean.
    """
    if at:
        if isinstance(value, dict) and at[0] in value:
            return {**value, at[0]: with_type(value[at[0]], at[1:])}
        if isinstance(value, list) and isinstance(at[0], int) and at[0] < len(value):
            return [*value[: at[0]], with_type(value[at[0]], at[1:]), *value[at[0] + 1 :]]
        return value
    if isinstance(value, Filled) and value.is_whole and _SCALAR.fullmatch(value):
        try:
            scalar = parse(f"value = {value}")["value"]
        except SyntaxRefusedError:
            return value
        return scalar if isinstance(scalar, bool | int | float) else value
    return value
