"""The help page: every key, column, word and glyph, made from the tables that make the screens.

What belongs to the page that was open comes first: the definition of a number is one key away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from textwrap import wrap

from pooltop.core.undici.edits import AT_CONSTRUCTION
from pooltop.glossary.words.clocks import CLOCKS
from pooltop.glossary.words.node_options import NODE_OPTIONS, OWN_OPTIONS
from pooltop.glossary.words.undici_options import UNDICI_OPTIONS
from pooltop.present import (
    advice_rows,
    columns,
    event_rows,
    handshakes,
    inspect_host,
    inspect_request,
    inspect_socket,
    inspect_workload,
    kernel,
    life,
    query,
    request_columns,
    session_strip,
    socket_columns,
    threshold_table,
    verdicts,
    versus_columns,
    versus_measures,
    waiting,
    workload_rows,
)
from pooltop.present.dispatcher_limits import fields_of
from pooltop.present.key_line import PageName
from pooltop.present.keys import GROUPS, KEYS, Keymap
from pooltop.present.limits import FIELDS, Field
from pooltop.present.line import Line
from pooltop.present.markers import GLYPHS
from pooltop.present.marks import Mark
from pooltop.present.sockets import LEGEND
from pooltop.present.table import Column, Row
from pooltop.present.troubles import Trouble

_INDENT = 14
_MODES = {"fail": '"fail"', "node": '"node"'}
"""Values of the clocks' ``mode``, as a profile writes them."""
Entry = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that belong together."""

    title: str
    entries: tuple[Entry, ...]
    """A name, and what it means."""
    pages: frozenset[PageName] = frozenset()
    """Whose words these are; none for what is the same everywhere."""
    one: str = ""
    """What one of its entries is, for ``pooltop explain``; empty where that has the glossary's own
    words for it, or where it is no term: a key."""


def sections(keys: Keymap, page: PageName) -> list[Section]:
    """Give every section: those of a page, the keys, then all others.

    Args:
        keys: which keys do what.
        page: that was open.
    """
    told = [*_of_tables(), *_of_glyphs(keys), *_of_inspectors()]
    own = [one for one in told if page in one.pages]
    rest = [one for one in told if page not in one.pages]
    return [*own, *_of_keys(keys), *rest, *_of_profiles()]


@lru_cache(maxsize=4)  # asked for at every frame while it is open
def manual_lines(width: int, keys: Keymap, page: PageName) -> tuple[Line, ...]:
    """Give the page, wrapped to ``width`` cells.

    Args:
        width: in cells.
        keys: which keys do what.
        page: that was open: what belongs to it comes first.
    """
    free = "Reading keys are free; those marked * change something and need UNLOCKED"
    lines: list[Line] = [((f" {free} ({keys.first('lock')}).", "text"),)]
    for section in sections(keys, page):
        lines += [(), ((f" {section.title}", "title"),)]
        for name, text in section.entries:
            lines += _entry(name, text, width)
    return tuple(lines)


def _of_tables() -> Iterable[Section]:
    yield _columns("COLUMNS OF HOSTS", columns.COLUMNS, "Pools")
    yield _columns("COLUMNS OF SOCKETS", socket_columns.COLUMNS, "Sockets")
    yield _columns("COLUMNS OF QUEUED REQUESTS", request_columns.QUEUE_COLUMNS, "Queue")
    yield _columns("COLUMNS OF RUNNING REQUESTS", request_columns.RUNNING_COLUMNS, "Queue")
    yield _columns("COLUMNS OF WORKLOADS", workload_rows.COLUMNS, "Workloads")
    yield _columns("COLUMNS OF EVENTS", event_rows.COLUMNS, "Events")
    yield _columns("COLUMNS OF A COMPARISON", versus_columns.COLUMNS, "Compare")
    yield Section(
        "NUMBERS OF A COMPARISON",
        tuple((one.name.strip(), one.definition) for one in versus_measures.MEASURES),
        frozenset({"Compare"}),
        "number of a comparison",
    )
    yield _columns("COLUMNS OF ADVICE", advice_rows.COLUMNS, "Advice")


def _columns(title: str, of: Iterable[Column[Row]], page: PageName) -> Section:
    entries = tuple((column.name, column.definition) for column in of)
    return Section(title, entries, frozenset({page}), title.replace("COLUMNS", "column").lower())


def _of_glyphs(keys: Keymap) -> Iterable[Section]:
    queue = frozenset[PageName]({"Queue"})
    pools, traffic = frozenset[PageName]({"Pools"}), frozenset[PageName]({"Pools", "Workloads"})
    yield Section(
        "STATE OF A HOST",
        tuple((mark.glyph, f"{mark.word}: {mark.meaning}") for mark in Mark),
        pools,
    )
    yield Section(
        "A SOCKET",
        tuple((cell.glyph, f"{cell.word}: {cell.meaning}") for cell in LEGEND),
        frozenset({"Pools", "Sockets"}),
    )
    yield Section(
        "AN HTTP/2 SESSION",
        tuple((cell.glyph, f"{cell.word}: {cell.meaning}") for cell in session_strip.LEGEND),
        frozenset({"Pools", "Sockets"}),
    )
    yield Section("WHY A REQUEST WAITS (undici)", tuple(waiting.MEANINGS.items()), queue)
    yield Section(
        "ALERTS, the gravest first",
        tuple((trouble.glyph, f"{trouble.word}: {trouble.meaning}") for trouble in Trouble),
        pools,
    )
    yield Section(
        "PLOTS",
        (
            ("time", "runs to the right and ends at the instant shown; a gap was not measured"),
            ("STREAMS", "instead of sockets in use, of a host with HTTP/2 sessions: open streams"),
            ("- - -", "the limit as it was then, of a host; what was offered, of a workload"),
            ("_ - ^", "p50, p95 and p99 on a logarithmic axis; = where some of them meet"),
            *((glyph, meaning) for glyph, (meaning, _) in GLYPHS.items()),
        ),
        traffic,
    )
    yield Section(
        "LIMITS",
        tuple((field.title, _limit(field)) for field in FIELDS),
        pools,
    )
    yield Section(
        "LIMITS OF undici's DISPATCHERS",
        (
            *(
                (field.title, _limit(field))
                for field in dict.fromkeys((*fields_of("undici-pool"), *fields_of("h2")))
            ),
            ("NODE", f"pipelining and live alone; all else is taken {AT_CONSTRUCTION}"),
        ),
        pools,
    )
    yield Section(
        "THE CARD OF AN EDIT",
        (
            ("before > after", "measured over 30 s before the edit and up to 30 s after it"),
            ("verdict", verdicts.MEANING),
            (
                "reverts in",
                f"the engine puts it back by itself unless {keys.first('keep')} keeps it",
            ),
        ),
        traffic,
    )
    noise = " ".join(sorted(event_rows.GROUPS["closes"]))
    groups = ((name, " ".join(sorted(kinds))) for name, kinds in event_rows.GROUPS.items())
    yield Section(
        f"SORTS OF EVENTS ({keys.first('events')})",
        (
            ("what matters", f"all but {noise}, of which there are hundreds a second"),
            *((name, kinds or "every kind") for name, kinds in groups),
        ),
        frozenset({"Events", "Pools"}),
    )


def _limit(field: Field) -> str:
    for shelf in (OWN_OPTIONS, NODE_OPTIONS, UNDICI_OPTIONS):
        with suppress(KeyError):
            return f"{shelf.means(field.title)}: {field.allowed}"
    raise KeyError(field.title)


def _of_inspectors() -> Iterable[Section]:
    yield _words("INSPECTOR OF A HOST", inspect_host.DEFINITIONS, "Pools")
    yield _words("INSPECTOR OF A SOCKET", inspect_socket.DEFINITIONS, "Sockets")
    yield _words("INSPECTOR OF A REQUEST", inspect_request.DEFINITIONS, "Queue")
    yield _words("LIFE OF A REQUEST", life.DEFINITIONS, "Queue")
    yield _words("INSPECTOR OF A WORKLOAD", inspect_workload.DEFINITIONS, "Workloads")
    yield _words("WHAT MUST HOLD", threshold_table.DEFINITIONS, "Workloads")
    yield _words("KERNEL AND TLS", kernel.DEFINITIONS | handshakes.DEFINITIONS, "Sockets")


def _words(title: str, definitions: Mapping[str, str], page: PageName) -> Section:
    return Section(title, tuple(definitions.items()), frozenset({page}), title.lower())


def _of_keys(keys: Keymap) -> Iterable[Section]:
    for group, about in GROUPS.items():
        yield Section(
            f"KEYS: {about}",
            tuple(
                (f"{keys.shown(key.id) or '-'} {'*' if key.writes else ' '}".rstrip(), key.help)
                for key in KEYS
                if key.group == group
            ),
        )
    yield Section(
        "KEYS WHILE EDITING",
        (
            ("tab left right", "next or previous field"),
            ("any value", "replaces what stands in the field; checked while you type"),
            ("[ ] { }", "step by 1 or 10 (times in seconds); up and down step by 1"),
            ("^u", "clear the field; in a filter and a question too"),
            ("ret", "apply every changed field to the agent the form is pinned to"),
            ("y", f"leave, and copy the limits as code, as {keys.first('take_home')} does"),
            ("esc", "leave; nothing is applied"),
            (keys.shown("stop_anywhere"), "stop everything at once"),
        ),
    )
    yield Section(f"FILTER ({keys.first('filter')})", tuple(query.SYNTAX))


def _of_profiles() -> Iterable[Section]:
    yield Section(
        "TIMEOUTS, OF A PROFILE",
        (*((_MODES.get(clock.name, clock.name), clock.sentence) for clock in CLOCKS.terms),),
    )
    yield Section("MODES", tuple((name, OWN_OPTIONS.means(name)) for name in ("NODE", "DRAIN")))


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
