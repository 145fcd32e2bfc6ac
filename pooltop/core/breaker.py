"""The breaker: a load on somebody else's server is cut while that server is in trouble. Pure.

A workload is cut to half of what it asks for when more than half of its requests fail, when its
server takes five times as long as it did, or when it says 429 or 503; again after each WINDOW_S
for which that lasts, down to LEAST_RATE; and as long of health gives back what one cut took. A
Retry-After holds everything to its host until then. The time of the server is what is looked at,
from the request's being sent to its first byte: a queue of our own is no trouble of the server's.

Rules of this file: ``TABLE`` has every pair of state and sign, and nobody else changes the state;
what a window said before a change counts no more after it.
"""

from __future__ import annotations

import math
from enum import Enum, StrEnum
from typing import Literal, NamedTuple, Protocol

import msgspec

WINDOW_S = 10.0
"""What is looked at, and the least time between two cuts or two returns."""
MOST_ERRORS = 0.5
"""Share of the window's requests."""
MOST_SLOWER = 5.0
"""Times the least median of any window."""
LEAST_SLOW_S = 0.05
"""A median below is no trouble, whatever it was before: five times next to nothing is little."""
ENOUGH = 20
"""Requests of a window that can be judged; of a load that is cut ENOUGH_CUT: there are fewer."""
ENOUGH_CUT = 5
LEAST_RATE = 1.0
"""Requests per second that are left."""
SHORTEST_WAIT_S, LONGEST_WAIT_S = 1.0, 3600.0
"""Between them a Retry-After is believed."""
MOST_JITTER = 0.1
"""Share of a wait that is added at random: whoever was sent away together is not to come back
together."""
PUSHBACKS = (429, 503)
"""RFC 6585, 4; RFC 9110, 15.6.4."""


class State(StrEnum):
    """How much of a load is let through."""

    FULL = "full"
    CUT = "cut"
    HELD = "held"
    """Nothing, until a time."""


class Sign(Enum):
    """What is seen."""

    UNKNOWN = "too little to judge"
    TROUBLE = "in trouble"
    WELL = "well"
    WHOLE = "well, and but one cut is left to be given back"
    WAIT = "told to come back later"
    OVER = "that time is over"


class Act(Enum):
    """What is done about it."""

    NOTHING = "nothing"
    HALVE = "halve"
    DOUBLE = "double"


_NOTHING = Act.NOTHING
TABLE: dict[tuple[State, Sign], tuple[State, Act]] = {
    (State.FULL, Sign.UNKNOWN): (State.FULL, _NOTHING),
    (State.FULL, Sign.TROUBLE): (State.CUT, Act.HALVE),
    (State.FULL, Sign.WELL): (State.FULL, _NOTHING),
    (State.FULL, Sign.WHOLE): (State.FULL, _NOTHING),
    (State.FULL, Sign.WAIT): (State.HELD, Act.HALVE),
    (State.FULL, Sign.OVER): (State.FULL, _NOTHING),
    (State.CUT, Sign.UNKNOWN): (State.CUT, _NOTHING),
    (State.CUT, Sign.TROUBLE): (State.CUT, Act.HALVE),
    (State.CUT, Sign.WELL): (State.CUT, Act.DOUBLE),
    (State.CUT, Sign.WHOLE): (State.FULL, Act.DOUBLE),
    (State.CUT, Sign.WAIT): (State.HELD, _NOTHING),
    (State.CUT, Sign.OVER): (State.CUT, _NOTHING),
    (State.HELD, Sign.UNKNOWN): (State.HELD, _NOTHING),
    (State.HELD, Sign.TROUBLE): (State.HELD, _NOTHING),
    (State.HELD, Sign.WELL): (State.HELD, _NOTHING),
    (State.HELD, Sign.WHOLE): (State.HELD, _NOTHING),
    (State.HELD, Sign.WAIT): (State.HELD, _NOTHING),  # until the later of the two
    (State.HELD, Sign.OVER): (State.CUT, _NOTHING),
}
"""State and sign to the next state and what is done."""


class Randomness(Protocol):
    """What is needed of ``random.Random``."""

    def random(self) -> float:
        """Give a number in [0, 1)."""
        ...


class Vitals(NamedTuple):
    """What was seen of a workload within a window."""

    ended: int = 0
    """Completed and failed, by no stop of ours."""
    errors: int = 0
    pushbacks: int = 0
    """Answers of 429 and 503."""
    wait_p50: float | None = None
    """Seconds from sent to first byte, the median; None without any."""


