"""Every key, once: the bindings, the key line and the help page are made from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

from pooltop.present.clean import cells, clean
from pooltop.present.line import Line, Span, fit


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done."""

    id: str
    keys: str
    """As Textual names them, comma separated."""
    shown: str
    action: str
    word: str
    """For the key line; empty leaves it to the help page."""
    help: str
    writes: bool = False
    """Whether it needs the lock to be off."""


KEYS: tuple[Key, ...] = (
    Key("page_pools", "1", "1", "page('Pools')", "", "the pools: hosts, plots, sockets, events"),
    Key("page_sockets", "2", "2", "page('Sockets')", "", "the sockets of the host in focus"),
    Key("page_queue", "3", "3", "page('Queue')", "", "its requests, queued or running"),
    Key("page_workloads", "4", "4", "page('Workloads')", "", "the workloads"),
    Key("page_events", "5", "5", "page('Events')", "", "the event log"),
    Key("up", "up,k", "up k", "cursor(-1)", "", "previous row"),
    Key("down", "down,j", "down j", "cursor(1)", "", "next row"),
    Key("page_up", "pageup", "pgup", "leaf(-1)", "", "a page up; in Pools newer events"),
    Key("page_down", "pagedown", "pgdn", "leaf(1)", "", "a page down; in Pools older events"),
    Key("first", "home", "home", "cursor(-100000)", "", "first row"),
    Key("last", "G", "G", "cursor(100000)", "", "last row"),
    Key("end", "end", "end", "end", "", "back to live when frozen, else the last row"),
    Key("open", "enter", "ret", "open", "ret open", "look closely at what the cursor is on"),
    Key("escape", "escape", "esc", "escape", "", "leave what is open; live again; no filter"),
    Key("follow", "g", "g", "follow", "", "from a request to its socket, and back"),
    Key("scope", "h", "h", "scope", "", "sockets and requests: of this host, or of all"),
    Key("freeze", "space", "spc", "freeze", "freeze", "hold all panes; collection goes on"),
    Key("back", "comma", ",", "rewind(-1)", ", . step", "an instant back, frozen"),
    Key("forth", "full_stop", ".", "rewind(1)", "", "an instant on"),
    Key("back10", "less_than_sign", "<", "rewind(-20)", "", "twenty instants back"),
    Key("forth10", "greater_than_sign", ">", "rewind(20)", "", "twenty instants on"),
    Key("bookmark", "b", "b", "bookmark(1)", "", "to the next edit, alert or change of the load"),
    Key("bookmark_back", "B", "B", "bookmark(-1)", "", "to the one before"),
    Key("slower", "minus", "-", "speed(-1)", "", "a recording: play it more slowly"),
    Key("faster", "plus", "+", "speed(1)", "", "a recording: play it faster"),
    Key("filter", "slash", "/", "filter", "filter", "show only rows that match"),
    Key("sort", "s", "s", "sort(1)", "sort", "sort by the next column"),
    Key("sort_back", "S", "S", "sort(-1)", "", "sort by the previous column"),
    Key("reverse", "I", "I", "reverse", "", "turn the order round"),
    Key("ack", "a", "a", "acknowledge", "a n alerts", "acknowledge the alert that is shown"),
    Key("alert", "n", "n", "alert(1)", "", "the next alert, and to its host"),
    Key("alert_back", "N", "N", "alert(-1)", "", "the alert before, and to its host"),
    Key("window", "z", "z", "window(1)", "z Z win", "longer window for rates and plots"),
    Key("window_less", "Z", "Z", "window(-1)", "", "shorter window"),
    Key("plots", "m", "m", "plots", "plot", "maximise a plot, the next one, then all again"),
    Key(
        "events",
        "v",
        "v",
        "events",
        "",
        "another sort of events, of requests",
    ),
    Key("edit", "e", "e", "edit", "edit", "edit the limits of the agent in focus", True),
    Key("less", "left_square_bracket", "[", "step(-1)", "", "step the first field by -1", True),
    Key("more", "right_square_bracket", "]", "step(1)", "[ ] step", "step it up by 1", True),
    Key("less10", "left_curly_bracket", "{", "step(-10)", "", "step it down by 10", True),
    Key("more10", "right_curly_bracket", "}", "step(10)", "", "step it up by 10", True),
    Key("keep", "K", "K", "keep", "", "keep the edits that would be put back", True),
    Key("undo", "u", "u", "undo", "undo", "undo the last edit, on what it was made on", True),
    Key("restore", "U", "U", "restore", "", "put all back to the profile", True),
    Key("pause", "p", "p", "pause", "pause", "pause or resume the load", True),
    Key("stop", "P", "P", "stop", "P stop", "stop everything at once, also while editing", True),
    Key("stop_anywhere", "ctrl+x", "^x", "stop", "", "the same, from anywhere", True),
    Key("destroy", "D", "D", "destroy", "", "destroy the socket in focus, after its id", True),
    Key("abort", "X", "X", "abort", "", "abort the request in focus, after its id", True),
    Key("clear", "C", "C", "clear", "", "abort all queued requests of the host, asked", True),
    Key("writer", "W", "W", "writer", "", "take the right to write from another viewer"),
    Key("lock", "L", "L", "lock", "lock", "lock or unlock the keys that change something"),
    Key("copy", "y", "y", "copy", "", "copy what the cursor is on to the clipboard"),
    Key("export", "x", "x", "export", "x export", "write the table shown to a CSV or JSON file"),
    Key("picture", "ctrl+s", "^s", "picture", "", "write a picture of the screen, SVG or PNG"),
    Key("theme", "T", "T", "theme", "", "another theme: dark, light ..."),
    Key("suspend", "ctrl+z", "^z", "suspend", "", "to the shell; fg comes back"),
    Key("palette", "colon,ctrl+p", ": ^p", "command_palette", ": all", "every command by name"),
    Key("help", "question_mark", "?", "help", "help", "this page"),
    Key("quit", "q", "q", "quit", "quit", "end the engine and leave"),
    Key("interrupt", "ctrl+c", "^c", "interrupt", "", "twice: leave at once"),
)

