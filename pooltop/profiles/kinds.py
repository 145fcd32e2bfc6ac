"""The kinds of single values a profile has, each with what is allowed in one phrase.

A kind reads one TOML value into what the model takes, or refuses it. Booleans are not
numbers here (Python thinks they are), and no kind guesses at what a value could mean.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, Protocol, cast

from pooltop.core.template import Template
from pooltop.profiles.filled import Filled
from pooltop.profiles.shown import (
    Path,
    did_you_mean,
    one_of,
    shown_value,
    type_name,
)
from pooltop.profiles.syntax import Overflowed

UNLIMITED = "unlimited"
_WITH_ROWS = "the path, headers, body and auth of a request"


class Limit(enum.Enum):
    """Says of a kind that its values cannot be "unlimited"."""

    ALWAYS = enum.auto()


NoLimit = float | None | Literal[Limit.ALWAYS]
"""What "unlimited" becomes in the model."""


Schema = dict[str, object]
"""A part of a JSON schema."""


class Fault(NamedTuple):
    """One reason why a value is refused."""

    code: str
    message: str
    at: Path = ()
    """Where inside the value, when it is an array or a table."""
    on_key: bool = False
    secret: bool = False
    """The value must not be shown."""
    inside: int | None = None
    """So many characters into the text; None for the value as a whole."""


class Refused(Exception):
    """A value is not one of its kind."""

    def __init__(self, *faults: Fault) -> None:
        """Keep every reason."""
        super().__init__(*(fault.message for fault in faults))
        self.faults = faults


class Kind(Protocol):
    """What a single value may be."""

    @property
    def allowed(self) -> str:
        """What is allowed, as a phrase for a message."""

    def read(self, value: object) -> object:
        """Give what the model takes.

        Raises:
            Refused: the value is not of this kind.
        """

    def write(self, value: object) -> object:
        """Give what is read as this value of the model's; None where that is to write nothing."""
        return value

    def schema(self) -> Schema:
        """Give what a JSON schema (draft 4) says of it, but for references like ``${env:N}``."""


def or_reference(schema: Schema) -> Schema:
    """Give a schema that takes a string with a reference, too, in place of a single value."""
    is_any_text = schema.get("type") == "string" and not schema.keys() & {"pattern", "maxLength"}
    if is_any_text or schema.get("type") in ("array", "object"):
        return schema
    others = schema.get("anyOf", [schema])
    reference: Schema = {"$ref": "#/definitions/reference"}
    if not isinstance(others, list) or reference in others:
        return schema
    return {"anyOf": [*others, reference]}


def refused(code: str, message: str) -> Refused:
    """Give a refusal for one reason."""
    return Refused(Fault(code, message))


def wrong_type(kind: Kind, value: object, hint: str = "") -> Refused:
    """Give the refusal of a value of another TOML type."""
    return refused("P011", f"expected {kind.allowed}, got {type_name(value)}.{hint}")


def require_text(kind: Kind, value: object) -> str:
    """Give the value if it is a string, and the same for every request.

    Raises:
        Refused: it is no string, or needs a row of a data feed.
    """
    columns = _columns_of(value)
    if columns:
        raise refused("P043", f"${{row.{columns[0]}}} may stand in {_WITH_ROWS} only.")
    if not isinstance(value, str):
        raise wrong_type(kind, value)
    return str(value)


def is_from_outside(value: object) -> bool:
    """Tell whether something of the environment or of a file is in a text: it may be a secret."""
    return isinstance(value, Filled) and value.from_outside


def request_text(kind: Kind, value: object) -> Template:
    """Give a text that may differ from request to request, with its places for a row's columns.

    Raises:
        Refused: it is no string.
    """
    if not isinstance(value, str):
        raise wrong_type(kind, value)
    return value.template if isinstance(value, Filled) else Template((value,))


@dataclass(frozen=True)
class Flag(Kind):
    """True or false."""

    allowed: str = "true or false"

    def read(self, value: object) -> bool:
        """Take a boolean only."""
        if isinstance(value, bool):
            return value
        word = value.lower() if isinstance(value, str) else ""
        hint = f" Did you mean {word} without quotes?" if word in ("true", "false") else ""
        raise wrong_type(self, value, hint)

    def schema(self) -> Schema:
        """Say boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Choice(Kind):
    """One of a few words."""

    words: tuple[str, ...]
    meaning: str = ""
    """What the words do, said to whoever writes another."""
    unavailable: Mapping[str, str] = field(default_factory=dict)
    """Words that others have for what cannot be had, and why."""

    @property
    def allowed(self) -> str:
        """List the words."""
        return one_of(self.words)

    def read(self, value: object) -> str:
        """Take exactly one of the words."""
        word = require_text(self, value)
        if word in self.words:
            return word
        why = self.unavailable.get(word)
        hint = f" {why}" if why else did_you_mean(word, self.words)
        meaning = f" {self.meaning}" if self.meaning else ""
        raise refused("P013", f"allowed are {self.allowed}.{hint}{meaning}")

    def schema(self) -> Schema:
        """List the words."""
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number in an interval, or "unlimited"."""

    low: int
    high: int
    no_limit: NoLimit = Limit.ALWAYS
    """What "unlimited" and inf give."""
    on_zero: str = ""
    """What to say to 0, where 0 is a mistake that people make."""

    @property
    def allowed(self) -> str:
        """Give the interval."""
        word = "" if self.no_limit is Limit.ALWAYS else f', or "{UNLIMITED}"'
        return f"a whole number from {self.low} to {self.high}{word}"

    def read(self, value: object) -> object:
        """Take an integer within the interval."""
        if self.no_limit is not Limit.ALWAYS and (value == UNLIMITED or _is_infinity(value)):
            return self.no_limit
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._not_whole(value)
        if value == 0 and self.on_zero:
            raise refused("P012", self.on_zero)
        if not self.low <= value <= self.high:
            raise refused("P012", f"expected {self.allowed}.")
        return value

    def _not_whole(self, value: object) -> Refused:
        if isinstance(value, str):
            require_text(self, value)
            if value.isascii() and value.isdigit() and len(value) <= len(str(self.high)):
                return wrong_type(self, value, f" Did you mean {int(value)} without quotes?")
            words = () if self.no_limit is Limit.ALWAYS else (UNLIMITED,)
            return wrong_type(self, value, did_you_mean(value, words))
        if isinstance(value, float) and (math.isnan(value) or math.isinf(value)):
            return refused("P012", f"must be finite: {self.allowed}.")
        return wrong_type(self, value)

    def write(self, value: object) -> object:
        """Give the number, or the word for none."""
        if value == self.no_limit:
            return UNLIMITED
        return int(value) if isinstance(value, float) else value

    def schema(self) -> Schema:
        """Give the interval; taplo makes a null of inf."""
        number: Schema = {"type": "integer", "minimum": self.low, "maximum": self.high}
        if self.no_limit is Limit.ALWAYS:
            return number
        return {"anyOf": [number, {"enum": [UNLIMITED]}, {"type": "null"}]}


