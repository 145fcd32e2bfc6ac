"""One JSON document a line: the whole snapshot, for programs.

Numbers that have no end ("no limit") are ``null``, as JSON knows no infinity. Everything beyond
ASCII is escaped, so that a line is safe to show and means the same in any encoding; its strings
are otherwise as the network or the profile had them.
"""

from __future__ import annotations

import re

import msgspec

from pooltop.core.snapshot import JournalEntry, Snapshot

SCHEMA = 1
"""Of the lines: goes up when a reader of the former would misread one."""

_BEYOND_ASCII = re.compile(r"[^\x00-\x7e]")
_encoder = msgspec.json.Encoder()


class JsonLine(msgspec.Struct, frozen=True, kw_only=True):
    """What a line holds."""

    schema: int = SCHEMA
    snapshot: Snapshot
    journal: tuple[JournalEntry, ...] = ()
    """What happened since the line before."""
    dropped: int = 0
    """Journal entries since the line before that are in no line."""


def json_line(
    snapshot: Snapshot, journal: tuple[JournalEntry, ...] = (), *, dropped: int = 0
) -> str:
    """Give the line, without its end."""
    text = _encoder.encode(JsonLine(snapshot=snapshot, journal=journal, dropped=dropped)).decode()
    return text if text.isascii() and "\x7f" not in text else _BEYOND_ASCII.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))
