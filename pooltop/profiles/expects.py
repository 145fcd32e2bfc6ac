"""What a threshold expects, as one string of a profile."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pooltop.core.expectations import LONGEST, ExpectationError, parse
from pooltop.core.metrics import METRICS
from pooltop.core.thresholds import Expectation
from pooltop.profiles.filled import Filled
from pooltop.profiles.kinds import Fault, Kind, Refused, Schema, require_text
from pooltop.profiles.shown import did_you_mean


@dataclass(frozen=True)
class Expects(Kind):
    """A number and the limit that it has to keep to, in one string."""

    allowed: str = 'a text like "request.duration p99 < 400ms"'

    def read(self, value: object) -> Expectation:
        """Parse it; what is wrong is placed inside the string."""
        text = require_text(self, value)
        try:
            return parse(text, did_you_mean)
        except ExpectationError as error:
            # Where references were filled in, nothing stands where it was written.
            inside = None if isinstance(value, Filled) else error.at
            raise Refused(Fault("P024", str(error), inside=inside)) from None

    def write(self, value: object) -> object:
        """Give the text."""
        return value.text if isinstance(value, Expectation) else None

    def schema(self) -> Schema:
        """Name the metrics."""
        names = "|".join(re.escape(name) for name in METRICS)
        return {"type": "string", "maxLength": LONGEST, "pattern": rf"^\s*({names})\b.*[<>]"}
