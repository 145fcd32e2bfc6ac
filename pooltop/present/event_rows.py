"""A row for each event that the engine told, or for several alike: the Events page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from pooltop.core.snapshot import JournalEntry
from pooltop.present.clean import clean
from pooltop.present.journal import COMINGS_AND_GOINGS, kind_ink
from pooltop.present.line import Ink, Line
from pooltop.present.table import HIDDEN, Column, number_column, text_column

Group = Literal["all", "edits", "closes", "errors"]

GROUPS: dict[Group, frozenset[str]] = {
    "all": frozenset(),
    "edits": frozenset({"EDIT", "LOAD"}),
    "closes": COMINGS_AND_GOINGS,
    "errors": frozenset({"ERROR", "ALERT", "RETRY", "SILENT", "LOST", "GOAWAY"}),
}
"""What each filter shows, in the order in which one key cycles through them; "all" is all."""


class EventKey(NamedTuple):
    """What tells an event from all others, however often it is told; in order of time."""

    at: float
    """When it was told first."""
    seq: int


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event, or several alike; light, for there may be thousands: text is cleaned when asked."""

    id: EventKey
    entry: JournalEntry
    """As it was told; raw."""
    wall_at: float
    """Unix time at which it happened last."""
    times: int = 1
    """How many alike came one after the other."""

    @property
    def kind(self) -> str:
        """What sort of event, clean."""
        return clean(self.entry.kind, 8)

    @property
    def agent(self) -> str:
        """Whose, clean; empty for the whole."""
        return clean(self.entry.agent, 60)

    @property
    def host(self) -> str:
        """Of which host, clean; empty for an agent or the whole."""
        return clean(self.entry.host, 300)

    @property
    def text(self) -> str:
        """What happened, clean."""
        return clean(self.entry.text, 400)

    @property
    def shown(self) -> str:
        """What happened, and how often; clean."""
        return self.text if self.times == 1 else f"{self.text}  ({self.times} times)"


def event_row(entry: JournalEntry) -> EventRow:
    """Give the row of an entry that was told once."""
    return EventRow(EventKey(entry.at, entry.seq), entry, entry.wall_at)


def _text(row: EventRow, _width: int) -> Line:
    ink: Ink = "dim" if row.kind in GROUPS["closes"] else "text"
    return ((row.shown, ink),)


COLUMNS: tuple[Column[EventRow], ...] = (
    number_column(
        "time",
        "TIME",
        8,
        lambda row: row.wall_at,
        "time",
        "When it happened, by this machine's clock.",
        ink=lambda _: "faint",
    ),
    text_column(
        "kind",
        "KIND",
        6,
        lambda row: row.kind,
        "What sort of event: OPEN CLOSE of sockets, QUEUE where a request has to wait, ERROR, "
        "RETRY, SILENT, EDIT, LOAD, ALERT, ADVICE, INFO; of undici's CLIENT made or retired, PROTO "
        "that a connection speaks, GOAWAY of a session.",
        ink=lambda row: kind_ink(row.kind),
    ),
    text_column(
        "host",
        "HOST",
        12,
        lambda row: row.host,
        "The host that it happened to; - where it was an agent, or the whole.",
        ink="strong",
        from_width=60,
        most=34,
    ),
    text_column(
        "agent",
        "AGENT",
        9,
        lambda row: row.agent,
        "The agent that it happened to.",
        ink="dim",
        from_width=100,
    ),
    Column(
        "event",
        "EVENT",
        20,
        "left",
        "What happened; (n times) where so many alike came one after the other.",
        _text,
        lambda row: row.text,
        most=400,
    ),
    number_column(
        "times",
        "TIMES",
        5,
        lambda row: row.times,
        "count",
        "How many alike came one after the other.",
        from_width=HIDDEN,
    ),
    number_column(
        "seq",
        "SEQ",
        6,
        lambda row: row.id.seq,
        "id",
        "Its number in the engine's log.",
        from_width=HIDDEN,
    ),
)
"""All of them, left to right."""
