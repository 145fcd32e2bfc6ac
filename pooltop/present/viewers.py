"""Who else watches an engine, and whether this viewer may change it."""

from __future__ import annotations

from pooltop.core.company import Company, Standing
from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.keys import STANDARD, Keymap
from pooltop.present.line import Line


def lock_line(company: Company | None) -> Line:
    """Give the write lock's state in a few words; nothing for an engine without company."""
    if company is None:
        return ()
    count = len(company.viewers)
    others = "" if count < 2 else f"{count} viewers"
    comma = ", " if others else ""
    match company.standing:
        case Standing.MINE:
            return ((f"WRITER {others}".rstrip(), "dim"),)
        case Standing.FREE:
            return ((f"{others}{comma}nobody writes", "warn"),)
        case Standing.THEIRS:
            holder = company.holder
            who = "another" if holder is None else holder
            return ((f"{others}{comma}{who} writes", "warn"),)


def change(before: Company | None, after: Company | None, keys: Keymap = STANDARD) -> str:
    """Say what an update has changed for this viewer; empty when nothing that it must know.

    Args:
        before: as of the update before, None for none.
        after: as of this one.
        keys: which keys do what.
    """
    if before is None or after is None or before.standing is after.standing:
        return ""
    match after.standing:
        case Standing.MINE:
            return "you hold the write lock"
        case Standing.FREE:
            return f"the write lock is free: {keys.first('writer')} takes it"
        case Standing.THEIRS:
            return f"{after.holder} took the write lock" if before.standing is Standing.MINE else ""


def viewer_lines(company: Company, now_wall: float) -> list[Line]:
    """Give one line for each viewer, the longest there first.

    Args:
        company: all of them.
        now_wall: Unix time of the picture that it came with.
    """
    return [
        (
            (f" {'>' if viewer.number == company.you else ' '} ", "accent"),
            (f"viewer {viewer.number:<3} pid {viewer.pid:<8} {clean(viewer.kind, 10):<10}", "text"),
            (f" for {units.age(now_wall - viewer.wall_since):<6}", "dim"),
            (_role(viewer.wall_holds_since is not None, viewer.read_only), "dim"),
        )
        for viewer in company.viewers
    ]


def viewers_section(company: Company, now_wall: float) -> list[Line]:
    """Give the viewers under a heading, for the help page; as ``viewer_lines``."""
    return [((" WHO WATCHES THIS ENGINE", "title"),), *viewer_lines(company, now_wall), ()]


def _role(holds: bool, read_only: bool) -> str:
    if holds:
        return " holds the write lock"
    return " read-only for good" if read_only else ""
