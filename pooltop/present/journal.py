"""Lines of the event log."""

from __future__ import annotations

from pooltop.present import units
from pooltop.present.clean import clean
from pooltop.present.line import Ink, Line

_KIND_INK: dict[str, Ink] = {
    "OPEN": "dim",
    "CLOSE": "dim",
    "EDIT": "accent",
    "ALERT": "bad",
    "ADVICE": "accent",
    "ERROR": "bad",
    "QUEUE": "warn",
    "SILENT": "warn",
    "RETRY": "warn",
    "GOAWAY": "warn",
    "PROTO": "dim",
    "CLIENT": "dim",
    "LOAD": "good",
    "INFO": "text",
    "LOST": "warn",
}

COMINGS_AND_GOINGS = frozenset({"OPEN", "CLOSE", "CLIENT", "PROTO"})
"""Kinds of which there can be hundreds a second, each of little weight."""


def kind_ink(kind: str) -> Ink:
    """Give the ink of an event's kind."""
    return _KIND_INK.get(kind, "text")


def event_line(wall_at: float, kind: str, host: str, text: str, *, more: str = "") -> Line:
    """Give one line; host and text are raw and come out clean; ``more`` is ours."""
    word = clean(kind, 6)
    shown = clean(host, 40)
    return (
        (f" {units.clock(wall_at)} ", "faint"),
        (f"{word:<6} ", kind_ink(word)),
        *(((f"{shown} ", "strong"),) if shown else ()),
        (clean(text, 400), "dim" if word in COMINGS_AND_GOINGS else "text"),
        *(((more, "faint"),) if more else ()),
    )
