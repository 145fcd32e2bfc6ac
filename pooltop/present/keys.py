"""Every key, once: bindings, key line, help page and file of keys are made from this table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pooltop.present.key_names import shown_key

Group = Literal["read", "find", "time", "share", "write", "leave"]
GROUPS: dict[Group, str] = {
    "read": "what is on the screen",
    "find": "rows and trouble",
    "time": "the instant, and how much of the past",
    "share": "hand on what is seen",
    "write": "change something: UNLOCKED but for stop",
    "leave": "help, the screen itself, and the way out",
}
"""What the keys of each have in common, in the order of the help page."""


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that can be done."""

    id: str
    keys: tuple[str, ...]
    """Where no file says otherwise; names as in ``key_names``."""
    action: str
    """As Textual calls it."""
    group: Group
    help: str
    writes: bool = False
    """Whether it needs the lock to be off: what only makes safe does not."""
    needed: bool = False
    """Whether it must keep a key: who has lost it is lost."""
    is_fixed: bool = False
    """Whether its key is the same for everybody."""


KEYS: tuple[Key, ...] = (
    Key("page_pools", ("1",), "page('Pools')", "read", "the pools: hosts, plots, sockets, events"),
    Key("page_sockets", ("2",), "page('Sockets')", "read", "the sockets of the host in focus"),
    Key("page_queue", ("3",), "page('Queue')", "read", "its requests, queued or running"),
    Key("page_workloads", ("4",), "page('Workloads')", "read", "the workloads"),
    Key("page_events", ("5",), "page('Events')", "read", "the event log"),
    Key("page_compare", ("6",), "page('Compare')", "read", "two sides under the same traffic"),
    Key("page_advice", ("7",), "page('Advice')", "read", "advice: what to change, and what for"),
    Key("up", ("up", "k"), "cursor(-1)", "read", "previous row"),
    Key("down", ("down", "j"), "cursor(1)", "read", "next row"),
    Key("page_up", ("pageup",), "leaf(-1)", "read", "a page up; in Pools newer events"),
    Key("page_down", ("pagedown",), "leaf(1)", "read", "a page down; in Pools older events"),
    Key("first", ("home",), "cursor(-100000)", "read", "first row"),
    Key("last", ("G",), "cursor(100000)", "read", "last row"),
    Key("open", ("enter",), "open", "read", "look closely at what the cursor is on, or no more"),
    Key(
        "escape",
        ("escape",),
        "escape",
        "read",
        "leave what is open; live again; no filter",
        needed=True,
    ),
    Key("follow", ("g",), "follow", "read", "from a request to its socket, and back"),
    Key("scope", ("h",), "scope", "read", "sockets and requests: of this host, or of all"),
    Key("plots", ("m",), "plots", "read", "maximise a plot, the next one, then all again"),
    Key("events", ("v",), "events", "read", "another sort of events; of requests the running ones"),
    Key("whatif", ("W",), "whatif", "read", "what if: the wait under other limits, worked out"),
    Key("mask", ("M",), "mask", "read", "mask the hosts' names, for who looks on"),
    Key("filter", ("slash",), "filter", "find", "show only rows that match"),
    Key("sort", ("s",), "sort(1)", "find", "sort by the next column"),
    Key("sort_back", ("S",), "sort(-1)", "find", "sort by the previous column"),
    Key("reverse", ("I",), "reverse", "find", "turn the order round"),
    Key("ack", ("a",), "acknowledge", "find", "acknowledge the alert that is shown"),
    Key("alert", ("n",), "alert(1)", "find", "the next alert, and to its host"),
    Key("alert_back", ("N",), "alert(-1)", "find", "the alert before, and to its host"),
    Key("freeze", ("space",), "freeze", "time", "hold all panes; collection goes on"),
    Key("back", ("comma",), "rewind(-1)", "time", "an instant back, frozen"),
    Key("forth", ("full_stop",), "rewind(1)", "time", "an instant on"),
    Key("back10", ("less_than_sign",), "rewind(-20)", "time", "twenty instants back"),
    Key("forth10", ("greater_than_sign",), "rewind(20)", "time", "twenty instants on"),
    Key("end", ("end",), "end", "time", "back to live when frozen, else the last row"),
    Key("bookmark", ("b",), "bookmark(1)", "time", "to the next edit, alert or change of the load"),
    Key("bookmark_back", ("B",), "bookmark(-1)", "time", "to the one before"),
    Key("slower", ("minus",), "speed(-1)", "time", "a recording: play it more slowly"),
    Key("faster", ("plus",), "speed(1)", "time", "a recording: play it faster"),
    Key("window", ("z",), "window(1)", "time", "longer window for rates, quantiles and plots"),
    Key("window_less", ("Z",), "window(-1)", "time", "shorter window"),
    Key("copy", ("y",), "copy", "share", "copy what the cursor is on to the clipboard"),
    Key("take_home", ("Y",), "take_home", "share", "copy the agent's limits as code for a client"),
    Key("export", ("x",), "export", "share", "write the table shown to a CSV or JSON file"),
    Key("save", ("w",), "save", "share", "write what was tuned as a new profile; shown first"),
    Key("picture", ("ctrl+s",), "picture", "share", "write a screenshot, SVG or PNG"),
    Key("edit", ("e",), "edit", "write", "edit the limits of the agent in focus", writes=True),
    Key(
        "less",
        ("left_square_bracket",),
        "step(-1)",
        "write",
        "step the first field by -1; of two sides the rate",
        True,
    ),
    Key("more", ("right_square_bracket",), "step(1)", "write", "step it up by 1", True),
    Key(
        "less10",
        ("left_curly_bracket",),
        "step(-10)",
        "write",
        "step it down by 10; of two sides the limit",
        True,
    ),
    Key("more10", ("right_curly_bracket",), "step(10)", "write", "step it up by 10", True),
    Key("keep", ("K",), "keep", "write", "keep the edits that would be put back", True),
    Key("undo", ("u",), "undo", "write", "undo the last edit, on what it was made on", True),
    Key("restore", ("U",), "restore", "write", "put all back to the profile", True),
    Key("apply", ("A",), "apply", "write", "apply the advice under the cursor", True),
    Key("pause", ("p",), "pause", "write", "pause or resume the load", True),
    Key(
        "stop",
        ("P",),
        "stop",
        "write",
        "stop everything at once",
        needed=True,
    ),
    Key(
        "stop_anywhere",
        ("ctrl+x",),
        "stop",
        "write",
        "the same, also while something is typed",
        needed=True,
    ),
    Key("destroy", ("D",), "destroy", "write", "destroy the socket in focus, after its id", True),
    Key("abort", ("X",), "abort", "write", "abort the request in focus, after its id", True),
    Key("clear", ("C",), "clear", "write", "abort all queued requests of the host, asked", True),
    Key("writer", ("O",), "writer", "write", "take the right to write from another viewer"),
    Key("lock", ("L",), "lock", "write", "lock or unlock the keys that change something"),
    Key(
        "palette",
        ("colon", "ctrl+p"),
        "command_palette",
        "leave",
        "every command by name",
        needed=True,
    ),
    Key("help", ("question_mark",), "help", "leave", "this page", needed=True),
    Key("theme", ("T",), "theme", "leave", "another theme: dark, light ..."),
    Key("suspend", ("ctrl+z",), "suspend", "leave", "to the shell; fg comes back"),
    Key("quit", ("q",), "quit", "leave", "end the engine and leave", needed=True),
    Key("interrupt", ("ctrl+c",), "interrupt", "leave", "twice: leave at once", is_fixed=True),
)
BY_ID: Mapping[str, Key] = {key.id: key for key in KEYS}


class Keymap:
    """Which keys do what: the table, with what a reader's file puts in its place."""

    def __init__(self, changed: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """Take the keys of some ids from ``changed``, of all others from the table.

        Args:
            changed: names of keys by the ids of the table; checked by whoever read them.
        """
        self._names = {key.id: key.keys for key in KEYS} | dict(changed or {})

    def names(self, id: str) -> tuple[str, ...]:  # noqa: A002 - the table's word
        """Give the names of the keys that do it; none where only the palette does."""
        return self._names[id]

    def shown(self, *ids: str) -> str:
        """Give every key of these as the screen shows them: ``up k``."""
        return " ".join(shown_key(name) for each in ids for name in self._names[each])

    def first(self, *ids: str) -> str:
        """Give one key of each; of what has none the palette's and the id, ``: lock``."""
        parts = [
            shown_key(names[0])
            if (names := self._names[each])
            else f"{self.first('palette')} {each}"
            for each in ids
        ]
        return " ".join(parts)

    @property
    def from_anywhere(self) -> frozenset[str]:
        """Names of the keys that no pane takes, whatever is being typed."""
        return frozenset((*self._names["stop_anywhere"], *self._names["interrupt"]))


STANDARD = Keymap()
"""The table as it is."""
