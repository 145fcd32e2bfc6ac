"""Durations and rates: a number and a unit in one string, "500ms", "50/s". Never bare."""

from __future__ import annotations

import decimal
import math
import re
from dataclasses import dataclass
from typing import Literal, cast

from pooltop.core.edits import MOST_RATE, MOST_USERS
from pooltop.profiles.kinds import (
    UNLIMITED,
    Kind,
    Limit,
    NoLimit,
    Refused,
    Schema,
    Whole,
    refused,
    require_text,
    wrong_type,
)
from pooltop.profiles.shown import quoted, type_name

LONGEST_S = 2_147_483
"""The longest timer Node can hold, 2**31 - 1 ms, in seconds."""

_SECONDS = {
    unit: decimal.Decimal(s) for unit, s in (("ms", "0.001"), ("s", 1), ("m", 60), ("h", 3600))
}
_DURATION = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)(ms|s|m|h)", re.ASCII)
_BARE = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_RATE = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,15})?)/(s|m|h)", re.ASCII)


@dataclass(frozen=True)
class Duration(Kind):
    """A length of time with its unit."""

    unit: Literal["s", "ms"] = "s"
    """What the model counts in."""
    no_limit: NoLimit = Limit.ALWAYS
    """What "unlimited" gives."""
    zero: bool = False
    """Whether "0s" is allowed."""
    on_zero: str = ""
    """What to say to "0s", where it is a mistake that people make."""
    word: str = UNLIMITED
    """How "no limit" is written."""
    likely_ms: float = 50
    """A bare number from here on was probably meant in milliseconds."""

    @property
    def allowed(self) -> str:
        """Show the spelling."""
        word = "" if self.no_limit is Limit.ALWAYS else f', or "{self.word}"'
        return f'a duration like "500ms", "2s", "1.5m", "1h"{word}'

    def read(self, value: object) -> float | None:
        """Take a number and a unit; give it in the model's unit."""
        if value == self.word and self.no_limit is not Limit.ALWAYS:
            return self.no_limit
        if not isinstance(value, str):
            raise self._not_text(value)
        if _BARE.fullmatch(value):
            raise self._without_unit(float(value))
        match = _DURATION.fullmatch(require_text(self, value))
        if match is None:
            raise refused("P020", f"expected {self.allowed}.")
        seconds = decimal.Decimal(match[1]) * _SECONDS[match[2]]
        if seconds == 0 and not self.zero and self.on_zero:
            raise refused("P012", self.on_zero)
        if seconds.is_signed() or (seconds == 0 and not self.zero) or seconds > LONGEST_S:
            low = "0s" if self.zero else "more than 0s"
            raise refused("P012", f"expected {low}, at most 596h.")
        return float(seconds * 1000 if self.unit == "ms" else seconds)

    def write(self, value: object) -> object:
        """Give the number and the largest unit in which it is one without a fraction."""
        if value == self.no_limit:
            return self.word
        if not isinstance(value, int | float):
            return None
        number = decimal.Decimal(repr(value)) * _SECONDS[self.unit]
        units = (unit for unit in ("h", "m", "s", "ms") if number % _SECONDS[unit] == 0 != number)
        unit = next(units, "s")
        return f"{(number / _SECONDS[unit]).normalize():f}{unit}"

    def schema(self) -> Schema:
        """Give the spelling."""
        pattern: Schema = {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?(ms|s|m|h)$"}
        word = self.no_limit is not Limit.ALWAYS
        return {"anyOf": [pattern, {"enum": [self.word]}]} if word else pattern

    def _not_text(self, value: object) -> Refused:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._without_unit(value)
        return refused("P011", f"expected {self.allowed}, got {type_name(value)}.")

    def _without_unit(self, value: float) -> Refused:
        if not _is_positive(value):
            return refused("P012", f"must be finite and above 0: {self.allowed}.")
        if value > LONGEST_S:
            return refused("P020", f"a duration needs a unit: {self.allowed}.")
        unit = "ms" if self.unit == "ms" or value >= self.likely_ms else "s"
        return refused(
            "P020", f"a duration needs a unit. Did you mean {quoted(f'{value:.15g}{unit}')}?"
        )


AUTO_REVERT = Duration(
    no_limit=None,
    on_zero='0 would put every edit back at once. For never write "off".',
    word="off",
    likely_ms=1000,
)
"""How long a live edit stays that nobody keeps; None for good."""


@dataclass(frozen=True)
class Rate(Kind):
    """How often something happens."""

    most: int = MOST_RATE
    """Per second."""
    allowed: str = 'a rate like "50/s", "600/m", "10/h"'
    zero: bool = False
    """Whether "0/s" is allowed."""
    least: str = "above 0"
    """What is said of the lower end."""

    def read(self, value: object) -> float:
        """Take a number and a unit; give it per second."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            raise self._without_unit(value)
        if not isinstance(value, str):
            raise refused("P011", f"expected {self.allowed}, got {type_name(value)}.")
        if _BARE.fullmatch(value):
            raise self._without_unit(float(value))
        match = _RATE.fullmatch(require_text(self, value))
        if match is None:
            raise refused("P021", f"expected {self.allowed}.")
        rate = decimal.Decimal(match[1]) / _SECONDS[match[2]]
        if rate.is_signed() or (rate == 0 and not self.zero) or rate > self.most:
            raise refused("P012", f"must be a finite rate {self.least}, at most {self.most}/s.")
        return float(rate)

    def write(self, value: object) -> object:
        """Give it by the shortest time in which it can be written as it is."""
        texts = [
            f"{float(cast('float', value)) * float(seconds):.12g}/{unit}"
            for unit, seconds in _SECONDS.items()
            if unit != "ms"
        ]
        exact = (text for text in texts if _RATE.fullmatch(text) and self.read(text) == value)
        return next(exact, texts[0])

    def schema(self) -> Schema:
        """Give the spelling."""
        return {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?/(s|m|h)$"}

    def _without_unit(self, value: float) -> Refused:
        if not _is_positive(value):
            return refused("P012", f"must be finite and above 0: {self.allowed}.")
        if value > self.most:
            return refused("P021", f"a rate needs a unit: {self.allowed}.")
        return refused("P021", f"a rate needs a unit. Did you mean {quoted(f'{value:.15g}/s')}?")


_LEVEL = Rate(zero=True, least="from 0/s")
_USERS = Whole(0, MOST_USERS)


@dataclass(frozen=True)
class Level(Kind):
    """Where a stage leads: a rate, or a number of users."""

    allowed: str = 'a rate like "200/s" (open), or a number of users like 50 (closed)'

    def read(self, value: object) -> object:
        """Take either: a whole number is of users, a rate has its unit."""
        if isinstance(value, int) and not isinstance(value, bool):
            return _USERS.read(value)
        if not isinstance(value, str):
            raise wrong_type(self, value)
        return _LEVEL.read(value)

    def write(self, value: object) -> object:
        """Give the number of users, or the rate."""
        return value if isinstance(value, int) else _LEVEL.write(value)

    def schema(self) -> Schema:
        """Give both."""
        return {"anyOf": [_LEVEL.schema(), _USERS.schema()]}


def _is_positive(value: float) -> bool:
    return 0 < value < math.inf
