"""The key line: of each page what matters most there, and what else has the keyboard."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import Literal, NamedTuple

from pooltop.present.clean import cells, clean
from pooltop.present.keys import BY_ID, Keymap
from pooltop.present.line import Line, Span, fit, width_of


class Hint(NamedTuple):
    """Something that can be done here, in a word."""

    ids: tuple[str, ...]
    """Of one or two keys of the table."""
    word: str

    @property
    def writes(self) -> bool:
        """Whether it needs the lock to be off."""
        return any(BY_ID[each].writes for each in self.ids)


def hint(ids: str, word: str) -> Hint:
    """Give a hint; ids are separated by spaces."""
    return Hint(tuple(ids.split()), word)


_GAP = 2
PageName = Literal["Pools", "Sockets", "Queue", "Workloads", "Events", "Compare", "Advice"]
_SEE = (hint("filter", "filter"), hint("sort", "sort"), hint("freeze", "freeze"))
_LATER = (
    hint("lock", "lock"),
    hint("window window_less", "win"),
    hint("back forth", "step"),
    hint("export", "export"),
    hint("copy", "copy"),
)
HINTS: dict[PageName, tuple[Hint, ...]] = {
    "Pools": (
        hint("open", "open"),
        hint("edit", "edit"),
        *_SEE,
        hint("undo", "undo"),
        hint("pause", "pause"),
        hint("stop", "stop"),
        hint("lock", "lock"),
        hint("ack alert", "alerts"),
        hint("plots", "plot"),
        hint("less more", "step limit"),
        hint("whatif", "what if"),
        *_LATER[1:],
    ),
    "Sockets": (
        hint("open", "open"),
        hint("follow", "its request"),
        hint("scope", "all hosts"),
        *_SEE,
        hint("destroy", "destroy"),
        *_LATER,
    ),
    "Queue": (
        hint("open", "open"),
        hint("events", "running"),
        hint("follow", "its socket"),
        hint("scope", "all hosts"),
        *_SEE,
        hint("abort", "abort"),
        hint("clear", "clear"),
        *_LATER,
    ),
    "Workloads": (
        hint("open", "open"),
        hint("edit", "edit"),
        hint("pause", "pause"),
        hint("stop", "stop"),
        *_SEE,
        hint("undo", "undo"),
        hint("less more", "step"),
        hint("plots", "plot"),
        *_LATER,
    ),
    "Events": (
        hint("events", "which"),
        hint("bookmark bookmark_back", "edits, alerts"),
        *_SEE,
        hint("open", "open"),
        *_LATER,
    ),
    "Compare": (
        hint("less more", "rate"),
        hint("less10 more10", "limit"),
        hint("copy", "copy card"),
        hint("export", "export"),
        hint("freeze", "freeze"),
        hint("pause", "pause"),
        hint("stop", "stop"),
        hint("open", "what it is"),
        hint("window window_less", "win"),
        hint("undo", "undo"),
        hint("picture", "picture"),
        hint("lock", "lock"),
        hint("back forth", "step"),
    ),
    "Advice": (
        hint("apply", "apply"),
        hint("open", "open"),
        hint("undo", "undo"),
        hint("edit", "edit"),
        *_SEE,
        *_LATER,
    ),
}
"""Of each page, what is wanted most first."""
FROZEN = (
    hint("end", "live"),
    hint("back forth", "step"),
    hint("back10 forth10", "20"),
    hint("bookmark bookmark_back", "edits, alerts"),
)
"""Comes first while the screen is held."""
REPLAYED = (
    hint("freeze", "play"),
    hint("back forth", "step"),
    hint("bookmark bookmark_back", "edits, alerts"),
    hint("slower faster", "speed"),
    hint("end", "end"),
)
"""Comes first where a recording is played."""
INSPECTING = (hint("escape", "back"),)
"""Comes first while the inspector is open."""
STUDYING = (
    hint("less more", "limit"),
    hint("open", "apply"),
    hint("escape", "back"),
    hint("less10 more10", "by 10"),
)
"""Comes first while What if covers the page."""
HELPING = (
    hint("escape", "leave"),
    hint("down up", "scroll"),
    hint("page_down page_up", "page"),
    hint("last first", "end, top"),
)
"""All there is while the help page is open."""
LAST = (hint("palette", "all"), hint("help", "help"), hint("quit", "quit"))
"""Always have a place, where there is any: whoever is lost needs them most."""


def hints_on(
    page: PageName,
    *,
    frozen: bool = False,
    replayed: bool = False,
    inspecting: bool = False,
    studying: bool = False,
) -> tuple[Hint, ...]:
    """Give what the key line of a page says, what is wanted most first.

    Args:
        page: its name.
        frozen: the screen is held at an instant.
        replayed: it shows a recording.
        inspecting: its inspector is open.
        studying: What if covers it.
    """
    first = (STUDYING if studying else INSPECTING if inspecting else ()) + (
        REPLAYED if replayed else FROZEN if frozen else ()
    )
    taken = {each for one in first for each in one.ids} | ({"open"} if inspecting else set())
    if replayed:  # in which there is nothing to stop, as there is nothing to unlock
        taken.add("stop")
    return (*first, *(one for one in HINTS[page] if not taken.intersection(one.ids)))


def hint_line(
    hints: Iterable[Hint],
    width: int,
    keys: Keymap,
    *,
    locked: bool = False,
    vain: Container[str] = (),
) -> Line:
    """Give as many whole hints as fit; what the lock refuses, or is in vain, is faint.

    Args:
        hints: the most wanted first.
        width: in cells.
        keys: which keys do it; what has none is left out.
        locked: what changes something is refused.
        vain: ids of keys that lead nowhere now.
    """
    spans: list[Span] = []
    left = width
    for one in hints:
        if not all(keys.names(each) for each in one.ids):
            continue
        size = _size(one, keys) + (_GAP if spans else 0)
        if size > left:
            continue
        refused = (locked and one.writes) or one.ids[0] in vain
        if spans:
            spans.append((" " * _GAP, "text"))
        spans += [
            (keys.first(*one.ids), "faint" if refused else "key"),
            (f" {one.word}", "faint" if refused else "dim"),
        ]
        left -= size
    return tuple(spans)


def key_line(
    width: int,
    keys: Keymap,
    hints: Sequence[Hint],
    *,
    locked: bool,
    last: Sequence[Hint] = LAST,
    vain: Container[str] = (),
) -> Line:
    """Give the key line: what does not fit is left to the help page.

    Args:
        width: in cells.
        keys: which keys do it.
        hints: the most wanted first.
        locked: what changes something is refused.
        last: at the end, with a place of their own.
        vain: ids of keys that lead nowhere now.
    """
    end = hint_line(last, max(0, width - 1), keys)
    room = width - 1 - width_of(end) - (_GAP if end else 0)
    begin = hint_line(hints, max(0, room), keys, locked=locked, vain=vain)
    gap: Line = ((" " * _GAP, "text"),) if begin and end else ()
    return fit(((" ", "text"), *begin, *gap, *end), width)


def _size(one: Hint, keys: Keymap) -> int:
    return cells(f"{keys.first(*one.ids)} {one.word}")


Typing = Literal["edit", "filter", "question"]
_TYPING: dict[Typing, tuple[tuple[str, str], ...]] = {
    "edit": (
        ("ret", "apply"),
        ("esc", "leave"),
        ("tab", "next field"),
        ("[ ]", "step 1"),
        ("{ }", "10"),
    ),
    "filter": (("ret", "keep"), ("esc", "clear"), ("up down", "move")),
    "question": (("ret", "does it"), ("esc", "leaves")),
}
"""The keys of what is being typed are the same for everybody."""


def typing_line(width: int, keys: Keymap, what: Typing, *, typed: str | None = None) -> Line:
    """Give the key line while something has the keyboard.

    Args:
        width: in cells.
        keys: which keys do what.
        what: has it.
        typed: shown before the keys, where it is to be seen nowhere else; None where it is.
    """
    spans: list[Span] = [(" ", "text")]
    if typed is not None:
        spans += [(f"/{clean(typed)}_", "field.focus"), ("  ", "text")]
    shown = (*_TYPING[what], (keys.first("stop_anywhere"), "stop everything"))
    for name, word in shown:
        spans += [(name, "key"), (f" {word}  ", "dim")]
    return fit(spans, width)
