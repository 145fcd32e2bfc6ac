"""What of a workload can be edited, as a form edits it: its rate, or its users."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pooltop.core.edits import EditError, Value, is_leap
from pooltop.core.snapshot import WorkloadSnapshot
from pooltop.present.limits import Field, written

_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_RATE = Field(
    "rate",
    "rate",
    "rate",
    "count",
    "a number above 0, in requests a second; p pauses",
    meaning="arrivals per second, whether or not earlier ones were answered",
)
_USERS = Field(
    "users",
    "users",
    "users",
    "count",
    "1 or more",
    meaning="each sends its next request when the last one is over",
)


@dataclass(frozen=True, slots=True)
class WorkloadLimits:
    """One workload's (``editing.Editable``)."""

    model: str
    now: float
    before: float | None

    @classmethod
    def of(cls, workload: WorkloadSnapshot) -> WorkloadLimits | None:
        """Give those of a workload; None while it does not say what it does."""
        is_open = workload.model == "open"
        now: float | None = workload.rate if is_open else workload.users
        if now is not None and workload.heading_for is not None:
            now = workload.heading_for
        before = workload.initial_rate if is_open else workload.initial_users
        return None if now is None else cls(workload.model, now, before)

    @property
    def fields(self) -> tuple[Field, ...]:
        """The one that its model has."""
        return (_RATE if self.model == "open" else _USERS,)

    def value(self, option: str) -> Value | None:
        """Give what it is now."""
        del option
        return self.now

    def initial(self, option: str) -> Value | None:
        """Give what the profile has."""
        del option
        return self.before

    def allowed(self, option: str) -> str:
        """Say what may be typed."""
        del option
        return self.fields[0].allowed

    def asks(self, option: str, value: Value | None) -> str:
        """Say why a value is asked about before it is applied; empty when it is not."""
        del option
        if isinstance(value, (int, float)) and is_leap(self.now, value):
            return "more than doubles the load: will ask"
        return ""

    def parse(self, option: str, text: str) -> Value | None:
        """Give the value that was typed.

        Raises:
            EditError: it is not allowed; the message says what is.
        """
        typed = text.strip()
        number = float(typed) if _NUMBER.fullmatch(typed) else 0.0
        if number <= 0 or (option == "users" and number != int(number)):
            raise EditError(f"must be {self.fields[0].allowed}")
        return number

    def stepped(self, option: str, text: str, by: int) -> str:
        """Give the text after a step up or down; down it stops at 1, and below that it stays."""
        try:
            value = self.parse(option, text)
        except EditError:
            value = self.now
        assert isinstance(value, (int, float))
        return written(option, float(max(min(1.0, value), value + by)))