class BreakerSnapshot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a workload's breaker stands."""

    state: Literal["full", "cut", "held"] = "full"
    rate: float | None = None
    """Requests per second that it lets through at most; None for all."""
    cuts: int = 0
    """How often what is asked for is halved."""
    reason: str = ""
    """Of the latest cut or hold, in words; "" before any."""
    until: float | None = None
    """Until when everything is held, in monotonic seconds; None if it is not."""


class Breaker:
    """One workload's: told what is seen, it says what is let through."""

    def __init__(self, source: Randomness) -> None:
        """Begin with everything let through.

        Args:
            source: of the jitter; one number for each wait.
        """
        self._source = source
        self._baseline = math.inf
        self._changed_at = -math.inf
        self.state = State.FULL
        self.cuts = 0
        self.reason = ""
        self.until: float | None = None

    @property
    def since(self) -> float:
        """From when on what is seen counts."""
        return self._changed_at

    def look(self, now: float, seen: Vitals, *, asked: float) -> bool:
        """Judge a window; gives whether anything changed.

        Args:
            now: monotonic seconds.
            seen: since ``since``, of the last WINDOW_S at most.
            asked: requests per second that are asked for, uncut.
        """
        if self.state is State.HELD:
            assert self.until is not None
            return now >= self.until and self._take(Sign.OVER, now)
        trouble = self._trouble(seen)
        enough = ENOUGH if self.state is State.FULL else ENOUGH_CUT
        if not trouble and seen.wait_p50 is not None and seen.ended >= enough:
            self._baseline = min(self._baseline, seen.wait_p50)
        if self.state is State.CUT and now - self._changed_at < WINDOW_S:
            return False
        if trouble:
            self.reason = trouble
            if self.cuts and math.ldexp(asked, -self.cuts) <= LEAST_RATE:
                self._changed_at = now
                return False
            return self._take(Sign.TROUBLE, now)
        if seen.ended < enough:
            return self._take(Sign.UNKNOWN, now)
        return self._take(Sign.WHOLE if self.cuts == 1 else Sign.WELL, now)

    def push_back(self, now: float, status: int, *, asked: float) -> bool:
        """Take a 429 or a 503 that says nothing of when; gives whether anything changed.

        Args:
            now: monotonic seconds.
            status: which.
            asked: as for ``look``.
        """
        if self.state is not State.FULL:
            return False  # counted, and judged with its window
        return self.look(now, Vitals(pushbacks=1, ended=1), asked=asked) and self._say(
            f"answered {status}"
        )

    def hold(self, now: float, wait_s: float, reason: str) -> bool:
        """Hold everything for a time; gives whether that is later than it was.

        Args:
            now: monotonic seconds.
            wait_s: as it was told; what is not to be believed is clamped.
            reason: in words.
        """
        wait = min(LONGEST_WAIT_S, max(SHORTEST_WAIT_S, wait_s))
        if self.until is not None and self.until >= now + wait:
            return False
        self.until = now + wait * (1 + MOST_JITTER * self._source.random())
        self._take(Sign.WAIT, now)
        return self._say(reason)

    def rate(self, asked: float) -> float | None:
        """Give the requests per second that are let through; None for all that are asked for."""
        if self.state is State.HELD:
            return 0.0
        if not self.cuts:
            return None
        return min(asked, max(LEAST_RATE, math.ldexp(asked, -self.cuts)))

    def snapshot(self, asked: float) -> BreakerSnapshot:
        """Give the picture of now."""
        return BreakerSnapshot(
            state=self.state.value,
            rate=self.rate(asked),
            cuts=self.cuts,
            reason=self.reason,
            until=self.until,
        )

    def _say(self, reason: str) -> bool:
        self.reason = reason
        return True

    def _take(self, sign: Sign, now: float) -> bool:
        before = self.state
        self.state, act = TABLE[before, sign]
        self.cuts += {Act.NOTHING: 0, Act.HALVE: 1, Act.DOUBLE: -1}[act]
        if self.state is not State.HELD:
            self.until = None
        is_change = before is not self.state or act is not Act.NOTHING
        if is_change:
            self._changed_at = now
        return is_change

    def _trouble(self, seen: Vitals) -> str:
        """Give what is wrong, in words; "" where nothing is, or too little was seen."""
        if seen.pushbacks:
            times = "once" if seen.pushbacks == 1 else f"{seen.pushbacks} times"
            return f"answered 429 or 503 {times}"
        if seen.ended < (ENOUGH if self.state is State.FULL else ENOUGH_CUT):
            return ""
        if seen.errors > MOST_ERRORS * seen.ended:
            return f"{seen.errors} of {seen.ended} requests failed"
        p50 = seen.wait_p50
        if p50 is not None and p50 >= LEAST_SLOW_S and p50 > MOST_SLOWER * self._baseline:
            return f"half of the answers take {p50:.3g} s, before {self._baseline:.3g} s"
        return ""
