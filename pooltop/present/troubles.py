"""What can be wrong with a host, and whether it is at a moment: what alerts are made from.

Each is decided once, when the moment is taken in, and kept as a spell: so an alert says since
when, a frozen screen shows those of its instant, and bookmarks stand where they began.
"""

from __future__ import annotations

import math
from enum import Enum

from pooltop.core.snapshot import AgentSnapshot, OriginSnapshot
from pooltop.present.delivery import LATE_SHARE
from pooltop.present.host_moments import PLACES, HostMoments
from pooltop.present.line import Ink
from pooltop.present.marks import Mark, in_use, is_saturated, options_of

RECENT_S = 10.0
"""Seconds over which errors, stale reuse and a growing queue are looked at."""
ERROR_SHARE = 0.01
"""Share of what ended recently from which on errors are a trouble ..."""
LEAST_ERRORS = 3
"""... and how many they must be. At half of that share they are none any more, so that errors of
about as many do not come and go."""
GROWTH_S = 3 * RECENT_S
"""So long a queue must have grown, in each third of it, to count as growing."""
_LEAST_LATE = 3
"""Late arrivals that are chance, however few there were."""
_LEAST_GROWTH = 3.0
"""Requests by which it must have grown in each third."""
_COMPLETED, _FAILED = PLACES["completed"], PLACES["failed"]
_ERRORS, _STALE = PLACES["errors"], PLACES["stale"]
LONG_WAIT_S = 0.1
"""A request that waits for so long though there is room is trouble; one that waits for the next
turn of the loop, as behind undici's clients, is everyday work."""
LONG_TUNNEL_S = 1.0
"""A tunnel that takes so long is trouble; a younger one is everyday work."""


class Trouble(Enum):
    """One kind of trouble: glyph, words, how long it must last to be told as a fact, its ink.

    In the order of gravity.
    """

    THRESHOLD = (
        "T",
        "threshold failed",
        "what the profile says that a run must hold does not hold now",
        math.inf,  # the engine tells of it in its own journal
        "alert",
    )
    """Of no host: the engine judges it, ``troubles_of`` never gives it."""
    UNDELIVERED = (
        "D",
        "load not delivered",
        (
            f"within {RECENT_S:.0f} s arrivals of a workload were dropped, or more than "
            f"{LATE_SHARE:.0%} of them began late: less, or later, than was asked for"
        ),
        math.inf,  # the engine tells of it likewise
        "alert",
    )
    """Of a workload: ``load_troubles``."""
    SATURATED = (
        Mark.SATURATED.glyph,
        "saturated",
        Mark.SATURATED.meaning,
        10.0,
        "alert",
    )
    GROWING = (
        "^",
        "queue growing",
        f"the queue grew in each of the last three times {RECENT_S:.0f} s",
        0.0,
        "alert",
    )
    WAITING = (
        Mark.WAITING.glyph,
        "queue, with room",
        f"{Mark.WAITING.meaning}; and the oldest has waited {LONG_WAIT_S * 1000:.0f} ms",
        10.0,
        "warn",
    )
    ERRORS = (
        Mark.ERRORS.glyph,
        "errors",
        (
            f"{ERROR_SHARE:.0%} or more of what ended within {RECENT_S:.0f} s, "
            f"and at least {LEAST_ERRORS}, failed or was answered 5xx"
        ),
        0.0,
        "bad",
    )
    STALE = (
        "z",
        "stale reuse",
        f"within {RECENT_S:.0f} s a kept-alive socket was closed by the peer as it was used again",
        0.0,
        "warn",
    )
    OVER = (Mark.OVER.glyph, "over limit", Mark.OVER.meaning, 10.0, "warn")
    TUNNELS = (Mark.TUNNELLING.glyph, "tunnels pending", Mark.TUNNELLING.meaning, 10.0, "warn")
    UNVERIFIED = (Mark.UNVERIFIED.glyph, "unverified", Mark.UNVERIFIED.meaning, math.inf, "warn")

    # Enum's own hashes the name, in Python; there is one of each, and a thousand look-ups a frame.
    __hash__ = object.__hash__

    def __init__(self, glyph: str, word: str, meaning: str, lasts_s: float, ink: Ink) -> None:
        """Name the parts."""
        self.glyph = glyph
        self.word = word
        self.meaning = meaning
        self.lasts_s = lasts_s
        """A shorter one is shown while it holds but is no fact of the journal; inf: none is."""
        self.ink: Ink = ink


GRAVITY = {trouble: place for place, trouble in enumerate(Trouble)}
"""The place of each, the gravest first."""


def troubles_of(
    agent: AgentSnapshot,
    origin: OriginSnapshot,
    at: float,
    moments: HostMoments,
    before: tuple[Trouble, ...],
) -> tuple[Trouble, ...]:
    """Give what is wrong with a host at the newest moment, the gravest first.

    Args:
        agent: Whose host it is.
        origin: The host.
        at: The newest moment.
        moments: The host's past, that moment included.
        before: What was wrong at the moment before.
    """
    found: list[Trouble] = []
    saturated = is_saturated(agent, origin)
    over = in_use(origin) > options_of(agent, origin).max_sockets
    if origin.queued > 0:
        if saturated:
            found.append(Trouble.SATURATED)
        if _grows(moments, at):
            found.append(Trouble.GROWING)
        if not saturated and not over and _has_waited(origin, at):
            found.append(Trouble.WAITING)
    counters = origin.counters
    if counters.failed or counters.statuses or counters.stale_reuse:
        gains = moments.gains(moments.index_at(at - RECENT_S), len(moments.at) - 1)
        if _fails(gains, already=Trouble.ERRORS in before):
            found.append(Trouble.ERRORS)
        if gains[_STALE] > 0:
            found.append(Trouble.STALE)
    if over and not saturated:
        found.append(Trouble.OVER)
    since = origin.tunnelling_since
    if origin.tunnelling and since is not None and at - since >= LONG_TUNNEL_S:
        found.append(Trouble.TUNNELS)
    if not origin.verified:
        found.append(Trouble.UNVERIFIED)
    return tuple(found)


def load_troubles(offered: float, dropped: float, late: float) -> tuple[Trouble, ...]:
    """Give what is wrong with a workload at the newest moment.

    Args:
        offered: arrivals that were due within RECENT_S.
        dropped: of these, those that were dropped.
        late: of these, those that began late.
    """
    is_late = late > max(_LEAST_LATE, LATE_SHARE * offered)
    return (Trouble.UNDELIVERED,) if dropped > 0 or is_late else ()


def _fails(gains: list[float], *, already: bool) -> bool:
    """Tell whether errors are a trouble; half of what makes them one keeps them one."""
    errors, ended = gains[_ERRORS], gains[_COMPLETED] + gains[_FAILED]
    if already:
        return errors > 0 and errors >= ERROR_SHARE / 2 * ended
    return errors >= LEAST_ERRORS and errors >= ERROR_SHARE * ended


def _has_waited(origin: OriginSnapshot, at: float) -> bool:
    oldest = origin.oldest_queued_at
    return oldest is not None and at - oldest >= LONG_WAIT_S


def _grows(moments: HostMoments, at: float) -> bool:
    """Tell whether the queue grew in each third of the last GROWTH_S."""
    if not moments.at or at - moments.at[0] < GROWTH_S:
        return False
    later = math.inf
    for third in range(4):
        queued = moments.value("queued", moments.index_at(at - third * RECENT_S))
        if queued > later - _LEAST_GROWTH:
            return False
        later = queued
    return True