FROM_ANYWHERE = frozenset({"ctrl+x", "ctrl+c"})
"""Keys that no pane takes, whatever is being typed."""


def bindings() -> list[BindingType]:
    """Give the table as Textual bindings.

    All have priority: the app acts on a key before it looks at the next one. Without it Textual
    hands keys to the focused pane first, and of ``e40`` typed at once the 40 arrives before the
    form is open.
    """
    return [
        Binding(
            key.keys,
            key.action,
            key.help,
            id=key.id,
            tooltip=key.help,
            show=False,
            priority=True,
        )
        for key in KEYS
    ]


_EDITING = (
    ("ret", "apply"),
    ("esc", "leave"),
    ("tab", "next field"),
    ("[ ]", "step 1"),
    ("{ }", "10"),
    ("P", "stop everything"),
)
_ANSWERING = (("ret", "does it"), ("esc", "leaves"), ("^x", "stop everything"))
_FILTERING = (("ret", "keep"), ("esc", "clear"), ("up down", "move"), ("^x", "stop everything"))


Typing = Literal["edit", "question", "filter"]
"""What has the keyboard."""

_TYPING: dict[Typing, tuple[tuple[str, str], ...]] = {
    "edit": _EDITING,
    "question": _ANSWERING,
    "filter": _FILTERING,
}


def typing_line(width: int, what: Typing, *, typed: str | None = None) -> Line:
    """Give the key line while the edit form, a question or the filter has the keyboard.

    Args:
        width: in cells.
        what: has it.
        typed: shown before the keys, where it is to be seen nowhere else; None where it is.
    """
    spans: list[Span] = [(" ", "text")]
    if typed is not None:
        spans += [(f"/{clean(typed)}_", "field.focus"), ("  ", "text")]
    for name, word in _TYPING[what]:
        spans += [(name, "key"), (f" {word}  ", "dim")]
    return fit(spans, width)


def key_line(width: int, *, locked: bool) -> Line:
    """Give the key line: keys that would be refused are faint; what does not fit is left to ?."""
    spans: list[Span] = [(" ", "text")]
    used = 1
    wanted = [key for key in KEYS if key.word]
    # ? and q always have a place: whoever is lost needs them most.
    last = [key for key in wanted if key.id in ("help", "quit")]
    reserve = sum(len(_label(key)) for key in last)
    for key in [key for key in wanted if key not in last] + last:
        label = _label(key)
        keep = 0 if key in last else reserve
        if used + cells(label) + keep > width:
            continue
        refused = locked and key.writes
        name, word = _parts(key)
        spans += [
            (name, "faint" if refused else "key"),
            (f" {word}  ", "faint" if refused else "dim"),
        ]
        used += cells(label)
    return fit(spans, width)


def _parts(key: Key) -> tuple[str, str]:
    keys, _, word = key.word.rpartition(" ")
    return (keys or key.shown, word)


def _label(key: Key) -> str:
    name, word = _parts(key)
    return f"{name} {word}  "
