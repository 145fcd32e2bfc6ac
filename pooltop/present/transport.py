"""The line of a recording that is played: where it stands, how fast, and what there is to go to."""

from __future__ import annotations

from dataclasses import dataclass

from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.line import Line, Span, spread


@dataclass(frozen=True, slots=True)
class TransportFacts:
    """What the line says: the public attributes of a ``sources.player.Player``."""

    wall_at: float
    """Unix time of the moment that is shown."""
    position_s: float
    length_s: float
    playing: bool
    speed: float = 1.0
    at_end: bool = False
    bookmarks: int = 0
    """How many there are in the whole recording."""
    bookmark: str = ""
    """The text of the one at this moment; raw."""
    note: str = ""
    """What is wrong with the file; empty when nothing is."""


def transport_line(facts: TransportFacts, width: int, keys: Keymap = STANDARD) -> Line:
    """Give e.g. `` REPLAY  12:03:41  4m12 of 10m00  2x  [b] 3 bookmarks``."""
    left: list[Span] = [
        (" REPLAY ", "tag.frozen"),
        (f" {units.clock(facts.wall_at)}", "strong"),
        (f"  {units.age(facts.position_s)} of {units.age(facts.length_s)}", "text"),
    ]
    if facts.playing:
        left.append((f"  {speed_words(facts.speed)}", "good"))
    else:
        left.append(("  at the end" if facts.at_end else "  paused", "warn"))
        if facts.speed != 1:
            left.append((f", {speed_words(facts.speed)}", "dim"))
    if facts.note:
        left.append((f"  ! {clean(facts.note)}", "bad"))
    if facts.bookmark:
        left.append((f"  {clean(facts.bookmark)}", "accent"))
    right: list[Span] = []
    if facts.bookmarks:
        right = [(f"[{keys.first('bookmark')}]", "key"), (f" {_count(facts.bookmarks)} ", "text")]
    return spread(left, right, width)


def speed_words(speed: float) -> str:
    """Give e.g. ``2x``, ``1/4x``."""
    return f"1/{1 / speed:g}x" if 0 < speed < 1 else f"{speed:g}x"


def _count(bookmarks: int) -> str:
    return "1 bookmark" if bookmarks == 1 else f"{bookmarks} bookmarks"
