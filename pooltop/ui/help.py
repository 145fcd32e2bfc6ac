"""The help page: every key, every column's definition, every glyph. Made from the tables."""

from __future__ import annotations

from textwrap import wrap

from pooltop.present.clocks import CLOCKS
from pooltop.present.clocks import MODES as TIMEOUT_MODES
from pooltop.present.columns import COLUMNS
from pooltop.present.handshakes import DEFINITIONS as TLS_WORDS
from pooltop.present.kernel import DEFINITIONS as KERNEL_WORDS
from pooltop.present.keys import KEYS, Keymap
from pooltop.present.limits import FIELDS
from pooltop.present.line import Line
from pooltop.present.marks import Mark
from pooltop.present.socket_columns import COLUMNS as SOCKET_COLUMNS
from pooltop.present.sockets import LEGEND

_INDENT = 14


def help_lines(width: int, keys: Keymap) -> list[Line]:
    """Give the page, wrapped to ``width`` cells."""
    lines: list[Line] = [
        (
            (
                " Reading keys are free. Keys marked * change something and need UNLOCKED (L).",
                "text",
            ),
        ),
    ]
    lines += _head("KEYS")
    for key in KEYS:
        star = "*" if key.writes else " "
        lines += _entry(f"{keys.shown(key.id)} {star}", key.help, width)
    lines += _head("WHILE EDITING")
    lines += _entry("tab left right", "next or previous field", width)
    lines += _entry("any value", "replaces what stands in the field; checked while you type", width)
    lines += _entry("[ ] { }", "step by 1 or 10 (times in seconds); up and down step by 1", width)
    lines += _entry("ret", "apply every changed field to the agent the form is pinned to", width)
    lines += _entry("esc", "leave; nothing is applied", width)
    lines += _entry("P  ^x", "stop everything at once", width)
    lines += _head("STATE OF A HOST")
    for mark in Mark:
        lines += _entry(mark.glyph, f"{mark.word}: {mark.meaning}", width)
    lines += _head("A SOCKET")
    for cell in LEGEND:
        lines += _entry(cell.glyph, f"{cell.word}: {cell.meaning}", width)
    lines += _head("COLUMNS")
    for column in COLUMNS:
        lines += _entry(column.name, column.definition, width)
    lines += _head("COLUMNS OF SOCKETS")
    for socket_column in SOCKET_COLUMNS:
        lines += _entry(socket_column.title, socket_column.definition, width)
    lines += _head("KERNEL AND TLS")
    for word, definition in (KERNEL_WORDS | TLS_WORDS).items():
        lines += _entry(word, definition, width)
    lines += _head("LIMITS")
    for field in FIELDS:
        lines += _entry(field.title, f"{field.meaning}: {field.allowed}", width)
    lines += _head("TIMEOUTS, OF A PROFILE")
    for clock in CLOCKS:
        lines += _entry(clock.name, clock.meaning, width)
    for mode in TIMEOUT_MODES:
        lines += _entry(f'"{mode.name}"', mode.meaning, width)
    lines += _head("MODES")
    lines += _entry(
        "NODE",
        "an edit does at once only what Node does: raising a limit dials nothing, lowering it "
        "closes nothing; the next request, release or close decides.",
        width,
    )
    lines += _entry(
        "DRAIN",
        "an edit does what an operator expects: raising dials for the queue, first in first "
        "out; lowering closes idle sockets and converges exactly.",
        width,
    )
    return lines


def _head(title: str) -> list[Line]:
    return [(), ((f" {title}", "title"),)]


def _entry(name: str, text: str, width: int) -> list[Line]:
    indent = _INDENT if width >= 44 else 2
    room = max(16, width - indent - 3)
    parts = wrap(text, room) or [""]
    label = f"  {name}"
    lines: list[Line] = []
    if len(label) > indent:
        lines.append(((label, "key"),))
        first = " " * (indent + 1)
    else:
        first = label.ljust(indent + 1)
    lines.append(((first, "key"), (parts[0], "text")))
    lines += [((" " * (indent + 1) + part, "text"),) for part in parts[1:]]
    return lines