@dataclass(frozen=True)
class SchemaVersion(Kind):
    """The number of the format."""

    allowed: str = "the whole number 1"

    def read(self, value: object) -> int:
        """Take the one format there is."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(self, value)
        if value != 1:
            raise refused("P012", "this version of pooltop reads schema = 1 only.")
        return value

    def schema(self) -> Schema:
        """Give the one number."""
        return {"enum": [1]}


@dataclass(frozen=True)
class Decimal(Kind):
    """A finite number in an interval; fractions are welcome."""

    low: float
    high: float
    above: bool = False
    """The low end itself is not allowed."""

    @property
    def allowed(self) -> str:
        """Give the interval."""
        low = f"above {self.low:g}" if self.above else f"from {self.low:g}"
        return f"a number {low} to {self.high:g}"

    def read(self, value: object) -> float:
        """Take an integer or a float within the interval; minus zero is none."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise wrong_type(self, value)
        if isinstance(value, float) and not math.isfinite(value):
            raise refused("P012", f"must be finite: {self.allowed}.")
        too_low = value <= self.low if self.above else value < self.low
        is_minus_zero = isinstance(value, float) and value == 0 and math.copysign(1, value) < 0
        if too_low or value > self.high or is_minus_zero:
            raise refused("P012", f"expected {self.allowed}.")
        return float(value)

    def schema(self) -> Schema:
        """Give the interval."""
        schema: Schema = {"type": "number", "minimum": self.low, "maximum": self.high}
        return {**schema, "exclusiveMinimum": True} if self.above else schema


@dataclass(frozen=True)
class Several(Kind):
    """An array of values of one kind; a single value may stand alone where that is usual."""

    item: Kind
    alone: bool = False
    most: int = 1000

    @property
    def allowed(self) -> str:
        """Describe the array."""
        return f"an array, each {self.item.allowed}"

    def read(self, value: object) -> tuple[object, ...]:
        """Read each item; every one that is refused is reported."""
        if self.alone and isinstance(value, str):
            return (self.item.read(value),)
        if not isinstance(value, list):
            raise wrong_type(self, value)
        if len(value) > self.most:
            raise refused("P007", f"more than {self.most} entries.")
        items: list[object] = []
        faults: list[Fault] = []
        for index, element in enumerate(value):
            try:
                items.append(self.item.read(element))
            except Refused as verdict:
                faults += [fault._replace(at=(index, *fault.at)) for fault in verdict.faults]
        if faults:
            raise Refused(*faults)
        return tuple(items)

    def write(self, value: object) -> object:
        """Give an array."""
        return [self.item.write(item) for item in cast("tuple[object, ...]", value)]

    def schema(self) -> Schema:
        """Give the array, and a single value where one may stand alone."""
        item = or_reference(self.item.schema())
        array: Schema = {"type": "array", "items": item, "maxItems": self.most}
        return {"anyOf": [array, item]} if self.alone else array


@dataclass(frozen=True)
class Interval(Kind):
    """The least and the most that something may be, both included."""

    item: Kind
    """What either end is; gives a number."""

    @property
    def allowed(self) -> str:
        """Describe the pair."""
        return f"[least, most], each {self.item.allowed}"

    def read(self, value: object) -> tuple[object, object]:
        """Read both ends; each that is refused is reported."""
        if not isinstance(value, list):
            raise wrong_type(self, value)
        if len(value) != 2:
            raise refused("P011", f"expected {self.allowed}, got {len(value)} of them.")
        ends = Several(self.item).read(value)
        least, most = cast("tuple[float, float]", ends)
        if least > most:
            shown = f"[{shown_value(value[1])}, {shown_value(value[0])}]"
            raise refused("P019", f"the least comes first. Did you mean {shown}?")
        return least, most

    def write(self, value: object) -> object:
        """Give both ends."""
        return [self.item.write(end) for end in cast("tuple[object, object]", value)]

    def schema(self) -> Schema:
        """Give the pair."""
        item = or_reference(self.item.schema())
        return {"type": "array", "items": item, "minItems": 2, "maxItems": 2}


def _columns_of(value: object) -> tuple[str, ...]:
    return value.template.columns if isinstance(value, Filled) else ()


def _is_infinity(value: object) -> bool:
    """Tell inf, but not 1e400, which is a slip."""
    return isinstance(value, float) and value == math.inf and not isinstance(value, Overflowed)
